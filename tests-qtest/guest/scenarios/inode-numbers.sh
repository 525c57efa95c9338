# SPDX-License-Identifier: GPL-2.0-or-later
#
# The guest shows the host's inode numbers, for every kind of object, in stat
# and in listings, whether the host made the object or the guest.
exports="passthrough mapped-xattr mapped-file none proxy"
caches="none loose"

kinds="file dir dir/in link hard fifo ."

make_kinds() {
    echo text > file
    mkdir dir
    touch dir/in
    ln -s file link
    ln file hard
    mkfifo fifo
}

host_prepare() {
    chmod 777 .
    mkdir host guest
    chmod 777 guest
    (cd host && make_kinds)
}

# All numbers in the folder $1, on one line.
numbers() {
    local kind
    cd "$1" || return
    for kind in $kinds; do
        printf '%s=%s ' $kind "$(stat_of %i $kind)"
    done
    echo
}

# What the listing of the folder says, in the same form.
listed() {
    local kind
    dents "$1" -i > /tmp/listed
    dents "$1/dir" -i > /tmp/listed-dir
    for kind in $kinds; do
        case $kind in
        dir/in) set -- $(grep ' in$' /tmp/listed-dir) ;;
        .) set -- $(grep ' \.$' /tmp/listed) ;;
        *) set -- $(grep " $kind\$" /tmp/listed) ;;
        esac
        printf '%s=%s ' $kind "$1"
    done
    echo
}

guest_run() {
    local folder wanted
    (cd guest && make_kinds)
    for folder in host guest; do
        wanted=$(on-host numbers $folder)
        expect_true "$folder: numbers of the host" -n "$wanted"
        expect "$folder: stat" "$wanted" "$(echo $(numbers $folder))"
        expect "$folder: listing" "$wanted" "$(echo $(listed $folder))"
    done
    expect "the link count" 2 "$(stat_of %h host/hard)"
}
