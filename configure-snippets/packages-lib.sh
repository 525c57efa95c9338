# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash disable=SC2034,SC2154,SC2030,SC2031
#
# Trees of Debian packages that are used without being installed: programs that run in the test guests, and Debian's
# QEMU of the base's suite. They are fetched with the private view of the archive, so that all hosts use the same
# versions. Sourced after apt-lib.sh.

# Programs that the tests run in the guests.
client_packages=(acl attr dbench dpkg fio git libcap2-bin sqlite3 stress-ng tar)
# Debian's build of the base, with the 9p stack that this one replaces.
stock_packages=(qemu-system-x86)
# What check-hosts makes and mounts file systems with.
hosts_packages=(btrfs-progs dosfstools e2fsprogs exfatprogs f2fs-tools fuse-overlayfs squashfs-tools xfsprogs)
# The last Debian release whose QEMU has a proxy, and the packages that contain it.
proxy_suite=bookworm
proxy_packages=(qemu-system-x86 qemu-system-common)

# Dependencies that are not needed here; some are large.
not_needed='adduser|git-man|libdb5.3t64|libllvm19|libpython.*|libz3-4|mesa-libgallium|passwd|perl|perl-.*|python3.*'

# package_files NONE PACKAGE...: prints "NAME FILE" for these packages and all their dependencies; NONE is an empty
# file, so that apt considers no package as installed.
package_files() {
    local none=$1
    shift
    apt_private -o Dir::State::status="$none" --no-install-recommends --print-uris install "$@" \
        2>>"$logs/packages.log" | awk '/^'\''/ { name = $2; sub(/_.*/, "", name); print name, $2 }' |
        grep -v -E "^($not_needed) "
}

# download_packages DIR PACKAGE...: downloads the packages and their dependencies, and links them into DIR/debs.
download_packages() {
    local dir=$1 name file names=() files=()
    shift
    while read -r name file; do
        names+=("$name") files+=("$file")
    done < <(package_files /dev/null "$@")
    [ ${#names[@]} -gt $# ] || return
    (cd "$cache/packages" && apt_private download "${names[@]}") >>"$logs/packages.log" 2>&1 || return
    for file in "${files[@]}"; do
        [ -f "$cache/packages/$file" ] && ln -sf "$cache/packages/$file" "$dir/debs/" || return
    done
}

# fetch_old_proxy DIR: like fetch_packages for $proxy_packages of $proxy_suite; fails if they are not available.
fetch_old_proxy() (
    suite=$proxy_suite
    apt_dir=$BUILD/apt-$proxy_suite
    fetch_packages "$1" "${proxy_packages[@]}"
)

# write_runner FILE ROOT PROGRAM: makes FILE a script that runs ROOT's PROGRAM with the libraries of ROOT.
write_runner() {
    local file=$1 root=$2 lib=$2/usr/lib/x86_64-linux-gnu
    {
        printf '#!/bin/sh\n'
        printf 'QEMU_MODULE_DIR=%s exec %s --library-path %s %s "$@"\n' "$lib/qemu" \
            "$root/lib64/ld-linux-x86-64.so.2" "$root/lib/x86_64-linux-gnu:$lib" "$root/$3"
    } >"$file"
    chmod +x "$file"
}

# fetch_packages DIR PACKAGE...: unpacks these packages and all their dependencies into DIR/files.
fetch_packages() {
    local dir=$1 deb wanted
    shift
    wanted="$* without $not_needed, in files"
    [ "$(cat "$dir/wanted" 2>/dev/null)" != "$wanted" ] || return 0
    rm -rf "$dir"
    mkdir -p "$dir/files" "$dir/debs" "$cache/packages"
    say "fetching packages: $*"
    # Old package lists may name packages that are no longer in the archive.
    if [ ! -f "$apt_dir/sources.list" ] || ! download_packages "$dir" "$@"; then
        apt_private_update
        download_packages "$dir" "$@" || die "these packages could not be fetched; see $logs/packages.log"
    fi
    for deb in "$dir/debs"/*.deb; do
        dpkg-deb -x "$deb" "$dir/files" || die "$deb could not be unpacked"
    done
    printf '%s\n' "$wanted" >"$dir/wanted"
}

# stock_qemu: prints the command of Debian's QEMU in BUILD/packages/stock, which runs with its own libraries,
# independently of the host.
stock_qemu() {
    local usr=$BUILD/packages/stock/files/usr lib
    lib=$usr/lib/x86_64-linux-gnu
    printf 'env QEMU_MODULE_DIR=%s %s --library-path %s %s' "$lib/qemu" "$usr/lib64/ld-linux-x86-64.so.2" "$lib" \
        "$usr/bin/qemu-system-x86_64"
}
