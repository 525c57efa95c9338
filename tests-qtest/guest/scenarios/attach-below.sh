# SPDX-License-Identifier: GPL-2.0-or-later
#
# aname= mounts a directory below the export: together with a mount of the whole
# export by another device, for all users, in each dialect; never through a
# symbolic link.
exports="two-devices"
mount="no"

mount_below() {
    mount -t 9p -o "trans=virtio,version=$1,aname=$2" two_b /mnt/part
}

guest_run() {
    local version top=/mnt/whole/$FOLDER
    mkdir -p /mnt/whole /mnt/part
    try "mount the whole" mount -t 9p -o trans=virtio two_a /mnt/whole
    mkdir -p "$top/sub/dir/deep"
    chmod 755 "$top" "$top/sub" "$top/sub/dir"
    echo inside > "$top/sub/dir/file"
    ln -s dir "$top/sub/link"
    for version in 9p2000.L 9p2000.u; do
        try "mount the part, $version" \
            mount_below $version "$FOLDER/sub/dir" || continue
        expect "file of the part" inside "$(cat /mnt/part/file)"
        expect "its names" "deep file" "$(echo $(ls /mnt/part))"
        expect "root" "$(stat_of %i "$top/sub/dir")" "$(stat_of %i /mnt/part)"
        expect "\"..\" of the root" "$(stat_of %i /mnt/part)" \
               "$(stat_of %i /mnt/part/deep/..)"
        echo more > /mnt/part/deep/new
        expect "seen in the whole" more "$(cat "$top/sub/dir/deep/new")"
        try "rename" mv /mnt/part/deep/new /mnt/part/deep/newer
        try "remove" rm /mnt/part/deep/newer
        expect "for another user" inside \
               "$(asuser 1000 1000 cat /mnt/part/file 2>&1)"
        try "umount the part" umount /mnt/part
        try "with a leading slash" mount_below $version "/$FOLDER/sub" &&
            expect "names of sub" "dir link" "$(echo $(ls /mnt/part))" &&
            try "umount sub" umount /mnt/part
    done
    refuse "a link" "levels of symbolic links" \
           mount_below 9p2000.L "$FOLDER/sub/link"
    refuse "through a link" "levels of symbolic links" \
           mount_below 9p2000.L "$FOLDER/sub/link/deep"
    refuse "a file" "Not a directory" \
           mount_below 9p2000.L "$FOLDER/sub/dir/file"
    refuse "what is not there" "No such file" \
           mount_below 9p2000.L "$FOLDER/none"
    refuse "up" "Invalid argument" mount_below 9p2000.L "$FOLDER/.."
    umount /mnt/whole
}
