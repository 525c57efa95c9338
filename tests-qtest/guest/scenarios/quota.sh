# SPDX-License-Identifier: GPL-2.0-or-later
#
# max_bytes and max_files: statfs shows them, writes and new files stop there, and
# what is removed is given back.  The exports have 8 MiB and 40 files.
exports="quota-xattr quota-file"

mib() {
    dd if=/dev/zero "of=$1" bs=1M "count=$2" 2>&1
}

# As df does; the numbers of statfs(2) are in blocks.
free_kib() {
    echo $(($(stat -f -c '%a * %S' .) / 1024))
}

free_files() {
    stat -f -c %d .
}

guest_run() {
    local i made before
    before=$(free_files)
    expect "size of the file system in KiB" 8192 \
        "$(($(stat -f -c '%b * %S' .) / 1024))"
    expect "free KiB" 8192 "$(free_kib)"
    expect "files" 40 "$(stat -f -c %c .)"

    mib a 5 >&2
    expect "free KiB beside 5 MiB" 3072 "$(free_kib)"
    refuse "a file of 5 MiB more" "No space left on device" mib b 5
    expect "length of what was written" 3145728 "$(stat -c %s b)"
    expect "free KiB when it is full" 0 "$(free_kib)"
    refuse "one byte more" "No space left on device" sh -c 'echo x > c'
    rm a c
    expect "free KiB after rm" 5120 "$(free_kib)"
    try "the same space once more" mib d 5
    truncate -s 0 b
    expect "free KiB after truncate" 3072 "$(free_kib)"
    rm b d
    expect "free KiB of an empty folder" 8192 "$(free_kib)"

    i=0
    while mkdir "dir$i" 2> errors; do
        i=$((i + 1))
        [ $i -lt 100 ] || break
    done
    # "errors" is one of the files.
    expect "directories" $((before - 1)) $i
    expect_true "the error is that of a full disk" \
        "$(grep -c 'No space left on device' errors)" -eq 1
    rmdir dir*
    rm errors
    expect "free files" "$before" "$(free_files)"
}

host_check() {
    expect "entries that are left on the host" "" "$(find . -mindepth 1 ! -path '*/.virtfs_metadata*')"
}
