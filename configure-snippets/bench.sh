#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# bench.sh [guest|proxy|check]: builds the base as it is, with the same flags, and measures our emulator (B) against
# it (A), in turns. All figures go to BUILD/bench/results/NAME.md. BENCH_FLAGS holds options of the bench;
# docs/devel/9pfs-bench.rst explains the tables.
# guest: the same from a Linux guest under TCG.
# proxy: our proxy against our local driver, then against the proxy of Debian 12's QEMU 7.2.
# check: tests the bench itself, with our emulator alone; ends with "N passed, M failed, K skipped".

# shellcheck source=configure-snippets/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=configure-snippets/apt-lib.sh
. "$snippets/apt-lib.sh"
# shellcheck source=configure-snippets/packages-lib.sh
. "$snippets/packages-lib.sh"

helper=$obj/fsdev/virtfs-proxy-helper
bench=("${MAKE:-make}" --no-print-directory -C "$TOP/tests-qtest/bench" "BUILD=$BUILD/bench")
results=$BUILD/bench/results
mkdir -p "$results"
if [ "${1:-}" = check ]; then
    exec "${bench[@]}" check WERROR=1 A="$qemu" HELPER="$helper"
fi

# The workloads for the proxy: some of each kind.
proxy_workloads=(getattr-root getattr-bare stat-d1 stat-d8-parent small-file create-passthrough readdir-warn
    read-4k read-128k write-128k)

# against NAME QEMU FLAGS...: compares QEMU (A) with our proxy (B), whose QEMU runs as an unprivileged user.
against() {
    local name=$1 a=$2
    shift 2
    "${bench[@]}" run A="$a" B="$qemu" \
        BENCH_FLAGS="--markdown=$results/bench-proxy-$name.md --a-name=$name --b-name=proxy --b-proxy=$helper \
            --b-arg=-run-with --b-arg=user=65534:65534 $* \
            ${proxy_workloads[*]/#/--only=} ${BENCH_FLAGS:-}"
}

if [ "${1:-}" = proxy ]; then
    old=$BUILD/packages/$proxy_suite
    against local "$qemu"
    if ! fetch_old_proxy "$old"; then
        say "skipped: the proxy of Debian $proxy_suite is not available"
        exit 0
    fi
    write_runner "$old/qemu" "$old/files" usr/bin/qemu-system-x86_64
    write_runner "$old/helper" "$old/files" usr/lib/qemu/virtfs-proxy-helper
    # That build has no qtest accelerator, so both use TCG with a CPU that halts.
    against 7.2 "$old/qemu" "--a-proxy=stream:$old/helper" --accel=tcg
    exit
fi
STOCK=1 "$snippets/build.sh" qemu-system-x86_64
if [ "${1:-}" = guest ]; then
    BENCH_FLAGS="--markdown=$results/bench-guest.md ${BENCH_FLAGS:-}" exec "$snippets/guest.sh" bench
fi
exec "${bench[@]}" run \
    A="$based/obj-stock/qemu-system-x86_64" B="$qemu" \
    BENCH_FLAGS="--markdown=$results/bench.md --json=$results/bench.json ${BENCH_FLAGS:-}"
