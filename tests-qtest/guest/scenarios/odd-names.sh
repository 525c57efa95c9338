# SPDX-License-Identifier: GPL-2.0-or-later
#
# A name may contain any byte except NUL and '/'; names that look like options,
# dots or blanks are valid too.
exports="passthrough proxy mapped-xattr mapped-file none"

# The bytes 1 to 255 without '/', in names of 50.
byte_names() {
    local i n=''
    for i in $(seq 1 255); do
        [ "$i" -ne 47 ] || continue
        n="$n\\$(printf %03o "$i")"
        [ $((i % 50)) -ne 0 ] || n="$n "
    done
    echo "$n"
}

guest_run() {
    local name spec
    mkdir names
    for spec in $(byte_names); do
        # The dot keeps $() from cutting off a final newline.
        name=$(printf "$spec.")
        try "create a name with the bytes $spec" sh -c ': > "names/$1"' - "$name"
        expect_true "it is there" -f "names/$name"
    done
    for name in -n '...' ' ' '. .' '*' 'a\b' '"q"' "a'b" '$(x)' '~' \
                "$(printf '\303\244\342\202\254')"; do
        try "create '$name'" sh -c 'echo x > "names/$1"' - "$name"
        expect "content of '$name'" x "$(cat "names/$name")"
    done
    dents names | cut -c 3- | LC_ALL=C sort | md5sum > sum
    expect "files" 17 "$(find names -type f -print0 | tr -dc '\0' | wc -c)"
}

host_check() {
    local spec name
    expect "files" 17 "$(find names -name .virtfs_metadata -prune -o \
                         -type f -print0 | tr -dc '\0' | wc -c)"
    for spec in $(byte_names); do
        name=$(printf "$spec.")
        expect_true "on the host: $spec" -f "names/$name"
    done
}
