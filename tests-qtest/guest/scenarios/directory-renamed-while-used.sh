# SPDX-License-Identifier: GPL-2.0-or-later
#
# After a directory was renamed, open files below it, a shell's working
# directory in it and the names in the guest's cache still work.
exports="passthrough proxy mapped-xattr mapped-file none"
caches="none loose"

guest_run() {
    mkdir -p dir/sub/deep
    printf 0123456789 > dir/sub/file
    echo below > dir/sub/deep/file
    cat dir/sub/deep/file > /dev/null
    expect "the open file" "10
0123456789
10" "$(fdop "open dir/sub/file rw" "sh mv dir moved" "stat %s" \
            "pread 0 20" "pwrite 0 X" "stat %s" 2>&1)"
    expect "by the new name" X123456789 "$(cat moved/sub/file)"
    expect "deeper" below "$(cat moved/sub/deep/file)"
    (
        cd moved/sub/deep
        mv ../../../moved ../../../again
        expect "in the working directory" below "$(cat file)"
        try "create in it" sh -c 'echo more > made'
        expect "one up" "deep file" "$(echo $(ls ..))"
    )
    expect "made there" more "$(cat again/sub/deep/made)"
    refuse "the old name" "No such file" ls moved
}
