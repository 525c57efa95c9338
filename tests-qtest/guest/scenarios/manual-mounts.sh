# SPDX-License-Identifier: GPL-2.0-or-later
#
# Each "mount -t 9p" of the manual and of README, and the line for fstab, can be
# used in a guest: the client accepts the options, and a file of the host can be
# read.
exports="modes"
mount="no"
folder="."

# Prints the options and the source of each mount, one on each line.
mounts_of_the_manual() {
    local top=$here/../..
    cat "$top"/docs/system/devices/virtfs.rst "$top/README.md" \
        "$top"/docs/system/devices/virtfs/*.rst |
        sed -n -E 's/^ *mount -t 9p -o ([^ ]+) ([a-z]+) \/[a-z]+$/\1 \2/p
                   s/^ *(share) +\/mnt +9p +([^ ]+) +0 +0$/\2 \1/p' | sort -u
}

host_prepare() {
    mkdir -p projects/one
    echo from-host > from-host
    echo from-host > projects/one/from-host
    mounts_of_the_manual > mounts
}

guest_run() {
    local options source lines=0
    mkdir -p /tmp/manual-mounts
    try "mount" mount -t 9p -o trans=virtio "$TAG" /mnt || return
    cp /mnt/mounts /tmp/manual-mounts/mounts
    try "umount" umount /mnt
    while read -r options source; do
        lines=$((lines + 1))
        options=$(echo "$options" | sed 's/,nofail//')
        try "$options" mount -t 9p -o "$options" "$TAG" /mnt || continue
        expect "a file, with $options" from-host "$(cat /mnt/from-host)"
        try "umount, with $options" umount /mnt
    done < /tmp/manual-mounts/mounts
    expect_true "mounts of the manual" "$lines" -ge 4
}
