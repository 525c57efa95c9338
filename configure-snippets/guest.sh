#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# guest.sh kernel|demo|check|bench|soak: fetches Debian's kernel into BUILD/kernel (unpacked, not installed), has the
# guest's initrd built, and hands emulator, firmware, kernel and initrd to the scripts in tests-qtest/guest; the tests also get
# Debian's programs for the guest and Debian's own build of the base (unpacked below BUILD/packages).

# shellcheck source=configure-snippets/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=configure-snippets/apt-lib.sh
. "$snippets/apt-lib.sh"
# shellcheck source=configure-snippets/packages-lib.sh
. "$snippets/packages-lib.sh"
# shellcheck source=configure-snippets/kernel-lib.sh
. "$snippets/kernel-lib.sh"

guest=$TOP/tests-qtest/guest
initrd=$run/initrd.img

build_initrd() {
    mkdir -p "$run"
    if [ -f "$initrd" ] && [ -z "$(find "$guest" "$kernel/package" -newer "$initrd" -print -quit)" ]; then
        return
    fi
    say "building the guest's initrd"
    run_logged "$logs/initrd.log" 1000 "$guest/mkinitrd.sh" "$kernel" "$initrd"
}

# Sets the environment that the scripts in tests-qtest/guest expect.
export_environment() {
    QEMU=$qemu
    HELPER=$obj/fsdev/virtfs-proxy-helper
    QEMU_FW=$(firmware_args)
    KERNEL=$(vmlinuz)
    INITRD=$initrd
    export QEMU HELPER QEMU_FW KERNEL INITRD
}

# Fetches programs of Debian's packages.
export_packages() {
    fetch_packages "$BUILD/packages/clients" "${client_packages[@]}"
    fetch_packages "$BUILD/packages/stock" "${stock_packages[@]}"
    export PACKAGES=$BUILD/packages/clients
    STOCK_QEMU=$(stock_qemu)
    export STOCK_QEMU
}

# run_scenarios WORK NAME...: runs the named scenarios, or all of them.
run_scenarios() {
    build_initrd
    export_environment
    export_packages
    export WORK=$1
    shift
    # The number of concurrent guests; each keeps one CPU busy under TCG.
    JOBS=$(nproc)
    export JOBS=$((JOBS < 2 ? 2 : JOBS > 4 ? 4 : JOBS))
    mkdir -p "$WORK"
    exec "$guest/run-guest.sh" "$@"
}

sample_share() {
    mkdir -p "$1/notes"
    printf 'This file lies on the host, in %s.\n' "$1" >"$1/hello.txt"
    printf 'milk\nbread\n' >"$1/notes/shopping.txt"
    ln -sf ../hello.txt "$1/notes/link-to-hello"
}

fetch_kernel
case $1 in
kernel)
    say "guest kernel: $(vmlinuz)"
    ;;
demo)
    build_initrd
    export_environment
    if [ -z "${SHARE:-}" ]; then
        SHARE=$BUILD/share
        [ -d "$SHARE" ] || sample_share "$SHARE"
    fi
    [ -d "$SHARE" ] || die "SHARE=$SHARE is not a folder"
    SHARE=$(cd "$SHARE" && pwd)
    export SHARE
    exec "$guest/demo.sh"
    ;;
check)
    read -ra only <<<"${ONLY:-}"
    run_scenarios "$run/guest" "${only[@]}"
    ;;
bench)
    # This is called by bench.sh for bench-guest; it has built the unmodified base.
    build_initrd
    export_environment
    fetch_packages "$BUILD/packages/clients" "${client_packages[@]}"
    export PACKAGES=$BUILD/packages/clients WORK=$run/bench-guest
    mkdir -p "$WORK"
    exec "${MAKE:-make}" --no-print-directory -C "$TOP/tests-qtest/bench" "BUILD=$BUILD/bench" guest \
        A="$based/obj-stock/qemu-system-x86_64" B="$qemu" BENCH_FLAGS="${BENCH_FLAGS:-}" FOLDERS="${FOLDERS:-}"
    ;;
soak)
    # The scenarios that have a long form.
    export SOAK=1
    run_scenarios "$run/soak" 'client-*' 'two-guests-*'
    ;;
*)
    die "guest.sh: kernel, demo, check, bench or soak"
    ;;
esac
