#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# plots.sh [JSON]: draws the results of a bench, by default of the last one, as one page with gnuplot: the median time
# of an operation at queue depth 1 beside that of the same work as plain system calls, and the CPU time of an operation,
# for each workload and each emulator. The page is JSON's name with .svg instead of .json.

# shellcheck source=configure-snippets/lib.sh
. "$(dirname "$0")/lib.sh"

json=${1:-$BUILD/bench/results/bench.json}
[ -f "$json" ] || die "there are no results in $json; run make -f Makefile.overlay bench"
command -v gnuplot >/dev/null || die "gnuplot is missing; install it (Debian's package is gnuplot-nox)"
"$python" "$snippets/plots.py" "$json" | gnuplot >"${json%.json}.svg"
say "${json%.json}.svg"
