#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Tests of the scripts in this folder, as far as they need neither network nor a build: which mirrors are found in an
# apt configuration, which source trees are refused, what clean removes, how a patch that does not apply is reported,
# whether each test source is built, what README claims, and what the checks of style find. Prints "ok NAME" or
# "not ok NAME - expected..., came...", and "N passed, M failed, K skipped" as the last line.

set -uo pipefail
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
passed=0 failed=0

# expect NAME EXPECTED CAME
expect() {
    if [ "$2" = "$3" ]; then
        passed=$((passed + 1))
        printf 'ok %s\n' "$1"
    else
        failed=$((failed + 1))
        printf 'not ok %s - expected: %s; came: %s\n' "$1" "${2//$'\n'/ | }" "${3//$'\n'/ | }"
    fi
}

# Runs in a subshell, because lib.sh sets options and variables.
with_lib() {
    env TOP="$here/.." BUILD="$work/build" QEMU_SRC= BASE=10.0 bash -c ". '$here/lib.sh'; . '$here/apt-lib.sh'; $1" 2>&1
}

# Creates a tree with nothing but a VERSION.
fake_tree() {
    mkdir -p "$work/$1"
    printf '%s\n' "$2" >"$work/$1/VERSION"
}

# script NAME VARIABLE=VALUE... [ARGUMENT...]
script() {
    local name=$1 settings=()
    shift
    while [[ ${1:-} == *=* ]]; do
        settings+=("$1")
        shift
    done
    env TOP="$here/.." BASE=10.0 BUILD="$work/build" "${settings[@]}" "$here/$name" "$@" 2>&1
}

test_one_line() {
    mkdir -p "$work/one/sources.list.d"
    cat >"$work/one/sources.list" <<'EOF'
# deb http://commented.invalid/debian bookworm main
deb http://first.invalid/debian bookworm main contrib # remark
deb-src [signed-by=/x.gpg arch=amd64] http://first.invalid/debian bookworm main
deb [ arch=amd64 ] http://second.invalid/debian/ bookworm-updates main
deb http://sec.invalid/debian-security bookworm-security main
deb cdrom:[Debian GNU/Linux 12]/ bookworm main
deb http://other.invalid/other jammy main
deb http://backports.invalid/debian bookworm-backports main
EOF
    printf 'deb mirror+file:/etc/apt/mirrors/debian.list oldstable main\n' >"$work/one/sources.list.d/more.list"
    printf 'deb http://off.invalid/debian bookworm main\n' >"$work/one/sources.list.d/off.list.disabled"
    expect one-line-sources 'main http://first.invalid/debian
main http://second.invalid/debian/
security http://sec.invalid/debian-security
main mirror+file:/etc/apt/mirrors/debian.list' "$(with_lib "apt_mirrors $work/one bookworm")"
    expect one-line-other-release "main mirror+file:/etc/apt/mirrors/debian.list" \
        "$(with_lib "apt_mirrors $work/one trixie")"
}

test_deb822() {
    mkdir -p "$work/two/sources.list.d"
    cat >"$work/two/sources.list.d/debian.sources" <<'EOF'
# remark
Types: deb deb-src
URIs: http://first.invalid/debian
 http://second.invalid/debian
# remark inside
Suites: trixie trixie-updates
Components: main
Signed-By:
 -----BEGIN PGP PUBLIC KEY BLOCK-----
 .
 mQINBFit
 -----END PGP PUBLIC KEY BLOCK-----

Enabled: no
Types: deb
URIs: http://off.invalid/debian
Suites: trixie
Components: main

types: deb
uris: http://sec.invalid/debian-security
suites: trixie-security
components: main

Types: deb
URIs: https://other.invalid/node
Suites: nodistro
Components: main
EOF
    expect deb822-sources 'main http://first.invalid/debian
main http://second.invalid/debian
security http://sec.invalid/debian-security' "$(with_lib "apt_mirrors $work/two trixie")"
}

# bases VERSION...: the base of each version.
bases() {
    # shellcheck disable=SC2016
    with_lib "versions='$*'"'; for version in $versions; do printf "%s=%s " "$version" "$(base_of "$version")"; done'
}

test_bases() {
    expect bases-of-releases '7.2.0=7.2 7.2.22=7.2 10.0.13=10.0 10.1.5=10.1 10.2.2=10.2 ' \
        "$(bases 7.2.0 7.2.22 10.0.13 10.1.5 10.2.2)"
    expect bases-of-development-trees '9.1.92=9.2 10.0.50=10.1 10.1.94=10.2 10.2.50=11.0 ' \
        "$(bases 9.1.92 10.0.50 10.1.94 10.2.50)"
    expect bases-of-newer-versions '11.0.0=11.0 11.0.92=11.0 11.1.3=11.0 12.0.0=11.0 ' \
        "$(bases 11.0.0 11.0.92 11.1.3 12.0.0)"
    expect bases-of-other-versions '6.2.0= 7.1.0= 8.0.5= 9.0.0= 9.1.2= 10= 10.0= x.y.z= ' \
        "$(bases 6.2.0 7.1.0 8.0.5 9.0.0 9.1.2 10 10.0 x.y.z)"
}

test_trees() {
    local all
    all=$(with_lib supported_bases)
    fake_tree old 9.1.0
    fake_tree good 10.0.3
    expect unsupported-version "error: $work/old is QEMU '9.1.0'; supported versions: $all" \
        "$(script fetch-source.sh BASE= QEMU_SRC="$work/old")"
    mkdir "$work/none"
    expect no-version "error: $work/none is QEMU 'of no known version'; supported versions: $all" \
        "$(script fetch-source.sh QEMU_SRC="$work/none")"
    fake_tree newer 11.7.1
    expect newer-version "note: QEMU 11.7.1 is newer than the newest base, 11.0, whose patches are tried
source: $work/newer, QEMU 11.7.1" "$(script fetch-source.sh BASE= QEMU_SRC="$work/newer")"
    fake_tree next 10.2.50
    expect next-version "source: $work/next, QEMU 10.2.50" "$(script fetch-source.sh BASE= QEMU_SRC="$work/next")"
    expect version-of-another-base "error: $work/good is QEMU 10.0.3, which does not fit BASE=10.2; leave BASE out" \
        "$(script fetch-source.sh BASE=10.2 QEMU_SRC="$work/good")"
    expect base-that-is-in-no-archive "error: BASE=8.2 is in no archive that is known here; give its source as QEMU_SRC=DIR" \
        "$(script fetch-source.sh BASE=8.2)"
    expect supported-version "source: $work/good, QEMU 10.0.3" "$(script fetch-source.sh QEMU_SRC="$work/good")"
    expect build-inside-the-tree \
        "error: BUILD=$work/good/build lies inside QEMU_SRC, which is never written to; give another BUILD" \
        "$(script fetch-source.sh QEMU_SRC="$work/good" BUILD="$work/good/build")"
    expect tree-not-written-to VERSION "$(ls -A "$work/good")"
    expect unsupported-base "error: BASE=6.1 is not supported; supported: $all" "$(script fetch-source.sh BASE=6.1)"
    expect blank-in-path "error: QEMU cannot be built below a path with blanks or colons: $work/a b" \
        "$(script fetch-source.sh BUILD="$work/a b")"
}

# base BASE: the last two lines of base.sh on a host whose archive cannot be read.
base() {
    mkdir -p "$work/no-archive"
    printf '#!/bin/sh\nexit 100\n' >"$work/no-archive/apt-get"
    chmod +x "$work/no-archive/apt-get"
    script base.sh BASE="$1" QEMU_SRC= CACHE="$work/empty" PATH="$work/no-archive:$PATH" | tail -n 2
}

test_bases_of_the_archive() {
    expect base-that-may-be-gone-is-skipped "ok source # SKIP sid cannot be fetched from this machine's mirrors; \
give a source tree as QEMU_SRC=DIR
0 passed, 0 failed, 1 skipped" "$(base 10.2)"
    expect base-that-must-be-there "error: bookworm cannot be fetched from this machine's mirrors; \
give a source tree as QEMU_SRC=DIR
error: QEMU 7.2: there is no source" "$(base 7.2)"
}

test_clean() {
    mkdir -p "$work/mixed/obj" "$work/mixed/src" "$work/mixed/mine"
    script clean.sh BUILD="$work/mixed" >/dev/null
    expect clean-leaves-other-files mine "$(ls "$work/mixed")"
    mkdir -p "$work/ours/obj"
    script clean.sh BUILD="$work/ours" >/dev/null
    expect clean-removes-its-folder gone "$([ -e "$work/ours" ] || echo gone)"
}

# A base with a different vl.c must be refused with a message that names the file, not be built with some patches only.
test_series() {
    local f
    fake_tree drifted 10.0.9
    sed -n 's,^+++ b/\([^[:space:]]*\).*,\1,p' "$here"/../patches/10.0/*.patch | while read -r f; do
        mkdir -p "$work/drifted/$(dirname "$f")"
        echo other >"$work/drifted/$f"
    done
    expect series-does-not-fit "error: patches/10.0/0001-vl-fsdev-help-and-virtfs-sections.patch does not apply exactly: \
system/vl.c:1237: the lines of the hunk in line 26 of the patch are not in this file" \
        "$(script apply.sh QEMU_SRC="$work/drifted" | grep -v '^copying')"
    rm "$work/drifted/system/vl.c"
    expect series-without-its-file "error: patches/10.0/0001-vl-fsdev-help-and-virtfs-sections.patch does not apply exactly: \
system/vl.c: there is no such file" "$(script apply.sh QEMU_SRC="$work/drifted" | grep -v '^copying')"
    expect series-names-each-patch '' "$(for f in "$here"/../patches/*/; do
        diff <(sed '/^#/d' "$f/series") <(find "$f" -name '*.patch' -printf '%f\n' | sort)
        find "$f" ! -type d ! -name series ! -name '*.patch'
    done)"
}

# fits LINE...: what patch_fits.py says of a patch that inserts a line behind c and changes g, and a file of these lines.
fits() {
    mkdir -p "$work/fit"
    printf '%s\n' "$@" >"$work/fit/file"
    printf '%s\n' 'a subject' '' '--- a/file' '+++ b/file' '@@ -2,4 +2,5 @@' ' b' ' c' '+new' ' d' '' \
        '@@ -7,2 +8,2 @@' ' f' '-g' '+G' >"$work/fit.patch"
    "$here/patch_fits.py" "$work/fit.patch" "$work/fit" && echo fits
}

test_patch_fits() {
    expect patch-fits fits "$(fits a b c d '' e f g)"
    expect patch-fits-further-down fits "$(fits x x a b c d '' x e f g)"
    expect patch-fits-further-up fits "$(fits b c d '' f g)"
    expect patch-of-another-line 'file:2: the lines of the hunk in line 5 of the patch are not in this file' \
        "$(fits a b C d '' e f g)"
    expect patch-of-another-line-in-a-later-hunk \
        'file:7: the lines of the hunk in line 11 of the patch are not in this file' "$(fits a b c d '' e f h)"
    expect patch-of-lines-before-the-hunk-before \
        'file:7: the lines of the hunk in line 11 of the patch are not in this file' "$(fits f g b c d '' e)"
    expect patch-of-two-places 'file:2: the lines of the hunk in line 5 of the patch are in 2 other places of this file' \
        "$(fits x a b c d '' b c d '' e f g)"
    expect patch-of-two-places-and-the-right-one fits "$(fits a b c d '' e f g f g)"
    printf '%s\n' '--- a/none' '+++ b/none' '@@ -1 +1 @@' '-a' '+b' >"$work/fit.patch"
    expect patch-of-no-file 'none: there is no such file' "$("$here/patch_fits.py" "$work/fit.patch" "$work/fit")"
    printf 'no patch\n' >"$work/fit.patch"
    expect patch-without-hunks 'it has no hunk' "$("$here/patch_fits.py" "$work/fit.patch" "$work/fit")"
}

test_recount() {
    printf '%s\n' 'a subject' '--- a/f' '+++ b/f' '@@ -2,1 +2 @@ where' ' b' '+new' '+new' ' c' '@@ -9,7 +9,9 @@' '-x' \
        '--- a/g' '+++ b/g' '@@ -0,0 +1,9 @@' '+all' '@@ -5 +1 @@' ' 5' '--- 6' '-- ' '2.0' >"$work/recount.patch"
    "$here/recount.py" "$work/recount.patch"
    expect recount-of-an-edited-patch '@@ -2,2 +2,4 @@ where
@@ -9 +10,0 @@
@@ -0,0 +1 @@
@@ -5,2 +6 @@' "$(grep @@ "$work/recount.patch")"
    expect recount-changes-nothing-else 'a subject --- a/f +++ b/f  b +new +new  c -x --- a/g +++ b/g +all  5 --- 6 --  2.0' \
        "$(grep -v @@ "$work/recount.patch" | paste -sd' ')"
    for f in "$here"/../patches/*/*.patch; do
        sed -E '/^@@/s/,1\b//g' "$f" >"$work/counted.patch"
        cp "$work/counted.patch" "$work/recount.patch"
        "$here/recount.py" "$work/recount.patch"
        cmp "$work/counted.patch" "$work/recount.patch"
    done >"$work/recounted" 2>&1
    expect patches-have-right-counts '' "$(cat "$work/recounted")"
}

# What the default base has, all others need: a patch, or the same in another form. Some bases have nothing to change.
test_all_bases_have_all_patches() {
    local base name missing=''
    for base in "$here"/../patches/*/; do
        while read -r name; do
            case $(basename "$base")/$name in
            \#* | */\#* | 7.2/*-removed-features.patch) continue ;;
            esac
            [ -f "$base/$name" ] || missing+="$(basename "$base")/$name "
        done <"$here/../patches/10.0/series"
    done
    expect bases-have-all-patches '' "$missing"
}

# What differs between the versions of QEMU is in one header. These headers have other names in some of them.
test_one_header_knows_versions() {
    expect versions-in-one-header '' "$(cd "$here/.." && grep -rlE \
        'QEMU_VERSION_M|include "(qobject|qapi/qmp|system|sysemu|exec|hw/core)/|include "(block|hw/qdev)[-a-z/]*\.h"' \
        hw-9pfs fsdev | grep -v '^fsdev/core/qemu-compat.h$')"
    expect versions-in-one-header-of-the-tests tests-qtest/virtio-9p/ring-qobject.h "$(cd "$here/.." && grep -rlE \
        'QEMU_VERSION_M|include "(qobject|qapi/qmp|system|sysemu|exec)/' tests-qtest/*.c tests-qtest/virtio-9p)"
}

# Each file that a patch changes belongs to a commit of the series.
test_series_is_complete() {
    local file missing=''
    while read -r file; do
        case $file in docs/* | tests/* | meson.build) continue ;; esac
        grep -q -x -F "$file" "$here"/series/[0-9]* || missing+="$file "
    done < <(find "$here"/../patches -type f -name '*.patch' ! -name '*-virtio-*' -exec sed -n 's,^+++ b/,,p' {} + | sort -u)
    expect series-has-all-patched-files '' "$missing"
}

# A test source that is not in any meson.build would not be run, without any message.
test_sources_named() {
    local f name missing=''
    for f in "$here"/../tests-qtest/*.c; do
        name=$(basename "$f" .c)
        grep -q "^+.*'$name\(\.c\)\{0,1\}'" "$here"/../patches/10.0/*.patch || missing+="$name "
    done
    expect test-sources-are-built '' "$missing"
}

# claims README-FILE: prints the result for its table.
claims() {
    env TOP="$here/.." BASE=10.0 BUILD="$work/build" README="$1" "$here/claims.sh" named 2>&1
}

test_claims() {
    expect readme-names-tests-that-exist '' "$(claims "$here/../README.md" | grep '^not ok')"
    cat >"$work/README" <<'EOF'
## What differs
| here | shown by |
|---|---|
| good | `check-core`: `test-codec`; `check-guest`: `rename`, `*-while-open`; `check-qtest`: `lock/*` |
| bad | `check-core`: `test-nothing`; `check-guest`: `nothing-*`; `check-qtest`: `nothing/*` |
| empty | `check-core` |
EOF
    expect claims-without-tests-are-found '4 passed, 4 failed, 0 skipped' "$(claims "$work/README" | tail -n 1)"
}

# The lines that the parts of check print, and a test that failed in one of its forms.
test_claims_passed() {
    mkdir -p "$work/build/logs"
    printf 'test-%s    %s\n' a.plain '3 passed, 0 failed, 0 skipped' b.plain '3 passed, 0 failed, 0 skipped' \
        b.asan '2 passed, 1 failed, 0 skipped' >"$work/build/logs/check-core.log"
    printf '%s\n' 'ok one/none' 'not ok two/none - x' 'ok two/loose' 'ok three/none # SKIP y' \
        >"$work/build/logs/check-guest.log"
    printf 'ok /x86_64/virtio-9p-ring/group/name\n' >"$work/build/logs/check-qtest.log"
    cat >"$work/README" <<'EOF'
## What differs
| good | `check-core`: `test-a`; `check-guest`: `one`, `o*`; `check-qtest`: `group/*` |
| bad | `check-core`: `test-b`, `test-c`; `check-guest`: `two`, `three`; `check-qtest`: `other/*` |
EOF
    expect claims-of-failed-tests-are-found '4 passed, 4 failed, 1 skipped' \
        "$(env TOP="$here/.." BASE=10.0 BUILD="$work/build" README="$work/README" "$here/claims.sh" passed | tail -n 1)"
}

# repeat COUNT LINE
repeat() {
    local i
    for ((i = 0; i < $1; i++)); do
        printf '%s\n' "$2"
    done
}

# style FILE...: prints what source_style.py reports about the sources with these files from $work/style. The exceptions
# are in $work/known, and the checkpatch.pl only objects to tabs.
style() {
    KNOWN=$work/known "$here/source_style.py" "$work/style" "$work/checkpatch.pl" 2>&1
}

test_source_style() {
    local dir=$work/style/hw-9pfs
    mkdir -p "$dir" "$work/style/tests-qtest/bench"
    # shellcheck disable=SC2016
    printf '%s\n' 'for $f (@ARGV) { next if $f =~ /^-/; open F, $f or die; while (<F>) {' \
        'print "$f:$.: ERROR: a tab\n" if /\t/; print "$f:$.: ERROR: consider using qemu_strtoul in preference\n"' \
        'if /strtoul/; } close F; } exit 0;' >"$work/checkpatch.pl"
    : >"$work/known"
    { printf 'static int\nshort_one(int a,\n          int b)\n{\n' && repeat 55 '    a++;' && printf '}\n'; } >"$dir/a.c"
    { printf 'static const int array[] = {\n' && repeat 70 '    1,' && printf '};\n'; } >>"$dir/a.c"
    expect style-within-the-limits '3 passed, 0 failed, 0 skipped' "$(style)"
    { printf 'int long_one(int a)\n{\n' && repeat 58 '    a++;' && printf '}\n'; } >"$dir/b.c"
    expect style-long-function "not ok hw-9pfs/b.c long_one() - expected none of these:
    hw-9pfs/b.c:1: long_one() has 61 lines
5 passed, 1 failed, 0 skipped" "$(style)"
    printf '%s\n' 'hw-9pfs/b.c long_one()' 'hw-9pfs/a.c length' >"$work/known"
    expect style-known-exception "ok hw-9pfs/b.c long_one() # SKIP a known exception: 1 violation(s)
# hw-9pfs/a.c length: this known exception is no longer needed
5 passed, 0 failed, 1 skipped" "$(style)"
    : >"$work/known"
    repeat 601 '/* line */' >"$dir/b.c"
    expect style-long-file "not ok hw-9pfs/b.c length - expected none of these:
    hw-9pfs/b.c: has 601 lines
4 passed, 1 failed, 0 skipped" "$(style)"
    printf 'int\tstrtoul;\n' | tee "$dir/b.c" >"$work/style/tests-qtest/bench/c.c"
    expect style-checkpatch "not ok hw/9pfs/b.c checkpatch - expected none of these:
    hw/9pfs/b.c:1: ERROR: a tab
    hw/9pfs/b.c:1: ERROR: consider using qemu_strtoul in preference
not ok tests/qtest/bench/c.c checkpatch - expected none of these:
    tests/qtest/bench/c.c:1: ERROR: a tab
4 passed, 2 failed, 0 skipped" "$(style)"
    printf 'print "no such option"; exit 2;\n' >"$work/checkpatch.pl"
    expect style-checkpatch-that-fails '5 passed, 1 failed, 0 skipped' "$(style | tail -n 1)"
}

# Each of them prints one line of results, and its name has the exit status.
test_check_snippets() {
    local part
    for part in '2 passed, 0 failed, 1 skipped:0' '1 passed, 1 failed, 0 skipped:1'; do
        printf '#!/bin/sh\necho "ok something"\necho "%s"\nexit %s\n' "${part%:*}" "${part#*:}" >"$work/part-${part#*:}"
    done
    printf '#!/bin/sh\necho "3 passed, 0 failed, 0 skipped"\nexit 2\n' >"$work/part-2"
    printf '#!/bin/sh\necho "3 passed"\n' >"$work/part-3"
    chmod +x "$work"/part-*
    expect snippets-are-summed-up 'ok something
ok something
3 passed, 1 failed, 1 skipped' "$(script check-snippets.sh "$work/part-0" "$work/part-1")"
    expect snippets-status-without-a-failure 'not ok part-2 - expected a result, came status 2
3 passed, 1 failed, 0 skipped' "$(script check-snippets.sh "$work/part-2")"
    expect snippets-without-a-result '3 passed
not ok part-3 - expected a result, came status 0
0 passed, 1 failed, 0 skipped' "$(script check-snippets.sh "$work/part-3")"
}

# compile_commands FILE...: a compilation database in $work/objects in which each file is compiled by gcc.
compile_commands() {
    local file
    mkdir -p "$work/objects"
    for file; do
        printf '{"directory": "%s", "file": "%s", "command": "%s"},\n' "$work/objects" "$file" \
            "ccache gcc -Iinc -I two -fknown -fstrange -Wall -DTEXT='a \\\" b' -MD -MQ x.o -MF x.o.d -o x.o -c $file"
    done | sed '1s/^/[/; $s/,$/]/' >"$work/objects/compile_commands.json"
}

test_emulator_objects() {
    local out=$work/objects/out
    compile_commands ../qemu/hw/9pfs/9p.c ../qemu/hw/9pfs/9p.c trace/trace-hw_9pfs.c ../qemu/hw/block/fdc.c \
        ../qemu/tests/qtest/virtio-9p-ring-test.c ../qemu/tests/qtest/libqos/virtio-9p.c
    # A compiler that knows all but one flag.
    # shellcheck disable=SC2016
    printf '#!/bin/sh\nfor flag; do [ "$flag" != -fstrange ] || exit 1; done\necho compiler\n' >"$work/compiler"
    chmod +x "$work/compiler"
    expect objects-are-ours-and-once 2 \
        "$("$here/emulator_objects.py" "$here/.." "$work/objects" "$out" "$work/compiler" 2>&1)"
    # shellcheck disable=SC2016
    expect objects-of-another-compiler "-Iinc -I two -fknown -Wall '-DTEXT=a \" b' -Werror" \
        "$(sed -n 's/.*\$(CC) \(.*\) -MD .*-c -o \$@ [^ ]*9p\.c$/\1/p' "$out/Makefile")"
}

# core_command VARIABLE=VALUE...: how the core's Makefile compiles a file.
core_command() {
    make -n -C "$here/../tests-qtest/core" BUILD="$work/core" FUZZ_CC=none V=1 "$@" "$work/core/plain/hw-9pfs/9p-codec.o" \
        2>&1 | grep -e '-c -o '
}

test_warnings() {
    # shellcheck disable=SC2016
    expect user-builds-without-werror '' \
        "$(core_command | grep -o Werror; with_lib 'printf "%s\n" "${configure_flags[@]}"' | grep werror)"
    expect checks-with-werror -Werror "$(core_command WERROR=1 | grep -o -e -Werror)"
    expect core-with-another-compiler 'cross gcc -m32' "$(core_command CC='cross gcc -m32' | grep -o '^cross gcc -m32')"
}

# part NAME STATUS LINE...: adds a target to $work/makefile that prints the lines and exits with STATUS.
part() {
    local name=$1 status=$2
    shift 2
    printf '%s\n' "$@" >"$work/$name.txt"
    printf '.PHONY: %s\n%s:\n\t@cat %s; exit %s\n' "$name" "$name" "$work/$name.txt" "$status" >>"$work/makefile"
}

# check PART...: prints the end of the output of check.sh for parts of that makefile, without the times.
check() {
    env TOP="$here/.." BASE=10.0 BUILD="$work/build" MAKE="$work/make" "$here/check.sh" "$@" 2>&1 |
        sed -n '/^== time/,$p' | sed -E 's/ +[0-9]+ min +[0-9]+ s$//'
}

test_check() {
    # shellcheck disable=SC2016
    printf '#!/bin/sh\nfor target; do :; done\nexec make -s -f "%s" "$target"\n' "$work/makefile" >"$work/make"
    chmod +x "$work/make"
    part check-snippets 0 'ok a' 'ok b # SKIP too small' 'ok c # SKIP no such file' 'ok d (x) # SKIP too small' \
        '1 passed, 0 failed, 3 skipped'
    part check-core 0 'test-a.plain  1 passed, 0 failed, 1 skipped' '  skipped: test-a.plain /a/b # SKIP no /dev' \
        '1 passed, 0 failed, 1 skipped'
    part check-guest 0 '5 passed, 0 failed, 0 skipped'
    part check-qtest 0 '5 passed, 0 failed, 0 skipped'
    part check-docs 0 '5 passed, 0 failed, 2 skipped'
    part build 1 ''
    local rest="check-soak: longer forms of check-guest, for which there is a target of its own
soak-fuzz, coverage: long runs of the fuzzers, and what they reach
bench, bench-guest, bench-proxy: they measure and have targets of their own
check-hosts: the file systems and kernels that are not in check-hosts-smoke, for which there is a target of its own
check-bases, check-series, check-debian: bases from 11.0 on, the series of mails, and Debian's packages"
    expect check-tells-what-was-not-run "== time
check-snippets
check-core
== not run
check-snippets: too small: b, d (x)
check-snippets: no such file: c
check-core: no /dev: test-a.plain /a/b
$rest
2 passed, 0 failed, 4 skipped" "$(check check-snippets check-core)"
    expect check-tells-what-the-build-kept-from-running "== time
check-core
build
== not run
check-core: no /dev: test-a.plain /a/b
check-guest: the build failed
check-qtest: the build failed
$rest
1 passed, 2 failed, 1 skipped" "$(check check-core check-guest check-qtest)"
    expect check-skipped-without-a-reason '5 passed, 1 failed, 2 skipped' "$(check check-docs | tail -n 1)"
}

# flavour NAME: the folder in which it is built.
flavour() {
    # shellcheck disable=SC2016
    env FLAVOUR="$1" TOP="$here/.." BUILD="$work/build" QEMU_SRC= BASE=10.0 bash -c ". '$here/lib.sh'"'; printf "%s %s" \
        "${obj##*/}" "${MINIMAL:-}"' 2>&1
}

# configured VARIABLE=VALUE...: the flags with which build.sh calls configure, which writes them down and fails.
configured() {
    mkdir -p "$work/build/src/qemu-10.0/debian" "$work/build/qemu-10.0"
    # shellcheck disable=SC2016
    printf '#!/bin/sh\nprintf "%%s\\n" "$@" >"%s/flags"\nexit 1\n' "$work" >"$work/build/qemu-10.0/configure"
    chmod +x "$work/build/qemu-10.0/configure"
    rm -f "$work/flags"
    script build.sh QEMU_SRC= "$@" >/dev/null
    cat "$work/flags"
}

test_flavours() {
    expect flavours-have-their-folders 'obj  | obj-minimal 1 | obj-debian  | obj-libvirt ' \
        "$(flavour '') | $(flavour minimal) | $(flavour debian) | $(flavour libvirt)"
    expect unknown-flavour 'error: FLAVOUR=full is not known; known: minimal, debian, libvirt, or none for the default' \
        "$(flavour full)"
    expect default-is-without-network '' "$(configured | grep -e slirp -e spice -e vnc)"
    expect libvirt-has-network-and-displays '--enable-slirp
--enable-vnc
--enable-spice
--enable-usb-redir' "$(configured FLAVOUR=libvirt | grep -x -e '--enable-\(slirp\|vnc\|spice\|usb-redir\)')"
    expect another-prefix-has-the-same-build "$(configured)" "$(configured PREFIX=/opt/qemu)"
    expect flavour-debian-of-another-source "error: FLAVOUR=debian takes its options from Debian's source package, which \
$work/good is not" "$(script build.sh FLAVOUR=debian QEMU_SRC="$work/good")"
    # shellcheck disable=SC2016
    printf '#!/bin/sh\nprintf "%%s\\n" --enable-docs --enable-rbd "--of $1"\n' >"$work/build/src/qemu-10.0/debian/extract-config-opts"
    printf '#!/bin/sh\nexit 0\n' >"$work/dpkg-checkbuilddeps"
    chmod +x "$work/dpkg-checkbuilddeps"
    expect flavour-debian-has-the-options-of-the-package '--enable-rbd
--of linux-amd64' "$(configured FLAVOUR=debian PATH="$work:$PATH" | grep -x -e --enable-docs -e --enable-rbd -e '--of.*')"
}

# virtfs_on HOST VALUE: whether the line of the patch lets virtfs be on there with this value of the option, or the error.
virtfs_on() {
    local dir=$work/host
    rm -rf "$dir"
    mkdir -p "$dir"
    printf "option('virtfs', type: 'feature', value: '%s')\n" "$2" >"$dir/meson_options.txt"
    {
        printf '%s\n' "project('host')" "host_os = '$1'"
        sed -n '/^ have_virtfs/,/^ *-/s/^[ +]//p; /^+/s/^+//p' "$here/../patches/10.0/0018-virtfs-is-for-linux.patch" |
            grep -v '^++ '
        printf '%s\n' '    .allowed()' 'message(have_virtfs ? '\''virtfs=yes'\'' : '\''virtfs=no'\'')'
    } >"$dir/meson.build"
    with_lib "\$python -m mesonbuild.mesonmain setup $dir/build $dir" | grep -o -e 'virtfs=.*' -e 'virtio-9p (virtfs) requires.*' |
        head -n 1
}

test_other_hosts() {
    expect virtfs-is-off-on-other-hosts 'virtfs=yes virtfs=no virtfs=no virtio-9p (virtfs) requires Linux' \
        "$(virtfs_on linux auto) $(virtfs_on darwin auto) $(virtfs_on freebsd auto) $(virtfs_on freebsd enabled)"
}

test_debian() {
    expect debian-of-another-suite "error: SUITE=sarge is not supported; supported: trixie bookworm" \
        "$(script debian.sh SUITE=sarge source)"
}

test_one_line
test_deb822
test_debian
test_bases
test_trees
test_other_hosts
test_flavours
test_bases_of_the_archive
test_clean
test_series
test_patch_fits
test_recount
test_all_bases_have_all_patches
test_one_header_knows_versions
test_series_is_complete
test_sources_named
test_claims
test_claims_passed
test_source_style
test_check_snippets
test_check
test_emulator_objects
test_warnings
printf '%d passed, %d failed, 0 skipped\n' "$passed" "$failed"
[ "$failed" = 0 ]
