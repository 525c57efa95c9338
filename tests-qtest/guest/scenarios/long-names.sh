# SPDX-License-Identifier: GPL-2.0-or-later
#
# A name may have 255 bytes, but not 256.
exports="passthrough mapped-xattr mapped-file none"

guest_run() {
    local n255
    n255=$(printf 'x%.0s' $(seq 1 255))
    try "create" sh -c 'echo long > "$1"' - "$n255"
    expect "content" long "$(cat "$n255")"
    # Unmapped, a QEMU without privileges cannot change the owner.
    [ "$MODEL" = none ] || try "chown" chown 3:4 "$n255"
    try "rename" mv "$n255" "y${n255#x}"
    try "link" ln "y${n255#x}" "z${n255#x}"
    try "mkdir" mkdir "$n255"
    expect "entries" 3 "$(ls | wc -l)"
    try "remove" rm "y${n255#x}"
    refuse "256 bytes" "name too long" mkdir "x$n255"
}
