# SPDX-License-Identifier: GPL-2.0-or-later
#
# Two guests work in one tree: each reads whole what the other wrote, both write
# into one file side by side, and each can remove the other's folder.
exports="pair-xattr pair-xattr-second pair-pass pair-pass-second"
deadline=400

# Blocks in turns: the even ones are the first guest's.
write_blocks() {
    local i
    for i in $(seq "$1" 2 "$(amount 63 255)"); do
        fdop "open shared rw" "pwrite $((i * 1000)) $(printf '%01000d' "$i")"
    done
}

guest_run() {
    local me=0 other i
    case $EXPORT in *-second) me=1 ;; esac
    other=$((1 - me))
    try "meet" on-host meet start || return
    mkdir -p tree
    mkdir tree/$me
    for i in $(seq 1 "$(amount 20 100)"); do
        fill_file "tree/$me/$i" $((i * 3001))
    done
    : >> shared
    try "write" write_blocks $me
    try "meet" on-host meet written || return
    for i in $(seq 1 "$(amount 20 100)"); do
        seq 1 99999 | head -c $((i * 3001)) | cmp -s - "tree/$other/$i" ||
            note_failure "tree/$other/$i: expected it whole, came other content"
    done
    for i in $(seq 0 "$(amount 63 255)"); do
        printf '%01000d' "$i"
    done > /tmp/wanted
    try "the file of both" cmp shared /tmp/wanted
    try "meet" on-host meet read || return
    try "remove the folder of the other" rm -r tree/$other
    try "meet" on-host meet removed || return
    expect "what is left" "" "$(ls tree)"
}
