#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# fetch-source.sh: unpacks the pristine source of the base into BUILD/src/qemu-BASE, or checks the tree given as
# QEMU_SRC. The pinned Debian source package is verified by SHA-256. If the archive no longer has it, the suite's
# current one is used, which apt verifies by the archive's signature. If the source exists already, nothing is done. The
# exit status is 3 if the archive does not have this base.

# shellcheck source=configure-snippets/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=configure-snippets/apt-lib.sh
. "$snippets/apt-lib.sh"

check_own_tree() {
    case $qemu_src_version in
    "$BASE".* | *.*.[5-9]?) ;;
    *) say "note: QEMU $qemu_src_version is newer than the newest base, $BASE, whose patches are tried" ;;
    esac
    say "source: $QEMU_SRC, QEMU $qemu_src_version"
}

# not_there REASON: ends because the archive does not have this base.
not_there() {
    printf '%s\n' "error: $*; give a source tree as QEMU_SRC=DIR" >&2
    exit 3
}

pinned_files_in() {
    (cd "$1" 2>/dev/null && printf '%s' "$source_sha256" | grep . | sha256sum --status -c - 2>/dev/null)
}

# base_of_package DSC: the base of a source package; 7.2+dfsg is a package of 7.2.x.
base_of_package() {
    local version
    version=$(sed -n 's/^Version: *\([0-9]*:\)\{0,1\}\([0-9.]*\).*/\2/p' "$1" | head -n 1)
    [[ $version == *.*.* ]] || version+=.0
    base_of "$version"
}

download() {
    local dir=$1
    mkdir -p "$dir"
    (apt_private_update) || not_there "$suite cannot be fetched from this machine's mirrors"
    say "fetching $source_package ${source_version:-of $suite}"
    if [ -n "$source_version" ] && (cd "$dir" && apt_private source --download-only "$source_package=$source_version") \
        >"$logs/source.log" 2>&1; then
        pinned_files_in "$dir" || die "$source_dsc or a file of it does not have the pinned SHA-256; see $dir"
        dsc=$dir/$source_dsc
        return
    fi
    (cd "$dir" && rm -f ./*.dsc && apt_private source --download-only "$source_package") \
        >>"$logs/source.log" 2>&1 || not_there "the source of QEMU in $suite could not be fetched (see $logs/source.log)"
    dsc=$(find "$dir" -name '*.dsc')
    [ "$(base_of_package "$dsc")" = "$BASE" ] ||
        not_there "$suite has no QEMU $BASE, but $(basename "$dsc" .dsc)"
    say "note: ${source_version:-a pinned version} is not in the archive; using $(basename "$dsc" .dsc), verified by its signature"
}

unpack() {
    local part=$pristine.part
    rm -rf "$part" "$pristine"
    mkdir -p "$(dirname "$pristine")"
    say "unpacking $(basename "$1")"
    dpkg-source --no-check --no-copy -x "$1" "$part" >"$logs/unpack.log" 2>&1 ||
        die "dpkg-source failed; see $logs/unpack.log"
    rm -rf "$part/.pc"
    mv "$part" "$pristine"
}

if [ -n "$QEMU_SRC" ]; then
    check_own_tree
    exit 0
fi

if [ -f "$pristine/VERSION" ]; then
    exit 0
fi
[ -n "$source_package" ] || die "BASE=$BASE is in no archive that is known here; give its source as QEMU_SRC=DIR"
if [ "$source_suite" != "$suite" ]; then
    suite=$source_suite
    apt_dir=$BUILD/apt-source-$suite
fi
# The packages of each other base have a folder of their own.
downloads=$cache/source
[ "$BASE" = "$default_base" ] || downloads+=-$BASE
dsc=$downloads/$source_dsc
pinned_files_in "$downloads" || download "$downloads"
unpack "$dsc"
say "source: $pristine, QEMU $(cat "$pristine/VERSION")"
