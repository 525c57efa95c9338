# SPDX-License-Identifier: GPL-2.0-or-later
#
# flock(2) and fcntl(2) locks are granted when free and refused while another
# process of the guest holds them.
exports="passthrough proxy mapped-xattr"

guest_run() {
    : > file
    try "flock" fdop "open file rw" "flock ex" "flock un" "flock sh"
    try "flock held" fdop "open file rw" "flock ex" \
        "sh fdop 'open file rw' 'expect EAGAIN' 'flock ex'"
    try "flock again" fdop "open file rw" "flock ex"
    try "fcntl" fdop "open file rw" "lock w 10 10" "lock r 30 0" "lock u 0 0"
    try "fcntl held" fdop "open file rw" "lock w 10 10" \
        "sh fdop 'open file rw' 'expect EAGAIN' 'lock r 15 1'" \
        "sh fdop 'open file rw' 'lock w 20 5'"
    expect "getlock" "held
free" "$(fdop "open file rw" "lock w 0 10" \
    "sh fdop 'open file rw' 'getlock w 5 1' 'getlock w 10 1'" 2>&1)"
}
