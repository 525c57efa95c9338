#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# deps.sh GROUP...: makes sure that the packages of the named groups (build, run, check) are installed;
# deps.sh build-dep WHAT: those that a source package, or one unpacked in the folder WHAT, needs to be built. It installs
# missing ones with apt without confirmation, as root or with sudo. Without apt it looks for the tools and libraries
# and lists those that are missing. If nothing is missing, it is fast and prints nothing.

# shellcheck source=configure-snippets/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=configure-snippets/apt-lib.sh
. "$snippets/apt-lib.sh"

build_packages=(gcc libc6-dev make ninja-build pkg-config python3 python3-venv flex bison patch xz-utils
    dpkg-dev libglib2.0-dev libpixman-1-dev libfdt-dev libattr1-dev libcap-ng-dev libseccomp-dev zlib1g-dev)
run_packages=(seabios ipxe-qemu qemu-system-data busybox-static cpio xz-utils zstd)
check_packages=(attr acl clang llvm python3-sphinx python3-sphinx-rtd-theme groff-base codespell)

# What FLAVOUR=libvirt needs besides.
libvirt_packages=(libslirp-dev libspice-server-dev libspice-protocol-dev libjpeg-dev libpng-dev libgnutls28-dev
    libusb-1.0-0-dev libusbredirparser-dev libaio-dev liburing-dev libnuma-dev)

installed() {
    [ "$(dpkg-query -W -f '${db:Status-Abbrev}' "$1" 2>/dev/null | cut -c1-2)" = ii ]
}

# The package with libFuzzer and the sanitizers has clang's version in its name.
clang_runtime() {
    apt-cache depends clang 2>/dev/null |
        sed -n 's/^ *Depends: clang-\([0-9][0-9]*\)$/libclang-rt-\1-dev/p' | head -n 1
}

missing_packages() {
    local p
    for p in "$@"; do
        if ! installed "$p"; then
            printf '%s ' "$p"
        fi
    done
}

become_root() {
    if [ "$(id -u)" = 0 ]; then
        env DEBIAN_FRONTEND=noninteractive "$@"
    else
        sudo -n env DEBIAN_FRONTEND=noninteractive "$@"
    fi
}

apt_install() {
    if [ "$(id -u)" != 0 ] && ! sudo -n true 2>/dev/null; then
        die "these packages are missing and installing them needs root (or sudo without a password): $*
Run this as root once:  apt-get install --no-install-recommends $*"
    fi
    say "installing: $*"
    run_logged "$logs/deps.log" 50 become_root apt-get -q -y -o DPkg::Lock::Timeout=300 \
        install --no-install-recommends "$@"
}

# Installs the release's own meson if it is new enough, otherwise the one from its backports. The latter is fetched with
# the private view of the archive, so that the machine's configuration does not get an entry for backports.
apt_install_meson() {
    local candidate codename
    have_version "$(meson_version)" "$meson_min" && return
    candidate=$(apt-cache policy meson | sed -n 's/^ *Candidate: //p')
    if have_version "${candidate%%-*}" "$meson_min"; then
        apt_install meson
        return
    fi
    codename=$(apt_codename)
    apt_private_update
    rm -f "$apt_dir"/meson_*.deb
    (cd "$apt_dir" && apt_private download "meson/$codename-backports") >"$logs/meson.log" 2>&1 ||
        die "meson $meson_min or newer is neither in $codename nor in its backports; see $logs/meson.log"
    say "meson of $codename is older than $meson_min: taking the one from $codename-backports"
    apt_install "$apt_dir"/meson_*.deb
}

apt_deps() {
    local wanted missing
    mapfile -t wanted < <(printf "%s\n" "$@" | sort -u)
    missing=$(missing_packages "${wanted[@]}")
    if [ -n "$missing" ] || ! have_version "$(meson_version)" "$meson_min"; then
        if [ "$(id -u)" = 0 ] || sudo -n true 2>/dev/null; then
            run_logged "$logs/deps-update.log" 20 become_root apt-get -q -o DPkg::Lock::Timeout=300 update
        fi
    fi
    if [ "$want_check" = 1 ]; then
        # shellcheck disable=SC2046
        missing+=$(missing_packages $(clang_runtime))
    fi
    if [ -n "$missing" ]; then
        # shellcheck disable=SC2086
        apt_install $missing
    fi
    apt_install_meson
}

# Without apt nothing can be installed: look for the tools and libraries.
other_deps() {
    local t lib tools=() libs=() missing=() no_lib=()
    tools=(gcc make ninja pkg-config flex bison patch xz)
    libs=(glib-2.0 gthread-2.0 pixman-1 libcap-ng libseccomp zlib)
    [ "$want_run" = 0 ] || tools+=(busybox cpio zstd)
    [ "$want_check" = 0 ] || tools+=(getfattr getfacl clang llvm-cov llvm-profdata sphinx-build groff codespell)
    for t in "${tools[@]}"; do
        command -v "$t" >/dev/null || missing+=("$t")
    done
    for lib in "${libs[@]}"; do
        pkg-config --exists "$lib" 2>/dev/null || no_lib+=("$lib")
    done
    have_version "$(meson_version)" "$meson_min" || missing+=("meson>=$meson_min for $python")
    if [ ${#missing[@]} != 0 ] || [ ${#no_lib[@]} != 0 ]; then
        die "apt is not here; please install by hand: ${missing[*]:-no tools}; development files of: ${no_lib[*]:-no more}
(Debian's names: ${build_packages[*]} meson ${run_packages[*]} ${check_packages[*]})"
    fi
}

if [ "$1" = build-dep ]; then
    become_root apt-get -q -o DPkg::Lock::Timeout=300 update
    become_root apt-get -q -y -o DPkg::Lock::Timeout=300 --no-install-recommends --arch-only build-dep "$2"
    exit
fi

want_run=0
want_check=0
packages=()
for group in "$@"; do
    case $group in
    build)
        packages+=("${build_packages[@]}")
        [ "$FLAVOUR" != libvirt ] || packages+=("${libvirt_packages[@]}")
        ;;
    run) want_run=1 packages+=("${run_packages[@]}") ;;
    check) want_check=1 packages+=("${check_packages[@]}") ;;
    *) die "deps.sh: no such group: $group" ;;
    esac
done

if command -v apt-get >/dev/null && command -v dpkg-query >/dev/null; then
    apt_deps "${packages[@]}"
else
    other_deps
fi
