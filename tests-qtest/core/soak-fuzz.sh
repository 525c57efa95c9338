#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# soak-fuzz.sh DIR PROGRAM...: runs fuzz programs for HOURS hours of CPU time in
# all, each for the same share, JOBS at a time.  Inputs that reach new code are
# collected in DIR/NAME.work, and a later run goes on from there.  Findings stay
# in DIR as NAME.crash-… and so on, with their output beside them as .log.
# Prints a summary; fails if there is a finding.

set -u
dir=$1
shift
# shellcheck source=tests-qtest/core/fuzz-lib.sh
. "$(dirname "$0")/fuzz-lib.sh"

share=$(awk -v h="${HOURS:-1}" -v n="$#" 'BEGIN { print int(h * 3600 / n) }')
if [ "$share" -lt 1 ]; then
    echo "soak-fuzz.sh: HOURS=${HOURS:-1} is not enough for $# programs" >&2
    exit 2
fi
slice=600               # seconds; after each, the CPU time is looked at
most=5                  # findings of a program, after which it rests
mkdir -p "$dir"

# One program, for its share of CPU time.  Prints a line for the summary.
soak() {
    local program=$1 name used=0 runs=0 bad=0 seconds spent log
    name=$(basename "$program")
    while [ "$used" -lt "$share" ] && [ "$bad" -lt "$most" ]; do
        log=$dir/$name.log
        seconds=$((share - used < slice ? share - used : slice))
        TIMEFORMAT='%U %S'
        spent=$({ time { fuzz_run "$program" "$seconds" "$dir" "$log" ||
                         touch "$dir/$name.bad"; } 2>/dev/null; } 2>&1 |
                awk '{ print int($1 + $2 + 1) }')
        used=$((used + spent))
        runs=$((runs + $(fuzz_runs "$log" | grep . || echo 0)))
        if [ -e "$dir/$name.bad" ]; then
            rm "$dir/$name.bad"
            bad=$((bad + 1))
            mv "$log" "$dir/$name.finding-$(date +%s).log"
        fi
    done
    printf '%-24s %7d s of CPU time, %10d runs, %5d inputs, %d findings\n' \
        "$name" "$used" "$runs" "$(find "$dir/$name.work" -type f | wc -l)" \
        "$bad" >"$dir/$name.summary"
}

rm -f "$dir"/*.summary
for program in "$@"; do
    fuzz_await_turn
    soak "$program" &
done
wait
cat "$dir"/*.summary
echo "findings and their output: $dir"
! grep -q -v ', 0 findings$' "$dir"/*.summary
