# SPDX-License-Identifier: GPL-2.0-or-later
#
# readonly=on: everything can be read and every change is refused with EROFS,
# though the guest mounts the share for writing.
exports="readonly"

host_prepare() {
    mkdir dir
    echo text > dir/file
    echo text > file
    find . -printf '%p %m %u %s %T@\n' | sort > ../before
}

guest_run() {
    local erofs="ead-only file system"
    expect "read" text "$(cat dir/file)"
    refuse "write" "$erofs" sh -c 'echo x >> file'
    refuse "truncate on open" "$erofs" sh -c ': > file'
    refuse "truncate" "$erofs" truncate -s 0 file
    refuse "create" "$erofs" sh -c ': > new'
    refuse "mkdir" "$erofs" mkdir new
    refuse "mknod" "$erofs" mkfifo new
    refuse "symlink" "$erofs" ln -s x new
    refuse "link" "$erofs" ln file new
    refuse "rename" "$erofs" mv file new
    refuse "unlink" "$erofs" rm -f file
    refuse "rmdir" "$erofs" rmdir dir
    refuse "chmod" "$erofs" chmod 600 file
    refuse "chown" "$erofs" chown 1 file
    refuse "times" "$erofs" touch -d @1000 file
    refuse "set an attribute" "$erofs" xattr set file user.x 31
    refuse "remove an attribute" "$erofs" xattr remove file user.x
    expect "still readable" text "$(cat file)"
}

host_check() {
    find . -printf '%p %m %u %s %T@\n' | sort > ../after
    expect "what changed" "" "$(diff ../before ../after)"
}
