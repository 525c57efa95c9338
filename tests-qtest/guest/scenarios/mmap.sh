# SPDX-License-Identifier: GPL-2.0-or-later
#
# Shared mappings can be read and written if the cache mode supports them, and
# are refused for writing without a cache; written data reaches the host.
exports="passthrough proxy mapped-xattr"
caches="none mmap loose"

guest_run() {
    fill_file file 20000
    expect "read" "$(dd if=file bs=1 skip=8190 count=10 2>/dev/null)" \
           "$(fdop "open file r" "mapread 8190 10" 2>&1)"
    if [ "$CACHE" = none ]; then
        try "refused" fdop "open file rw" "expect EINVAL" "mapwrite 8190 HELLO"
        return
    fi
    try "write" fdop "open file rw" "mapwrite 8190 HELLO-WORLD"
    expect "read back" HELLO-WORLD "$(fdop "open file r" "pread 8190 11" 2>&1)"
}

host_check() {
    if [ "$CACHE" != none ]; then
        expect "on the host" HELLO-WORLD \
               "$(tail -c +8191 file | head -c 11)"
    fi
    expect "size on the host" 20000 "$(stat_of %s file)"
}
