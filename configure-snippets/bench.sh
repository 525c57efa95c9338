#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# bench.sh [guest|check]: builds the base as it is, with the same flags, and measures our emulator (B) against it (A), in
# turns. BENCH_FLAGS holds options of the bench; docs/devel/9pfs-bench.md tells how to read the tables.
# guest: the same from a Linux guest under TCG.
# check: does the bench itself work? With our emulator alone; ends with "N passed, M failed, K skipped".

# shellcheck source=configure-snippets/lib.sh
. "$(dirname "$0")/lib.sh"

bench=("${MAKE:-make}" --no-print-directory -C "$TOP/tests-qtest/bench" "BUILD=$BUILD/bench")
if [ "${1:-}" = check ]; then
    exec "${bench[@]}" check A="$qemu"
fi
STOCK=1 "$snippets/build.sh" qemu-system-x86_64
if [ "${1:-}" = guest ]; then
    exec "$snippets/guest.sh" bench
fi
exec "${bench[@]}" run \
    A="$BUILD/obj-stock/qemu-system-x86_64" B="$qemu" BENCH_FLAGS="${BENCH_FLAGS:-}"
