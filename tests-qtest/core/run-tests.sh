#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# run-tests.sh RESULTS PROGRAM...: runs programs named .../BUILD/bin/NAME, at
# most JOBS at a time, and prints "N passed, M failed, K skipped" at the end.
# Programs of the builds plain, asan and tsan are GTest programs whose TAP
# output is counted; under tsan only test paths with "/threads/" are run.
# Programs of the build fuzz run after them, FUZZ_SECONDS each, on
# ../fuzz/corpus-*; each counts as one test.  The output of programs that
# failed is shown.  P9_RUNNER is the command in front of each program, such as
# an emulator of the architecture that it was built for.

set -u
results=$1
shift
jobs=${JOBS:-1}
seconds=${FUZZ_SECONDS:-60}
limit=${TEST_LIMIT:-600}
# shellcheck source=tests-qtest/core/fuzz-lib.sh
. "$(dirname "$0")/fuzz-lib.sh"
export G_TEST_SRCDIR=$P9_TOP
export TSAN_OPTIONS=halt_on_error=1

rm -rf "$results"
mkdir -p "$results"

read -r -a runner <<<"${P9_RUNNER:-}"
start+=("${runner[@]}")

build_of() {
    basename "$(dirname "$(dirname "$1")")"
}

label() {
    echo "$(basename "$1").$(build_of "$1")"
}

run_tap() {
    local program=$1 log paths=() path
    log=$results/$(label "$program")
    if [ "$(build_of "$program")" = tsan ]; then
        while read -r path; do
            paths+=(-p "$path")
        done < <("${start[@]}" "$program" -l 2>/dev/null |
                 sed 's/^# //' | grep /threads/)
    fi
    timeout "$limit" "${start[@]}" "$program" --tap "${paths[@]}" \
        >"$log.tap" 2>"$log.err" </dev/null
    echo $? >"$log.status"
}

run_fuzz() {
    local log
    log=$results/$(label "$1")
    fuzz_run "$1" "$seconds" "$results" "$log.err"
    echo $? >"$log.status"
}

passed=0 failed=0 skipped=0

# Sums up one TAP file; planned tests without a result count as failed.
count_tap() {
    local name log status ok=0 bad=0 skip=0 plan=0 lost
    name=$(label "$1")
    log=$results/$name
    status=$(cat "$log.status")
    read -r ok bad skip plan < <(awk '
        /^1\.\.[0-9]+/ { plan = substr($1, 4) }
        /^ok .*# SKIP/ { skip++; next }
        /^ok /         { ok++ }
        /^not ok .*# SKIP/ { skip++; next }
        /^not ok /     { bad++ }
        END { print ok + 0, bad + 0, skip + 0, plan + 0 }' "$log.tap")
    if [ "$(build_of "$1")" = tsan ]; then
        # With -p, the plan line still gives the number of all tests.
        plan=$((ok + bad + skip))
    fi
    lost=$((plan - ok - bad - skip))
    if [ $lost -lt 0 ]; then
        lost=0
    fi
    if [ "$status" != 0 ] && [ $((bad + lost)) = 0 ]; then
        lost=1
    fi
    if [ "$plan" = 0 ]; then
        lost=1
    fi
    passed=$((passed + ok))
    failed=$((failed + bad + lost))
    skipped=$((skipped + skip))
    printf '%-32s %4d passed, %d failed, %d skipped\n' \
        "$name" "$ok" $((bad + lost)) "$skip"
    sed -n -E "s/^(not )?ok [0-9]+ (.* # SKIP.*)/  skipped: $name \\2/p" \
        "$log.tap"
    if [ $((bad + lost)) != 0 ]; then
        echo "---- $name: FAILED, status $status" \
             "(124: over $limit s)${lost:+, $lost not reported} ----"
        grep -E '^(not ok|Bail out|#.*(ERROR|WARNING|CRITICAL))' "$log.tap"
        echo "last that passed: $(grep '^ok ' "$log.tap" | tail -n 1)"
        tail -n 80 "$log.err"
        echo "---- whole output: $log.tap, $log.err ----"
    fi
}

count_fuzz() {
    local name log runs
    name=$(label "$1")
    log=$results/$name
    runs=$(fuzz_runs "$log.err")
    if [ "$(cat "$log.status")" = 0 ] && [ "${runs:-0}" != 0 ]; then
        passed=$((passed + 1))
        printf '%-32s    1 passed: %s runs, no finding\n' \
            "$name" "$runs"
        return
    fi
    failed=$((failed + 1))
    printf '%-32s    1 failed\n' "$name"
    echo "---- $name: FAILED, status $(cat "$log.status") ----"
    grep -v '^#[0-9]*[[:space:]]*\(NEW\|REDUCE\|pulse\)' "$log.err" |
        tail -n 80
    echo "---- whole output: $log.err; the input, if any:" \
         "$results/$(basename "$1").* ----"
}

tap=() fuzz=()
for program in "$@"; do
    case $(build_of "$program") in
    fuzz) fuzz+=("$program") ;;
    *) tap+=("$program") ;;
    esac
done

for program in "${tap[@]}"; do
    while [ "$(jobs -rp | wc -l)" -ge "$jobs" ]; do
        wait -n
    done
    # The shell's message about a signal is dropped: the report shows it.
    run_tap "$program" 2>/dev/null &
done
wait
for program in "${tap[@]}"; do
    count_tap "$program"
done

for program in "${fuzz[@]}"; do
    fuzz_await_turn
    run_fuzz "$program" 2>/dev/null &
done
wait
for program in "${fuzz[@]}"; do
    count_fuzz "$program"
done

echo "$passed passed, $failed failed, $skipped skipped"
[ "$failed" = 0 ] && [ "$passed" != 0 ]
