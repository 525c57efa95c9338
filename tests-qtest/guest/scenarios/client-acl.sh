# SPDX-License-Identifier: GPL-2.0-or-later
#
# POSIX ACLs: getfacl prints what setfacl has set, the entries are enforced, a
# default ACL is inherited, chmod changes the mask.
exports="client-xattr client-file client-pass"
caches="none${SOAK:+ loose mmap}"
options="posixacl"

# acl FILE...: prints the entries in one line.
acl() {
    echo $(getfacl -c -n "$@" 2>&1 | grep .)
}

guest_run() {
    chmod 755 .
    echo secret > file
    chmod 640 file
    refuse "a user before" "denied" asuser 1000 1000 cat file
    try "setfacl" setfacl -m u:1000:rw,g:2000:r file
    expect "getfacl" "user::rw- user:1000:rw- group::r-- group:2000:r-- mask::rw- other::---" \
           "$(acl file)"
    expect "the mode shows the mask" 660 "$(stat_of %a file)"
    expect "the user reads" secret "$(asuser 1000 1000 cat file 2>&1)"
    try "the user writes" asuser 1000 1000 sh -c 'echo more >> file'
    refuse "another user" "denied" asuser 1001 1001 cat file
    try "chmod" chmod 600 file
    refuse "the user behind the mask" "denied" asuser 1000 1000 cat file
    expect "mask" "mask::---" "$(acl file | grep -o 'mask::...')"
    try "remove" setfacl -b file
    expect "getfacl after it" "user::rw- group::--- other::---" "$(acl file)"

    mkdir dir
    try "default" setfacl -d -m u:1000:rwx,o::- dir
    mkdir dir/sub
    : > dir/new
    expect "handed down to a folder" "$(acl -d dir)" "$(acl -d dir/sub)"
    expect "and to a file" "user:1000:rwx" "$(acl dir/new |
                                              grep -o 'user:1000:...')"
    expect "not to others" "other::---" "$(acl dir/new | grep -o 'other::...')"
    try "copied by a tool" sh -c 'getfacl -p dir/new | setfacl --set-file=- file'
    expect "as its model" "$(acl dir/new)" "$(acl file)"
}
