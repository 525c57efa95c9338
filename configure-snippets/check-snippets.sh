#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# check-snippets.sh [FILE...]: runs the tests of this tree that need no compiler: by default each test-*.sh and
# test-*.py in the folder of this script. Each prints a line for each test, and "N passed, M failed, K skipped" as its
# last line. A program without that line, or with a status that contradicts it, counts as a failed test. The last line
# of the output has the sums.

# shellcheck source=configure-snippets/lib.sh
. "$(dirname "$0")/lib.sh"

passed=0 failed=0 skipped=0

run_tests() {
    local file=$1 output status=0
    output=$("$file" 2>&1 </dev/null) || status=$?
    if [[ ${output##*$'\n'} =~ ^([0-9]+)\ passed,\ ([0-9]+)\ failed,\ ([0-9]+)\ skipped$ ]]; then
        passed=$((passed + BASH_REMATCH[1]))
        failed=$((failed + BASH_REMATCH[2]))
        skipped=$((skipped + BASH_REMATCH[3]))
        output=${output%"${BASH_REMATCH[0]}"}
        if [ "$status" = 0 ] || [ "${BASH_REMATCH[2]}" != 0 ]; then
            printf '%s' "$output"
            return
        fi
    fi
    failed=$((failed + 1))
    [ -z "$output" ] || say "${output%$'\n'}"
    say "not ok $(basename "$file") - expected a result, came status $status"
}

[ $# != 0 ] || set -- "$snippets"/test-*.sh "$snippets"/test-*.py
for file in "$@"; do
    [ ! -e "$file" ] || run_tests "$file"
done
say "$passed passed, $failed failed, $skipped skipped"
[ "$failed" = 0 ] && [ "$passed" != 0 ]
