# SPDX-License-Identifier: GPL-2.0-or-later
#
# Parts of a file that were not written read as zeros and use no space on the
# host.
exports="passthrough proxy mapped-xattr mapped-file none"

guest_run() {
    try "write at 100 MB" fdop "open sparse rw,creat" "pwrite 100000000 end"
    expect "size" 100000003 "$(stat_of %s sparse)"
    expect "zeros before it" "$(head -c 65536 /dev/zero | md5sum)" \
           "$(dd if=sparse bs=65536 skip=1000 count=1 2>/dev/null | md5sum)"
    expect "the end" end "$(tail -c 3 sparse)"
    expect_true "blocks for the guest" "$(stat_of %b sparse)" -lt 2000
}

host_check() {
    expect_true "blocks on the host" "$(stat_of %b sparse)" -lt 2000
    expect "the end" end "$(tail -c 3 sparse)"
}
