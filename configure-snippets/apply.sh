#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# apply.sh: creates BUILD/qemu-BASE: a copy of the pristine source with our hw/9pfs and fsdev, our tests and pages,
# and the patches of patches/BASE/series. It can be repeated: files that already have the right content are not written, so
# that the next build compiles only files that depend on a change.

# shellcheck source=configure-snippets/lib.sh
. "$(dirname "$0")/lib.sh"

origin=$stamps/tree-origin
patched_list=$stamps/patched-files
added_list=$stamps/added-files
changed=0

# A tree given by the user is copied each time (cp -u: newer files only); an unpacked one never changes.
copy_source() {
    local id
    id="$pristine $(cat "$pristine/VERSION")"
    if [ "$(cat "$origin" 2>/dev/null)" != "$id" ]; then
        rm -rf "$tree" "$patched_list" "$added_list"
    elif [ -z "$QEMU_SRC" ]; then
        return
    fi
    [ -d "$tree" ] || say "copying the source to $tree"
    mkdir -p "$tree"
    source_entries | xargs -0 cp -au --reflink=auto -t "$tree"
    printf '%s\n' "$id" >"$origin"
}

# put FROM TO: makes TO a copy of FROM unless it already is.
put() {
    cmp -s "$1" "$2" && return
    mkdir -p "$(dirname "$2")"
    cp -f "$1" "$2.new"
    chmod u+w "$2.new"
    mv -f "$2.new" "$2"
    changed=$((changed + 1))
}

# replace_dir OURS THEIRS: makes THEIRS contain exactly the files of OURS.
replace_dir() {
    local ours=$TOP/$1 theirs=$tree/$2 f
    [ -f "$ours/meson.build" ] || die "$1/meson.build is missing: is this checkout complete?"
    mkdir -p "$theirs"
    while IFS= read -r f; do
        put "$ours/$f" "$theirs/$f"
    done < <(cd "$ours" && find . -type f ! -name '*.orig' ! -name '*~' -printf '%P\n')
    while IFS= read -r f; do
        if [ ! -f "$ours/$f" ]; then
            rm -f "$theirs/$f"
            changed=$((changed + 1))
        fi
    done < <(cd "$theirs" && find . -type f -printf '%P\n')
    find "$theirs" -type d -empty -delete
}

# add_files: adds our tests and pages to those of the base, and removes those that no longer exist here.
add_files() {
    local from to list=$added_list.new
    {
        (cd "$TOP" && find tests-qtest -maxdepth 1 -name '*.[ch]' -printf '%p tests/qtest/%P\n' &&
            find tests-qtest/virtio-9p -type f -printf '%p tests/qtest/virtio-9p/%P\n' &&
            find tests-qtest/core/lib -name 'fuse-stand-in.[ch]' -printf '%p tests/qtest/virtio-9p/%P\n' &&
            find fsdev/cli -name 9p-top -printf '%p scripts/%P\n') || true
        (cd "$TOP" && find docs -type f ! -name '*~' ! -name '*.orig' ! -name '*.md' -printf '%p docs/%P\n') || true
    } | sort >"$list"
    while read -r from to; do
        put "$TOP/$from" "$tree/$to"
    done <"$list"
    if [ -f "$added_list" ]; then
        while IFS= read -r to; do
            restore "$to"
        done < <(comm -23 <(cut -d' ' -f2 "$added_list" | sort) <(cut -d' ' -f2 "$list" | sort))
    fi
    mv "$list" "$added_list"
}

# restore FILE: makes FILE as in the source, or removes it if the source does not have it.
restore() {
    if [ -e "$pristine/$1" ]; then
        put "$pristine/$1" "$tree/$1"
    elif [ -e "$tree/$1" ]; then
        rm "$tree/$1"
        changed=$((changed + 1))
    fi
}

# entries SET: prints the patches of patches/SET/series.
entries() {
    sed 's/#.*//; s/[[:space:]]*$//; /^$/d' "$TOP/patches/$1/series"
}

# patch_set SET: creates the files that patches/SET changes in the folder $work, from the pristine ones, and lists them
# in $patched_list.new. If a hunk does not fit exactly, sets $why and fails.
patch_set() {
    local set=$1 entry f patch
    rm -rf "$work"
    mkdir -p "$work"
    for entry in $(entries "$set"); do
        sed -n 's,^+++ b/\([^[:space:]]*\).*,\1,p' "$TOP/patches/$set/$entry"
    done | sort -u >"$patched_list.new"
    [ -s "$patched_list.new" ] || die "patches/$set/series names no patch"
    while IFS= read -r f; do
        if [ -f "$pristine/$f" ]; then
            mkdir -p "$work/$(dirname "$f")"
            cp "$pristine/$f" "$work/$f"
        fi
    done <"$patched_list.new"
    for entry in $(entries "$set"); do
        patch=$TOP/patches/$set/$entry
        if ! why=$("$snippets/patch_fits.py" "$patch" "$work") ||
            ! patch -d "$work" -p1 -N --fuzz=0 --no-backup-if-mismatch -r - <"$patch" >>"$logs/patch.log" 2>&1; then
            why="patches/$set/$entry does not apply exactly: ${why:-see $logs/patch.log}"
            return 1
        fi
    done
}

# The patched files are created in a separate folder and then copied, so that a changed or removed patch need not be
# reverted. Point releases of a base may differ: the first of its sets of patches that fits is used.
apply_series() {
    local f set first='' fits=''
    work=$based/patch
    : >"$logs/patch.log"
    for set in "${patch_sets[@]}"; do
        if patch_set "$set"; then
            fits=$set
            break
        fi
        first=${first:-$why}
    done
    [ -n "$fits" ] || die "$first"
    if [ -f "$patched_list" ]; then
        while IFS= read -r f; do
            restore "$f"
        done < <(comm -23 "$patched_list" "$patched_list.new")
    fi
    while IFS= read -r f; do
        put "$work/$f" "$tree/$f"
    done <"$patched_list.new"
    mv "$patched_list.new" "$patched_list"
    printf '%s\n' "$fits" >"$stamps/patch-set"
    rm -rf "$work"
}

copy_source
replace_dir hw-9pfs hw/9pfs
replace_dir fsdev fsdev
add_files
apply_series
say "applied to $tree: $changed file(s) changed"
