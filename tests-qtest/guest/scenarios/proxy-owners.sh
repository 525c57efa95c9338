# SPDX-License-Identifier: GPL-2.0-or-later
#
# With virtfs-proxy-helper and a QEMU that runs as the user "nobody" without
# capabilities, files that the guest's root and its users create, change and
# give away have the right owners on the host.
exports="proxy"

qemu_rights() {
    awk '/^(Uid|Gid|CapEff|CapPrm):/ { $1 = ""; printf "%s", $0 }' \
        "/proc/$(cat "$MDIR/pid")/status"
}

host_prepare() {
    chmod 777 .
}

guest_run() {
    local nobody=" 65534 65534 65534 65534"
    local nothing=" 0000000000000000"
    expect "QEMU's ids and capabilities" "$nobody$nobody$nothing$nothing" \
           " $(on-host qemu_rights)"
    try "root's file" touch root-file
    try "root's chown" chown 12:34 root-file
    try "set-id bits" chmod 6755 root-file
    try "character device" mknod -m 620 null c 1 3
    try "FIFO" mkfifo -m 604 fifo
    try "a user's files" asuser 1000 2000 sh -c '
        umask 027 && mkdir dir && echo text > dir/file && ln -s x dir/link'
    try "a user's file, read by root" grep -q text dir/file
    refuse "another user's look" "ermission denied" \
           asuser 1001 2001 cat dir/file
    try "append by root" sh -c 'echo more >> dir/file'
    expect "text" "text more" "$(echo $(cat dir/file))"
}

host_check() {
    expect "root's file" 12:34:6755 "$(stat_of %u:%g:%a root-file)"
    expect "device" "character special file 1 3 0:0:620" \
           "$(stat_of '%F %t %T %u:%g:%a' null)"
    expect "FIFO" "fifo 0:0:604" "$(stat_of '%F %u:%g:%a' fifo)"
    expect "a user's directory" 1000:2000:750 "$(stat_of %u:%g:%a dir)"
    expect "a user's file" 1000:2000:640 "$(stat_of %u:%g:%a dir/file)"
    expect "a user's link" 1000:2000 "$(stat_of %u:%g dir/link)"
    expect "text" "text more" "$(echo $(cat dir/file))"
}
