# SPDX-License-Identifier: GPL-2.0-or-later
#
# A symbolic link that the host made in a mapped share, where the guest's own
# links are plain files, is a symbolic link for the guest too.
exports="mapped-xattr mapped-file"

host_prepare() {
    echo text > file
    ln -s file link
    ln -s "no where" dangling
}

guest_run() {
    expect "type" "symbolic link" "$(stat_of %F link)"
    expect "target" file "$(readlink link)"
    expect "content through it" text "$(cat link)"
    expect "dangling" "no where" "$(readlink dangling)"
    try "remove" rm link
    expect "its target stays" text "$(cat file)"
}

host_check() {
    expect_true "the link is gone" ! -L link
}
