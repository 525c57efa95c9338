# SPDX-License-Identifier: GPL-2.0-or-later
#
# A file of 200 MB written in the guest has the same checksum on the host.
exports="passthrough mapped-xattr"
deadline=240

guest_run() {
    try "write" sh -c 'pattern 200000000 > big'
}

host_check() {
    expect "size" 200000000 "$(stat_of %s big)"
    expect "checksum" "$(pattern 200000000 | md5sum)" "$(md5sum < big)"
}
