# SPDX-License-Identifier: GPL-2.0-or-later
#
# rename(2) of files and directories: within and across directories, over an
# existing file and an empty directory; what must be refused is refused.
exports="passthrough proxy mapped-xattr mapped-file none"
caches="none loose"

guest_run() {
    mkdir -p from/sub to
    echo one > from/file
    echo deep > from/sub/deep
    chmod 640 from/file
    try "rename in a directory" mv from/file from/moved
    expect "content" one "$(cat from/moved)"
    expect_true "the old name is gone" ! -e from/file
    try "rename into another directory" mv from/moved to/file
    expect "mode after the move" 640 "$(stat_of %a to/file)"

    echo two > to/other
    try "rename over a file" mv -f to/other to/file
    expect "content of the winner" two "$(cat to/file)"
    expect_true "its old name is gone" ! -e to/other

    try "rename a directory" mv from/sub to/sub2
    expect "content below it" deep "$(cat to/sub2/deep)"
    mkdir to/empty
    try "rename over an empty directory" mv -T to/sub2 to/empty
    expect "content below it" deep "$(cat to/empty/deep)"

    mkdir full full/x
    refuse "over a directory with entries" "not empty" mv -T to/empty full
    refuse "a directory into itself" "nvalid argument" mv -T to to/empty/to
    refuse "a name that is not there" "No such file" mv nothing anything
}

host_check() {
    expect "on the host" two "$(cat to/file)"
    expect "on the host" deep "$(cat to/empty/deep)"
    expect "entries left" "empty file" \
           "$(ls to | tr '\n' ' ' | sed 's/ $//')"
}
