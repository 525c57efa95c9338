#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# run-rows.sh PLAN RESULTS: mounts each file system of PLAN and runs the test
# programs in it.  hosts.sh calls it in a mount name space of its own, and it
# is the main program of the guests of check-hosts.  Each line of PLAN is
#   ROW|DISK|MOUNT COMMANDS|PROGRAM[=PATHS]...
# RESULTS gets one line for each event:
#   kernel VERSION
#   row ROW                    the file system is mounted
#   none ROW WHY               it cannot be
#   program NAME
#   ok PATH, skip PATH WHY, fail PATH WHY     one test
#   end ROW SECONDS
#   done
# A test program ends with its first failure; it is started again for the tests
# that it has not run then, at most $tries times.
here=$(cd "$(dirname "$0")" && pwd)
plan=$1 results=$2
tries=100
limit=${TEST_LIMIT:-300}
work=${WORK:-/tmp/hosts}
export PATH="$here/bin:$PATH" G_TEST_SRCDIR="$here" P9_HELPER="$here/tests/virtfs-proxy-helper"

tell() {
    printf '%s\n' "$*" | tr '\n' ' ' >&9
    echo >&9
}

# --- mounts -------------------------------------------------------------------

# mount_overlay OPTIONS: both layers are on the disk.
mount_overlay() {
    mkdir "$work/layers" && mount -t ext4 "$DISK" "$work/layers" || return
    mounted=$work/layers
    mkdir "$work/layers/lower" "$work/layers/upper" "$work/layers/work"
    mount -t overlay -o "lowerdir=$work/layers/lower,upperdir=$work/layers/upper,workdir=$work/layers/work,$1" \
        overlay "$DIR"
}

# FUSE file systems whose files are on the disk.
mount_fuse() {
    mkdir "$work/below" && mount -t ext4 "$DISK" "$work/below" || return
    mounted=$work/below
    chmod 755 "$work/below"
    mkdir "$work/below/lower" "$work/below/upper" "$work/below/work"
    fuse-overlayfs -o "allow_other,lowerdir=$work/below/lower,upperdir=$work/below/upper,workdir=$work/below/work" "$DIR"
}

mount_bindfs() {
    mkdir "$work/below" && mount -t ext4 "$DISK" "$work/below" || return
    mounted=$work/below
    chmod 755 "$work/below"
    bindfs -o allow_other,attr_timeout=0,entry_timeout=0 "$work/below" "$DIR"
}

# serve_nfs: the kernel's server exports the disk to 127.0.0.1.  These lines are
# what rpc.mountd would answer: the client, the export with its flags (insecure,
# async, no_subtree_check, fsid=0) and the folder of the file system 0.
serve_nfs() {
    mkdir "$work/exported" && mount -t ext4 "$DISK" "$work/exported" || return
    mounted=$work/exported
    chmod 755 "$work/exported"
    ifconfig lo 127.0.0.1 up
    mount -t nfsd nfsd /proc/fs/nfsd || return
    mkdir -p /var/lib/nfs/v4recovery
    echo "nfsd 127.0.0.1 2147483647 localhost" > /proc/net/rpc/auth.unix.ip/channel
    echo "localhost $work/exported 2147483647 $((0x2412)) 65534 65534 0" \
        > /proc/net/rpc/nfsd.export/channel
    printf 'localhost 1 \\x00000000 2147483647 %s\n' "$work/exported" \
        > /proc/net/rpc/nfsd.fh/channel
    echo "-2 -3 +4 +4.1 +4.2" > /proc/fs/nfsd/versions
    echo "tcp 2049" > /proc/fs/nfsd/portlist 2>/dev/null
    echo 2 > /proc/fs/nfsd/threads
}

mount_nfs4() {
    serve_nfs || return
    mount -t nfs4 -o addr=127.0.0.1,clientaddr=127.0.0.1,vers=4.2,port=2049,sec=sys "127.0.0.1:/" "$DIR"
}

# read_only: $DIR cannot be written to, and has the files that hosts.sh has made.
read_only() {
    export P9_READONLY_TREE="$DIR" TMPDIR="$work"
    PROGRAMS=test-local-readonly
}

# no_owners: $DIR has neither owners nor modes nor links.
no_owners() {
    PROGRAMS="test-local=/local/mapped-file/as-root/this-kernel,/local/none/as-root/this-kernel \
        test-local-file-format test-local-held test-local-new test-local-sizes test-local-xattrs"
}

unmount_all() {
    umount "$DIR" || umount -l "$DIR"
    if [ -e /proc/fs/nfsd/threads ]; then
        echo 0 > /proc/fs/nfsd/threads
        umount /proc/fs/nfsd
    fi
    [ -z "$mounted" ] || umount "$mounted" || umount -l "$mounted"
}

# --- tests --------------------------------------------------------------------

# report: the results in $work/tap for RESULTS; the paths go to $work/reported.
report() {
    sed -n -E -e '/by request \(-s option\)/d' \
        -e 's/^ok [0-9]+ ([^ ]+) # SKIP ?(.*)/skip \1 \2/p' \
        -e 's/^not ok [0-9]+ ([^ ]+).*# SKIP ?(.*)/skip \1 \2/p;t' \
        -e 's/^ok [0-9]+ ([^ ]+)$/ok \1/p' \
        -e 's/^not ok [0-9]+ ([^ ]+) ?(.*)/fail \1 \2/p' "$work/tap" > "$work/events"
    cat "$work/events" >&9
    cut -d ' ' -f 2 "$work/events" > "$work/reported"
}

# run_program NAME PATH...: all its tests, or those directly below the paths; but
# not that of !PATH.
run_program() {
    program=$here/tests/$1
    name=$1
    shift
    tell "program $name"
    args='' without=none
    for path; do
        case $path in
        !*) without=${path#!} args="$args -s ${path#!}" ;;
        *) args="$args -p $path" ;;
        esac
    done
    # shellcheck disable=SC2086 # a list of arguments
    "$program" -l $args 2>/dev/null | grep '^/' | grep -v -x -F "$without" > "$work/left"
    count=0
    while [ -s "$work/left" ]; do
        # shellcheck disable=SC2086
        timeout "$limit" "$program" --tap $args > "$work/tap" 2> "$work/err" < /dev/null
        status=$?
        report
        awk 'FILENAME == ARGV[1] { seen[$0]; next } !($0 in seen)' "$work/reported" "$work/left" > "$work/next"
        if [ ! -s "$work/next" ]; then
            [ $status = 0 ] || grep -q '^fail' "$work/events" || tell "fail /$name ended with status $status"
            break
        fi
        why=$(sed -n 's/^Bail out! *//p' "$work/tap" | head -n 1)
        tell "fail $(head -n 1 "$work/next") ${why:-ended with status $status}"
        echo "--- $name $(head -n 1 "$work/next"): status $status"
        tail -n 20 "$work/err"
        rm -rf "${TMPDIR:?}"/p9-*
        tail -n +2 "$work/next" > "$work/left"
        count=$((count + 1))
        [ $count -lt $tries ] || break
        args=$(sed 's/^/-p /' "$work/left" | tr '\n' ' ')
    done
    [ $count -lt $tries ] || sed 's/$/ not run, as too many have failed/;s/^/fail /' "$work/left" >&9
}

run_row() {
    start=$(date +%s)
    DIR=$work/mnt mounted=
    mkdir -p "$DIR"
    loop=
    if [ -f "$DISK" ]; then
        loop=$(losetup -f --show "$DISK") || { tell "none $ROW no loop device"; return; }
        DISK=$loop
    fi
    if ! eval "$MOUNT" > "$work/why" 2>&1; then
        tell "none $ROW $(sed -e 's/^mount: [^ ]*: //' -e 's/, missing codepage.*//' -e q "$work/why")"
        [ -z "$loop" ] || losetup -d "$loop"
        return
    fi
    tell "row $ROW"
    if [ -z "${P9_READONLY_TREE:-}" ]; then
        export TMPDIR="$DIR/t"
        mkdir -p "$TMPDIR"
    fi
    # FAT has no such modes, but umask=.
    chmod 1777 "$TMPDIR"
    for entry in $PROGRAMS; do
        # shellcheck disable=SC2046 # a list of paths
        run_program "${entry%%=*}" $(case $entry in *=*) echo "${entry#*=}" | tr , ' ' ;; esac)
    done
    unmount_all
    [ -z "$loop" ] || losetup -d "$loop"
    tell "end $ROW $(($(date +%s) - start))"
}

[ "$results" = - ] || exec 9>"$results"
mkdir -p "$work"
chmod 755 "$work"
tell "kernel $(uname -r)"
while IFS='|' read -r ROW DISK MOUNT PROGRAMS <&8; do
    # Each row has a shell and a folder of its own.
    rm -rf "$work/row"
    ( work=$work/row; mkdir -p "$work"; run_row )
done 8<"$plan"
tell "done"
