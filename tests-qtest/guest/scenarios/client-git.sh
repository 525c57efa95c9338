# SPDX-License-Identifier: GPL-2.0-or-later
#
# git on the share: commits, clones (by links and by copies), checkouts, gc, and
# fsck without a complaint.
exports="client-xattr${SOAK:+ client-file client-pass}"
caches="none${SOAK:+ loose mmap}"
deadline=$(amount 300 1200)

export HOME=/tmp GIT_CONFIG_NOSYSTEM=1 GIT_PAGER=cat
export GIT_AUTHOR_NAME=a GIT_AUTHOR_EMAIL=a@b GIT_COMMITTER_NAME=c \
       GIT_COMMITTER_EMAIL=c@d

write_files() {
    local i
    for i in $(seq 1 "$(amount 30 150)"); do
        mkdir -p "dir$((i % 7))"
        seq "$1" $(($1 + i)) > "dir$((i % 7))/file$i"
    done
}

commit() {
    write_files "$1"
    try "add" git add -A && try "commit" git commit -q -m "$1"
}

guest_run() {
    local first tree
    git config --global safe.directory '*'
    git config --global gc.auto 0
    try "init" git init -q -b main work || return
    cd work || return
    commit 1
    first=$(git rev-parse HEAD)
    commit 1000
    try "branch" git checkout -q -b side "$first"
    ln -s dir1/file1 link
    chmod 755 dir1/file1
    commit 1
    try "merge" git merge -q -m merged main
    tree=$(git rev-parse 'HEAD^{tree}')
    try "gc" git gc -q --aggressive --prune=now
    try "fsck" git fsck --strict
    try "back" git checkout -q main
    try "forth" git checkout -q side
    expect "changes after the checkouts" "" "$(git status --porcelain)"
    cd ..
    try "clone by links" git clone -q work by-links
    try "clone by copies" git clone -q --no-hardlinks work by-copies
    try "clone through a pipe" git clone -q "file://$PWD/work" by-pipe
    for clone in by-links by-copies by-pipe; do
        try "fsck of $clone" git -C $clone fsck --strict
        expect "tree of $clone" "$tree" \
               "$(git -C $clone rev-parse 'HEAD^{tree}')"
        expect "changes in $clone" "" "$(git -C $clone status --porcelain)"
    done
}
