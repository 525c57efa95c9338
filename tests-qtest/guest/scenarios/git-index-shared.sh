# SPDX-License-Identifier: GPL-2.0-or-later
#
# A git index that was written on the host is up to date in the guest, and the
# other way round.  "git diff-files" prints each file whose attributes, the
# inode number among them, are not those in the index; "git status" would read
# it.
exports="client-pass"
caches="none loose"
deadline=300

export HOME=/tmp GIT_CONFIG_NOSYSTEM=1 GIT_PAGER=cat
export GIT_CONFIG_COUNT=1 GIT_CONFIG_KEY_0=safe.directory GIT_CONFIG_VALUE_0='*'

# Files whose times lie in the past, or git would compare their contents.
make_files() {
    local i
    git init -q -b main work && cd work || return
    for i in $(seq 1 40); do
        mkdir -p "dir$((i % 3))"
        echo "$i" > "dir$((i % 3))/file$i"
    done
    ln -s dir1/file1 link
    chmod 755 dir1/file1
    find . -name .git -prune -o -exec touch -h -d '2020-01-01 00:00:00' {} +
}

host_prepare() {
    command -v git > /dev/null || return 0
    make_files && git add -A
}

# A later second, as git does not trust what changed in that of the index.
next_second() {
    local now
    now=$(date +%s)
    while [ "$(date +%s)" = "$now" ]; do :; done
}

refresh() {
    cd work && rm -f .git/index && next_second && git add -A &&
        git diff-files --name-only | wc -l
}

changed() {
    cd work && git diff-files --name-only | wc -l
}

guest_run() {
    [ -d work/.git ] || skip "git is not installed on the host"
    expect "of the host's index, on the host" 0 "$(on-host refresh)"
    expect "of the host's index, in the guest" 0 "$(changed)"
    expect "of the guest's index, in the guest" 0 "$(echo $(refresh))"
    expect "of the guest's index, on the host" 0 "$(on-host changed)"
    echo more >> work/dir1/file1
    expect "after a change" 1 "$(changed)"
}
