# SPDX-License-Identifier: GPL-2.0-or-later
#
# The legacy device, the virtio 1.0 device, and the transitional one: the guest
# finds the configured interface, and the share works.
exports="legacy transitional modern"

host_prepare() {
    fill_file from-host 300000
}

# Bit 32 of the negotiated features is VIRTIO_F_VERSION_1.
version_1() {
    local dev
    for dev in /sys/bus/virtio/drivers/9pnet_virtio/virtio*; do
        if [ "$(tr -d '\0' < "$dev/mount_tag")" = "$TAG" ]; then
            cut -c 33 "$dev/features"
        fi
    done
}

guest_run() {
    local wanted=1
    [ "$EXPORT" != legacy ] || wanted=0
    expect "VIRTIO_F_VERSION_1" $wanted "$(version_1)"
    try "copy" cp from-host from-guest
    expect "content" "$(sum_of from-host)" "$(sum_of from-guest)"
}

host_check() {
    expect "content" "$(sum_of from-host)" "$(sum_of from-guest)"
}
