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

guest=$TOP/tests-qtest/guest
initrd=$run/initrd.img

vmlinuz() {
    find "$kernel/boot" -name 'vmlinuz-*' 2>/dev/null | sort -V | tail -n 1
}

# The package that linux-image-amd64 stands for.
kernel_package() {
    { apt_private_cache depends linux-image-amd64 2>>"$logs/kernel.log" || true; } |
        sed -n 's/^ *Depends: \(linux-image-[0-9][^ ]*-amd64\)$/\1/p' | head -n 1
}

download_kernel() {
    local package
    package=$(kernel_package)
    [ -n "$package" ] || return 1
    say "fetching the guest's kernel: $package"
    (cd "$1" && apt_private download "$package") >>"$logs/kernel.log" 2>&1
}

fetch_kernel() {
    local deb dir=$cache/kernel
    [ -f "$kernel/package" ] && [ -n "$(vmlinuz)" ] && return
    mkdir -p "$dir"
    # Old package lists may name a kernel that is no longer in the archive.
    # shellcheck disable=SC2031
    if [ ! -f "$apt_dir/sources.list" ] || ! download_kernel "$dir"; then
        apt_private_update
        download_kernel "$dir" || die "the kernel could not be fetched; see $logs/kernel.log"
    fi
    deb=$(find "$dir" -name "$(kernel_package)_*.deb" -printf '%T@ %p\n' | sort -n | tail -n 1 | cut -d' ' -f2)
    rm -rf "$kernel"
    mkdir -p "$kernel"
    dpkg-deb -x "$deb" "$kernel"
    # Debian 13 ships modules below usr/lib; readers of BUILD/kernel may rely on lib/modules.
    if [ ! -e "$kernel/lib/modules" ] && [ -d "$kernel/usr/lib/modules" ]; then
        ln -s usr/lib "$kernel/lib"
    fi
    if [ -z "$(vmlinuz)" ] || [ -z "$(ls "$kernel/lib/modules/")" ]; then
        die "$deb holds no kernel"
    fi
    basename "$deb" .deb >"$kernel/package"
}

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

# Fetches programs of Debian's packages. Debian's QEMU runs with its own libraries, independently of the host.
export_packages() {
    local usr=$BUILD/packages/stock/files/usr lib
    lib=$usr/lib/x86_64-linux-gnu
    fetch_packages "$BUILD/packages/clients" "${client_packages[@]}"
    fetch_packages "$BUILD/packages/stock" "${stock_packages[@]}"
    export PACKAGES=$BUILD/packages/clients
    export STOCK_QEMU="env QEMU_MODULE_DIR=$lib/qemu $usr/lib64/ld-linux-x86-64.so.2 --library-path $lib \
        $usr/bin/qemu-system-x86_64"
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
