# SPDX-License-Identifier: GPL-2.0-or-later
#
# rm -r of a tree made in the guest: directories are emptied while they are
# being read; nothing stays behind.
exports="mapped-file mapped-xattr none"

guest_run() {
    local d
    for d in a a/b a/b/c d; do
        mkdir -p tree/$d
        for f in $(seq 1 60); do
            : > tree/$d/$f
        done
    done
    ln -s nowhere tree/a/link
    try "rm -r" rm -r tree
    expect_true "it is gone" ! -e tree
    expect "entries" "" "$(ls)"
}

host_check() {
    expect_true "it is gone on the host" ! -e tree
}
