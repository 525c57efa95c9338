# SPDX-License-Identifier: GPL-2.0-or-later
#
# link(2): one inode under several names, counted, sharing content and mode,
# also across directories; the content is kept until the last name is removed.
exports="passthrough proxy mapped-xattr mapped-file none"
caches="none loose"

guest_run() {
    mkdir other
    echo first > a
    try "link" ln a b
    try "link into another directory" ln a other/c
    expect "link count" 3 "$(stat_of %h a)"
    expect "inode" "$(stat_of %i a)" "$(stat_of %i other/c)"
    echo second >> b
    expect "content by another name" "first second" "$(echo $(cat other/c))"
    try "chmod by one name" chmod 604 other/c
    expect "mode by another name" 604 "$(stat_of %a b)"
    refuse "over an existing name" "File exists" ln a b
    refuse "of a directory" "not permitted" ln other dirlink
    rm a b
    expect "link count" 1 "$(stat_of %h other/c)"
    expect "content by the last name" "first second" "$(echo $(cat other/c))"
    expect "mode by the last name" 604 "$(stat_of %a other/c)"
}

host_check() {
    expect "link count on the host" 1 "$(stat_of %h other/c)"
    expect_true "the first name is gone" ! -e a
}
