# SPDX-License-Identifier: GPL-2.0-or-later
#
# The share works with small and large messages, and the guest gets the size
# that it requests.
exports="passthrough mapped-xattr"
mount="no"

host_prepare() {
    fill_file from-host 600000
    sum_of from-host > sum
}

guest_run() {
    local msize
    mkdir -p "$MNT"
    for msize in 4096 8192 131096 512000; do
        try "mount with msize=$msize" mount -t 9p \
            -o trans=virtio,version=9p2000.L,msize=$msize "$TAG" "$MNT" || continue
        cd "$MNT/$FOLDER"
        # The client does not show its default size.
        if ! grep "^$TAG " /proc/mounts | grep -q "msize=$msize"; then
            expect "size in use" 131096 "$msize"
        fi
        expect "content with msize=$msize" "$(cat sum)" "$(sum_of from-host)"
        try "copy with msize=$msize" cp from-host copy-$msize
        expect "names with msize=$msize" copy-$msize "$(ls copy-$msize)"
        cd /
        try "umount" umount "$MNT"
    done
}

host_check() {
    local msize
    for msize in 4096 8192 131096 512000; do
        expect "copy with msize=$msize" "$(cat sum)" "$(sum_of copy-$msize)"
    done
}
