# SPDX-License-Identifier: GPL-2.0-or-later
#
# Directories nested beyond PATH_MAX, reached step by step: created, used at
# the bottom and removed again.
exports="passthrough proxy mapped-xattr mapped-file none"
deadline=240

guest_run() {
    try "6000 bytes of path" deepdir 60
    expect "entries" "" "$(ls)"
}

host_check() {
    expect "entries on the host" "" "$(ls)"
}
