#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Runs in the guests of check-hosts as /payload/main: the rows of the plan, with
# the second serial port for the results.
stty -F /dev/ttyS1 raw -echo
mkdir -p /dev/shm
mount -t tmpfs -o mode=1777 tmpfs /dev/shm
# shellcheck disable=SC3045 # busybox has it
ulimit -n 4096
exec 9>/dev/ttyS1
# The kernel's initial root cannot be left by pivot_root(2), which the helper
# does; a mount of it on itself can.
mkdir -p /newroot
mount --bind / /newroot
for dir in proc sys dev tmp; do
    mount --move /$dir /newroot/$dir
done
cd /newroot || exit
mount --move . /
chroot . /payload/run-rows.sh /payload/plan -
sync
poweroff -f
