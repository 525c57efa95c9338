#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# build.sh [TARGET...]: configures BUILD/obj when there is no configuration yet or its flags have changed, then
# lets ninja build the emulator, its helper and the test programs, or the named targets. FLAVOUR=libvirt adds the network,
# displays and devices that libvirt and other management programs use, FLAVOUR=debian has the options of Debian's package.
# The prefix is always the same, as the emulator finds its files beside itself, wherever install.sh has put it.

# shellcheck source=configure-snippets/lib.sh
. "$(dirname "$0")/lib.sh"

configure_tools=("${configure_tools[@]:---python=$python}")
flags=("${configure_tools[@]}" --prefix=/usr/local
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

# The options of Debian's package for this architecture, which its control file has beside the packages they need.
debian_flags() {
    [ -f "$pristine/debian/extract-config-opts" ] ||
        die "FLAVOUR=debian takes its options from Debian's source package, which $pristine is not"
    printf '%s\n' --target-list=x86_64-softmmu --enable-system --disable-user --enable-tools --disable-xen \
        --enable-modules --disable-docs --disable-install-blobs --disable-guest-agent
    sh "$pristine/debian/extract-config-opts" linux-amd64 "$pristine/debian/control" | grep -v -x -e --enable-docs
}

# They are installed by apt, which has them on that release alone.
debian_deps() {
    local codename
    ! (cd "$pristine" && dpkg-checkbuilddeps -B) >"$logs/debian-deps.log" 2>&1 || return 0
    codename=$(sed -n 's/^VERSION_CODENAME=//p' /etc/os-release)
    [ "$codename" = "$source_suite" ] ||
        die "FLAVOUR=debian with BASE=$BASE needs the packages of $source_suite, and this is ${codename:-another system}"
    say "installing what Debian's package needs to be built"
    run_logged "$logs/debian-deps.log" 50 "$snippets/deps.sh" build-dep "$pristine"
}

libvirt_flags=(--enable-slirp --enable-vnc --enable-vnc-jpeg --enable-png --enable-gnutls --enable-spice
    --enable-spice-protocol --disable-gtk --enable-libusb --enable-usb-redir --enable-linux-aio --enable-linux-io-uring
    --enable-numa --enable-vhost-kernel --enable-vhost-net --enable-vhost-user --enable-vhost-vdpa --enable-tpm
    --enable-tools --enable-pixman)

case $FLAVOUR in
debian)
    mapfile -t configure_flags < <(debian_flags)
    [ ${#configure_flags[@]} != 0 ] || exit 1
    debian_deps
    # Modules are not built as parts of the emulator.
    [ $# != 0 ] || set -- all
    ;;
libvirt) configure_flags+=("${libvirt_flags[@]}") ;;
esac
flags+=("${configure_flags[@]}")
if [ -n "${MINIMAL:-}" ]; then
    flags+=(--without-default-devices --with-devices-x86_64=minimal)
    case ${SANITIZE:-} in
    '') flags+=(--disable-debug-info '--extra-cflags=-O0 -Wno-cpp') ;;
    address) flags+=(--enable-asan --enable-ubsan '--extra-cflags=-O1 -g1 -fno-omit-frame-pointer -Wno-cpp') ;;
    esac
    # A newer file would make meson configure everything again.
    cmp -s "$snippets/minimal-devices.mak" "$tree/configs/devices/x86_64-softmmu/minimal.mak" ||
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
