# SPDX-License-Identifier: GPL-2.0-or-later
#
# Two guests append to one file: no line is lost, none is torn, and each one's
# stay in their order.
exports="pair-xattr pair-xattr-second pair-pass pair-pass-second"
deadline=300

guest_run() {
    local i
    try "meet" on-host meet start || return
    for i in $(seq 1 "$(amount 200 1500)"); do
        echo "$EXPORT line $i of those that it appends"
    done > /tmp/lines
    while read -r i; do
        echo "$i" >> log
    done < /tmp/lines
    try "meet" on-host meet written || return
    expect "lines of $EXPORT" "$(sum_of /tmp/lines)" \
           "$(grep "^$EXPORT line" log | md5sum | cut -d ' ' -f 1)"
    expect "lines" $(($(amount 200 1500) * 2)) "$(wc -l < log)"
    # The other one may still be reading.
    on-host meet read
}
