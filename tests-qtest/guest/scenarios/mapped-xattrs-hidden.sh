# SPDX-License-Identifier: GPL-2.0-or-later
#
# The attributes in which mapped-xattr keeps owner and mode are not the
# guest's: not listed, not readable, not settable, not removable.
exports="mapped-xattr"

guest_run() {
    : > file
    chown 1:2 file
    xattr set file user.visible 31
    expect "names" user.visible "$(echo $(xattr list file))"
    refuse "get" "No data" xattr get file user.virtfs.uid
    refuse "set" "ermission denied" xattr set file user.virtfs.uid 00000000
    refuse "remove" "ermission denied" xattr remove file user.virtfs.uid
    expect "owner" 1:2 "$(stat_of %u:%g file)"
}

host_check() {
    expect "owner kept" 01000000 "$(xattr get file user.virtfs.uid)"
}
