#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Builds the initial RAM disk of the test guests and of the demo:
#
#   mkinitrd.sh KERNELDIR OUT.img
#
# KERNELDIR holds an unpacked linux-image package (boot/vmlinuz-VER and
# lib/modules/VER or usr/lib/modules/VER); "/" works for an installed kernel.
# If it has several kernels, the newest is used, or the one named by KVER.
# The image contains a static busybox (BUSYBOX=path, default: the one on PATH),
# the modules in MODULES (default: those for virtio-pci and 9p) with their
# dependencies, and init.sh from this folder as /init.  The dependencies are read
# from the modules ("depends=" in .modinfo), because an unpacked package has no
# modules.dep, which is created by its installation.  The script does not need
# root: it adds plain files only, and /dev/console is in the image that is built
# into the kernel.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
wanted=${MODULES:-virtio_pci 9pnet_virtio 9p overlay}

die() {
    echo "mkinitrd: $*" >&2
    exit 1
}

[ $# -eq 2 ] || die "usage: mkinitrd.sh KERNELDIR OUT.img"
kerneldir=${1%/}
out=$2
busybox=${BUSYBOX:-$(command -v busybox || true)}

[ -n "$busybox" ] || die "no busybox on PATH (Debian: busybox-static)"
if ldd "$busybox" 2>/dev/null | grep -q "libc\.so"; then
    die "$busybox is linked dynamically (Debian: busybox-static)"
fi
command -v cpio >/dev/null || die "no cpio on PATH"

kver=${KVER:-}
if [ -z "$kver" ]; then
    kver=$(ls "$kerneldir"/boot/vmlinuz-* 2>/dev/null |
           sed 's,.*/vmlinuz-,,' | sort -V | tail -n 1)
    [ -n "$kver" ] || die "no boot/vmlinuz-* in $kerneldir/"
fi
moddir=
for dir in "$kerneldir/lib/modules/$kver" "$kerneldir/usr/lib/modules/$kver"; do
    if [ -d "$dir/kernel" ]; then
        moddir=$dir
        break
    fi
done
[ -n "$moddir" ] || die "no modules of $kver below $kerneldir/"

root=$(mktemp -d "${TMPDIR:-/tmp}/mkinitrd.XXXXXX")
trap 'rm -rf "$root" "$root.index" "$root.cpio"' EXIT
trap 'exit 1' HUP INT TERM

# One line for each module: its name with '-' replaced by '_', and its file.
find "$moddir/kernel" -name '*.ko' -o -name '*.ko.*' |
    awk '{ n = $0; sub(/.*\//, "", n); sub(/\.ko.*/, "", n);
           gsub(/-/, "_", n); print n, $0 }' > "$root.index"

is_builtin() {
    [ -f "$moddir/modules.builtin" ] &&
        tr '-' '_' < "$moddir/modules.builtin" | grep -q "/$1\.ko\$"
}

unpacked() {
    case $1 in
    *.ko) cat "$1" ;;
    *.ko.xz) xz -dc "$1" ;;
    *.ko.zst) zstd -qdc "$1" ;;
    *.ko.gz) gzip -dc "$1" ;;
    *) die "unknown compression of $1" ;;
    esac
}

# Adds a module to the image and to the load list, after its dependencies.
add_module() {
    [ ! -e "$root/modules/$1.ko" ] || return 0
    file=$(awk -v n="$1" '$1 == n { print $2; exit }' "$root.index")
    if [ -z "$file" ]; then
        is_builtin "$1" || die "kernel $kver has no module $1"
        return 0
    fi
    unpacked "$file" > "$root/modules/$1.ko"
    for dep in $(tr '\0' '\n' < "$root/modules/$1.ko" |
                 sed -n 's/^depends=//p' | tr ',-' ' _'); do
        add_module "$dep"
    done
    # The file is looked up again, as the recursion changes $file but not $1.
    echo "$1" >> "$root/modules/order"
}

chmod 755 "$root"
mkdir -p "$root/bin" "$root/dev" "$root/proc" "$root/sys" "$root/tmp" \
         "$root/mnt" "$root/etc" "$root/run" "$root/modules"
: > "$root/modules/order"
for module in $wanted; do
    add_module "$module"
done

cp "$busybox" "$root/bin/busybox"
chmod 755 "$root/bin/busybox"
"$busybox" --list | while read -r applet; do
    [ "$applet" = busybox ] || ln -sf busybox "$root/bin/$applet"
done
ln -s bin "$root/sbin"
cp "$here/init.sh" "$root/init"
chmod 755 "$root/init"
printf '%s\n' root:x:0:0:root:/:/bin/sh guest:x:1000:1000::/:/bin/sh \
    > "$root/etc/passwd"
printf '%s\n' root:x:0: guest:x:1000: > "$root/etc/group"

(cd "$root" && find . -print0 | LC_ALL=C sort -z |
    cpio --quiet -0 -o -H newc -R 0:0) > "$root.cpio"
gzip -1 -n < "$root.cpio" > "$out.new"
mv "$out.new" "$out"
