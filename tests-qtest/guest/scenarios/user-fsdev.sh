# SPDX-License-Identifier: GPL-2.0-or-later
#
# The usual command line: -fsdev local,id=exp1,path=DIR,security_model=mapped
# -device virtio-9p-pci,fsdev=exp1,mount_tag=v_tmp, and in the guest
# mount -t 9p -o trans=virtio v_tmp /mnt with no further option.
exports="user-fsdev"
mount="no"

host_prepare() {
    echo from-host > hello
}

guest_run() {
    cd /
    try "mount" mount -t 9p -o trans=virtio v_tmp /mnt || return
    cd "/mnt/$FOLDER" || note_failure "the share: expected $FOLDER, came none"
    expect "content of the host's file" from-host "$(cat hello)"
    echo from-guest > answer
    chown 1:2 answer
    expect "owner" 1:2 "$(stat_of %u:%g answer)"
    cd /
    try "umount" umount /mnt
}

host_check() {
    expect "content" from-guest "$(cat answer)"
    expect "the mapped owner" 01000000 "$(xattr get answer user.virtfs.uid)"
}
