# SPDX-License-Identifier: GPL-2.0-or-later
#
# symlink(2) and readlink(2): relative, absolute, dangling, odd and long
# targets; following a link is the guest's business.
exports="passthrough proxy mapped-xattr mapped-file none"
caches="none loose"

guest_run() {
    local long
    long=$(seq 1 2000 | tr '\n' '/' | head -c 4000)
    mkdir dir
    echo aim > dir/file
    try "relative link" ln -s dir/file relative
    expect "content through the link" aim "$(cat relative)"
    expect "its type" "symbolic link" "$(stat_of %F relative)"
    try "link to a directory" ln -s dir todir
    expect "content through it" aim "$(cat todir/file)"
    try "dangling link" ln -s "no where" dangling
    expect "its target" "no where" "$(readlink dangling)"
    refuse "open of the dangling link" "No such file" cat dangling
    try "absolute link" ln -s /etc/passwd absolute
    expect "its target" /etc/passwd "$(readlink absolute)"
    expect "content: the guest's file" "$(cat /etc/passwd)" "$(cat absolute)"
    try "long link" ln -s "$long" long
    expect "its target" "$long" "$(readlink long)"
    expect "its size" 4000 "$(stat_of %s long)"
    ln -s loop loop
    refuse "link to itself" "ymbolic links" cat loop
    try "rename of a link" mv relative renamed
    expect "its target" dir/file "$(readlink renamed)"
    try "unlink of a link" rm todir
    expect "the directory stays" aim "$(cat dir/file)"
}

host_check() {
    case $MODEL in
    mapped-*)
        expect "type on the host" "regular file" "$(stat_of %F dangling)"
        expect "content on the host" "no where" "$(cat dangling)"
        ;;
    *)
        expect "target on the host" "no where" "$(readlink dangling)"
        ;;
    esac
}
