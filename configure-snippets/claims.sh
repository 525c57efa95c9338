#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# claims.sh named|passed: compares README's table "What differs from QEMU's own" with the tests. Each row ends with
# "`TARGET`: `TEST`, ...; `TARGET`: ...", where TEST is a program of check-core, a scenario of check-guest or
# group/name of check-qtest, and may be a shell pattern. named: checks that the tests exist. passed: checks that the
# last check, whose output is in BUILD/logs, ran them and none failed; a claim whose tests were all skipped, because
# this host lacks what they need, counts as skipped. Prints "not ok" and the row for each missing or failed test, and
# "N passed, M failed, K skipped" as the last line.

# shellcheck source=configure-snippets/lib.sh
. "$(dirname "$0")/lib.sh"

# claims README: prints "ROW<tab>TARGET<tab>TEST" for each test of a row, and "ROW<tab>-<tab>-" for a row without any.
claims() {
    awk -F ' *[|] *' '
        /^## / { inside = /What differs/ }
        inside && NF == 4 && $2 != "here" && $2 !~ /^-+$/ {
            row = substr($2, 1, 60); n = split($3, part, / *; */); found = 0
            for (i = 1; i <= n; i++) {
                # "`TARGET`: `TEST`, `TEST`": every second piece is between back quotes.
                m = split(part[i], word, /`/)
                for (j = 4; j <= m; j += 2) { print row "\t" word[2] "\t" word[j]; found = 1 }
            }
            if (!found) print row "\t-\t-"
        }' "$1"
}

# is_there TARGET TEST: whether the target has such a test.
is_there() {
    case $1 in
    check-core) compgen -G "$TOP/tests-qtest/core/*/$2.c" >/dev/null ;;
    check-guest) compgen -G "$TOP/tests-qtest/guest/scenarios/$2.sh" >/dev/null ;;
    check-qtest) grep -q -E "\"(virtio-9p-options/)?${2%%/*}/" "$TOP"/tests-qtest/*.c "$TOP"/tests-qtest/virtio-9p/*.c ;;
    *) return 1 ;;
    esac
}

# results TARGET: prints "ok NAME", "not ok NAME" or "skip NAME" for each test in the output of its last run.
results() {
    local log=$logs/$1.log
    [ -f "$log" ] || return 0
    case $1 in
    check-core) sed -n -E 's/^(test-[^. ]*)\.[a-z]+ +0 passed, 0 failed, [1-9].*/skip \1/p
                           t; s/^(test-[^. ]*)\.[a-z]+ +[1-9][0-9]* passed, 0 failed,.*/ok \1/p
                           t; s/^(test-[^. ]*)\.[a-z]+ .*failed.*/not ok \1/p' "$log" ;;
    check-guest) sed -n -E '/# SKIP/s/^ok/skip/; s/^((not ok|ok|skip) [^ /]*).*/\1/p' "$log" ;;
    check-qtest) sed -n -E '/# SKIP/s/^ok/skip/; s/^((not ok|ok|skip) )\/[^/]*\/[^/]*\/([^ ]*).*/\1\3/p' "$log" ;;
    esac | sort -u
}

# was_passed TARGET TEST: 0 if tests of that name passed and none failed, 2 if all of them were skipped, else 1.
was_passed() {
    local result name verdict=1
    while read -r result name; do
        if [ "$result" = not ]; then
            result="not ok" name=${name#ok }
        fi
        # shellcheck disable=SC2053
        [[ $name == $2 ]] || continue
        case $result in
        "not ok") return 1 ;;
        ok) verdict=0 ;;
        skip) [ "$verdict" = 0 ] || verdict=2 ;;
        esac
    done < <(results "$1")
    return $verdict
}

case $1 in
named) holds=is_there ;;
passed) holds=was_passed ;;
*) die "claims.sh: named or passed" ;;
esac

good=0 bad=0 skipped=0
while IFS=$'\t' read -r row target test; do
    if "$holds" "$target" "$test"; then
        good=$((good + 1))
    elif [ $? = 2 ]; then
        skipped=$((skipped + 1))
        say "ok README: \"$row...\" # SKIP $target: $test was skipped here"
    else
        bad=$((bad + 1))
        say "not ok README: \"$row...\" - expected a test $target: $test that $holds, came none"
    fi
done < <(claims "${README:-$TOP/README.md}")
say "$good passed, $bad failed, $skipped skipped"
[ "$bad" = 0 ] && [ "$good" != 0 ]
