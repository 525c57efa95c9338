# SPDX-License-Identifier: GPL-2.0-or-later
#
# fmode= and dmode= set the host's permissions of objects that the guest creates
# in a mapped share; the guest sees the mode that it requested.
exports="modes"

guest_run() {
    umask 022
    : > file
    mkdir dir
    ln -s x link
    mkfifo fifo
    chmod 777 file
    expect "file for the guest" 777 "$(stat_of %a file)"
    expect "directory for the guest" 755 "$(stat_of %a dir)"
}

host_check() {
    expect "file" 640 "$(stat_of %a file)"
    expect "link" 640 "$(stat_of %a link)"
    expect "FIFO" 640 "$(stat_of %a fifo)"
    expect "directory" 750 "$(stat_of %a dir)"
}
