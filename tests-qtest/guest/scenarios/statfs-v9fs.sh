# SPDX-License-Identifier: GPL-2.0-or-later
#
# statfs=v9fs: programs see the type of 9p, not that of the host.
exports="hints passthrough"

host_type() {
    stat -f -c %t .
}

guest_run() {
    local type=1021997
    [ "$EXPORT" = hints ] || type=$(on-host host_type)
    expect "type of the file system" "$type" "$(stat -f -c %t .)"
}
