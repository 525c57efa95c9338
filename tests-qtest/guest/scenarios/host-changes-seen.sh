# SPDX-License-Identifier: GPL-2.0-or-later
#
# Without a cache the guest sees at once what the host does: new, changed,
# replaced, renamed and removed files.
exports="passthrough proxy mapped-xattr none"

step() {
    case $1 in
    add) echo added > file ;;
    change) echo changed >> file; chmod 604 file ;;
    replace) echo replaced > new; mv -f new file ;;
    rename) mv file other ;;
    remove) rm other ;;
    esac
}

guest_run() {
    refuse "before" "No such file" cat file
    on-host step add
    expect "added" added "$(cat file)"
    on-host step change
    expect "changed" "added changed" "$(echo $(cat file))"
    expect "mode" 604 "$(stat_of %a file)"
    on-host step replace
    expect "replaced" replaced "$(cat file)"
    on-host step rename
    refuse "the old name" "No such file" cat file
    expect "the new name" replaced "$(cat other)"
    on-host step remove
    refuse "removed" "No such file" cat other
    expect "entries" "" "$(ls)"
}
