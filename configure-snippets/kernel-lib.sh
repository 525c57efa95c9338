# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash disable=SC2154,SC2031
#
# Debian's kernels for the test guests: that of $suite is fetched with the private view of the archive and unpacked into
# $kernel, but not installed. Sourced after apt-lib.sh.

# The newest kernel in $kernel.
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
