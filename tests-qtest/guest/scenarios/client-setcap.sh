# SPDX-License-Identifier: GPL-2.0-or-later
#
# setcap gives a program a capability that an unprivileged user then has, even
# if QEMU could not store it on the host; a write removes it.
exports="client-xattr client-file"

guest_run() {
    cp /bin/busybox busybox
    chmod 755 busybox
    try "setcap" setcap cap_chown+ep busybox
    expect "getcap" "busybox cap_chown=ep" "$(getcap busybox)"
    : > file
    chmod 777 .
    chown 1000 file
    try "chown by a user" asuser 1000 1000 ./busybox chown 7 file
    expect "its owner" 7 "$(stat_of %u file)"
    try "remove" setcap -r busybox
    expect "getcap after it" "" "$(getcap busybox)"
    try "set again" setcap cap_chown+ep busybox
    echo >> busybox
    expect "getcap after a write" "" "$(getcap busybox)"
}
