#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# qtest.sh own|stock: runs our qtest programs, or the 9p tests of the base's own qos-test. Each test runs in a process
# of its own, so that a crash does not affect the results of other tests. Prints "ok NAME" or "not ok NAME - REASON"
# for each test, and "N passed, M failed, K skipped" as the last line. ONLY has patterns of the tests to run.

# shellcheck source=configure-snippets/lib.sh
. "$(dirname "$0")/lib.sh"

which=$1
deadline=${QTEST_DEADLINE:-${SANITIZE:+360}}
deadline=${deadline:-120}
passed=0 failed=0 skipped=0
mode=
log=$logs/check-$which-tests.log

# folder_for_xattrs SIZE: prints a folder whose file system can store a user.* attribute of SIZE bytes, if there is one.
folder_for_xattrs() {
    local size=$1 d probe value
    value=0x$(head -c "$size" /dev/zero | od -An -v -tx1 | tr -d ' \n')
    for d in "$run" /dev/shm "${TMPDIR:-/tmp}" /var/tmp; do
        probe=$(mktemp -d "$d/p9-qtest-XXXXXX" 2>/dev/null) || continue
        if setfattr -n user.probe -v "$value" "$probe" 2>/dev/null; then
            rmdir "$probe"
            printf '%s' "$d"
            return
        fi
        rmdir "$probe"
    done
}

# libqtest takes the target's name from the last component of the emulator's path.
write_wrapper() {
    local args
    args=$(firmware_args)
    # QEMU 7.2 insists on devices of the machine that a minimal emulator does not have.
    [ -z "${MINIMAL:-}" ] || args+=' -vga none -parallel none -net none'
    mkdir -p "$run"
    # shellcheck disable=SC2016
    printf '#!/bin/sh\nexec "%s" %s $P9_QEMU_ARGS "$@"\n' "$qemu" "$args" >"$run/qemu-system-x86_64"
    chmod +x "$run/qemu-system-x86_64"
    export QTEST_QEMU_BINARY=$run/qemu-system-x86_64
    # The filter of the helper does not allow the system calls of sanitizers.
    [ -n "${SANITIZE:-}" ] || export VIRTFS_PROXY_HELPER=$obj/fsdev/virtfs-proxy-helper
    export P9_TOP_SCRIPT=$tree/scripts/9p-top
}

# Checks that the tests are those of the base, byte for byte.
assert_unmodified() {
    local f n=0
    for f in "$pristine"/tests/qtest/virtio-9p-test.c "$pristine"/tests/qtest/libqos/virtio-9p*.[ch]; do
        cmp -s "$f" "$tree/${f#"$pristine"/}" || die "${f#"$pristine"/} is not as fetched: no proof of anything"
        n=$((n + 1))
    done
    [ "$n" -ge 5 ] || die "the base's 9p test and its client are not all in $pristine/tests/qtest"
}

# sanitizer_report OUTPUT: prints the first line of what sanitizers found since the last call, and adds all to OUTPUT.
sanitizer_report() {
    cat "$run"/sanitizer.* >>"$1" 2>/dev/null || return 0
    grep -h -m 1 -E "$sanitizer_findings" "$run"/sanitizer.* | head -n 1 || true
    rm "$run"/sanitizer.*
}

# verdict OUTPUT STATUS: prints pass, skip or the reason for the failure, from the TAP of one test.
verdict() {
    local output=$1 status=$2 line
    if [ "$status" = 124 ] || [ "$status" = 137 ]; then
        printf 'no end within %s s' "$deadline"
    elif line=$(grep -m 1 -E '^(# )?(not ok|Bail out!|.*ERROR:)' "$output"); then
        printf '%s' "$line"
    elif [ "$status" != 0 ]; then
        printf 'ended with status %s' "$status"
    elif grep -q -E '^ok [0-9]+ .*# SKIP' "$output"; then
        printf 'skip'
    elif grep -q -E '^ok [0-9]+ ' "$output"; then
        printf 'pass'
    else
        printf 'no result in its output'
    fi
}

# run_one PROGRAM NAME FOLDER: runs one test, with the emulator's arguments in P9_QEMU_ARGS; its name is NAME$mode.
run_one() {
    local program=$1 name=$2 folder=$3 output status=0 why
    output=$run/qtest.out
    # "|| exit" keeps bash from becoming the program, so its word on a signal goes to the log as well.
    (cd "$folder" && timeout -k 5 "$deadline" "$program" --tap -k -m slow -p "$name" || exit) \
        >"$output" 2>&1 </dev/null || status=$?
    why=$(sanitizer_report "$output")
    [ -n "$why" ] || why=$(verdict "$output" "$status")
    name+=$mode
    { printf '=== %s\n' "$name" && cat "$output"; } >>"$log"
    case $why in
    pass)
        passed=$((passed + 1))
        say "ok $name"
        ;;
    skip)
        skipped=$((skipped + 1))
        say "ok $name # SKIP $(sed -n 's/^ok .*# SKIP *//p' "$output" | head -n 1)"
        ;;
    *)
        failed=$((failed + 1))
        say "not ok $name - $why (all output in $log)"
        grep -v -E '^(ok |1\.\.|TAP version|# (random seed|Start of|End of))' "$output" | tail -n 15 | sed 's/^/    /' || true
        ;;
    esac
}

# wanted NAME: whether a pattern in ONLY matches the path of the test or its end.
wanted() {
    local pattern patterns
    read -ra patterns <<<"${ONLY:-*}"
    for pattern in "${patterns[@]}"; do
        # shellcheck disable=SC2053
        [[ $1 != $pattern && $1 != */$pattern ]] || return 0
    done
    return 1
}

# Newer versions of glib list each test as a TAP comment.
list_tests() {
    (cd "$run" && "$1" -l -m slow) 2>>"$log" | sed 's/^# //'
}

run_own() {
    local name program tests=() t
    for name in $(own_tests); do
        program=$obj/tests/qtest/$name
        mapfile -t tests < <(list_tests "$program" | grep '^/')
        [ ${#tests[@]} -gt 0 ] || die "$program lists no tests; see $log"
        for t in "${tests[@]}"; do
            ! wanted "$t" || run_one "$program" "$t" "$small"
        done
    done
}

# concerns_loop NAME: whether a test depends on the thread that serves the device.
concerns_loop() {
    case $1 in
    */chain/* | */device/* | */hang/* | */lock/*) [ -z "${FEW_LOOPS:-}" ] ;;
    */flush/* | */life-cycle/* | */load/* | */migrate/* | */registers/* | */session/*) ;;
    *) return 1 ;;
    esac
}

# Repeats the tests with the device's loop in other threads: all tests with the main loop, and those that concern the
# loop with an IOThread that the user created, unless they name a loop themselves. With FEW_LOOPS=1, these are fewer,
# and the main loop has no others.
run_loops() {
    local program=$obj/tests/qtest/virtio-9p-ring-test tests=() t
    mapfile -t tests < <(list_tests "$program" | grep '^/')
    export P9_QEMU_ARGS
    mode=' (main loop)'
    P9_QEMU_ARGS='-global virtio-9p-device.own-thread=off'
    for t in "${tests[@]}"; do
        if wanted "$t" && { [ -z "${FEW_LOOPS:-}" ] || concerns_loop "$t"; }; then
            run_one "$program" "$t" "$small"
        fi
    done
    mode=' (iothread)'
    P9_QEMU_ARGS='-object iothread,id=test-io -global virtio-9p-device.iothread=test-io'
    for t in "${tests[@]}"; do
        case $t in
        # These contradict an IOThread.
        */device/front/without-ioeventfd | */life-cycle/*-break-a-thread | */load/no-more-threads) continue ;;
        # virtio-mmio of QEMU 7.2 has the ioeventfd that an IOThread needs with KVM only.
        */device/front/virtio-mmio | */registers/mmio-queue) [ "$BASE" != 7.2 ] || continue ;;
        esac
        if wanted "$t" && concerns_loop "$t"; then
            run_one "$program" "$t" "$small"
        fi
    done
    mode=
    P9_QEMU_ARGS=
}

run_stock() {
    local program=$obj/tests/qtest/qos-test tests=() t want
    assert_unmodified
    mapfile -t tests < <(list_tests "$program" | grep '/virtio-9p-tests/')
    want=$(grep -c 'qos_add_test(' "$pristine/tests/qtest/virtio-9p-test.c")
    if [ "$(cat "$pristine/VERSION")" = "$source_upstream" ]; then
        want=$stock_tests
    fi
    [ ${#tests[@]} -ge "$want" ] ||
        die "qos-test offers ${#tests[@]} 9p tests, expected at least $want; see $log"
    for t in "${tests[@]}"; do
        wanted "$t" || continue
        case $t in
        */local/xattr_limit/*)
            if [ -z "$large" ]; then
                skipped=$((skipped + 1))
                say "ok $t # SKIP no file system here keeps an 8 KiB attribute"
            else
                run_one "$program" "$t" "$large"
            fi
            ;;
        *) run_one "$program" "$t" "$small" ;;
        esac
    done
}

: >"$log"
write_wrapper
small=$(folder_for_xattrs 64)
large=$(folder_for_xattrs 8192)
[ -n "$small" ] || die "no folder here (of $run, /dev/shm, /tmp, /var/tmp) keeps user.* attributes"
case $which in
own)
    run_own
    run_loops
    ;;
stock) run_stock ;;
*) die "qtest.sh: own or stock" ;;
esac
say "$passed passed, $failed failed, $skipped skipped"
[ "$failed" = 0 ] && [ "$passed" != 0 ]
