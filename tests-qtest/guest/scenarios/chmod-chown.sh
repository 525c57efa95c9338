# SPDX-License-Identifier: GPL-2.0-or-later
#
# chmod and chown by the guest's root, as the guest sees them: set-id and
# sticky bits, files, directories and symbolic links.
exports="passthrough proxy mapped-xattr mapped-file"
caches="none loose"

guest_run() {
    : > file
    mkdir dir
    ln -s file link
    for mode in 0 400 644 1755 2750 4711 7777; do
        try "chmod file" chmod $mode file
        expect "mode of the file" $mode "$(stat_of %a file)"
        try "chmod directory" chmod $mode dir
        expect "mode of the directory" $mode "$(stat_of %a dir)"
    done
    try "chown" chown 1234:5678 file dir
    # A change of owner clears a file's set-id bits, not a directory's.
    expect "owner of the file" 1234:5678:1777 "$(stat_of %u:%g:%a file)"
    expect "owner of the directory" 1234:5678:7777 "$(stat_of %u:%g:%a dir)"
    try "chown of a link" chown -h 11:22 link
    expect "owner of the link" 11:22 "$(stat_of %u:%g link)"
    expect "owner of its target" 1234:5678 "$(stat_of %u:%g file)"
    try "chgrp alone" chgrp 99 file
    expect "owner after chgrp" 1234:99 "$(stat_of %u:%g file)"
    try "the share's root" chmod 751 .
    expect "its mode" 751 "$(stat_of %a .)"
    expect "type of the file" "regular empty file" "$(stat_of %F file)"
    expect "type of the link" "symbolic link" "$(stat_of %F link)"
}

host_check() {
    [ "$MODEL" = passthrough ] || return 0
    expect "file on the host" 1234:99:1777 "$(stat_of %u:%g:%a file)"
    expect "directory on the host" 1234:5678:7777 "$(stat_of %u:%g:%a dir)"
    expect "link on the host" 11:22 "$(stat_of %u:%g link)"
}
