# SPDX-License-Identifier: GPL-2.0-or-later
#
# Opening an existing file with O_CREAT does not change its owner, its mode and,
# without O_TRUNC, its content.
exports="passthrough mapped-xattr mapped-file"

guest_run() {
    echo kept > file
    chown 77:88 file
    chmod 4766 file
    try "as another user" asuser 1000 1000 fdop "open file rw,creat"
    expect "owner and mode" 77:88:4766 "$(stat_of %u:%g:%a file)"
    expect "content" kept "$(cat file)"
}
