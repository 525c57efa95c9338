#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# /init of the test guests and of the demo; runs as process 1 from the initial
# RAM disk.  It mounts the kernel's file systems and loads the modules, and then
#  - with root=TAG on the kernel command line: mounts that tag as rootfstype=
#    with rootflags=, read-only with ro, and executes its init=, as the
#    initramfs of a distribution does;
#  - if /payload/main exists (in a second image appended by the caller): runs
#    it;
#  - otherwise: starts a shell on the console.
# When that ends, the machine is switched off.
export PATH=/bin

mount -t proc proc /proc
mount -t sysfs sysfs /sys
mount -t devtmpfs devtmpfs /dev
mount -t tmpfs -o mode=1777 tmpfs /tmp

while read -r module; do
    insmod "/modules/$module.ko" || echo "init: cannot load $module"
done < /modules/order

root='' rootfstype='' rootflags='' init=/sbin/init access=rw
read -r cmdline < /proc/cmdline
for word in $cmdline; do
    case $word in
    root=*) root=${word#root=} ;;
    rootfstype=*) rootfstype=${word#rootfstype=} ;;
    rootflags=*) rootflags=${word#rootflags=} ;;
    init=*) init=${word#init=} ;;
    ro | rw) access=$word ;;
    esac
done

if [ -n "$root" ]; then
    mkdir -p /newroot
    if mount -t "$rootfstype" -o "$access${rootflags:+,$rootflags}" \
             "$root" /newroot; then
        mount --move /dev /newroot/dev
        umount /proc /sys /tmp
        exec switch_root -c /dev/console /newroot "$init"
    fi
    echo "init: cannot mount root=$root ($rootfstype, $rootflags)"
elif [ -x /payload/main ]; then
    /payload/main
else
    setsid cttyhack sh
fi
poweroff -f
