# SPDX-License-Identifier: GPL-2.0-or-later
#
# cache-hint=off: even with cache=loose a guest reads data that the host has
# written meanwhile, although the attributes of the file are the same.
exports="hints"
caches="loose none"

host_prepare() {
    echo one > file
}

host_changes() {
    cp -p file old
    echo two > file
    touch -r old file
}

guest_run() {
    local kernel=$(uname -r)
    case $CACHE-$kernel in
    loose-[0-5].* | loose-6.[0-3].* | loose-6.[0-3]-*)
        skip "Linux $kernel takes no hint"
        ;;
    esac
    expect "content" one "$(cat file)"
    on-host host_changes
    expect "content since" two "$(cat file)"
    echo red > file
    expect "own content" red "$(cat file)"
}

host_check() {
    expect "content on the host" red "$(cat file)"
}
