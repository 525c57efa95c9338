# SPDX-License-Identifier: GPL-2.0-or-later
#
# Two devices on one fsdev provide the same folder: both can be mounted at once,
# each shows the changes of the other, and either can be unmounted first.
exports="two-devices"
mount="no"

guest_run() {
    mkdir -p /mnt/a /mnt/b
    try "mount the first" mount -t 9p -o trans=virtio two_a /mnt/a
    try "mount the second" mount -t 9p -o trans=virtio two_b /mnt/b
    echo from-a > /mnt/a/one
    expect "seen by the other" from-a "$(cat /mnt/b/one)"
    echo from-b >> /mnt/b/one
    expect "seen by the first" "from-a from-b" "$(echo $(cat /mnt/a/one))"
    try "umount the first" umount /mnt/a
    expect "the other goes on" "from-a from-b" "$(echo $(cat /mnt/b/one))"
    try "mount the first again" mount -t 9p -o trans=virtio two_a /mnt/a
    try "rename" mv /mnt/b/one /mnt/b/two
    expect "seen by the first" two "$(ls /mnt/a | grep -v '^two-devices')"
    umount /mnt/a /mnt/b
}
