# SPDX-License-Identifier: GPL-2.0-or-later
#
# When the host puts another file in the place of one that the guest has open,
# the descriptor stays with the first: size, content, mode, and what is written
# or changed through it does not touch the new file.
exports="passthrough proxy mapped-xattr mapped-file none"

host_prepare() {
    printf old-content > file
    printf new > new
    chmod 604 new
}

replaced() {
    mv -f new file
}

guest_run() {
    expect "size, content" "11
old-content
OLD-content
4" "$(fdop "open file rw" "sh on-host replaced" "stat %s" "pread 0 20" \
           "pwrite 0 OLD" "pread 0 20" "truncate 4" "chmod 755" "times 1000 0" \
           "stat %s" 2>&1)"
    expect "the new file" new "$(cat file)"
    expect "its mode" 604 "$(stat_of %a file)"
}

host_check() {
    expect "the new file" new "$(cat file)"
    expect "its mode" 604 "$(stat_of %a file)"
    expect_true "its time is its own" "$(stat_of %Y file)" -gt 1000
}
