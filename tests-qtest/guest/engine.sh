# SPDX-License-Identifier: GPL-2.0-or-later
#
# Boots one test guest and receives its results; sourced by run-guest.sh (bash),
# which has read the tables into the arrays used here and calls run_machine in
# a background shell for each machine.  QEMU's second serial port is connected
# to a pair of FIFOs; agent.sh documents the lines.  A watcher adds
# "exit STATUS" to the same FIFO when QEMU ends, so that one blocking read with
# a deadline sees all events.  If a guest ends or hangs, the scenario that ran
# has failed, and the guest is booted again for the remaining ones.

max_boots=4
boot_limit=180

# Adds TEXT as one line of limited length.
note_failure() {
    printf '%.500s' "$*" | tr '\n' ' ' >> "$FAILURES"
    echo >> "$FAILURES"
}

note_skip() {
    printf '%s\n' "$*" >> "$SKIPS"
}

# need_root: for host_prepare of a scenario that requires root on the host.
need_root() {
    [ "$(id -u)" -eq 0 ] || skip "needs root on the host"
}

# share_dir EXPORT: prints its folder on the host.  NAME-second is the folder of
# NAME, shared with another guest.
share_dir() {
    echo "$WORK/exports/${1%-second}"
}

# meet POINT: for a scenario that runs in two guests at once: waits until the
# other guest has reached the same point.  Each point is used once.
meet() {
    local fifo=$WORK/meet/$NAME.${EXPORT%-second}.$CACHE.$1 limit
    limit=$((120 * DEADLINE_FACTOR))
    mkfifo "$fifo" 2>/dev/null
    # Opening one end of a FIFO waits for the other one.
    case $EXPORT in
    *-second) timeout $limit sh -c ': < "$1"' meet "$fifo" ;;
    *) timeout $limit sh -c ': > "$1"' meet "$fifo" ;;
    esac || { echo "the other guest did not come"; return 1; }
}

# run_hook ID FUNCTION ARGS...: runs a scenario's function on the host, if it
# exists, in a subshell in the scenario's folder.
run_hook() (
    ID=$1 hook=$2
    shift 2
    NAME=${test_name[$ID]} EXPORT=${test_export[$ID]} CACHE=${test_cache[$ID]}
    MODEL=${export_model[$EXPORT]}
    EXPORT_DIR=$(share_dir "$EXPORT")
    DIR=$EXPORT_DIR/${test_folder[$ID]}
    PATH=$WORK/payload/bin:$PATH
    . "$here/scenarios/$NAME.sh"
    declare -F "$hook" >/dev/null || exit 0
    cd "$DIR" || exit 1
    $hook "$@"
)

# verdict ID STATUS TEXT: prints and stores one result.
verdict() {
    local id=$1 line
    case $2 in
    ok) line="ok $id" ;;
    skip) line="ok $id # SKIP $3" ;;
    *) line="not ok $id - $3" ;;
    esac
    printf '%s %s %s\n' "$2" "$id" $((SECONDS - begun)) >> "$MDIR/verdicts"
    printf '%s\n' "$line"
    if [ "$2" != failed ] && [ -z "${KEEP:-}" ]; then
        clean_folder "$id"
    fi
}

# The files of a scenario that passed are removed at once, as some have hundreds
# of megabytes.  Those of two guests are kept, as the other one may still run.
clean_folder() {
    local export=${test_export[$1]-}
    case ${test_folder[$1]-.} in
    .) ;;
    *)
        [ -n "${export_machine[$export-second]:-}" ] ||
            [ "$export" != "${export%-second}" ] ||
            rm -rf "$(share_dir "$export")/${test_folder[$1]}"
        ;;
    esac
}

# Prints the guest's console from offset $1 on, as comment lines.
show_console() {
    echo "# console of guest $MACHINE (whole: $MDIR/console.log):"
    tail -c "+$(($1 + 1))" "$MDIR/console.log" | tr -d '\r' |
        tail -n 60 | sed 's/^/#   /'
    if [ -s "$MDIR/qemu.log" ]; then
        echo "# QEMU said:"
        tail -n 20 "$MDIR/qemu.log" | sed 's/^/#   /'
    fi
}

# judge ID: the verdict of a scenario, from the failures and skips noted for it.
judge() {
    local id=$1
    if [ -s "$FAILURES" ]; then
        {
            verdict "$id" failed "$(head -n 1 "$FAILURES")"
            tail -n +2 "$FAILURES" | sed 's/^/#   also: /'
            show_console "$console_mark"
        } > "$MDIR/report"
        cat "$MDIR/report"
    elif [ -s "$SKIPS" ]; then
        verdict "$id" skip "$(head -n 1 "$SKIPS")"
    else
        verdict "$id" ok
    fi
}

# check_host ID: runs the checks of the scenario on the host, after the guest.
check_host() {
    local status=0
    [ ! -s "$SKIPS" ] || return 0
    run_hook "$1" host_check > "$MDIR/check.out" 2>&1 || status=$?
    if [ $status -ne 0 ] && [ ! -s "$FAILURES" ]; then
        note_failure "host_check: expected status 0, came $status:" \
                     "$(tail -n 5 "$MDIR/check.out")"
    fi
}

# cannot_run ID: prints the reason if this host cannot run a scenario.
cannot_run() {
    local export=${test_export[$1]} machine
    machine=${export_machine[${export%-second}]}
    if [ "${export_model[$export]}" = passthrough ] && [ "$(id -u)" -ne 0 ]; then
        echo "passthrough needs root on the host"
    elif [[ ${export_args[$export]} == *@SOCKET@* ]] &&
         ! unshare -m true 2>/dev/null; then
        echo "the helper needs the right to mount"
    elif [ -z "$PACKAGES" ] &&
         [[ "${machine_exports[$machine]} " == *' packages '* ]]; then
        echo "PACKAGES names no packages for the guest"
    elif [ -z "$STOCK_QEMU" ] &&
         [ "${machine_emulator[${machine_peer[$machine]:-$machine}]}" = stock ]; then
        echo "STOCK_QEMU names no other emulator"
    fi
}

# Sets $pending to the scenarios that the host could prepare.  A folder that
# two guests share is prepared for the first of them.
prepare_tests() {
    local id status why
    pending=()
    for id in ${machine_tests[$MACHINE]}; do
        : > "$FAILURES"
        : > "$SKIPS"
        why=$(cannot_run "$id")
        if [ -n "$why" ]; then
            verdict "$id" skip "$why"
            continue
        fi
        clean_folder "$id"
        mkdir -p "$(share_dir "${test_export[$id]}")/${test_folder[$id]}"
        status=0
        [[ ${test_export[$id]} == *-second ]] || run_hook "$id" host_prepare > "$MDIR/prepare.out" 2>&1 || status=$?
        if [ -s "$SKIPS" ]; then
            verdict "$id" skip "$(head -n 1 "$SKIPS")"
        elif [ $status -ne 0 ] || [ -s "$FAILURES" ]; then
            verdict "$id" failed "expected host_prepare to succeed, came\
 status $status: $(cat "$FAILURES" "$MDIR/prepare.out" | tail -n 5 | tr '\n' ' ')"
        else
            pending+=("$id")
        fi
    done
}

# Writes the plan of the pending scenarios, either into an image to append to
# the initrd or into the share that is the guest's root.
write_plan() {
    local id export options opts
    mkdir -p "$MDIR/plan/payload"
    for id in "${pending[@]}"; do
        export=${test_export[$id]}
        opts=${scenario_options[${test_name[$id]}]}
        options=trans=virtio,version=9p2000.L
        options+=,cache=${test_cache[$id]}
        [ -z "$opts" ] || options+=,$opts
        [ "${scenario_mount[${test_name[$id]}]}" != no ] || options=-
        echo "$id ${test_name[$id]} $export ${export_model[$export]}" \
             "${export_tag[$export]} ${test_cache[$id]} ${test_folder[$id]}" \
             "$options"
    done > "$MDIR/plan/payload/plan"
    case ${machine_append[$MACHINE]} in
    *root=*)
        export=${test_export[${pending[0]}]}
        mkdir -p "$WORK/exports/$export/payload"
        cp -r "$WORK/payload/." "$MDIR/plan/payload/plan" \
           "$WORK/exports/$export/payload/"
        cp "$INITRD" "$MDIR/initrd.img"
        ;;
    *)
        pack "$MDIR/plan" > "$MDIR/plan.img"
        cat "$INITRD" "$WORK/payload.img" "$MDIR/plan.img" > "$MDIR/initrd.img"
        ;;
    esac
}

# start_helper DIR SOCKET: starts virtfs-proxy-helper, which ends with QEMU.  It
# is ready when this returns.
start_helper() {
    rm -f "$2"
    "$HELPER" -p "$1" -s "$2" -u 0 -g 0 --allow-suid --allow-devices \
        > "$MDIR/helper.log" 2>&1 ||
        note_failure "helper: $(cat "$MDIR/helper.log")"
}

# boot: starts QEMU with the exports of this machine that have a scenario to run
# or no scenario at all, and the watcher that reports its end.
boot() {
    local export args argv dir emulator
    # Without no_timer_check, Linux panics if the host is too busy for its timers.
    local append="console=ttyS0 panic=-1 quiet mitigations=off no_timer_check"
    case ${machine_emulator[$MACHINE]} in
    stock) emulator=$STOCK_QEMU ;;
    *) emulator=$QEMU ;;
    esac
    argv=($emulator $QEMU_FW -M pc -accel "$ACCEL" -m 512M -nodefaults
          -display none -no-reboot -kernel "$KERNEL" -initrd "$MDIR/initrd.img"
          -append "$append ${machine_append[$MACHINE]}"
          -chardev "file,id=console,path=$MDIR/console.log" -serial chardev:console
          -chardev "pipe,id=wire,path=$MDIR/wire" -serial chardev:wire)
    for export in ${machine_exports[$MACHINE]}; do
        dir=$(share_dir "$export")
        mkdir -p "$dir"
        args=${export_args[$export]//@PACKAGES@/$PACKAGES/files}
        if [[ $args == *@SOCKET@* ]]; then
            args=${args//@SOCKET@/$MDIR/$export.socket}
            start_helper "$dir" "$MDIR/$export.socket"
        fi
        for word in $args; do
            argv+=("${word//@DIR@/${dir//,/,,}}")
        done
    done
    printf '%q ' "${argv[@]}" > "$MDIR/command"
    rm -f "$MDIR/pid"
    (
        "${argv[@]}" </dev/null >"$MDIR/qemu.log" 2>&1 &
        echo $! > "$MDIR/pid"
        wait $!
        status=$?
        rm -f "$MDIR/pid"
        printf '\nexit %s\n' "$status" >&"$from_guest"
    ) &
}

kill_guest() {
    if [ -s "$MDIR/pid" ]; then
        kill -KILL "$(cat "$MDIR/pid")" 2>/dev/null
    fi
}

# Receives the lines of one guest until its QEMU has ended.  Sets $current to
# the scenario that has begun but not ended, $finished if the guest ran to its
# end, and $why to the reason if it did not.
take_results() {
    local line limit=$((SECONDS + boot_limit * DEADLINE_FACTOR)) status text word rest
    current='' finished='' why=''
    while :; do
        if ! IFS= read -r -t $((limit > SECONDS ? limit - SECONDS : 1)) \
                  -u "$from_guest" line; then
            if [ -z "$why" ]; then
                why="none within the deadline; the guest was killed"
                kill_guest
                limit=$((SECONDS + 30))
                continue
            fi
            why="$why; QEMU did not end"
            return
        fi
        read -r word rest <<< "$line"
        case $word in
        start)
            current=$rest
            : > "$FAILURES"
            : > "$SKIPS"
            console_mark=$(stat -c %s "$MDIR/console.log")
            begun=$SECONDS
            limit=$((SECONDS + ${scenario_deadline[${test_name[$current]}]} *
                     DEADLINE_FACTOR))
            ;;
        fail) note_failure "$rest" ;;
        skip) note_skip "$rest" ;;
        call)
            status=0
            text=$(run_hook "$current" $rest 2>&1) || status=$?
            printf '%s %s\n' "$status" "${text%%$'\n'*}" >&"$to_guest"
            ;;
        end)
            check_host "$current"
            judge "$current"
            pending=("${pending[@]:1}")
            current=''
            limit=$((SECONDS + boot_limit * DEADLINE_FACTOR))
            ;;
        done)
            finished=yes
            echo >&"$to_guest"
            ;;
        exit)
            if [ -z "$finished" ]; then
                why=${why:-"the end of QEMU with status $rest"}
            elif [ "$rest" -ne 0 ]; then
                verdict "qemu-ends-well/$MACHINE" failed \
                        "expected status 0 from QEMU, came $rest"
                show_console "$console_mark"
            fi
            return
            ;;
        esac
    done
}

# run_machine NAME: runs all scenarios of one machine, booting it again only if a
# guest ends early.
run_machine() {
    local boots=0 from_guest to_guest console_mark=0 id begun=$SECONDS
    MACHINE=$1 MDIR=$WORK/machines/$1
    FAILURES=$MDIR/failures SKIPS=$MDIR/skips ERRFILE=$MDIR/err
    rm -rf "$MDIR"
    mkdir -p "$MDIR"
    trap kill_guest EXIT
    trap 'exit 1' HUP INT TERM
    mkfifo "$MDIR/wire.in" "$MDIR/wire.out"
    exec {from_guest}<>"$MDIR/wire.out" {to_guest}<>"$MDIR/wire.in"
    prepare_tests
    while [ ${#pending[@]} -gt 0 ] && [ $boots -lt $max_boots ]; do
        boots=$((boots + 1))
        write_plan
        : > "$MDIR/console.log"
        console_mark=0
        boot
        take_results
        if [ -n "$current" ]; then
            note_failure "expected a result, came $why"
            judge "$current"
            pending=("${pending[@]:1}")
        elif [ -z "$finished" ]; then
            show_console 0
            break
        fi
    done
    for id in "${pending[@]}"; do
        verdict "$id" failed "expected guest $MACHINE to run it, came ${why:-no guest}"
    done
}
