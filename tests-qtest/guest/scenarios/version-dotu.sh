# SPDX-License-Identifier: GPL-2.0-or-later
#
# version=9p2000.u: the older dialect.
exports="passthrough proxy mapped-xattr"
mount="no"

host_prepare() {
    echo from-host > hello
}

guest_run() {
    mkdir -p "$MNT"
    mount -t 9p -o trans=virtio,version=9p2000.u "$TAG" "$MNT" ||
        skip "the server refuses 9p2000.u"
    cd "$MNT/$FOLDER" || return
    expect "read" from-host "$(cat hello)"
    try "write" sh -c 'echo from-guest > new'
    expect "read back" from-guest "$(cat new)"
    try "mkdir" mkdir dir
    try "rename" mv new dir/moved 2>/dev/null || try "rename" mv new moved
    expect "entries" "dir hello" "$(echo $(ls | grep -v moved))"
    cd /
    try "umount" umount "$MNT"
}
