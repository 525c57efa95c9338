# SPDX-License-Identifier: GPL-2.0-or-later
#
# uidmap=, gidmap=: the guest's root is user 1000 of the host and users 1000 to
# 1099 are 101000 and up, wherever an owner occurs: new files, chown, stat,
# ACLs.  Users that are not mapped are refused; owners that are not mapped are
# shown as the user "nobody", and their files are protected.
exports="idmap idmap-mapped"
options="posixacl"

# The mode 0640 and "4" for one more user, whose id is 8 digits of hex.
acl() {
    echo "0200000001000600ffffffff02000400${1}04000400ffffffff"\
"10000400ffffffff20000000ffffffff"
}

host_prepare() {
    [ "$MODEL" != passthrough ] || need_root
    echo text > foreign
    # The share itself has to belong to the guest's root.
    if [ "$MODEL" = passthrough ]; then
        chown 1000:1000 .
    else
        xattr set . user.virtfs.uid "$(le32 1000)"
        xattr set . user.virtfs.gid "$(le32 1000)"
    fi
}

# le32 NUMBER: its four bytes in hex.
le32() {
    printf '%02x%02x%02x%02x' $(($1 & 255)) $(($1 >> 8 & 255)) \
           $(($1 >> 16 & 255)) $(($1 >> 24 & 255))
}

guest_run() {
    : > file
    mkdir dir
    ln -s x link
    mkfifo fifo
    for name in file dir link fifo; do
        expect "owner of $name" 0:0 "$(stat_of %u:%g $name)"
    done
    expect "owner of the host's file" 65534:65534 "$(stat_of %u:%g foreign)"
    refuse "writing the host's file" "denied" sh -c 'echo x > foreign'
    refuse "its mode" "too large" chmod 4777 foreign
    refuse "its owner" "too large" chown 0:0 foreign
    refuse "a link to it" "too large" ln foreign link-to-it
    refuse "its name" "too large" mv foreign other
    refuse "removing it" "too large" rm -f foreign
    expect "its text" text "$(cat foreign 2>&1)"
    try "chown" chown 1001:1002 dir
    expect "owner of dir" 1001:1002 "$(stat_of %u:%g dir)"
    refuse "chown to who has no place" "too large" chown 5 file
    refuse "chgrp to what has no place" "too large" chgrp 101000 file
    try "a user's file" asuser 1001 1002 sh -c ': > dir/own'
    expect "owner of dir/own" 1001:1002 "$(stat_of %u:%g dir/own)"
    refuse "a user who has no place" "too large" asuser 5 5 ls -l file
    try "set an ACL" xattr set file system.posix_acl_access \
        "$(acl e8030000)"
    expect "the ACL" "$(acl e8030000)" \
           "$(xattr get file system.posix_acl_access 2>&1)"
    refuse "an ACL for who has no place" "too large" \
           xattr set file system.posix_acl_access "$(acl 05000000)"
}

# owner FILE UID GID: checks the ids on the host.
owner() {
    if [ "$MODEL" = passthrough ]; then
        expect "owner of $1" "$2:$3" "$(stat_of %u:%g "$1")"
    else
        expect "kept owner of $1" "$(le32 "$2") $(le32 "$3")" \
            "$(echo $(xattr get "$1" user.virtfs.uid) \
                    $(xattr get "$1" user.virtfs.gid))"
    fi
}

host_check() {
    local attribute=system.posix_acl_access
    [ "$MODEL" = passthrough ] || attribute=user.virtfs.$attribute
    owner file 1000 1000
    owner dir 101001 101002
    owner dir/own 101001 101002
    expect "the ACL" "$(acl "$(le32 101000)")" \
           "$(xattr get file $attribute 2>&1)"
}
