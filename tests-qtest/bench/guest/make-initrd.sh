#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# make-initrd.sh INITRD STEP OUT: appends the steps to the test guests' initial
# RAM disk. STEP is the program built from step.c. If PACKAGES is a directory of
# unpacked Debian packages, their git and fio are added with their libraries.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
initrd=$1 step=$2 out=$3
tmp=$(mktemp -d "${TMPDIR:-/tmp}/bench-guest.XXXXXX")
trap 'rm -rf "$tmp"' EXIT
mkdir -p "$tmp/payload/bin"
cp "$here/steps.sh" "$tmp/payload/main"
cp "$step" "$tmp/payload/bin/step"
chmod 755 "$tmp/payload/main"

# add_program FILE: also adds its libraries, as listed by the packages' loader.
add_program() {
    "$loader" --inhibit-cache --library-path "$libraries:$libraries/ceph" --list "$1" |
        sed -n "s,.* => \\(${usr}[^ ]*\\) .*,\\1,p" | xargs cp -L -t "$tmp/payload/lib"
    cp "$1" "$tmp/payload/bin/"
}

usr=${PACKAGES:-}/files/usr loader=${PACKAGES:-}/files/usr/lib64/ld-linux-x86-64.so.2
libraries=$usr/lib/x86_64-linux-gnu
if [ -n "${PACKAGES:-}" ] && [ -x "$loader" ]; then
    mkdir -p "$tmp/payload/lib" "$tmp/lib64"
    cp -L "$loader" "$tmp/lib64/"
    for program in git fio; do
        [ ! -x "$usr/bin/$program" ] || add_program "$usr/bin/$program"
    done
fi
(cd "$tmp" && find payload lib64 2>/dev/null | LC_ALL=C sort | cpio --quiet -o -H newc -R 0:0 | gzip -1) >"$tmp/image"
cat "$initrd" "$tmp/image" >"$out"
