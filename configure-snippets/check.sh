#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# check.sh PART...: runs the named parts of the test suite, goes on after a failing one, and sums them up in one last
# line "N passed, M failed, K skipped". A part is a target of Makefile.overlay whose output ends in such a line;
# one that ends otherwise, or that fails without having counted a failure, counts as one failed test.

# shellcheck source=configure-snippets/lib.sh
. "$(dirname "$0")/lib.sh"

passed=0 failed=0 skipped=0
tally='^([0-9]+) passed, ([0-9]+) failed, ([0-9]+) skipped$'

make_target() {
    "${MAKE:-make}" --no-print-directory -f "$TOP/Makefile.overlay" "$@"
}

lost() {
    failed=$((failed + 1))
    say "$1: FAILED - $2"
}

run_part() {
    local part=$1 log=$logs/$1.log status=0 last
    say "== $part"
    # The part's own last line is held back: the sum must be the only line of its kind.
    make_target "$part" 2>&1 </dev/null | tee "$log" | { grep --line-buffered -v -x -E "${tally:1:-1}" || true; } || status=$?
    last=$(grep -x -E "${tally:1:-1}" "$log" | tail -n 1)
    if [[ ! $last =~ $tally ]]; then
        lost "$part" "came to no result; the whole output is in $log"
        return
    fi
    passed=$((passed + BASH_REMATCH[1]))
    failed=$((failed + BASH_REMATCH[2]))
    skipped=$((skipped + BASH_REMATCH[3]))
    say "$part: $last"
    if [ "${BASH_REMATCH[2]}" != 0 ]; then
        say "$part: failures above; the whole output is in $log"
    elif [ "$status" != 0 ]; then
        lost "$part" "ended with status $status although no test failed; see $log"
    elif [ "${BASH_REMATCH[1]}" = 0 ]; then
        lost "$part" "ran no test; see $log"
    fi
}

# Only these need the emulator; the others run, and tell, before it is built.
needs_build() {
    case $1 in check-snippets | check-core | check-docs | check-claims) return 1 ;; esac
}

# check-claims looks at what the other parts said this time.
for part in "$@"; do
    rm -f "$logs/$part.log"
done
built=unknown
for part in "$@"; do
    if needs_build "$part" && [ "$built" = unknown ]; then
        say "== build"
        if make_target build; then built=yes; else built=no; fi
    fi
    if needs_build "$part" && [ "$built" = no ]; then
        lost "$part" "not run, because the build failed"
    else
        run_part "$part"
    fi
done
say "$passed passed, $failed failed, $skipped skipped"
[ "$failed" = 0 ] && [ "$passed" != 0 ]
