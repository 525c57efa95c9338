# SPDX-License-Identifier: GPL-2.0-or-later
#
# The errors that programs rely on.
exports="passthrough proxy mapped-xattr mapped-file none"
caches="none loose"

guest_run() {
    mkdir dir
    : > file
    : > dir/inner
    refuse "open of nothing" "No such file" cat nothing
    refuse "mkdir over a file" "File exists" mkdir file
    refuse "mkdir over a directory" "File exists" mkdir dir
    refuse "mkdir below nothing" "No such file" mkdir nothing/dir
    refuse "rmdir of a full directory" "not empty" rmdir dir
    refuse "rmdir of a file" "Not a directory" rmdir file
    refuse "a file as a directory" "Not a directory" cat file/x
    refuse "unlink of a directory" "Is a directory" unlink dir
    refuse "write to a directory" "Is a directory" \
           fdop "open dir w"
    refuse "symlink over a file" "File exists" ln -s x file
    try "O_EXCL over a file" fdop "expect EEXIST" "open file rw,creat,excl"
    try "O_EXCL of a new one" fdop "open fresh rw,creat,excl"
    try "O_DIRECTORY of a file" fdop "expect ENOTDIR" "open file r,dir"
}
