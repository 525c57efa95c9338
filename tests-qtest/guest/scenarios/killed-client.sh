# SPDX-License-Identifier: GPL-2.0-or-later
#
# If a process is killed while its request is in progress, the request is
# cancelled (Tflush) and the share continues to work.
exports="passthrough proxy mapped-xattr"

guest_run() {
    local i writer
    for i in 1 2 3 4 5 6 7 8 9 10; do
        # This line in the FIFO means that writing has begun.
        mkfifo /tmp/begun
        sh -c 'echo begun > /tmp/begun; exec dd if=/dev/zero of=file bs=400000' \
            > /dev/null 2>&1 &
        writer=$!
        read -r _ < /tmp/begun
        rm /tmp/begun
        dd if=/dev/zero of=other bs=400000 count=$i 2>/dev/null
        kill -KILL $writer
        wait $writer 2>/dev/null
        rm -f file
    done
    try "the share works on" sh -c 'echo alive > new && grep alive new'
    expect "size" 4000000 "$(stat_of %s other)"
}
