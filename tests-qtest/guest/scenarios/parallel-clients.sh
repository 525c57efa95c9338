# SPDX-License-Identifier: GPL-2.0-or-later
#
# Eight processes that create, write, rename, read back and remove at the same
# time do not disturb each other.
exports="passthrough proxy mapped-xattr mapped-file"
deadline=240

one_client() {
    local i
    mkdir "c$1"
    for i in $(seq 1 15); do
        seq "$1" $((i * 100)) > "c$1/f$i" && mv "c$1/f$i" "c$1/g$i" &&
        seq "$1" $((i * 100)) | cmp - "c$1/g$i" || echo "client $1 file $i"
    done
    rm -r "c$1"
}

guest_run() {
    local n
    for n in 1 2 3 4 5 6 7 8; do
        one_client $n >> /tmp/parallel 2>&1 &
    done
    wait
    expect "complaints" "" "$(cat /tmp/parallel)"
    rm /tmp/parallel
    expect "entries" "" "$(ls)"
}
