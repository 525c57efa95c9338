# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash disable=SC2030,SC2031,SC2034,SC2154
#
# Root folders of a Debian release with its compilers, in which check-compilers builds and runs things. A root consists
# of packages that apt has fetched and verified and that are unpacked, not installed: no script of theirs is run, and
# it takes no privilege to make one. Roots are kept in the cache and made anew when they are not there. Sourced
# after apt-lib.sh.

# What every root has: a shell and its tools, a compiler, and what the emulator's 9p objects include.
root_packages=(base-files bash coreutils dash diffutils findutils gawk grep make sed util-linux gcc libc6-dev mount pkgconf
    libattr1-dev libcap-ng-dev libfdt-dev libglib2.0-dev libpixman-1-dev libseccomp-dev zlib1g-dev)
# For the core on i386 and s390x. These packages are always Debian 12's, which has both architectures complete.
foreign_suite=bookworm
foreign_architectures=(i386 s390x)
foreign_packages=(lib32gcc-12-dev gcc-s390x-linux-gnu qemu-user-static
    {libc6-dev,libcap-ng-dev,libglib2.0-dev,libseccomp-dev}:{i386,s390x})
# Nothing that is run in a root needs these dependencies.
root_without='adduser|debconf|dpkg|media-types|openssl|passwd|perl.*|libperl.*|python3.*|libpython.*|libx32.*|libc6.*-x32'
# Nor these files.
root_exclude=('./usr/share/doc/*' './usr/share/info/*' './usr/share/locale/*' './usr/share/man/*' './usr/libexec/*-binfmt*'
    './usr/bin/qemu-[!s]*' './usr/bin/qemu-s[!3]*' './dev/*')

# root_view SUITE: makes that suite's release alone, for several architectures, apt's private view.
root_view() {
    apt_dir=$BUILD/apt-root-$1
    apt_architectures="amd64 ${foreign_architectures[*]}"
    apt_status=/dev/null
}

# root_update SUITE: fetches its lists of packages, without those of updates: what is released will do.
root_update() {
    local key kind uri
    key=$(apt_keyring)
    mkdir -p "$apt_dir/lists/partial" "$apt_dir/cache/archives/partial" "$apt_dir/state"
    while read -r kind uri; do
        [ "$kind" != main ] || printf 'deb [signed-by=%s] %s %s main\n' "$key" "$uri" "$1"
    done < <(apt_mirrors /etc/apt "$(apt_codename)") >"$apt_dir/sources.list"
    [ -s "$apt_dir/sources.list" ] || die "no Debian mirror found in /etc/apt"
    run_logged "$logs/roots.log" 20 apt_private update
}

# root_download PACKAGE...: puts them and all they depend on into apt's cache and prints the files' names.
root_download() {
    local names=()
    mapfile -t names < <(apt_private --no-install-recommends --print-uris install "$@" 2>>"$logs/roots.log" |
        sed -n "s/^'.*' \([^ ]*\.deb\) .*/\1/p" | grep -v -E "^($root_without)_")
    [ ${#names[@]} -gt $# ] || return
    apt_private --no-install-recommends --download-only install "$@" >>"$logs/roots.log" 2>&1 || return
    printf '%s\n' "${names[@]/#/$apt_dir/cache/archives/}"
}

# root_unpack DIR DEB...: DIR becomes a root of these packages.
root_unpack() {
    local dir=$1 deb d
    shift
    # All of /usr is merged, which not every release's packages bring about by themselves.
    mkdir -p "$dir"/{dev/shm,etc,proc,tmp,usr/{bin,lib,lib32,lib64,sbin}}
    for d in bin lib lib32 lib64 sbin; do
        ln -sfn "usr/$d" "$dir/$d"
    done
    for deb; do
        dpkg-deb --fsys-tarfile "$deb" | tar -x -C "$dir" --keep-directory-symlink --no-same-owner \
            --delay-directory-restore --wildcards "${root_exclude[@]/#/--exclude=}" || return
    done
    ln -sfn /proc/self/fd "$dir/dev/fd"
    ln -sfn gawk "$dir/usr/bin/awk"
    ln -sfn dash "$dir/usr/bin/sh"
    printf '%s\n' root:x:0:0:root:/:/bin/sh nobody:x:65534:65534:nobody:/:/bin/false >"$dir/etc/passwd"
    printf '%s\n' root:x:0: nogroup:x:65534: >"$dir/etc/group"
}

# make_root SUITE PACKAGE...: prints the folder of a root with these packages besides root_packages; false, with the
# reason on standard error, where there can be none.
make_root() (
    root_suite=$1
    shift
    dir=$cache/roots/$root_suite
    wanted="${root_packages[*]} $* without $root_without, ${root_exclude[*]}"
    if [ "$(cat "$dir/.wanted" 2>/dev/null)" != "$wanted" ]; then
        for tool in apt-get dpkg-deb; do
            command -v $tool >/dev/null || die "$tool is not here"
        done
        root_view "$root_suite"
        rm -rf "$dir" "$dir.part"
        : >"$logs/roots.log"
        root_update "$root_suite" >&2
        mapfile -t debs < <(root_download "${root_packages[@]}" "$@")
        [ ${#debs[@]} != 0 ] || die "its packages could not be fetched; see $logs/roots.log"
        root_unpack "$dir.part" "${debs[@]}" 2>>"$logs/roots.log" ||
            die "its packages could not be unpacked; see $logs/roots.log"
        printf '%s\n' "$wanted" >"$dir.part/.wanted"
        mv "$dir.part" "$dir"
        rm -rf "$apt_dir"
    fi
    printf '%s' "$dir"
)
