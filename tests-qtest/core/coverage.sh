#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# coverage.sh DIR PROGRAM...: the lines that fuzzing alone reaches.
#
# Runs the fuzz programs, which were built with clang's line counters, on their
# stored corpora and FUZZ_SECONDS each on mutations.  Prints the share of lines
# for each file, each folder, and for hw-9pfs and fsdev; DIR/lines shows the
# counters beside the source.  What counts is all code of hw-9pfs and fsdev that
# builds without QEMU.  The adapters to QEMU, main() of the helper, and tables
# (*.def, whose lines are arguments of macros) do not count.
# LINES_HW and LINES_FSDEV are the least shares in percent; below them, this
# fails.

set -eu
dir=$1
shift
seconds=${FUZZ_SECONDS:-20}
goal_hw=${LINES_HW:-92}
goal_fsdev=${LINES_FSDEV:-80}
# shellcheck source=tests-qtest/core/fuzz-lib.sh
. "$(dirname "$0")/fuzz-lib.sh"

# llvm_tool NAME: the program of the same LLVM as the compiler.
llvm_tool() {
    local found
    read -r -a compiler <<<"${FUZZ_CC:-clang}"
    found=$("${compiler[@]}" --print-prog-name="$1")
    command -v "$found" || command -v "$1" || {
        echo "coverage.sh: there is no $1; it is in Debian's package llvm" >&2
        return 1
    }
}

profdata=$(llvm_tool llvm-profdata)
cov=$(llvm_tool llvm-cov)
rm -rf "$dir"
mkdir -p "$dir"
failed=0
for program in "$@"; do
    fuzz_await_turn
    name=$(basename "$program")
    {
        LLVM_PROFILE_FILE=$dir/$name.%p.profraw \
            fuzz_run "$program" "$seconds" "$dir" "$dir/$name.log" ||
            echo "$name: a finding, see $dir/$name.log" >>"$dir/findings"
    } &
done
wait
if [ -e "$dir/findings" ]; then
    cat "$dir/findings"
    failed=1
fi

"$profdata" merge -sparse -o "$dir/all.profdata" "$dir"/*.profraw
objects=("$1")
for program in "${@:2}"; do
    objects+=(-object "$program")
done
"$cov" export -format=lcov -instr-profile="$dir/all.profdata" "${objects[@]}" \
    2>>"$dir/llvm-cov.log" >"$dir/all.lcov"
"$cov" show -instr-profile="$dir/all.profdata" "${objects[@]}" \
    "$P9_TOP/hw-9pfs" "$P9_TOP/fsdev" 2>>"$dir/llvm-cov.log" >"$dir/lines" ||
    true

# Reads lcov data, prints "1 <file>", "2 <folder>" and "3 <part>" lines.
shares() {
    awk -F'[:,]' -v goals="hw-9pfs=$goal_hw fsdev=$goal_fsdev" '
    function row(order, what) {
        printf "%d %-40s %6d of %6d lines %6.1f %%\n", order, what, hit[what],
               all[what], 100 * hit[what] / all[what]
    }
    function count(order, what, times) {
        orders[what] = order
        all[what]++
        hit[what] += times > 0
    }
    $1 == "SF" {
        file = $2
        sub(/.*\/include\/hw\/9pfs\//, "hw-9pfs/", file)
        sub(/.*\/hw-9pfs\//, "hw-9pfs/", file)
        sub(/.*\/fsdev\//, "fsdev/", file)
        room = part = file
        sub(/\/[^\/]*$/, "", room)
        sub(/\/.*/, "", part)
        ours = (part == "hw-9pfs" || part == "fsdev") && file !~ /\.def$/
    }
    $1 == "DA" && ours {
        count(1, file, $3)
        count(2, room, $3)
        if (part != room) {
            count(3, part, $3)
        }
    }
    END {
        orders["hw-9pfs"] = 3
        for (what in orders) {
            row(orders[what], what)
        }
        n = split(goals, goal, /[= ]/)
        for (i = 1; i < n; i += 2) {
            if (100 * hit[goal[i]] < goal[i + 1] * all[goal[i]]) {
                printf "4 %s: less than %d %%\n", goal[i], goal[i + 1]
                few = 1
            }
        }
        exit few
    }' "$1"
}
shares "$dir/all.lcov" >"$dir/shares" || failed=1
sort "$dir/shares" | cut -d' ' -f2-
echo "the lines: $dir/lines"
exit $failed
