#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# base.sh: what is tested on each base: builds a minimal emulator from it and runs our qtests, the base's own 9p tests,
# and guests that mount by the two lines that users write and that have their root in a share. With loops other than the
# device's own thread, only the tests that depend on the loop are run. Prints "ok NAME" or "not ok NAME - REASON" for
# each test and the time of each step; the last line is "N passed, M failed, K skipped". A base that the archive is
# allowed to drop counts as one skipped test when it is gone. With SANITIZE=address, the emulator is built with
# sanitizers, and what they find is a failure.

# shellcheck source=configure-snippets/lib.sh
. "$(dirname "$0")/lib.sh"

passed=0 failed=0 skipped=0
scenarios='user-fsdev user-virtfs root-file-system'

# Prints the CPU time of all commands that have ended so far, in seconds.
cpu_time() {
    local stat
    read -ra stat <"/proc/$$/stat"
    printf '%d' $(((stat[15] + stat[16]) / $(getconf CLK_TCK)))
}

# start: begins to take the time of a step.
start() {
    start=$SECONDS cpu=$(cpu_time)
}

# took STEP: prints the time since start.
took() {
    local wall=$((SECONDS - start)) busy=$(($(cpu_time) - cpu))
    printf '# QEMU %s: %s took %d min %2d s, %d min %2d s of CPU time\n' "$BASE" "$1" \
        $((wall / 60)) $((wall % 60)) $((busy / 60)) $((busy % 60))
}

# step NAME COMMAND...: runs a command that has to succeed.
step() {
    local name=$1
    shift
    start
    "$@" || die "QEMU $BASE: $name failed"
    took "$name"
}

# tests NAME COMMAND...: runs a command that ends with a line of sums, and adds them.
tests() {
    local name=$1 last output=$logs/base-$1.log
    shift
    start
    say "# QEMU $BASE: $name"
    "$@" 2>&1 </dev/null | tee "$output" | { grep --line-buffered -v -x -E '[0-9]+ passed, .*' || true; } || true
    last=$(tail -n 1 "$output")
    if [[ $last =~ ^([0-9]+)\ passed,\ ([0-9]+)\ failed,\ ([0-9]+)\ skipped$ ]]; then
        passed=$((passed + BASH_REMATCH[1]))
        failed=$((failed + BASH_REMATCH[2]))
        skipped=$((skipped + BASH_REMATCH[3]))
    else
        failed=$((failed + 1))
        say "not ok $name - it came to no result; see $output"
    fi
    took "$name"
}

status=0
start
"$snippets/fetch-source.sh" 2>&1 | tee "$logs/base-source.log" || status=$?
# Without apt, no base is to be had.
if [ "$status" = 3 ] && { [ -n "${source_may_be_gone:-}" ] || ! command -v apt-get >/dev/null; }; then
    say "ok source # SKIP $(sed -n 's/^error: //p' "$logs/base-source.log" | tail -n 1)"
    say '0 passed, 0 failed, 1 skipped'
    exit
fi
[ "$status" = 0 ] || die "QEMU $BASE: there is no source"
took source
step apply "$snippets/apply.sh"
step build "$snippets/build.sh"
tests stock-qtests "$snippets/qtest.sh" stock
tests qtests env FEW_LOOPS=1 "$snippets/qtest.sh" own
tests guests env ONLY="$scenarios" "$snippets/guest.sh" check
# Those of the qtests are among their results.
reports=$(grep -l -s -E "$sanitizer_findings" "$run"/sanitizer.* | tr '\n' ' ' || true)
if [ -n "$reports" ]; then
    failed=$((failed + 1))
    say "not ok sanitizers-found-nothing-in-guests - see $reports"
fi
say "$passed passed, $failed failed, $skipped skipped"
[ "$failed" = 0 ] && [ "$passed" != 0 ]
