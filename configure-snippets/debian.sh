#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# debian.sh source|binary|check: Debian's QEMU of SUITE with this stack, as a source package in OUT (by default
# debian/ in the base's build folder), and with "binary" also as binary packages, for which it has to run on that
# release. The suite's own package is taken as it is; the stack is one more patch at the end of debian/patches/series,
# made from the applied tree, so that a new version of the package only takes another run. Further changes: the lines
# that put the helper and the manual pages into qemu-system-common (debian_install of BASE.conf), and an entry of
# debian/changelog, whose version is that of the package with +virtfsREVISION behind it.
# check: makes the source packages of all suites, unpacks them, and compares them with the applied tree; with LINTIAN=1,
# lintian compares them with the originals. Prints "ok NAME" or "not ok NAME - REASON", and "N passed, M failed, K skipped" as
# the last line.

set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)

# suites: the releases whose packages have this stack for a base, as "SUITE BASE".
suites() {
    local conf
    for conf in "$here"/[0-9]*.conf; do
        (
            common_flags=() debian_install=()
            # shellcheck source=/dev/null
            . "$conf"
            # shellcheck disable=SC2154
            [ ${#debian_install[@]} = 0 ] || printf '%s %s\n' "$source_suite" "$(basename "$conf" .conf)"
        )
    done
}

SUITE=${SUITE:-trixie}
BASE=$(suites | awk -v suite="$SUITE" '$1 == suite { print $2; exit }')
if [ -z "$BASE" ]; then
    printf 'error: SUITE=%s is not supported; supported: %s\n' "$SUITE" "$(suites | cut -d' ' -f1 | paste -sd' ')" >&2
    exit 1
fi
QEMU_SRC=
export BASE QEMU_SRC SUITE
# shellcheck source=configure-snippets/lib.sh
. "$here/lib.sh"

work=$based/debian
out=$(realpath -m "${OUT:-$work}")
[ "$1" != check ] || out=$work
log=$logs/debian.log
downloads=$cache/source
[ "$BASE" = "$default_base" ] || downloads+=-$BASE
patch=virtio-9p-stack.patch

# Makes the applied tree, and prints the description of the suite's package, all of whose files are beside it.
original() {
    find "$downloads" -name '*.dsc' 2>/dev/null | grep -q . || rm -rf "$pristine"
    { "$snippets/fetch-source.sh" && "$snippets/apply.sh"; } >&2 || die "the source of $SUITE could not be prepared"
    find "$downloads" -name '*.dsc' -print -quit
}

# The files that the stack adds, changes or removes.
changed_files() {
    {
        (cd "$pristine" && find hw/9pfs fsdev -type f)
        cat "$stamps/patched-files"
        cut -d' ' -f2 "$stamps/added-files"
        (cd "$tree" && find hw/9pfs fsdev -type f ! -path '*/__pycache__/*')
    } | sort -u
}

# make_patch: prints the stack as a patch for quilt.
make_patch() {
    local f from to
    cat <<END
Description: Replace the 9p server by another one
 hw/9pfs and fsdev are those of a new virtio-9p stack with the same options, device
 names and formats on the host. The patch is made by a script from its sources.
Forwarded: not-needed

END
    while IFS= read -r f; do
        from=$pristine/$f to=$tree/$f
        [ -e "$from" ] || from=/dev/null
        [ -e "$to" ] || to=/dev/null
        # diff has the status 1 where files differ.
        diff -u --label "a/$f" --label "b/$f" "$from" "$to" || [ $? = 1 ]
    done < <(changed_files)
}

identity() {
    name=${DEBFULLNAME:-$(git -C "$TOP" config user.name || true)}
    mail=${DEBEMAIL:-$(git -C "$TOP" config user.email || true)}
    printf '%s <%s>' "${name:-Local build}" "${mail:-root@localhost}"
}

# add_changelog DIR
add_changelog() {
    local version source
    version=$(dpkg-parsechangelog -l "$1/debian/changelog" -S Version)+virtfs${REVISION:-1}
    source=$(dpkg-parsechangelog -l "$1/debian/changelog" -S Source)
    {
        printf '%s (%s) %s; urgency=medium\n\n' "$source" "$version" "$SUITE"
        printf '  * Local build: replace the 9p server (hw/9pfs, fsdev) by another one, version %s.\n' \
            "$(sed -n 's/^#define VIRTFS_VERSION "\(.*\)"/\1/p' "$TOP/fsdev/core/version.h")"
        printf '\n -- %s  %s\n\n' "$(identity)" "$(date -R -d "@${SOURCE_DATE_EPOCH:-$(date +%s)}")"
        cat "$1/debian/changelog"
    } >"$1/debian/changelog.new"
    mv "$1/debian/changelog.new" "$1/debian/changelog"
}

# make_source: leaves the unpacked package in $work/qemu, and the source package in $out.
make_source() {
    local dsc dir=$work/qemu
    dsc=$(original)
    rm -rf "$work"
    mkdir -p "$work" "$out"
    : >"$log"
    say "unpacking $(basename "$dsc") of $SUITE"
    dpkg-source --no-check --skip-patches --no-copy -x "$dsc" "$dir" >>"$log" 2>&1 || die "dpkg-source failed; see $log"
    find "$downloads" -name '*.orig*.tar.*' -exec ln -s -t "$work" {} +
    make_patch >"$dir/debian/patches/$patch"
    printf '%s\n' "$patch" >>"$dir/debian/patches/series"
    printf '%s\n' '' '# the stack of virtio-9p' "${debian_install[@]}" >>"$dir/debian/qemu-system-common.install"
    add_changelog "$dir"
    say "making the source package"
    (cd "$work" && dpkg-source -b qemu) >>"$log" 2>&1 || die "dpkg-source failed; see $log"
    made=$(find "$work" -maxdepth 1 -name '*.dsc')
    if [ "$out" != "$work" ]; then
        cp -L "$made" "$work"/*.tar.* "$out/"
    fi
    say "source package: $out/$(basename "$made")"
}

# The binary packages, with the flags of debian/rules; those for all architectures have nothing of the stack.
make_binary() {
    local here_is
    here_is=$(sed -n 's/^VERSION_CODENAME=//p' /etc/os-release)
    [ "$here_is" = "$SUITE" ] || die "binary packages of $SUITE are built on $SUITE, and this is ${here_is:-something else}"
    if ! (cd "$work/qemu" && dpkg-checkbuilddeps -B) >>"$log" 2>&1; then
        say "installing what the package needs to be built"
        run_logged "$logs/debian-deps.log" 50 "$snippets/deps.sh" build-dep "$work/qemu"
    fi
    say "building the binary packages; this takes long"
    (cd "$work/qemu" && run_logged "$logs/debian-build.log" 500 env \
        DEB_BUILD_OPTIONS="${DEB_BUILD_OPTIONS:-nocheck parallel=${JOBS:-$(nproc)}}" dpkg-buildpackage -B -us -uc)
    [ "$out" = "$work" ] || cp "$work"/*.deb "$work"/*.changes "$work"/*.buildinfo "$out/"
    say "binary packages: $out/*.deb"
}

# ---- checking ----

passed=0 failed=0 skipped=0

# result NAME REASON: prints the result of a test, which has passed if REASON is empty.
result() {
    if [ -z "$2" ]; then
        passed=$((passed + 1))
        say "ok $SUITE: $1"
    else
        failed=$((failed + 1))
        say "not ok $SUITE: $1 - $2"
    fi
}

# errors_of DSC: what lintian calls an error, without the names of files that have the version in them.
errors_of() {
    lintian --no-cfg --tag-display-limit 0 "$1" 2>>"$log" | sed -n 's/^E: //p' | sort -u
}

check_source() {
    local unpacked=$work/unpacked version
    make_source
    result source-package ''
    dpkg-source --no-copy -x "$made" "$unpacked" >>"$log" 2>&1 || true
    result same-tree-as-apply "$(diff -rq --no-dereference -x debian -x .pc -x __pycache__ -x minimal.mak "$tree" "$unpacked" |
        head -n 5 | paste -sd';')"
    result patched-as-a-whole "$(diff <(tail -n 1 "$unpacked/.pc/applied-patches") <(printf '%s\n' "$patch"))"
    version=$(dpkg-parsechangelog -l "$unpacked/debian/changelog" -S Version)
    result newer-than-the-original "$(dpkg --compare-versions "$version" gt "${version%+virtfs*}" || printf '%s' "$version")"
    result original-source "$(cd "$work" && for f in *.orig*.tar.*; do cmp "$f" "$downloads/$f"; done 2>&1)"
    if [ -n "${LINTIAN:-}" ] && command -v lintian >/dev/null; then
        result lintian-no-new-errors "$(comm -13 <(errors_of "$(find "$downloads" -name '*.dsc')") <(errors_of "$made") |
            head -n 5 | paste -sd';')"
    else
        skipped=$((skipped + 1))
        say "ok $SUITE: lintian-no-new-errors # SKIP it takes long; install lintian and give LINTIAN=1"
    fi
    say "$passed passed, $failed failed, $skipped skipped"
    [ "$failed" = 0 ]
}

# check_all: the same for each suite, in a process of its own, and the sums.
check_all() {
    local s last sums='0 0 0'
    for s in $(suites | cut -d' ' -f1); do
        SUITE=$s "$0" check-suite 2>&1 | tee "$logs/check-debian-$s.log" | { grep -v -x -E '[0-9]+ passed, .*' || true; }
        last=$(tail -n 1 "$logs/check-debian-$s.log")
        [[ $last =~ ^[0-9]+\ passed ]] || last='0 passed, 1 failed, 0 skipped'
        sums=$(printf '%s\n%s\n' "$sums" "$(tr -dc '0-9 ' <<<"$last")" | awk '{ a += $1; b += $2; c += $3 } END { print a, b, c }')
    done
    # shellcheck disable=SC2086
    printf '%d passed, %d failed, %d skipped\n' $sums
    [ "$(cut -d' ' -f2 <<<"$sums")" = 0 ]
}

case $1 in
source) make_source ;;
binary)
    make_source
    make_binary
    ;;
check) check_all ;;
check-suite) check_source ;;
*) die "debian.sh: source, binary or check" ;;
esac
