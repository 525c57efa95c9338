# SPDX-License-Identifier: GPL-2.0-or-later
#
# A file that the guest itself removes while it is open: stat, read, write,
# truncate and a second open through /proc go to the inode, though no name is
# left.
exports="passthrough proxy mapped-xattr mapped-file none"

guest_run() {
    printf 0123456789 > file
    expect "after unlink" "10 0
0123456789
01234567XY
01234567XY
5
100
01234" "$(fdop "open file rw" "sh rm file" "stat %s %l" "pread 0 99" \
               "pwrite 8 XY" "pread 0 99" "sync" "pread 0 99" \
               "truncate 5" "stat %s" \
               "truncate 100" "stat %s" "pread 0 5" 2>&1)"
    expect_true "no name" ! -e file
    printf abcdef > file
    exec 5<> file
    rm file
    expect "opened again through /proc" abcdef "$(cat /proc/self/fd/5)"
    try "written through /proc" sh -c 'printf XY > /proc/self/fd/5' 5<&5
    expect "content" XY "$(cat /proc/self/fd/5)"
    exec 5<&-
}
