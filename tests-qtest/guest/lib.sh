# SPDX-License-Identifier: GPL-2.0-or-later
#
# The assertions of scenarios.  Sourced on both sides: by agent.sh in the guest
# (busybox ash) and by engine.sh on the host (bash), which define note_failure
# TEXT and note_skip TEXT and set ERRFILE to a scratch file.  Only skip ends a
# scenario: after a failed assertion it continues, and all failures are
# reported.

# expect WHAT WANTED CAME: the two values must be equal.
expect() {
    [ "$2" = "$3" ] || note_failure "$1: expected $2, came ${3:-nothing}"
}

# expect_true WHAT CONDITION...: test(1) of the condition must hold.
expect_true() {
    local what=$1
    shift
    [ "$@" ] || note_failure "$what: expected [ $* ] to hold, came the contrary"
}

# try WHAT COMMAND...: the command must succeed.  Its output passes through.
try() {
    local what=$1 status=0
    shift
    "$@" 2>"$ERRFILE" || status=$?
    if [ $status -ne 0 ]; then
        note_failure "$what: expected success of '$*', came status $status:" \
                     "$(cat "$ERRFILE")"
    fi
    return $status
}

# refuse WHAT ERROR COMMAND...: the command must fail and name that error.
refuse() {
    local what=$1 error=$2 status=0 came
    shift 2
    "$@" >"$ERRFILE" 2>&1 || status=$?
    came=$(cat "$ERRFILE")
    case $status,$came in
    0,*) note_failure "$what: expected '$error' from '$*', came success" ;;
    *"$error"*) ;;
    *) note_failure "$what: expected '$error' from '$*', came '$came'" ;;
    esac
}

# skip REASON: leaves the scenario; it counts as skipped, not as passed.
skip() {
    note_skip "$*"
    exit 0
}

# amount SHORT LONG: prints LONG in a soak run, otherwise SHORT.
amount() {
    if [ -n "${SOAK:-}" ]; then echo "$2"; else echo "$1"; fi
}

# Prints the attributes of one file with `stat -c`; symlinks are not followed.
stat_of() {
    stat -c "$1" "$2" 2>&1
}

# sum_of FILE...: prints one checksum over the content of all files.
sum_of() {
    cat "$@" | md5sum | cut -d ' ' -f 1
}

# fill_file FILE BYTES: writes content without repetition below 100 KB.
fill_file() {
    seq 1 99999 | head -c "$2" > "$1"
}
