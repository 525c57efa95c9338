#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Runs in the guest, as /payload/main of the initial RAM disk or from the root
# file system of the 9p-as-root guests.  For each line of /payload/plan (written
# by engine.sh) it mounts the share with the options in the line and runs
# guest_run of the scenario in the scenario's own folder of the share.
#
# The second serial port is the connection to the host, with lines of text:
# "start ID", "fail TEXT", "skip TEXT", "call FUNCTION ARGS" (by on-host; the
# reply is "STATUS TEXT"), "end ID" and "done" (the reply is an empty line).
# The first serial port is the console, with all output of the scenarios.
export PATH=/payload/bin:/usr/bin:/usr/sbin:/bin:/sbin
PAYLOAD=/payload
ERRFILE=/tmp/err
. $PAYLOAD/lib.sh
. $PAYLOAD/settings

stty -F /dev/ttyS1 raw -echo
exec 9<>/dev/ttyS1

tell() {
    printf '%s\n' "$*" | tr '\n' ' ' >&9
    echo >&9
}

note_failure() {
    echo "FAIL: $*"
    tell "fail $*"
}

note_skip() {
    tell "skip $*"
}

# Kernel messages that must not appear in any scenario.
check_kernel_log() {
    local bad
    dmesg -c > /tmp/kernel.log
    cat /tmp/kernel.log
    bad=$(grep -E 'BUG:|WARNING:|Oops|9p.*(bogus|[Cc]orrupt|mismatch)' \
          /tmp/kernel.log | head -n 1)
    [ -z "$bad" ] || note_failure "kernel log: expected no complaint, came $bad"
}

# run_scenario: runs the scenario whose values are in the shell's variables.
run_scenario() {
    MNT=/mnt/$EXPORT
    . "$PAYLOAD/scenarios/$NAME.sh"
    if [ "$OPTIONS" = - ]; then
        cd / && guest_run
        return
    fi
    mkdir -p "$MNT"
    try "mount" mount -t 9p -o "$OPTIONS" "$TAG" "$MNT" || return 0
    if cd "$MNT/$FOLDER"; then
        guest_run
        cd /
    else
        note_failure "export: expected the folder $FOLDER, came none"
    fi
    try "umount" umount "$MNT"
}

# Use Debian's programs if the guest has them: /usr, /lib and /lib64 are in that
# share; the programs of /bin remain those of busybox.
use_packages() {
    local name
    mkdir -p /packages
    mount -t 9p -o trans=virtio,version=9p2000.L,cache=loose,ro packages \
          /packages || return
    ln -s /packages/usr /usr
    for name in lib lib64; do
        ln -s usr/$name /$name
    done
}

if grep -q -x packages /sys/bus/virtio/drivers/9pnet_virtio/*/mount_tag \
        2>/dev/null; then
    use_packages
fi
dmesg -c > /dev/null
while read -r ID NAME EXPORT MODEL TAG CACHE FOLDER OPTIONS <&8; do
    echo "=== $ID"
    tell "start $ID"
    ( run_scenario ) < /dev/null
    cd /
    # A scenario that was skipped or ended early may have left mounts.
    umount "/mnt/$EXPORT" 2>/dev/null
    check_kernel_log
    tell "end $ID"
done 8< $PAYLOAD/plan
tell "done"
# Wait for the reply of the host, which has all results then, before closing.
read -r _ <&9
reboot -f
