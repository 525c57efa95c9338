#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The guest's part of bench-guest, run by the test guests' /init: mounts the
# directory that make-share.sh has made and runs one step after the other. The
# steps with git and fio are run if PACKAGES contained these programs.
export PATH=/payload/bin:/bin HOME=/tmp
read -r cmdline < /proc/cmdline
mount_options='' quick=''
for word in $cmdline; do
    case $word in
    bench.mount=*) mount_options=,${word#bench.mount=} ;;
    bench.quick=yes) quick=yes ;;
    esac
done

# amount QUICK NORMAL: prints the one that applies.
amount() {
    if [ "$quick" ]; then echo "$1"; else echo "$2"; fi
}

# For the programs from Debian packages; busybox needs no libraries.
export LD_LIBRARY_PATH=/payload/lib

# run NAME SCRIPT: runs a shell script as a step.
run() {
    step "$1" sh -c "set -o pipefail; $2" || exit
}

# The files found and the bytes read are counted: if the number is wrong, the
# benchmark fails.
steps() {
    read -r entries bytes < /mnt/counts
    run find "test \$(find /mnt/tree | wc -l) = $entries"
    run find-stat 'find /mnt/tree -type f -size +100000k >/dev/null'
    run tar-out 'tar cf /tmp/tree.tar -C /mnt tree'
    mkdir -p /mnt/out
    run tar-in 'tar xf /tmp/tree.tar -C /mnt/out'
    run rm 'rm -r /mnt/out'
    run cat "test \$(find /mnt/tree -type f -print0 | xargs -0 cat | wc -c) = $bytes"
    run dd-read "dd if=/mnt/big of=/dev/null bs=512k count=$(amount 8 64) 2>/dev/null"
    run dd-write "dd if=/dev/zero of=/mnt/written bs=512k count=$(amount 8 64) 2>/dev/null"
    rm /mnt/written
    run randread "step --randread /mnt/big $(amount 100 2000)"
    if command -v git >/dev/null && [ -d /mnt/tree/.git ]; then
        run git-status "test -z \"\$(git -c safe.directory=* -C /mnt/tree \
            --no-optional-locks status --porcelain)\""
    fi
    if command -v fio >/dev/null; then
        for rw in randread randwrite; do
            run "fio-$rw" "fio --name=job --filename=/mnt/fio-file --rw=$rw \
                --bs=4k --size=8m --io_size=$(amount 256k 8m) --ioengine=psync \
                --output=/dev/null"
        done
        rm /mnt/fio-file
    fi
}

mount -t 9p -o "trans=virtio,version=9p2000.L$mount_options" bench /mnt &&
    steps && umount /mnt && step end
