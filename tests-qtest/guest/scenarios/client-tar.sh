# SPDX-License-Identifier: GPL-2.0-or-later
#
# GNU tar takes a tree to the share and back: content, owner, mode, time, links,
# devices and extended attributes.
exports="client-xattr client-file client-pass"
caches="none${SOAK:+ loose mmap}"
deadline=$(amount 240 1200)

# The tree is in memory, where the guest's own file system keeps all attributes.
made_up_tree() {
    local i
    mkdir -p "$1/empty" && cd "$1" || return
    for i in $(seq 1 "$(amount 25 300)"); do
        mkdir -p "d$((i % 5))"
        seq "$i" $((i * 5)) > "d$((i % 5))/f$i"
        chown "$((i * 3)):$((i + 70000))" "d$((i % 5))/f$i"
        chmod "$((i % 8))$((i % 7))4" "d$((i % 5))/f$i"
        xattr set "d$((i % 5))/f$i" user.number "$(printf %04x "$i")"
    done
    chmod 6755 d0/f5
    ln d0/f5 hard
    ln -s d1/f1 soft
    chown -h 3:4 soft
    mknod -m 640 null c 1 3
    mknod -m 600 fifo p
    xattr set empty user.folder 00ff
    find . -type f -exec touch -h -d '2001-02-03 04:05:06' {} +
    touch -h -d '2002-03-04 05:06:07' d* empty soft null fifo
    cd "$OLDPWD" || return
}

# Prints all attributes that tar keeps of a tree, without using tar.
facts_of() {
    (cd "$1" && find . ! -name . | sort | while read -r name; do
        stat -c '%n %F %u:%g %a %t:%T' "$name"
        # The link count of a folder does not depend on tar.
        [ -d "$name" ] || stat -c %h "$name"
        # tar restores the times of folders last and those of links not at all.
        [ -L "$name" ] || stat -c %Y "$name"
        [ ! -f "$name" ] || md5sum < "$name"
        case $(stat -c %F "$name") in
        "regular file" | directory)
            for attribute in $(xattr list "$name" | grep '^user'); do
                echo "$attribute $(xattr get "$name" "$attribute")"
            done
            ;;
        esac
    done)
}

# By its path, because the shell would use that of busybox otherwise.
packed() {
    /usr/bin/tar --xattrs --numeric-owner -C "$2" -cf "$1" .
}

unpacked() {
    mkdir "$2"
    /usr/bin/tar --xattrs --xattrs-include='user.*' --numeric-owner -p \
        -C "$2" -xf "$1"
}

guest_run() {
    ( made_up_tree /tmp/tree )
    facts_of /tmp/tree > /tmp/wanted
    try "pack to the share" packed tree.tar /tmp/tree
    try "unpack on the share" unpacked tree.tar tree
    try "compare" /usr/bin/tar --numeric-owner -C tree -df tree.tar
    facts_of tree > /tmp/came
    expect "the tree on the share" "" "$(diff /tmp/wanted /tmp/came | head -n 4)"
    try "pack from the share" packed /tmp/back.tar tree
    try "unpack in memory" unpacked /tmp/back.tar /tmp/back
    facts_of /tmp/back > /tmp/came
    expect "the tree that came back" "" \
           "$(diff /tmp/wanted /tmp/came | head -n 4)"
    rm -rf /tmp/tree /tmp/back /tmp/back.tar
}
