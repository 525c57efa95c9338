# SPDX-License-Identifier: GPL-2.0-or-later
#
# A directory of 10 000 entries: each listed once, with its type, and the same
# again when reading is resumed from remembered offsets.
exports="passthrough proxy mapped-xattr mapped-file none"
deadline=240

host_prepare() {
    seq -f 'entry-%05.0f-with-a-rather-longish-name' 1 10000 | xargs touch
    mkdir sub
    ln -s sub link
}

guest_run() {
    dents . > /tmp/list
    expect "entries" 10004 "$(wc -l < /tmp/list)"
    expect "different names" 10004 "$(sort -u /tmp/list | wc -l)"
    # A mapped model may leave the types unknown; none may be wrong.
    case $MODEL in
    mapped-*) unknown='?' ;;
    *) unknown= ;;
    esac
    expect "regular files" 10000 "$(grep -c "^[f$unknown] entry-" /tmp/list)"
    expect "directories" ". .. sub" "$(echo $(grep -v entry- /tmp/list |
           sed -n "s/^[d$unknown] //p" | grep -v link | sort))"
    expect "links" link "$(sed -n "s/^[l$unknown] link/link/p" /tmp/list)"
    dents . 1000 > /tmp/resumed
    expect "list when resumed every 1000 entries" \
           "$(sort /tmp/list | md5sum)" "$(sort /tmp/resumed | md5sum)"
}
