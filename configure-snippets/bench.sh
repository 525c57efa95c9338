#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# bench.sh: builds the base as it is, with the same flags, and measures our emulator (B) against it (A), in turns.
# BENCH_FLAGS holds options of the bench; its README in tests-qtest/bench tells how to read the table.

# shellcheck source=configure-snippets/lib.sh
. "$(dirname "$0")/lib.sh"

STOCK=1 "$snippets/build.sh" qemu-system-x86_64
exec "${MAKE:-make}" --no-print-directory -C "$TOP/tests-qtest/bench" BUILD="$BUILD/bench" run \
    A="$BUILD/obj-stock/qemu-system-x86_64" B="$qemu" BENCH_FLAGS="${BENCH_FLAGS:-}"
