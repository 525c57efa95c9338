# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash disable=SC2034,SC2154,SC2030,SC2031
#
# Trees of Debian packages that are used without being installed: what runs in the test guests, and Debian's own
# QEMU of the base's suite. Taken from the private view of the archive, so every host gets the same. Sourced after
# apt-lib.sh.

# What the guests' tests run there.
client_packages=(acl attr dbench dpkg fio git libcap2-bin sqlite3 stress-ng tar)
# Debian's build of the base, with the 9p stack that this one replaces.
stock_packages=(qemu-system-x86)
# The last Debian whose QEMU has a proxy, and what that is in there.
proxy_suite=bookworm
proxy_packages=(qemu-system-x86 qemu-system-common)

# Dependencies that all of these work without here; some are large.
not_needed='adduser|git-man|libdb5.3t64|libllvm19|libpython.*|libz3-4|mesa-libgallium|passwd|perl|perl-.*|python3.*'

# package_files NONE PACKAGE...: "NAME FILE" of these packages and of all they depend on; NONE is an empty file, which
# tells apt that nothing is installed.
package_files() {
    local none=$1
    shift
    apt_private -o Dir::State::status="$none" --no-install-recommends --print-uris install "$@" \
        2>>"$logs/packages.log" | awk '/^'\''/ { name = $2; sub(/_.*/, "", name); print name, $2 }' |
        grep -v -E "^($not_needed) "
}

# download_packages DIR PACKAGE...: DIR/debs gets a link to each package of the closed set.
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

# fetch_old_proxy DIR: DIR/root as fetch_packages makes it, of that older Debian; false where it is not to be had.
fetch_old_proxy() (
    suite=$proxy_suite
    apt_dir=$BUILD/apt-$proxy_suite
    fetch_packages "$1" "${proxy_packages[@]}"
)

# write_runner FILE ROOT PROGRAM: FILE runs ROOT's PROGRAM with the libraries it was built for, whatever the host has.
write_runner() {
    local file=$1 root=$2 lib=$2/usr/lib/x86_64-linux-gnu
    {
        printf '#!/bin/sh\n'
        printf 'QEMU_MODULE_DIR=%s exec %s --library-path %s %s "$@"\n' "$lib/qemu" \
            "$root/lib64/ld-linux-x86-64.so.2" "$root/lib/x86_64-linux-gnu:$lib" "$root/$3"
    } >"$file"
    chmod +x "$file"
}

# fetch_packages DIR PACKAGE...: DIR/root holds the files of these packages and of all they depend on.
fetch_packages() {
    local dir=$1 deb wanted
    shift
    wanted="$* without $not_needed"
    [ "$(cat "$dir/wanted" 2>/dev/null)" != "$wanted" ] || return 0
    rm -rf "$dir"
    mkdir -p "$dir/root" "$dir/debs" "$cache/packages"
    say "fetching packages: $*"
    # Lists of an earlier day may name packages that have left the archive.
    if [ ! -f "$apt_dir/sources.list" ] || ! download_packages "$dir" "$@"; then
        apt_private_update
        download_packages "$dir" "$@" || die "these packages could not be fetched; see $logs/packages.log"
    fi
    for deb in "$dir/debs"/*.deb; do
        dpkg-deb -x "$deb" "$dir/root" || die "$deb could not be unpacked"
    done
    printf '%s\n' "$wanted" >"$dir/wanted"
}
