# SPDX-License-Identifier: GPL-2.0-or-later
#
# Attributes that another program laid down in the model's on-disk format are
# what the guest sees; a file without them shows the host's own values.
exports="mapped-xattr mapped-file"

# preset NAME UID GID MODE RDEV
preset() {
    if [ "$MODEL" = mapped-file ]; then
        mkdir -p .virtfs_metadata
        printf 'virtfs.uid=%d\nvirtfs.gid=%d\nvirtfs.mode=%d\nvirtfs.rdev=%d\n' \
            "$2" "$3" "$4" "$5" > ".virtfs_metadata/$1"
        return
    fi
    xattr set "$1" user.virtfs.uid "$(le "$2" 4)"
    xattr set "$1" user.virtfs.gid "$(le "$3" 4)"
    xattr set "$1" user.virtfs.mode "$(le "$4" 4)"
    xattr set "$1" user.virtfs.rdev "$(le "$5" 8)"
}

# le NUMBER BYTES: little endian, in hex.
le() {
    local i
    for ((i = 0; i < $2; i++)); do
        printf '%02x' $(($1 >> (8 * i) & 255))
    done
}

host_prepare() {
    echo text > file
    preset file 1001 1002 0104751 0
    mkdir dir
    preset dir 3 4 0043711 0
    printf 'some/where' > link
    preset link 5 6 0120777 0
    : > char
    preset char 0 7 0020660 $((5 << 8 | 1))
    : > fifo
    preset fifo 8 9 0010644 0
    echo plain > untouched
    chmod 604 untouched
    if [ "$MODEL" = mapped-file ]; then
        mkdir .virtfs_metadata/odd
        : > odd
        printf 'virtfs.uid=77\n' > .virtfs_metadata/partial
        echo x > partial
        chmod 640 partial
    else
        echo x > partial
        chmod 640 partial
        xattr set partial user.virtfs.uid "$(le 77 4)"
    fi
    stat -c %u:%g untouched > owner
}

guest_run() {
    expect "file" "regular file 1001:1002:4751" "$(stat_of '%F %u:%g:%a' file)"
    expect "its content" text "$(cat file)"
    expect "directory" "directory 3:4:3711" "$(stat_of '%F %u:%g:%a' dir)"
    expect "link" "symbolic link 5:6" "$(stat_of '%F %u:%g' link)"
    expect "its target" some/where "$(readlink link)"
    expect "device" "character special file 5 1 0:7:660" \
           "$(stat_of '%F %t %T %u:%g:%a' char)"
    expect "FIFO" "fifo 8:9:644" "$(stat_of '%F %u:%g:%a' fifo)"
    expect "file without attributes" "$(cat owner):604" \
           "$(stat_of %u:%g:%a untouched)"
    expect "file with an owner only" "77:$(cut -d: -f2 owner):640" \
           "$(stat_of %u:%g:%a partial)"
    try "chmod of it" chmod 600 partial
    expect "then" "77:$(cut -d: -f2 owner):600" "$(stat_of %u:%g:%a partial)"
}
