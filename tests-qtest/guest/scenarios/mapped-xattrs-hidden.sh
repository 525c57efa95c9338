# SPDX-License-Identifier: GPL-2.0-or-later
#
# The attributes in which mapped-xattr keeps owner and mode are not the
# guest's: not listed, not readable, not settable, not removable.  Under these
# names the guest has attributes of his own, as a guest that exports a mapped
# share in turn needs them.
exports="mapped-xattr"

guest_run() {
    : > file
    chown 1:2 file
    xattr set file user.visible 31
    expect "names" user.visible "$(echo $(xattr list file))"
    refuse "get" "No data" xattr get file user.virtfs.uid
    refuse "remove" "No data" xattr remove file user.virtfs.uid
    try "set" xattr set file user.virtfs.uid 09090909
    expect "then" 09090909 "$(xattr get file user.virtfs.uid)"
    expect "owner" 1:2 "$(stat_of %u:%g file)"
    expect "names then" "user.virtfs.uid user.visible" \
           "$(echo $(xattr list file))"
}

host_check() {
    expect "owner kept" 01000000 "$(xattr get file user.virtfs.uid)"
    expect "the guest's" 09090909 "$(xattr get file user.virtfs.user.virtfs.uid)"
}
