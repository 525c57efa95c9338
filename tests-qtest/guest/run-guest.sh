#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Runs the scenarios of scenarios/ in real Linux guests:
#
#   run-guest.sh [-l] [NAME...]      NAME: a scenario (rename), one of its
#                                    variants (rename/mapped-file), a pattern
#
# Environment: QEMU, QEMU_FW (more QEMU arguments, e.g. -L folders), KERNEL,
# INITRD (of mkinitrd.sh), WORK (scratch folder; its file system must have
# user.* extended attributes).  Optional: ACCEL (tcg; kvm; auto: kvm if a guest
# boots with it), JOBS (number of concurrent guests, 2), DEADLINE_FACTOR (1),
# KEEP=1 (keep the shares), SRC_TREE (the tree to pack for tree-from-tar), CC,
# PACKAGES (a folder of packages: their files in files/, the packages in debs/),
# HELPER (our virtfs-proxy-helper, for the share proxy),
# STOCK_QEMU (the base's own emulator, may be several words), SOAK=1 (run the
# long form of the scenarios that have one).
# Prints "ok NAME", "ok NAME # SKIP reason" or "not ok NAME - expected X, came
# Y", and "N passed, M failed, K skipped" as the last line.  Exits with status 1
# if a scenario failed.
set -u
here=$(cd "$(dirname "$0")" && pwd)
. "$here/lib.sh"
. "$here/accel.sh"
. "$here/engine.sh"

declare -A export_machine export_model export_tag export_args
declare -A machine_emulator machine_peer machine_append
declare -A machine_exports machine_tests
declare -A scenario_options scenario_mount scenario_deadline
declare -A test_name test_export test_cache test_folder
machines=()
tests=()

die() {
    echo "run-guest: $*" >&2
    exit 2
}

read_tables() {
    local name emulator peer rest machine model tag args
    while read -r name emulator peer rest; do
        case $name in '' | '#'*) continue ;; esac
        machines+=("$name")
        machine_emulator[$name]=$emulator
        machine_peer[$name]=${peer#-}
        machine_append[$name]=$rest
    done < "$here/machines.conf"
    while read -r name machine model tag args; do
        case $name in '' | '#'*) continue ;; esac
        [ -n "${machine_append[$machine]+yes}" ] ||
            die "exports.conf: $name: no machine $machine"
        export_machine[$name]=$machine
        export_model[$name]=$model
        export_tag[$name]=$tag
        export_args[$name]=$args
        machine_exports[$machine]+=" $name"
    done < "$here/exports.conf"
}

# A scenario file defines a test for each of its exports and cache modes.
read_scenario() {
    local name=$1 file=$here/scenarios/$1.sh id export cache
    local exports caches options mount deadline folder
    exports='' caches=none options='' mount=yes deadline=120 folder=''
    eval "$(
        . "$file" || exit
        printf '%s=%q ' exports "$exports" caches "$caches" \
               options "$options" mount "$mount" deadline "$deadline" \
               folder "$folder"
    )"
    [ -n "$exports" ] || die "$file: names no exports"
    scenario_options[$name]=$options
    scenario_mount[$name]=$mount
    scenario_deadline[$name]=$deadline
    for export in $exports; do
        [ -n "${export_machine[$export]:-}" ] || die "$file: no export $export"
        for cache in $caches; do
            id=$name/$export
            [ "$caches" = none ] || id=$id/$cache
            tests+=("$id")
            test_name[$id]=$name
            test_export[$id]=$export
            test_cache[$id]=$cache
            test_folder[$id]=${folder:-$name.$cache}
        done
    done
}

# selected ID PATTERN...: whether ID or its beginning matches, or no PATTERN is
# given.
selected() {
    local id=$1 pattern
    shift
    [ $# -gt 0 ] || return 0
    for pattern in "$@"; do
        case $id in $pattern | $pattern/*) return 0 ;; esac
    done
    return 1
}

# pack DIR: prints a compressed image for the kernel with the files below DIR.
pack() {
    (cd "$1" && find . -mindepth 1 -print | LC_ALL=C sort |
        cpio --quiet -o -H newc -R 0:0) | gzip -1 -n
}

build_payload() {
    local source name
    rm -rf "$WORK/payload" "$WORK/image"
    mkdir -p "$WORK/payload/bin" "$WORK/payload/scenarios" "$WORK/image"
    cp "$here/agent.sh" "$WORK/payload/main"
    cp "$here/lib.sh" "$WORK/payload/"
    cp "$here/helpers/on-host.sh" "$WORK/payload/bin/on-host"
    cp "$here"/scenarios/*.sh "$WORK/payload/scenarios/"
    echo "SOAK=${SOAK:-}" > "$WORK/payload/settings"
    for source in "$here"/helpers/*.c; do
        name=$(basename "$source" .c)
        ${CC:-gcc} -static -O1 -Wall -Wextra -Werror \
            -o "$WORK/payload/bin/$name" "$source" ||
            die "cannot build $source (Debian: gcc, libc6-dev)"
    done
    ln -s "$WORK/payload" "$WORK/image/payload"
    (cd "$WORK/image" && find payload/ payload/* -print | LC_ALL=C sort -u |
        cpio --quiet -L -o -H newc -R 0:0) | gzip -1 -n > "$WORK/payload.img"
}

# run_with_peer NAME: runs a machine and its peer, if it has one, at the same
# time.
run_with_peer() {
    local peer=${machine_peer[$1]}
    trap 'kill $(jobs -p) 2>/dev/null; wait; exit 1' HUP INT TERM
    [ -z "$peer" ] || ( run_machine "$peer" ) &
    ( run_machine "$1" ) &
    wait
}

# Runs at most $JOBS machines at a time, in the order of machines.conf.
run_machines() {
    local machine running=0
    for machine in "${machines[@]}"; do
        [ -n "${machine_tests[$machine]:-}" ] || continue
        case " ${machine_peer[*]} " in *" $machine "*) continue ;; esac
        if [ $running -ge "$JOBS" ]; then
            wait -n
            running=$((running - 1))
        fi
        ( run_with_peer "$machine" ) &
        running=$((running + 1))
    done
    wait
}

main() {
    local list='' file id passed failed skipped all
    [ "${1:-}" != -l ] || { list=yes; shift; }
    read_tables
    for file in "$here"/scenarios/*.sh; do
        read_scenario "$(basename "$file" .sh)"
    done
    for id in "${tests[@]}"; do
        selected "$id" "$@" || continue
        machine_tests[${export_machine[${test_export[$id]}]}]+=" $id"
        [ -z "$list" ] || echo "$id"
    done
    [ -z "$list" ] || exit 0
    [ ${#machine_tests[@]} -gt 0 ] || die "no scenario matches: $*"

    for name in QEMU KERNEL INITRD WORK; do
        [ -n "${!name:-}" ] || die "set $name"
    done
    [ -r "$KERNEL" ] && [ -r "$INITRD" ] || die "cannot read $KERNEL, $INITRD"
    QEMU_FW=${QEMU_FW:-} HELPER=${HELPER:-virtfs-proxy-helper} JOBS=${JOBS:-2} DEADLINE_FACTOR=${DEADLINE_FACTOR:-1}
    PACKAGES=${PACKAGES:-} STOCK_QEMU=${STOCK_QEMU:-}
    mkdir -p "$WORK"
    WORK=$(cd "$WORK" && pwd)
    ACCEL=$(pick_accel "${ACCEL:-tcg}")
    rm -rf "$WORK/exports" "$WORK/machines" "$WORK/meet"
    mkdir "$WORK/meet"
    build_payload
    trap 'kill $(jobs -p) 2>/dev/null; wait' EXIT
    trap 'exit 130' HUP INT TERM
    run_machines
    trap - EXIT

    all=$(cat "$WORK"/machines/*/verdicts 2>/dev/null)
    passed=$(grep -c '^ok ' <<< "$all")
    failed=$(grep -c '^failed ' <<< "$all")
    skipped=$(grep -c '^skip ' <<< "$all")
    echo "$passed passed, $failed failed, $skipped skipped"
    [ "$failed" -eq 0 ] && [ "$passed" -gt 0 ]
}

DEADLINE_FACTOR=${DEADLINE_FACTOR:-1}
main "$@"
