# SPDX-License-Identifier: GPL-2.0-or-later
#
# A file that the host removes while the guest has it open can still be read,
# written, truncated and looked at through the descriptor.
exports="passthrough proxy mapped-xattr mapped-file none"

host_prepare() {
    printf 0123456789 > file
}

gone() {
    rm "$1"
}

guest_run() {
    expect "read, size, links" "456
10 0
0123ABCDEF
12" "$(fdop "open file rw" "sh on-host gone file" "pread 4 3" "stat %s %l" \
            "pwrite 4 ABCDEF" "pread 0 20" "truncate 12" "stat %s" 2>&1)"
    refuse "open by name" "No such file" cat file
}
