# SPDX-License-Identifier: GPL-2.0-or-later
#
# A program on the share can be run and read by mapping.
exports="passthrough proxy mapped-xattr"
caches="none mmap loose"

guest_run() {
    try "copy" cp /bin/busybox busybox
    chmod 755 busybox
    expect "run" "it runs" "$(./busybox echo "it runs" 2>&1)"
    try "by mapping" cmp /bin/busybox busybox
}
