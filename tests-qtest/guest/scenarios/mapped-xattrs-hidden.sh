# SPDX-License-Identifier: GPL-2.0-or-later
#
# The attributes in which mapped-xattr stores owner and mode are hidden from the
# guest: it cannot list, read, set or remove them.  The guest can have its own
# attributes with these names, which it needs if it exports a mapped share
# itself.
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
