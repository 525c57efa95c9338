# SPDX-License-Identifier: GPL-2.0-or-later
#
# A folder of the share is the lower layer of an overlay: read, copied up,
# hidden and renamed over without a change to it.
exports="client-xattr client-file client-pass"
caches="none loose"

guest_run() {
    local before
    mkdir -p lower/dir /tmp/upper/up /tmp/upper/work /tmp/merged
    mount -t tmpfs tmpfs /tmp/upper
    mkdir /tmp/upper/up /tmp/upper/work
    echo one > lower/one
    echo two > lower/dir/two
    chown 5:6 lower/one
    chmod 604 lower/one
    ln -s one lower/link
    before=$(tar -cf - lower | md5sum)
    try "mount" mount -t overlay -o \
        "lowerdir=$PWD/lower,upperdir=/tmp/upper/up,workdir=/tmp/upper/work" \
        overlay /tmp/merged || return
    expect "read" one "$(cat /tmp/merged/link)"
    expect "owner and mode" 5:6:604 "$(stat_of %u:%g:%a /tmp/merged/one)"
    try "append" sh -c 'echo more >> /tmp/merged/one'
    expect "copied up" "one more" "$(echo $(cat /tmp/merged/one))"
    expect "with its owner" 5:6:604 "$(stat_of %u:%g:%a /tmp/merged/one)"
    try "remove" rm /tmp/merged/dir/two
    expect "what is left" "" "$(ls /tmp/merged/dir)"
    try "remove the folder" rmdir /tmp/merged/dir
    try "and make it anew" mkdir /tmp/merged/dir
    expect "an empty one" "" "$(ls /tmp/merged/dir)"
    try "rename over" sh -c 'echo x > /tmp/merged/x && mv /tmp/merged/x /tmp/merged/link'
    expect "entries" "dir link one" "$(echo $(ls /tmp/merged))"
    try "umount" umount /tmp/merged
    umount /tmp/upper
    expect "the lower layer" "$before" "$(tar -cf - lower | md5sum)"
}
