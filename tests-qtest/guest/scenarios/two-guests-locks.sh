# SPDX-License-Identifier: GPL-2.0-or-later
#
# A lock of one guest applies to another guest on the same share: it is refused
# without waiting, it is granted to a waiting process when it is released, and a
# counter that both increment under the lock does not lose an update.
exports="pair-xattr pair-xattr-second pair-pass pair-pass-second"
deadline=400

raise_counter() {
    local i
    for i in $(seq 1 "$(amount 25 120)"); do
        fdop "open lock rw" "lockwait w 0 0" \
             'sh n=$(cat counter); echo $((n + 1)) > counter' || return
    done
}

first() {
    : > lock
    echo 0 > counter
    try "hold" fdop "open lock rw" "lock w 0 100" "sh on-host meet held" \
        "sh on-host meet refused" "sh echo before > order" "lock u 0 100" ||
        return
    try "meet" on-host meet counting || return
    try "raise the counter" raise_counter
    try "meet" on-host meet counted || return
    expect "counter" $(($(amount 25 120) * 2)) "$(cat counter)"
    expect "order" "before after" "$(echo $(cat order))"
}

second() {
    try "meet" on-host meet held || return
    try "a lock that is held" fdop "open lock rw" "expect EAGAIN" "lock w 50 1"
    expect "who asks" "held
free" "$(fdop "open lock rw" "getlock r 0 1" "getlock w 100 0" 2>&1)"
    try "a lock beside it" fdop "open lock rw" "lock w 100 0"
    try "waiting" fdop "open lock rw" "sh on-host meet refused" \
        "lockwait w 0 100" "sh echo after >> order"
    try "meet" on-host meet counting || return
    try "raise the counter" raise_counter
    try "meet" on-host meet counted
}

guest_run() {
    case $EXPORT in *-second) second ;; *) first ;; esac
}
