# SPDX-License-Identifier: GPL-2.0-or-later
#
# statfs shows the host's file system.
exports="passthrough proxy mapped-xattr mapped-file none"

host_numbers() {
    stat -f -c '%b %S %c %l' .
}

guest_run() {
    local hb hs hi hl gb gs gi gl
    read -r hb hs hi hl <<HOST
$(on-host host_numbers)
HOST
    read -r gb gs gi gl <<GUEST
$(stat -f -c '%b %S %c %l' . 2>&1)
GUEST
    # The block size is one that suits the transport, a multiple of the host's.
    expect "size in blocks" $((hb * hs / gs)) "$gb"
    expect "block size in the host's" 0 $((gs % hs))
    expect "inodes" "$hi" "$gi"
    expect "name length" "$hl" "$gl"
    expect_true "free blocks" "$(stat -f -c %f .)" -gt 0
}
