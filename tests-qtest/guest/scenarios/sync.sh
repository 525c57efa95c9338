# SPDX-License-Identifier: GPL-2.0-or-later
#
# fsync, fdatasync, syncfs, O_SYNC and O_DIRECT succeed, and the data is there.
exports="passthrough mapped-xattr"
caches="none mmap loose"

guest_run() {
    try "fsync" fdop "open a rw,creat" "write one" sync datasync syncfs
    try "fsync of a directory" fdop "open . r,dir" sync
    try "O_SYNC" fdop "open b w,creat,sync" "write two"
    try "O_DIRECT" dd if=a of=c bs=4096 oflag=direct conv=fsync
    sync
}

host_check() {
    expect "content" one-two-one "$(cat a)-$(cat b)-$(cat c)"
}
