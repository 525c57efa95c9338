# SPDX-License-Identifier: GPL-2.0-or-later
#
# A file that the host renames while the guest has it open stays the same file
# for the descriptor.
exports="passthrough mapped-xattr none"

host_prepare() {
    printf 0123456789 > file
}

renamed() {
    mv file elsewhere
}

guest_run() {
    expect "size, content, links" "10
012345678
1" "$(fdop "open file rw" "sh on-host renamed" "stat %s" "pread 0 9" \
           "stat %l" 2>&1)"
    expect "writing" "" "$(fdop "open elsewhere rw" "pwrite 9 END" 2>&1)"
    expect "content under the new name" 012345678END "$(cat elsewhere)"
}
