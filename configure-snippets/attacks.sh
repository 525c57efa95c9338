#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# attacks.sh run|passed: prints for each case of tests-qtest/attacks.list the attack, its tests, and whether they have
# passed. run: runs these tests first: the core tests without and with sanitizers, those of the ring with each kind of
# loop, and the scenarios. ONLY has patterns of cases, and ATTACK_SECONDS says how long each race is repeated. passed:
# uses the results of the last check. The last line is "N passed, M failed, K skipped".

# shellcheck source=configure-snippets/lib.sh
. "$(dirname "$0")/lib.sh"

results=$BUILD/core/results
qtest_log=$logs/check-qtest.log
guest_log=$logs/check-guest.log

# part NAME KIND COMMAND...: runs COMMAND, with what the cases need in $needs, unless they need nothing of that KIND.
part() {
    local name=$1 needs log=$logs/attacks-$2.log
    needs=$("$python" "$snippets/attacks.py" needs "$2")
    shift 2
    [ -n "$needs" ] || return 0
    say "== $name"
    "$@" "$needs" 2>&1 </dev/null | tee "$log" | { grep --line-buffered -E '^(not ok|----)' || true; } || true
}

core_tests() {
    "${MAKE:-make}" --no-print-directory -C "$TOP/tests-qtest/core" "BUILD=$BUILD/core" "RESULTS=$results" WERROR=1 \
        "TESTS=$1" tests
}

qtests() {
    ONLY=$1 "$snippets/qtest.sh" own
}

scenarios() {
    ONLY=$1 "$snippets/guest.sh" check
}

case $1 in
run)
    results=$BUILD/attacks/results
    qtest_log=$logs/attacks-qtest.log
    guest_log=$logs/attacks-guest.log
    rm -rf "$results" "$qtest_log" "$guest_log"
    part 'core tests' core core_tests
    part 'tests of the ring' qtest qtests
    part 'scenarios' guest scenarios
    say '== cases'
    ;;
passed) unset ONLY ;;
*) die "attacks.sh: run or passed" ;;
esac
exec "$python" "$snippets/attacks.py" passed "$results" "$qtest_log" "$guest_log"
