# SPDX-License-Identifier: GPL-2.0-or-later
#
# A name that two guests replace by renames always leads to a whole file.
exports="pair-xattr pair-xattr-second pair-pass pair-pass-second"
deadline=300

host_prepare() {
    echo "written by nobody" > current
}

replace() {
    local i
    for i in $(seq 1 "$(amount 60 200)"); do
        echo "written by $1" > "new.$1"
        mv "new.$1" current
        case $(cat current) in
        "written by nobody" | "written by first" | "written by second") ;;
        *) note_failure "current: expected a whole file, came '$(cat current)'" ;;
        esac
    done
}

guest_run() {
    local me=first
    case $EXPORT in *-second) me=second ;; esac
    try "meet" on-host meet start || return
    replace $me
    try "meet" on-host meet end || return
    expect "half-made files" "" "$(ls | grep '^new')"
}
