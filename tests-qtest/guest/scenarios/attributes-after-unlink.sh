# SPDX-License-Identifier: GPL-2.0-or-later
#
# Mode, owner and times can be changed through the descriptor of a file that
# has lost its only name, and the descriptor shows the change.
exports="passthrough proxy mapped-xattr mapped-file none"

host_prepare() {
    # Changing the owner of a real file needs root.
    [ "$MODEL" != none ] || need_root
}

guest_run() {
    : > file
    expect "chmod, chown, times" "640
5:6
1234567" "$(fdop "open file rw" "sh rm file" "chmod 640" "stat %m" \
                 "chown 5 6" "stat %u:%g" "times 1234567 0" "stat %t" 2>&1)"
}
