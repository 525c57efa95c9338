# SPDX-License-Identifier: GPL-2.0-or-later
#
# Sizes set by path and by descriptor: shorter, longer (read as zeros), and
# beyond what the file system can hold, which is refused.
exports="passthrough proxy mapped-xattr mapped-file none"
caches="none loose"

guest_run() {
    printf 0123456789 > file
    try "shorter" truncate -s 4 file
    expect "content" 0123 "$(cat file)"
    try "longer" truncate -s 10 file
    expect "content" 30313233000000000000 \
           "$(od -An -v -tx1 file | tr -d ' \n')"
    try "by descriptor" fdop "open file rw" "truncate 2" "pwrite 3 Z"
    expect "content" 3031005a "$(od -An -v -tx1 file | tr -d ' \n')"
    try "to 5 GB" truncate -s 5000000000 file
    expect "size" 5000000000 "$(stat_of %s file)"
    expect "the end" Z "$(fdop "open file rw" "pwrite 4999999999 Z" \
                               "pread 4999999999 10" 2>&1)"
    try "to nothing" truncate -s 0 file
    expect "size" 0 "$(stat_of %s file)"
}

host_check() {
    expect "size on the host" 0 "$(stat_of %s file)"
}
