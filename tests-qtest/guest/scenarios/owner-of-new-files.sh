# SPDX-License-Identifier: GPL-2.0-or-later
#
# A file that a user of the guest creates belongs to that user and has the
# requested mode without the umask; the mode keeps other users out.
exports="passthrough proxy mapped-xattr mapped-file"

host_prepare() {
    chmod 777 .
}

guest_run() {
    chmod 777 .
    try "as user 1000" asuser 1000 2000 sh -c '
        umask 027 && mkdir dir && : > dir/file && ln -s x dir/link &&
        mkfifo dir/fifo && echo mine > private && chmod 600 private'
    expect "directory" 1000:2000:750 "$(stat_of %u:%g:%a dir)"
    expect "file" 1000:2000:640 "$(stat_of %u:%g:%a dir/file)"
    expect "link" 1000:2000 "$(stat_of %u:%g dir/link)"
    expect "FIFO" 1000:2000:640 "$(stat_of %u:%g:%a dir/fifo)"
    refuse "another user's look" "ermission denied" \
           asuser 1001 2001 cat private
    refuse "another user's chmod" "not permitted" \
           asuser 1001 2001 chmod 666 private
    expect "the owner's look" mine "$(asuser 1000 2000 cat private)"
    expect "root's look" mine "$(cat private)"
    refuse "chown by a user" "not permitted" asuser 1000 2000 chown 0 private
}
