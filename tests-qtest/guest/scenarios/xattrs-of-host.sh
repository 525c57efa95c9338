# SPDX-License-Identifier: GPL-2.0-or-later
#
# With xattrs=all, the guest's capabilities and labels are those of the host's
# files; with xattrs=prefix:* they are kept beside them.  A tree is copied with
# all its attributes, as rsync -X and cp -a do.
exports="xattrs-all xattrs-prefix xattrs-map"
caches="none loose"

label=73797374656d5f753a6f626a6563745f7200
# cap_chown=ep
capability=0100000201000000000000000000000000000000

host_prepare() {
    need_root
    # The share itself has to belong to the guest's root.
    case $EXPORT in xattrs-map) chown 1000:1000 . ;; esac
}

guest_run() {
    local name attr
    mkdir from to
    : > from/file
    ln -s nowhere from/link
    mkdir from/dir
    cp /bin/busybox from/busybox
    chmod 755 from/busybox
    for name in file dir; do
        try "label a $name" xattr set from/$name security.p9label $label
        try "mark a $name" xattr set from/$name trusted.p9mark 79
    done
    try "a user's attribute" xattr set from/file user.p9 31
    try "a capability" xattr set from/busybox security.capability $capability
    # What rsync -X and cp -a do: list the names, and get and set each.
    for name in file dir busybox; do
        cp -a from/$name to/$name
        for attr in $(xattr list from/$name); do
            try "copy $attr of $name" \
                xattr set to/$name $attr "$(xattr get from/$name $attr)"
        done
        expect "names of a copied $name" "$(echo $(xattr list from/$name))" \
               "$(echo $(xattr list to/$name))"
    done
    expect "label of the copy" $label "$(xattr get to/file security.p9label)"
    # The capability has an effect in the guest.
    : > file
    chmod 777 . from to
    chown 1000 file
    try "chown by a user" asuser 1000 1000 to/busybox chown 1001 file
    expect "its owner" 1001 "$(stat_of %u file)"
    echo >> to/busybox
    refuse "a capability after a write" "No data" \
           xattr get to/busybox security.capability
    refuse "what the mapped models use" "not supported" \
           xattr set from/file user.virtfs.uid 00000000
}

host_check() {
    local name prefix=
    case $EXPORT in xattrs-prefix) prefix=user.virtfs. ;; esac
    for name in file dir; do
        expect "label of a $name on the host" $label \
               "$(xattr get to/$name ${prefix}security.p9label)"
        expect "mark of a $name on the host" 79 \
               "$(xattr get to/$name ${prefix}trusted.p9mark)"
    done
    case $EXPORT in
    xattrs-map)
        # Revision 3, for the user who is the guest's root.
        expect "capability on the host" \
               0100000301000000000000000000000000000000e8030000 \
               "$(xattr get from/busybox security.capability)"
        ;;
    *)
        expect "capability on the host" $capability \
               "$(xattr get from/busybox ${prefix}security.capability)"
        ;;
    esac
}
