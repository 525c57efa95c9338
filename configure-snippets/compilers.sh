#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# compilers.sh: compiles our code with -Werror and with other compilers, and runs the core as a program for other
# architectures. With gcc of Debian 12, gcc of Debian 13 and clang it compiles the core with its helper, tests and
# fuzzers, and the emulator's 9p objects. The core is built for i386 (gcc -m32), where all its tests are run, and
# cross-compiled for s390x (big endian), where qemu-user runs the tests that start no other program and need nothing of
# the host. Compilers that this machine does not have come with a root folder (roots-lib.sh). Prints "ok NAME" or "not ok
# NAME - why" for each compilation, the results of the tests, and last "N passed, M failed, K skipped".

# shellcheck source=configure-snippets/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=configure-snippets/apt-lib.sh
. "$snippets/apt-lib.sh"
# shellcheck source=configure-snippets/roots-lib.sh
. "$snippets/roots-lib.sh"

work=$BUILD/compilers
jobs=${JOBS:-$(nproc)}
passed=0 failed=0 skipped=0
# For s390x: the tests of bytes, structs and tables, and those of the session, which use a driver in memory.
mapfile -t s390x_tests < <(cd "$TOP/tests-qtest/core" && basename -a -s .c {wire,session}/test-*.c conformance/test-synth*.c \
    conformance/test-idmap*.c proxy/test-proxy-proto.c local/test-local-*-format.c)
# make's settings are for the make that called this script.
unset MAKEFLAGS MFLAGS MAKELEVEL

skip() {
    skipped=$((skipped + 1))
    say "ok $1 # SKIP $2"
}

# compile NAME COMMAND...: one test.
compile() {
    local name=$1 log=$logs/compilers-${1//\//-}.log
    shift
    if "$@" >"$log" 2>&1 </dev/null; then
        passed=$((passed + 1))
        say "ok $name"
        return
    fi
    failed=$((failed + 1))
    say "not ok $name - all output in $log"
    grep -E -A4 'error:|\*\*\*' "$log" | head -n 40 | sed 's/^/    /' || true
    return 1
}

# run_tests NAME COMMAND...: the tests that COMMAND, a make of the core, runs.
run_tests() {
    local name=$1 log=$logs/compilers-${1//\//-}.log last
    shift
    "$@" >"$log" 2>&1 </dev/null || true
    last=$(tail -n 9 "$log" | grep -E '^[0-9]+ passed, [0-9]+ failed, [0-9]+ skipped$' | tail -n 1 || true)
    if [[ ! $last =~ ^([0-9]+)\ passed,\ ([0-9]+)\ failed,\ ([0-9]+)\ skipped$ ]]; then
        failed=$((failed + 1))
        say "not ok $name - no result; all output in $log"
        tail -n 20 "$log" | sed 's/^/    /'
        return
    fi
    passed=$((passed + BASH_REMATCH[1]))
    failed=$((failed + BASH_REMATCH[2]))
    skipped=$((skipped + BASH_REMATCH[3]))
    grep -v -E '^  CC|^make|^[0-9]+ passed' "$log" | sed -E "s,^(  skipped: )?(/|test-),\1$name: \2,"
}

# core FOLDER VARIABLE=VALUE... TARGET: a command of make for the core, built in that folder.
core() {
    local folder=$1
    shift
    core_command=("${MAKE:-make}" --no-print-directory -k -C "$TOP/tests-qtest/core" "BUILD=$folder" "JOBS=$jobs"
        WERROR=1 "$@")
}

# emulator NAME ROOT COMPILER...: the emulator's 9p objects; ROOT may be empty.
emulator() {
    local name=$1 out=$work/$1/emulator enter=()
    [ -z "$2" ] || enter=("$snippets/in-root.sh" "$2")
    shift 2
    if "$python" "$snippets/emulator_objects.py" "$TOP" "$obj" "$out" "${enter[@]}" "$@" >"$logs/compilers-$name.log" 2>&1; then
        compile "emulator/$name" "${enter[@]}" make -k -C "$obj" -j "$jobs" -f "$out/Makefile" "CC=$*" || true
    else
        failed=$((failed + 1))
        say "not ok emulator/$name - $(tail -n 1 "$logs/compilers-$name.log")"
    fi
}

# with_root SUITE FUNCTION NAME...: FUNCTION with the root's folder in $root, or all the NAMEs skipped.
with_root() {
    local suite=$1 function=$2 why name extra=()
    shift 2
    [ "$suite" != "$foreign_suite" ] || extra=("${foreign_packages[@]}")
    [ -d "$cache/roots/$suite" ] || say "fetching the packages of a root folder of Debian $suite"
    if ! root=$(make_root "$suite" "${extra[@]}" 2>"$logs/root.err"); then
        why=$(tail -n 1 "$logs/root.err")
    elif ! "$snippets/in-root.sh" "$root" true 2>"$logs/root.err"; then
        why="no other root folder can be entered here: $(tail -n 1 "$logs/root.err")"
    else
        "$function" "$suite"
        return
    fi
    for name; do
        skip "$name" "${why#error: }"
    done
}

# gcc_of SUITE: with the gcc in $root.
gcc_of() {
    core "$work/$1/core" CC=gcc FUZZ_CC=none objects
    compile "core/gcc-of-$1" "$snippets/in-root.sh" "$root" "${core_command[@]}" || true
    emulator "gcc-of-$1" "$root" gcc
}

own_gcc() {
    core "$BUILD/core" objects
    compile "core/gcc-of-$1" "${core_command[@]}" || true
    emulator "gcc-of-$1" '' "${ccache[@]}" gcc
}

own_clang() {
    core "$work/clang/core" CC=clang objects
    compile core/clang "${core_command[@]}" || true
    emulator clang '' "${ccache[@]}" clang
}

# pkg_config ARCHITECTURE: the command that knows that architecture's libraries in $root.
pkg_config() {
    printf 'env PKG_CONFIG_LIBDIR=/usr/lib/%s/pkgconfig:/usr/share/pkgconfig pkg-config' "$1"
}

foreign() {
    local make=("$snippets/in-root.sh" "$root")
    core "$work/i386" CC='gcc -m32' FUZZ_CC=none "PKG_CONFIG=$(pkg_config i386-linux-gnu)"
    ! compile core/i386 "${make[@]}" "${core_command[@]}" objects ||
        run_tests i386 "${make[@]}" "${core_command[@]}" plain-tests
    core "$work/s390x" CC=s390x-linux-gnu-gcc AR=s390x-linux-gnu-ar RUNNER=qemu-s390x-static FUZZ_CC=none \
        "PKG_CONFIG=$(pkg_config s390x-linux-gnu)" "TESTS=${s390x_tests[*]}"
    ! compile core/s390x "${make[@]}" "${core_command[@]}" objects ||
        run_tests s390x "${make[@]}" "${core_command[@]}" plain-tests
}

mkdir -p "$work"
mapfile -t ccache < <(command -v ccache || true)
for suite in bookworm trixie; do
    if [ "$(apt_codename)" = "$suite" ]; then
        own_gcc "$suite"
    else
        with_root "$suite" gcc_of "core/gcc-of-$suite" "emulator/gcc-of-$suite"
    fi
done
if command -v clang >/dev/null; then
    own_clang
else
    skip core/clang 'clang is not here'
    skip emulator/clang 'clang is not here'
fi
with_root "$foreign_suite" foreign core/i386 core/s390x
say "$passed passed, $failed failed, $skipped skipped"
[ "$failed" = 0 ] && [ "$passed" != 0 ]
