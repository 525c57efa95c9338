# SPDX-License-Identifier: GPL-2.0-or-later
#
# O_APPEND writes at the end that the file has at the time of the write: after
# data that another descriptor or the host has written since the open.
exports="passthrough proxy mapped-xattr none"

from_host() {
    printf host >> file
}

guest_run() {
    printf start > file
    try "append" fdop "open file w,append" "write -one" \
        "sh printf -- -two >> file" "write -three-" "sh on-host from_host" \
        "write -four"
    expect "content" start-one-two-three-host-four "$(cat file)"
}

host_check() {
    expect "content on the host" start-one-two-three-host-four "$(cat file)"
}
