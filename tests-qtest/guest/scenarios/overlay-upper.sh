# SPDX-License-Identifier: GPL-2.0-or-later
#
# A folder of the share is the upper layer of an overlay.  If the client's
# kernel does not accept 9p for that, the scenario is skipped.  The overlay's
# marks are in user.overlay.*, or in the guest's trusted.overlay.* in the mapped
# models.
exports="passthrough mapped-xattr mapped-file"
caches="none loose"

merge() {
    local marks=
    [ "$MODEL" != passthrough ] || marks=,userxattr
    mount -t overlay -o \
        "lowerdir=/tmp/lower,upperdir=$PWD/upper,workdir=$PWD/work$marks" \
        overlay /tmp/merged
}

# Removing a folder of the lower layer requires RENAME_EXCHANGE, which the
# client does not have.
guest_run() {
    mkdir -p upper work /tmp/merged
    rm -rf /tmp/lower
    mkdir -p /tmp/lower/dir
    echo one > /tmp/lower/one
    echo two > /tmp/lower/dir/two
    if ! merge 2> /dev/null; then
        skip "$(dmesg | grep overlayfs: | tail -n 1 | sed 's/.*overlayfs: //')"
    fi
    try "append" sh -c 'echo more >> /tmp/merged/one'
    expect "copied up" "one more" "$(echo $(cat /tmp/merged/one))"
    expect "on the share" "one more" "$(echo $(cat upper/one))"
    expect "the lower one" one "$(cat /tmp/lower/one)"
    try "remove a file" rm /tmp/merged/one
    refuse "then" "No such file" cat /tmp/merged/one
    expect "its mark on the share" "character special file 0 0" \
           "$(stat_of '%F %t %T' upper/one)"
    try "remove in a folder" rm /tmp/merged/dir/two
    expect "an empty one" "" "$(ls /tmp/merged/dir)"
    refuse "remove the folder" "Invalid argument" rmdir /tmp/merged/dir
    expect "what is left" dir "$(ls /tmp/merged)"
    try "umount" umount /tmp/merged
    try "mount again" merge
    expect "what was left" dir "$(ls /tmp/merged)"
    expect "the empty one" "" "$(ls /tmp/merged/dir)"
    try "umount" umount /tmp/merged
}
