# SPDX-License-Identifier: GPL-2.0-or-later
#
# A file of 200 MB written on the host has the same checksum in the guest.
exports="passthrough mapped-xattr"
options="msize=512000"
deadline=240

host_prepare() {
    head -c 200000000 /dev/urandom > big
    md5sum big > sum
}

guest_run() {
    try "checksum" md5sum -c sum
}
