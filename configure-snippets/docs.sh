#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# docs.sh: builds QEMU's manual from the applied tree, as QEMU's own docs/meson.build does, and fails on any warning.
# Also checks that each of our pages is part of that manual, that the files, functions and commits that our pages name
# exist, that manual_facts.py finds the chapter about VirtFS complete, that pictures belong to their sources, the
# spelling, that the manual pages are correct roff, and that MAINTAINERS names each of our files. The pages are in
# BUILD/docs/html and BUILD/docs/man afterwards. Prints "ok NAME" or "not ok NAME - REASON", last "N passed, M failed,
# K skipped".

# shellcheck source=configure-snippets/lib.sh
. "$(dirname "$0")/lib.sh"

out=$BUILD/docs
log=$logs/docs.log
passed=0
failed=0
skipped=0

# result NAME REASON: prints the result of a test, which has passed if REASON is empty.
result() {
    if [ -z "$2" ]; then
        passed=$((passed + 1))
        say "ok $1"
    else
        failed=$((failed + 1))
        say "not ok $1 - $2"
    fi
}

# sphinx FORMAT: builds all pages as html or man.
sphinx() {
    local reason=''
    if ! CONFDIR=/etc/qemu sphinx-build -q -W --keep-going -Dkerneldoc_werror=1 -j "${JOBS:-$(nproc)}" \
        -Dversion="$(cat "$tree/VERSION")" -b "$1" -d "$out/doctrees" "$tree/docs" "$out/$1" >"$log" 2>&1; then
        reason="see $log"
        tail -n 40 "$log"
    fi
    result "manual-without-warnings-$1" "$reason"
}

# Always build all pages: Sphinx prints the warnings of a page only when it reads the page.
build_manual() {
    rm -rf "$out"
    mkdir -p "$out"
    sphinx html
    sphinx man
}

# our_files PREFIX: prints the files that apply.sh added to or replaced in the tree below PREFIX, by their names there.
our_files() {
    {
        cut -d' ' -f2 "$stamps/added-files"
        (cd "$tree" && find hw/9pfs fsdev -type f)
    } | grep "^$1" | sort
}

pages_are_there() {
    local page missing=''
    while IFS= read -r page; do
        page=${page#docs/}
        [ -f "$out/html/${page%.rst}.html" ] || missing+=" $page"
    done < <(our_files docs/ | grep '\.rst$')
    result pages-in-the-manual "${missing:+not built:$missing}"
}

# The files of ours that our pages name in double back quotes; names in capital letters are placeholders.
# shellcheck disable=SC2016
paths_exist() {
    local path missing=''
    while IFS= read -r path; do
        path=${path/#hw\/9pfs/hw-9pfs}
        path=${path/#tests\/qtest/tests-qtest}
        compgen -G "$TOP/$path" >/dev/null || missing+=" $path"
    done < <(find "$TOP/docs" -name '*.rst' -exec grep -ohE '``[^` ]+``' {} + | tr -d '`' | sort -u |
        grep -E '^(hw/9pfs|hw-9pfs|fsdev|tests/qtest|tests-qtest|docs|patches|configure-snippets)/' |
        grep -v '[A-Z]\{2,\}')
    result paths-in-pages "${missing:+not there:$missing}"
}

# Functions are named as NAME(); they may be QEMU's. Capital letters and <> are placeholders.
functions_exist() {
    local name missing=''
    while IFS= read -r name; do
        grep -rqw -e "$name" "$TOP"/{hw-9pfs,fsdev,tests-qtest} "$tree"/{util,include,hw/virtio} ||
            missing+=" $name()"
    done < <(find "$TOP/docs" -name '*.rst' -exec grep -ohE '(^|[^A-Za-z0-9_>])[a-z_][a-z0-9_]+\(\)' {} + |
        sed 's/^[^a-z_]//; s/()$//' | sort -u)
    result functions-in-pages "${missing:+not there:$missing}"
}

# Commits are named as ``HASH`` ("SUBJECT"), where a subject may go over the end of a line.
# shellcheck disable=SC2016
commits_exist() {
    local hash subject missing=''
    if ! git -C "$TOP" rev-parse --verify --quiet ab7d763 >/dev/null; then
        skipped=$((skipped + 1))
        say "ok commits-in-pages # SKIP the history of this tree is not here"
        return
    fi
    while IFS='|' read -r hash subject; do
        [ "$(git -C "$TOP" log -1 --format=%s "$hash" 2>/dev/null)" = "$subject" ] || missing+=" $hash ($subject)"
    done < <(tr '\n' ' ' <"$TOP/docs/devel/9pfs-hacking.rst" | tr -s ' ' |
        grep -oE '``[0-9a-f]{7}`` \("[^"]*"\)' | sed 's/^``\(.*\)`` ("\(.*\)")$/\1|\2/')
    result commits-in-pages "${missing:+not in the history:$missing}"
}

# In the narrow columns of a table (tbl, -t) it is no fault that some lines cannot be adjusted (break). As man(1) does,
# print on one long page (.pl).
man_pages() {
    local page reason=''
    for page in "$TOP/fsdev/helper/virtfs-proxy-helper.1" "$out/man/qemu-virtfs.7"; do
        reason+=$({ echo .pl 9999i; cat "$page"; } | groff -k -t -man -Tutf8 -rLL=80n -ww -W break -z 2>&1 |
            head -n 5 | paste -sd' ')
    done
    result man-pages-without-warnings "$reason"
}

# Counts the verdicts that manual_facts.py prints.
facts() {
    local line
    while IFS= read -r line; do
        case $line in
        'ok '*) result "${line#ok }" '' ;;
        'not ok '*)
            line=${line#not ok }
            result "${line%% - *}" "${line#* - }"
            ;;
        esac
    done < <("$python" "$snippets/manual_facts.py" "$TOP" 2>&1 || true)
}

pictures() {
    result pictures-of-their-sources "$("$snippets/pictures.sh" check 2>&1)"
}

# The file words has what codespell takes for a mistake but is none.
spelling() {
    result spelling "$(cd "$TOP" && codespell -I configure-snippets/words --skip '*.dot,*.svg' README.md docs \
        patches/10.0/*options-describe* fsdev/helper/*.1 tests-qtest/*/README.md 2>&1 | head -n 5 | paste -sd';')"
}

# named FILE PATTERN...: whether one of these F: lines of MAINTAINERS matches FILE. A pattern that ends in / matches all
# files below that folder; in other patterns * does not match a /.
named() {
    local file=$1 pattern slashes=${1//[^\/]/}
    shift
    for pattern in "$@"; do
        # shellcheck disable=SC2053
        case $pattern in
        */) [[ $file != "$pattern"* ]] || return 0 ;;
        *) [[ ${pattern//[^\/]/} != "$slashes" || $file != $pattern ]] || return 0 ;;
        esac
    done
    return 1
}

maintainers() {
    local file patterns missing=''
    mapfile -t patterns < <(sed -n '/^virtio-9p$/,/^$/s/^F: //p' "$tree/MAINTAINERS")
    while IFS= read -r file; do
        named "$file" "${patterns[@]}" || missing+=" $file"
    done < <(our_files '')
    result files-in-maintainers "${missing:+not named:$missing}"
}

build_manual
pages_are_there
paths_exist
functions_exist
commits_exist
facts
pictures
spelling
man_pages
maintainers
say "$passed passed, $failed failed, $skipped skipped"
[ "$failed" = 0 ]
