# SPDX-License-Identifier: GPL-2.0-or-later
#
# security_model=none in an unprivileged QEMU: creating a file succeeds although
# its owner cannot be set.  The file belongs to the host's user.
exports="none"

guest_run() {
    chmod 777 .
    try "create as a user" asuser 1000 2000 sh -c 'echo x > file; mkdir dir'
    expect "content" x "$(cat file)"
}

host_check() {
    local want=1000:2000
    [ "$(id -u)" -eq 0 ] || want=$(id -u):$(id -g)
    expect "owner of the file" "$want" "$(stat_of %u:%g file)"
    expect "owner of the directory" "$want" "$(stat_of %u:%g dir)"
}
