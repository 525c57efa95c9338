# SPDX-License-Identifier: GPL-2.0-or-later
#
# In a directory with the set-group-id bit new files take its group and new
# directories the bit as well, as on a local file system.
exports="passthrough proxy mapped-xattr mapped-file"

guest_run() {
    mkdir team
    chown 0:4000 team
    chmod 2777 team
    try "as a user outside the group" asuser 1000 2000 sh -c \
        'umask 022; : > team/file; mkdir team/dir'
    expect "file" 1000:4000:644 "$(stat_of %u:%g:%a team/file)"
    expect "directory" 1000:4000:2755 "$(stat_of %u:%g:%a team/dir)"
}
