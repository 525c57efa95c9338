# SPDX-License-Identifier: GPL-2.0-or-later
#
# The guest sees the host's times to the nanosecond and sets them; writing
# moves mtime, reading leaves it, a new entry moves its directory's.
exports="passthrough proxy mapped-xattr mapped-file none"

host_prepare() {
    : > preset
    touch -d @981173106.123456789 preset
}

guest_run() {
    expect "as set on the host" 981173106,123456789 \
           "$(fdop "open preset r" "stat %t,%n")"
    : > file
    mkdir dir
    # The client of Linux 6.1 cuts what it sets to seconds.
    try "set" fdop "open file r" "times 981173106 0"
    expect "seconds, nanoseconds" 981173106,0 \
           "$(fdop "open file r" "stat %t,%n")"
    touch -d '2001-02-03 04:05:06' dir
    echo x >> file
    expect_true "writing moves mtime" "$(stat_of %Y file)" -gt 1000000000
    touch -d @1000 file
    cat file > /dev/null
    expect "reading leaves mtime" 1000 "$(stat_of %Y file)"
    : > dir/new
    expect_true "a new entry moves its directory's" \
                "$(stat_of %Y dir)" -gt 1000000000
    touch -h -d @2000 file
}

host_check() {
    expect "mtime on the host" 2000 "$(stat_of %Y file)"
}
