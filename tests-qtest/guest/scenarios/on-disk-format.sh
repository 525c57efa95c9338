# SPDX-License-Identifier: GPL-2.0-or-later
#
# Owner, mode, type and device number are stored on the host in the format that
# each model has always had, so that other versions can read the tree.
exports="passthrough mapped-xattr mapped-file none"

host_prepare() {
    [ "$MODEL" != none ] || need_root
}

guest_run() {
    : > file
    chown 1000:70000 file
    chmod 4640 file
    mkdir dir
    chown 5:6 dir
    chmod 1770 dir
    ln -s target link
    chown -h 7:8 link
    mknod -m 600 null c 1 3
    mkdir sub
    echo x > sub/inner
    chown 9:10 sub/inner
    chmod 604 sub/inner
}

# le32 NUMBER: its four bytes, lowest first, in hex.
le32() {
    printf '%02x%02x%02x%02x' $(($1 & 255)) $(($1 >> 8 & 255)) \
           $(($1 >> 16 & 255)) $(($1 >> 24 & 255))
}

# xattrs FILE UID GID MODE: checks the bytes of mapped-xattr.
xattrs() {
    expect "user.virtfs.uid of $1" "$(le32 "$2")" \
           "$(xattr get "$1" user.virtfs.uid 2>&1)"
    expect "user.virtfs.gid of $1" "$(le32 "$3")" \
           "$(xattr get "$1" user.virtfs.gid 2>&1)"
    expect "user.virtfs.mode of $1" "$(le32 "$4")" \
           "$(xattr get "$1" user.virtfs.mode 2>&1)"
}

# lines FILE UID GID MODE: checks the lines of mapped-file, in any order.
lines() {
    expect "metadata of $1" \
        "virtfs.gid=$3 virtfs.mode=$(($4)) virtfs.uid=$2" \
        "$(echo $(grep -v rdev "${1%/*}/.virtfs_metadata/${1##*/}" | sort))"
}

mapped_values() {
    $1 ./file 1000 70000 0104640
    $1 ./dir 5 6 0041770
    $1 ./link 7 8 "0$(printf %o $((0120000 | $(link_mode))))"
    $1 ./null 0 0 0020600
    $1 ./sub/inner 9 10 0100604
}

# The permissions of a symbolic link mean nothing and servers differ in them.
link_mode() {
    local bytes
    if [ "$MODEL" = mapped-file ]; then
        echo $(($(sed -n 's/virtfs.mode=//p' .virtfs_metadata/link) & 07777))
    else
        bytes=$(xattr get link user.virtfs.mode)
        echo $((0x${bytes:2:2}${bytes:0:2} & 07777))
    fi
}

real_values() {
    local owner=$1 name=$2 want=$3
    expect "$name on the host" "$want" "$(stat_of "$owner" "$name")"
}

host_check() {
    case $MODEL in
    mapped-xattr)
        mapped_values xattrs
        expect "user.virtfs.rdev of null" 0301000000000000 \
               "$(xattr get null user.virtfs.rdev)"
        expect "type of link" "regular file" "$(stat_of %F link)"
        ;;
    mapped-file)
        mapped_values lines
        expect "rdev of null" virtfs.rdev=259 \
               "$(grep rdev .virtfs_metadata/null)"
        expect "content of link" target "$(cat link)"
        expect "mode of the metadata" "600 700" \
               "$(echo $(stat -c %a .virtfs_metadata/file .virtfs_metadata))"
        ;;
    *)
        real_values %u:%g:%a file 1000:70000:4640
        real_values %u:%g:%a dir 5:6:1770
        real_values %u:%g link 7:8
        real_values %F:%t:%T:%a null "character special file:1:3:600"
        real_values %u:%g:%a sub/inner 9:10:604
        expect "no attribute on file" "" "$(xattr list file)"
        expect_true "no metadata folder" ! -e .virtfs_metadata
        ;;
    esac
}
