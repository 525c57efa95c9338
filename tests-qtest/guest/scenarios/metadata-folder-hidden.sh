# SPDX-License-Identifier: GPL-2.0-or-later
#
# The files in which mapped-file stores owner and mode are hidden from the
# guest: it cannot list, open, create, rename or link them, and they do not
# prevent the removal of a directory.
exports="mapped-file"

host_prepare() {
    mkdir sub
}

guest_run() {
    local name
    : > sub/file
    chown 1:2 sub sub/file
    for name in .virtfs_metadata .virtfs_metadata_root; do
        refuse "open of $name" "" cat sub/$name
        refuse "look at $name" "" ls -d sub/$name
        refuse "create of $name" "" sh -c ": > $name"
        refuse "mkdir of $name" "" mkdir sub/$name
        refuse "rename to $name" "" mv sub/file sub/$name
        refuse "link to $name" "" ln sub/file sub/$name
        refuse "symlink at $name" "" ln -s x sub/$name
        refuse "unlink of $name" "" rm sub/$name
    done
    refuse "a file in it" "" cat sub/.virtfs_metadata/file
    expect "entries" ". .. file" "$(echo $(ls -a sub | sort))"
    expect "owner" 1:2 "$(stat_of %u:%g sub/file)"
    rm sub/file
    try "rmdir" rmdir sub
}

host_check() {
    expect_true "the directory is gone" ! -e sub
}
