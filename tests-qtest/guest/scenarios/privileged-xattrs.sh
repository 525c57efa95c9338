# SPDX-License-Identifier: GPL-2.0-or-later
#
# In the mapped models, a guest has its own security.* and trusted.* attributes
# on files of any type, even if QEMU runs without privilege: they are stored as
# user attributes.  Other models refuse them.  Those of the host are not
# visible.
exports="passthrough mapped-xattr mapped-file none"
caches="none loose"

label=73797374656d5f753a6f626a6563745f7200
capability=0100000200200000000000000000000000000000

guest_run() {
    local name
    : > file
    mkdir dir
    ln -s nowhere link
    mkfifo fifo
    case $MODEL in
    passthrough | none)
        refuse "a label" "not supported" xattr set file security.selinux $label
        refuse "trusted.*" "not supported" xattr set file trusted.x 31
        refuse "a capability" "not supported" \
               xattr set file security.capability $capability
        expect "names" "" "$(xattr list file)"
        return
        ;;
    esac
    mknod char c 1 3
    for name in file dir link fifo char; do
        try "label a $name" xattr set $name security.selinux $label
        try "mark a $name" xattr set $name trusted.overlay.opaque 79
        expect "label of a $name" $label \
               "$(xattr get $name security.selinux 2>&1)"
        expect "names of a $name" "security.selinux trusted.overlay.opaque" \
               "$(echo $(xattr list $name))"
    done
    try "unmark" xattr remove file trusted.overlay.opaque
    refuse "what is gone" "No data" xattr get file trusted.overlay.opaque
    # An unprivileged user of the guest may only read a label.
    chmod 666 file
    expect "label for a user" $label \
           "$(asuser 1000 1000 xattr get file security.selinux 2>&1)"
    refuse "label by a user" "not permitted" \
           asuser 1000 1000 xattr set file security.selinux 00
    refuse "trusted.* for a user" "No data" \
           asuser 1000 1000 xattr get dir trusted.overlay.opaque
}

host_check() {
    local name
    case $MODEL in passthrough | none) return ;; esac
    for name in file dir link fifo char; do
        expect "label of a $name on the host" $label \
               "$(xattr get $name user.virtfs.security.selinux)"
    done
    expect "the mark of the directory" 79 \
           "$(xattr get dir user.virtfs.trusted.overlay.opaque)"
    expect_true "nothing of the host's own" \
                -z "$(xattr list file | grep -E '^(security|trusted)')"
}
