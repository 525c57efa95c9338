# SPDX-License-Identifier: GPL-2.0-or-later
#
# A tree that was created through the base's own 9p server is the same through
# this one, and vice versa: names, content, owner, mode, device numbers, links,
# ACLs.  The second guest runs on the base's own emulator.
exports="swap-xattr swap-xattr-second swap-file swap-file-second"
options="posixacl"
deadline=300

# A POSIX ACL in the kernel's format: user 1000 may read and write.
acl_value=0200000001000600ffffffff02000600e803000004000400ffffffff\
10000600ffffffff20000000ffffffff

make_tree() {
    local long
    long=$(printf '%0255d' 7)
    mkdir -p "$1/dir" "$1/sticky"
    cd "$1" || return
    for name in file dir/inner "$long" 'odd name %41\' set-id; do
        echo content > "$name"
    done
    chown 1000:70000 file
    chmod 640 file
    chown 5:6 dir dir/inner
    chmod 0 dir/inner
    chmod 1777 sticky
    chown 7:8 set-id
    chmod 6711 set-id
    ln file hard
    ln -s file soft
    ln -s "/no/such/$long" dangling
    chown -h 9:10 soft
    mknod -m 640 null c 1 3
    mknod -m 600 disk b 259 70000
    mknod -m 622 fifo p
    chown 11:12 null fifo
    : > guarded
    try "ACL on a file" xattr set guarded system.posix_acl_access $acl_value
    try "ACL for new files" xattr set dir system.posix_acl_default $acl_value
    : > dir/heir
    xattr set file user.plain 00ff10
    touch -d '2001-02-03 04:05:06' file dir
    cd ..
}

listing() {
    (cd "$1" && find . | sort | while IFS= read -r name; do
        stat -c '%n %F %u:%g %a %t:%T %s' "$name"
        [ -L "$name" ] && readlink "$name"
        [ -f "$name" ] && md5sum < "$name"
        [ -L "$name" ] || for attribute in $(xattr list "$name" 2>&1); do
            echo "$attribute $(xattr get "$name" "$attribute" 2>&1)"
        done
    done
    stat -c '%h %Y' file hard
    stat -c '%Y' dir)
}

guest_run() {
    local me=ours other=stock
    case $EXPORT in *-second) me=stock other=ours ;; esac
    ( make_tree $me )
    listing $me > of-$me.by-$me
    try "meet" on-host meet made || return
    listing $other > of-$other.by-$me
    on-host meet listed
    stat -c '%h' ours/dir stock/dir > links-by-$me
}

host_check() {
    local tree
    for tree in ours stock; do
        expect_true "entries of $tree" "$(wc -l < of-$tree.by-ours)" -ge 35
        expect "what stock reads otherwise in the tree of $tree" "" \
               "$(diff of-$tree.by-ours of-$tree.by-stock | head -n 5)"
    done
    # With mapped-file the base's own server counts the hidden folder of metadata as a directory of the guest.
    expect "link counts of directories" "2 2" "$(echo $(cat links-by-ours))"
    expect "what lies otherwise in the trees" "" \
           "$(diff of-stock.by-ours of-ours.by-ours | head -n 5)"
}
