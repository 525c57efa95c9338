#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# build.sh [TARGET...]: configures BUILD/obj when there is no configuration yet or its flags have changed, then
# lets ninja build the emulator, its helper and the test programs, or the named targets.

# shellcheck source=configure-snippets/lib.sh
. "$(dirname "$0")/lib.sh"

configure_tools=("${configure_tools[@]:---python=$python}")
flags=("${configure_tools[@]}" "--prefix=${PREFIX:-/usr/local}"
    "--firmwarepath=/usr/share/qemu:/usr/share/seabios:/usr/lib/ipxe/qemu")
if [ -z "${CC:-}" ] || [ "$CC" = cc ]; then
    if command -v ccache >/dev/null; then
        flags+=("--cc=ccache gcc" "--host-cc=ccache gcc")
        export CCACHE_BASEDIR=$BUILD CCACHE_NOHASHDIR=1
    fi
else
    flags+=("--cc=$CC")
fi
# The Debian package contains all subprojects; a tree given by the user may have to download them.
if [ -z "$QEMU_SRC" ] && grep -q -e --disable-download "$tree/configure"; then
    flags+=(--disable-download)
fi
flags+=("${configure_flags[@]}")
if [ -n "${MINIMAL:-}" ]; then
    flags+=(--without-default-devices --with-devices-x86_64=minimal --disable-debug-info
        '--extra-cflags=-O0 -Wno-cpp')
    cp "$snippets/minimal-devices.mak" "$tree/configs/devices/x86_64-softmmu/minimal.mak"
fi
read -r -a extra <<<"${CONFIGURE_FLAGS:-}"
flags+=("${extra[@]}")

configure() {
    local wanted
    wanted=$(printf '%s\n' "$tree" "${flags[@]}")
    if [ -f "$obj/build.ninja" ] && [ "$(cat "$stamps/configure-$(basename "$obj")" 2>/dev/null)" = "$wanted" ]; then
        return
    fi
    mkdir -p "$obj"
    rm -f "$stamps/configure-$(basename "$obj")"
    say "configuring QEMU in $obj"
    cd "$obj"
    run_logged "$logs/configure.log" 1000 "$tree/configure" "${flags[@]}"
    printf '%s\n' "$wanted" >"$stamps/configure-$(basename "$obj")"
}

configure
if [ $# = 0 ]; then
    mapfile -t tests < <(own_tests)
    set -- qemu-system-x86_64 fsdev/virtfs-proxy-helper tests/qtest/qos-test "${tests[@]/#/tests/qtest/}"
fi
say "building $* (${JOBS:=$(nproc)} jobs)"
run_logged "$logs/build.log" 100 ninja -C "$obj" -j "$JOBS" "$@"
