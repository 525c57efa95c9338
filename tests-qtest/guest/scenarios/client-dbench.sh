# SPDX-License-Identifier: GPL-2.0-or-later
#
# dbench runs its file server workload without an error.
exports="client-xattr${SOAK:+ client-file client-pass}"
caches="none${SOAK:+ loose mmap}"
deadline=$(amount 240 1200)

guest_run() {
    try "dbench" dbench -c /usr/share/dbench/client.txt -D "$PWD" \
        -t "$(amount 10 30)" 2 > /tmp/dbench.out 2>&1
    tail -n 20 /tmp/dbench.out
    expect "its verdict" 1 "$(grep -c '^Throughput' /tmp/dbench.out)"
    expect "complaints" "" "$(grep -i 'failed\|error' /tmp/dbench.out |
                              grep -v semaphore | head -n 3)"
}
