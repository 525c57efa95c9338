# SPDX-License-Identifier: GPL-2.0-or-later
#
# Two guests rename on one share: if both rename the same name, one succeeds;
# and a file is passed from folder to folder.
exports="pair-xattr pair-xattr-second pair-pass pair-pass-second"
deadline=400

host_prepare() {
    local i
    mkdir tokens first second ping pong
    for i in $(seq 1 60); do
        echo "$i" > "tokens/$i"
    done
    : > ping/ball
}

claim() {
    local i mine=0
    for i in $(seq 1 60); do
        if mv "tokens/$i" "$1/$i" 2>/tmp/err; then
            mine=$((mine + 1))
        else
            grep -q 'No such file' /tmp/err ||
                note_failure "token $i: expected it to be gone, came $(cat /tmp/err)"
        fi
    done
    expect "tokens of $1" "$mine" "$(ls "$1" | wc -l)"
}

# pass FROM TO TURN: the ball is there whenever it is this guest's turn.
pass() {
    local i
    for i in $(seq 1 "$(amount 5 20)"); do
        [ "$3" = first ] || on-host meet "$i.thrown" || return
        try "pass $i" mv "$1/ball" "$2/ball" || ls -R ping pong
        [ "$3" = second ] || on-host meet "$i.thrown" || return
        on-host meet "$i.back" || return
    done
}

guest_run() {
    local me=first
    case $EXPORT in *-second) me=second ;; esac
    try "meet" on-host meet start || return
    claim $me
    case $me in
    first) pass ping pong $me ;;
    *) pass pong ping $me ;;
    esac
    try "meet" on-host meet end || return
    expect "tokens left" "" "$(ls tokens)"
    expect "all tokens" "$(echo $(seq 1 60))" \
           "$(echo $(cat first/* second/* 2>/dev/null | sort -n))"
    expect "the ball" ball "$(ls ping pong | grep ball)"
    on-host meet checked
}
