# SPDX-License-Identifier: GPL-2.0-or-later
#
# A source tree unpacked by tar in the guest is the same on the host, in
# content, and in the guest, in owner, mode, type and files' time as well.
# SRC_TREE may name the tree; otherwise one of 2000 files is made up.
exports="passthrough proxy mapped-xattr mapped-file"
deadline=400

made_up_tree() {
    local d f
    for d in $(seq 1 50); do
        mkdir -p "src/dir$((d % 7))/sub$d"
        for f in $(seq 1 39); do
            seq $((d * f)) $((d * f + (d + f) * 9)) \
                > "src/dir$((d % 7))/sub$d/file$f.c"
        done
        ln -s "file$d.c" "src/dir$((d % 7))/sub$d/link"
    done
    chmod -R o-w,g+w src
    chmod 755 src/dir1/*/file7.c
}

host_prepare() {
    if [ -n "${SRC_TREE:-}" ]; then
        cp -a "$SRC_TREE" src
    else
        made_up_tree
    fi
    tar -cf src.tar --owner=1500 --group=1600 src
    tar -tf src.tar | wc -l > count
    mv src original
}

# Busybox' tar restores neither owner nor time of a symbolic link, and the time
# of a directory before it fills it.
listing() {
    tar -tvf - | awk '/^l/ { print $1, $6, $7, $8; next }
                           /^d/ { print $1, $2, $6; next }
                           { print $1, $2, $3, $4, $5, $6 }' |
        sed 's/\/$//' | sort
}

guest_run() {
    try "unpack" tar -xf src.tar
    listing < src.tar > /tmp/wanted
    tar -cf - src | listing > /tmp/came
    expect "names, modes, owners and times" "" \
           "$(diff /tmp/wanted /tmp/came | head -n 3)"
    expect "entries" "$(cat count)" "$(wc -l < /tmp/came)"
}

host_check() {
    if [ "$MODEL" = passthrough ]; then
        expect "difference of the trees" "" \
               "$(diff -r --no-dereference original src 2>&1 | head -n 3)"
        expect "owners" 1500:1600 \
               "$(find src ! -type l -printf '%U:%G\n' | sort -u)"
    else
        # Symbolic links are plain files there, in mapped-file with metadata.
        find original -type l | while read -r link; do
            target=$(readlink "$link")
            rm "$link"
            printf %s "$target" > "$link"
        done
        expect "difference of the trees" "" \
               "$(diff -r -x .virtfs_metadata original src 2>&1 | head -n 3)"
    fi
}
