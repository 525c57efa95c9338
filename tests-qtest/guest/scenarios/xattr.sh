# SPDX-License-Identifier: GPL-2.0-or-later
#
# Extended attributes user.*: set, get, replace, large, list, remove;
# on files and directories; the right errors.
exports="passthrough proxy mapped-xattr mapped-file none"
caches="none loose"

guest_run() {
    : > file
    mkdir dir
    for on in file dir; do
        try "set on $on" xattr set $on user.one 00ff10
        expect "value on $on" 00ff10 "$(xattr get $on user.one 2>&1)"
        try "replace on $on" xattr set $on user.one 42
        expect "value on $on" 42 "$(xattr get $on user.one 2>&1)"
        try "another on $on" xattr set $on user.two 61
        expect "names on $on" "user.one user.two" "$(echo $(xattr list $on))"
        try "remove on $on" xattr remove $on user.one
        refuse "get of what was removed" "No data" xattr get $on user.one
        refuse "remove of what is not there" "No data" \
               xattr remove $on user.one
        expect "names on $on" user.two "$(echo $(xattr list $on))"
    done
    try "value of 3000 bytes" xattr fill file user.large 3000
    expect "its size" 3000 "$(xattr get file user.large | tr -d '\n' | wc -c |
                              awk '{ print $1 / 2 }')"
}

host_check() {
    expect "value on the host" 3000 \
           "$(xattr get file user.large | tr -d '\n' | wc -c |
              awk '{ print $1 / 2 }')"
}
