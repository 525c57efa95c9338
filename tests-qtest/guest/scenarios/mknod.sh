# SPDX-License-Identifier: GPL-2.0-or-later
#
# mknod(2): FIFO, character and block device with their numbers, usable and
# removable in the guest; on the host real nodes or, mapped, plain files.
exports="passthrough proxy mapped-xattr mapped-file none"

host_prepare() {
    # A device node needs CAP_MKNOD on the host where nothing is mapped.
    [ "$MODEL" != none ] || need_root
}

guest_run() {
    try "FIFO" mkfifo -m 600 fifo
    try "character device" mknod -m 620 char c 1 3
    try "block device" mknod -m 640 block b 240 17
    expect "FIFO" "fifo 600" "$(stat_of '%F %a' fifo)"
    expect "character device" "character special file 1 3 620" \
           "$(stat_of '%F %t %T %a' char)"
    expect "block device" "block special file f0 11 640" \
           "$(stat_of '%F %t %T %a' block)"
    try "write to the null device" sh -c 'echo lost > char'
    expect "read of the null device" "" "$(cat char)"
    echo through > fifo &
    expect "through the FIFO" through "$(cat fifo)"
    wait
    # A mapped model may leave the type in a directory entry unknown.
    case $(echo $(dents . | grep '[a-z]..*[a-z]' | sort)) in
    "b block c char p fifo") ;;
    *)
        expect "types in the directory ($MODEL)" "? block ? char ? fifo mapped" \
            "$(echo $(dents . | grep -v '[.]' | sort)) ${MODEL%-*}"
        ;;
    esac
    try "remove" rm fifo
    expect_true "it is gone" ! -e fifo
}

host_check() {
    case $MODEL in
    mapped-*)
        expect "type on the host" "regular empty file" "$(stat_of %F char)"
        ;;
    *)
        expect "type on the host" "character special file 1 3" \
               "$(stat_of '%F %t %T' char)"
        expect "type on the host" "block special file f0 11" \
               "$(stat_of '%F %t %T' block)"
        ;;
    esac
}
