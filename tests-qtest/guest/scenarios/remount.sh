# SPDX-License-Identifier: GPL-2.0-or-later
#
# A share can be mounted again and again, and after its driver was taken off
# the device and put back, which resets the device.
exports="passthrough proxy mapped-xattr"
mount="no"

virtio_name() {
    for dev in /sys/bus/virtio/drivers/9pnet_virtio/virtio*; do
        if [ "$(tr -d '\0' < "$dev/mount_tag")" = "$TAG" ]; then
            echo "${dev##*/}"
        fi
    done
}

use_once() {
    try "$1" mount -t 9p -o trans=virtio "$TAG" "$MNT" || return
    echo "$1" > "$MNT/$FOLDER/file"
    expect "$1" "$1" "$(cat "$MNT/$FOLDER/file")"
    try "umount" umount "$MNT"
}

guest_run() {
    local i dev driver=/sys/bus/virtio/drivers/9pnet_virtio
    mkdir -p "$MNT"
    for i in 1 2 3 4 5 6 7 8 9 10; do
        use_once "mount number $i"
    done
    dev=$(virtio_name)
    expect_true "the device is known" -n "$dev"
    for i in 1 2 3; do
        try "unbind" sh -c "echo $dev > $driver/unbind"
        try "bind" sh -c "echo $dev > $driver/bind"
        use_once "mount after reset $i"
    done
}
