#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# apply.sh: creates BUILD/qemu-BASE: a copy of the pristine source with our hw/9pfs and fsdev, our tests and pages,
# and the series in patches/BASE. It can be repeated: files that already have the right content are not written, so
# that the next build compiles only files that depend on a change.

# shellcheck source=configure-snippets/lib.sh
. "$(dirname "$0")/lib.sh"

patches=$TOP/patches/$BASE
origin=$stamps/tree-origin
patched_list=$stamps/patched-files
added_list=$stamps/added-files
changed=0

# Prints the entries of the source tree to copy: all except the history and build folders at the top.
source_entries() {
    local e
    for e in "$pristine"/* "$pristine"/.[!.]*; do
        case ${e##*/} in .git | .pc | .ccache) continue ;; esac
        if [ -e "$e/build.ninja" ] || [ -e "$e/config-host.mak" ]; then
            continue
        fi
        [ -e "$e" ] && printf '%s\0' "$e"
    done
    true
}

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
            find tests-qtest/core/lib -name 'fuse-stand-in.[ch]' -printf '%p tests/qtest/virtio-9p/%P\n') || true
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

# files_of ENTRY: prints the files that an entry of the series changes.
files_of() {
    case $1 in
    *.patch) sed -n 's,^+++ b/\([^[:space:]]*\).*,\1,p' "$patches/$1" ;;
    *.sed) sed -n 's,^# file: ,,p' "$patches/$1" ;;
    *) die "patches/$BASE/series: $1 is neither a .patch nor a .sed" ;;
    esac
}

# edit_with_sed ENTRY FILE: a sed script replaces text without quoting all of it. The REGEX of each line
# "# once: REGEX" in the script must match exactly one line of the file before the change, so that a base with other
# text is an error.
edit_with_sed() {
    local script=$patches/$1 file=$2 regex
    while IFS= read -r regex; do
        [ "$(grep -c -e "$regex" "$file")" = 1 ] ||
            die "patches/$BASE/$1: not exactly one line of ${file#"$work"/} matches: $regex"
    done < <(sed -n 's/^# once: //p' "$script")
    (cd "$patches" && sed -f "$script" "$file" >"$file.new")
    ! cmp -s "$file" "$file.new" || die "patches/$BASE/$1 changes nothing"
    mv "$file.new" "$file"
}

# The patched files are created from the pristine ones in a separate folder and then copied, so that a changed or
# removed patch need not be reverted.
apply_series() {
    local entry f series=()
    work=$BUILD/patch
    rm -rf "$work"
    mkdir -p "$work"
    mapfile -t series < <(sed 's/#.*//; s/[[:space:]]*$//; /^$/d' "$patches/series")
    for entry in "${series[@]}"; do
        files_of "$entry"
    done | sort -u >"$patched_list.new"
    [ -s "$patched_list.new" ] || die "patches/$BASE/series names no file"
    while IFS= read -r f; do
        [ -f "$pristine/$f" ] || die "patches/$BASE: $f is not in the source"
        mkdir -p "$work/$(dirname "$f")"
        cp "$pristine/$f" "$work/$f"
    done <"$patched_list.new"
    : >"$logs/patch.log"
    for entry in "${series[@]}"; do
        case $entry in
        *.patch)
            patch -d "$work" -p1 -N --no-backup-if-mismatch -r - <"$patches/$entry" >>"$logs/patch.log" 2>&1 ||
                die "patches/$BASE/$entry does not apply to this source; see $logs/patch.log"
            ;;
        *.sed)
            edit_with_sed "$entry" "$work/$(files_of "$entry")"
            ;;
        esac
    done
    if [ -f "$patched_list" ]; then
        while IFS= read -r f; do
            restore "$f"
        done < <(comm -23 "$patched_list" "$patched_list.new")
    fi
    while IFS= read -r f; do
        put "$work/$f" "$tree/$f"
    done <"$patched_list.new"
    mv "$patched_list.new" "$patched_list"
    rm -rf "$work"
}

copy_source
replace_dir hw-9pfs hw/9pfs
replace_dir fsdev fsdev
add_files
apply_series
say "applied to $tree: $changed file(s) changed"
