# SPDX-License-Identifier: GPL-2.0-or-later
#
# sqlite3 works: a rollback journal is rolled back, two writers wait for each
# other, and with a cache mode that has shared mappings its write-ahead log
# works as well.
exports="client-xattr${SOAK:+ client-file client-pass}"
caches="none mmap${SOAK:+ loose}"
deadline=$(amount 240 900)

# rows FROM TO: prints statements, each in its own transaction.
rows() {
    seq "$1" "$2" | sed 's/.*/INSERT INTO t VALUES (&, hex(randomblob(200)));/'
}

# used_by_two DATABASE JOURNAL
used_by_two() {
    local each
    each=$(amount 15 100)
    expect "journal of $1" "$2" "$(sqlite3 "$1" "PRAGMA journal_mode=$2;")"
    try "create" sqlite3 "$1" "CREATE TABLE t (n INTEGER PRIMARY KEY, v TEXT);"
    { echo '.timeout 60000'; rows 1 "$each"; } > /tmp/one.sql
    { echo '.timeout 60000'; rows 100001 $((100000 + each)); } > /tmp/two.sql
    sqlite3 "$1" < /tmp/one.sql > /tmp/one.out 2>&1 &
    try "a writer" sqlite3 "$1" < /tmp/two.sql
    wait
    expect "what the other writer said" "" "$(cat /tmp/one.out)"
    try "one that is given up" sqlite3 "$1" "PRAGMA cache_size=4; BEGIN;
        INSERT INTO t SELECT n + 500000, v || v || v FROM t; ROLLBACK;"
    expect "rows of $1" $((2 * each)) "$(sqlite3 "$1" 'SELECT count(*) FROM t;')"
    expect "integrity of $1" ok "$(sqlite3 "$1" 'PRAGMA integrity_check;')"
    expect "journals left behind" "" "$(ls | grep -- '-journal$')"
}

guest_run() {
    used_by_two rollback.db delete
    # It needs a shared mapping, which the other cache modes refuse.
    [ "$CACHE" = none ] || used_by_two log.db wal
}
