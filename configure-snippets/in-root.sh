#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# in-root.sh ROOT COMMAND...: runs COMMAND in the current folder, but with the folder ROOT (of roots-lib.sh) as the root
# of the file system. The checkout (TOP), BUILD, /proc and the harmless part of /dev are at their usual places there;
# /tmp is BUILD/compilers/tmp. The mounts are made in a mount namespace of its own and end with the command. Unless run
# by root this takes a user namespace, in which the user keeps the same id.

set -euo pipefail
root=$1
shift

if [ -z "${IN_ROOT_ID:-}" ]; then
    IN_ROOT_ID=$(id -u):$(id -g)
    export IN_ROOT_ID
    as_root=()
    [ "$IN_ROOT_ID" = 0:0 ] || as_root=(--map-root-user)
    exec unshare --mount "${as_root[@]}" "$0" "$root" "$@"
fi

tmp=$BUILD/compilers/tmp
mkdir -p "$tmp"
chmod 1777 "$tmp"
# Programs that change how mounts propagate expect their root to be a mount.
mount --bind "$root" "$root"
for dir in "$TOP" "$BUILD"; do
    mkdir -p "$root$dir"
    mount --rbind "$dir" "$root$dir"
done
mount --bind "$tmp" "$root/tmp"
mount --rbind /proc "$root/proc"
for file in null zero full random urandom fuse; do
    if [ -e "/dev/$file" ]; then
        : >>"$root/dev/$file"
        mount --bind "/dev/$file" "$root/dev/$file"
    fi
done
mount -t tmpfs -o mode=1777,size=1g tmpfs "$root/dev/shm"

here=$PWD
cd "$root"
pivot_root . .
umount -l .
same_user=()
if [ "$IN_ROOT_ID" != 0:0 ]; then
    same_user=(--user "--map-user=${IN_ROOT_ID%:*}" "--map-group=${IN_ROOT_ID#*:}")
fi
unset IN_ROOT_ID
export PATH=/usr/sbin:/usr/bin TMPDIR=/tmp LC_ALL=C
exec unshare "${same_user[@]}" --root=/ "--wd=$here" "$@"
