# SPDX-License-Identifier: GPL-2.0-or-later
#
# If the guest renames another file over an open one, the descriptor still
# refers to the old file, and the new file is not changed through it.
exports="passthrough proxy mapped-xattr mapped-file none"

guest_run() {
    printf old-content > file
    printf new > new
    expect "the loser" "11
old-content
OLD-content" "$(fdop "open file rw" "sh mv -f new file" "stat %s" \
                     "pread 0 20" "pwrite 0 OLD" "pread 0 20" 2>&1)"
    expect "the winner" new "$(cat file)"
    expect "its size" 3 "$(stat_of %s file)"
    printf 0123456789 > moved
    expect "the moved one" "10
0123456789
7" "$(fdop "open moved rw" "sh mv moved away" "stat %s" "pread 0 20" \
           "truncate 7" "stat %s" 2>&1)"
    expect "under its new name" 0123456 "$(cat away)"
}
