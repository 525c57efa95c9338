# SPDX-License-Identifier: GPL-2.0-or-later
#
# The short form: -virtfs local,path=DIR,security_model=passthrough,
# mnt_tag=v_tmp makes the file system driver and the device in one.
exports="user-virtfs"
mount="no"

host_prepare() {
    echo from-host > hello
}

guest_run() {
    try "mount" mount -t 9p -o trans=virtio v_tmp /mnt || return
    cd "/mnt/$FOLDER" || note_failure "the share: expected $FOLDER, came none"
    expect "content of the host's file" from-host "$(cat hello)"
    echo from-guest > answer
    chown 1:2 answer
    cd /
    try "umount" umount /mnt
}

host_check() {
    expect "content" from-guest "$(cat answer)"
    expect "the real owner" 1:2 "$(stat_of %u:%g answer)"
}
