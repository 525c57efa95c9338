#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# check.sh PART...: runs the named parts of the test suite, continues after a failure, and prints the sums as its last
# line, "N passed, M failed, K skipped". A part is a target of Makefile.overlay whose output ends with such a line.
# A part without that line, or that fails without a failed test, counts as one failed test. Before the last line,
# check.sh prints the time that each part took and what was not run, with the reason: tests for which a part printed
# "# SKIP" and a reason, parts that could not be run, and targets that are not part of check.

# shellcheck source=configure-snippets/lib.sh
. "$(dirname "$0")/lib.sh"

passed=0 failed=0 skipped=0
times=() not_run=()
tally='^([0-9]+) passed, ([0-9]+) failed, ([0-9]+) skipped$'

make_target() {
    "${MAKE:-make}" --no-print-directory -f "$TOP/Makefile.overlay" "$@"
}

# took NAME SECONDS
took() {
    times+=("$(printf '%-20s %3d min %2d s' "$1" $(($2 / 60)) $(($2 % 60)))")
}

# skips LOG: "REASON<tab>TEST" for each test that was skipped.
skips() {
    sed -n -E 's/^ *(ok|skipped:) (.*[^ ]) *# SKIP *(.*)$/\3\t\2/p' "$1"
}

# note_skipped PART COUNT LOG: adds the tests that PART skipped, COUNT according to itself, one entry for each reason.
note_skipped() {
    local part=$1 count=$2 log=$3 line listed
    while IFS= read -r line; do
        not_run+=("$part: $line")
    done < <(skips "$log" | awk -F'\t' '
        !($1 in tests) { order[++n] = $1 }
        { tests[$1] = tests[$1] (tests[$1] ? ", " : "") $2 }
        END { for (i = 1; i <= n; i++) print order[i] ": " tests[order[i]] }')
    listed=$(skips "$log" | wc -l)
    [ "$listed" = "$count" ] || lost "$part" "skipped $count tests, but gave a reason for $listed"
}

# lost PART WHY: counts PART as one failed test.
lost() {
    failed=$((failed + 1))
    say "$1: FAILED - $2"
}

run_part() {
    local part=$1 log=$logs/$1.log status=0 last start=$SECONDS good bad
    say "== $part"
    # The last line of the part is not printed, because the sums must be the only line of this form.
    make_target "$part" 2>&1 </dev/null | tee "$log" | { grep --line-buffered -v -x -E "${tally:1:-1}" || true; } || status=$?
    took "$part" $((SECONDS - start))
    last=$(grep -x -E "${tally:1:-1}" "$log" | tail -n 1)
    if [[ ! $last =~ $tally ]]; then
        lost "$part" "came to no result; the whole output is in $log"
        return
    fi
    good=${BASH_REMATCH[1]} bad=${BASH_REMATCH[2]}
    passed=$((passed + good))
    failed=$((failed + bad))
    skipped=$((skipped + BASH_REMATCH[3]))
    say "$part: $last"
    note_skipped "$part" "${BASH_REMATCH[3]}" "$log"
    if [ "$bad" != 0 ]; then
        say "$part: failures above; the whole output is in $log"
    elif [ "$status" != 0 ]; then
        lost "$part" "ended with status $status although no test failed; see $log"
    elif [ "$good" = 0 ] && [ "${BASH_REMATCH[3]}" = 0 ]; then
        lost "$part" "ran no test; see $log"
    fi
}

# needs_build PART: whether PART needs the emulator. The other parts run before it is built.
needs_build() {
    case $1 in check-snippets | check-core | check-docs | check-hosts* | check-claims | check-attack-results | check-base-*) return 1 ;; esac
}

# Remove old logs: check-claims and check-attack-results read what the other parts print in this run.
for part in "$@"; do
    rm -f "$logs/$part.log"
done
rm -rf "$BUILD/core/results"
built=unknown
for part in "$@"; do
    if needs_build "$part" && [ "$built" = unknown ]; then
        say "== build"
        start=$SECONDS
        if make_target build; then built=yes; else built=no; fi
        took build $((SECONDS - start))
    fi
    if needs_build "$part" && [ "$built" = no ]; then
        lost "$part" "not run, because the build failed"
        not_run+=("$part: the build failed")
    else
        run_part "$part"
    fi
done
not_run+=('check-soak: longer forms of check-guest, for which there is a target of its own'
    'soak-fuzz, coverage: long runs of the fuzzers, and what they reach'
    'bench, bench-guest, bench-proxy: they measure and have targets of their own'
    'check-hosts: the file systems and kernels that are not in check-hosts-smoke, for which there is a target of its own'
    'check-bases, check-series, check-debian: bases from 11.0 on, the series of mails, and Debian'"'"'s packages')
say '== time'
printf '%s\n' "${times[@]}"
say '== not run'
printf '%s\n' "${not_run[@]}"
say "$passed passed, $failed failed, $skipped skipped"
[ "$failed" = 0 ] && [ "$passed" != 0 ]
