#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Boots Debian's kernel with the folder SHARE of this host mounted at /mnt.
# Environment: QEMU, QEMU_FW, KERNEL, INITRD (of mkinitrd.sh), SHARE; optional
# ACCEL (auto).  If input and output are a terminal, it starts a shell in the
# guest.  Otherwise the guest lists, reads, writes and renames below /mnt and
# switches off; then the result is printed and checked on the host.  The demo
# removes the files that it created in SHARE, and the exit status is that of the
# checks.
set -u
here=$(cd "$(dirname "$0")" && pwd)
. "$here/accel.sh"

die() {
    echo "demo: $*" >&2
    exit 1
}

for name in QEMU KERNEL INITRD SHARE; do
    eval "[ -n \"\${$name:-}\" ]" || die "set $name"
done
[ -d "$SHARE" ] || die "SHARE=$SHARE is not a folder"
SHARE=$(cd "$SHARE" && pwd)
limit=
tmp=$(mktemp -d "${TMPDIR:-/tmp}/9p-demo.XXXXXX") || exit 1
made=
trap 'rm -rf "$tmp" ${made:+"$made"}' EXIT
trap 'exit 130' HUP INT TERM

# run_qemu SCRIPT ARGS...: boots a guest whose init runs the script.
run_qemu() {
    mkdir -p "$tmp/image/payload"
    mv "$1" "$tmp/image/payload/main"
    shift
    chmod 755 "$tmp/image/payload/main"
    (cd "$tmp/image" && find payload | cpio --quiet -o -H newc -R 0:0 |
        gzip -1) > "$tmp/payload.img"
    cat "$INITRD" "$tmp/payload.img" > "$tmp/initrd.img"
    echo "demo: booting under $accel; the share is $SHARE"
    # shellcheck disable=SC2086 # lists of arguments
    ${limit:-} "$QEMU" ${QEMU_FW:-} -M pc -accel "$accel" -m 512M -nodefaults \
        -display none -no-reboot -kernel "$KERNEL" -initrd "$tmp/initrd.img" \
        -append "console=ttyS0 panic=-1 quiet" \
        -fsdev "local,id=exp1,path=$share_arg,security_model=mapped" \
        -device virtio-9p-pci,fsdev=exp1,mount_tag=v_tmp "$@"
}

interactive() {
    size=$(stty size) # "0 0" on a terminal that does not tell
    cat > "$tmp/main" <<SCRIPT
#!/bin/sh
stty rows ${size% *} cols ${size#* } 2>/dev/null
mount -t 9p -o trans=virtio v_tmp /mnt || exit
echo
echo "The host's folder is mounted at /mnt. Leave with 'poweroff -f' or Ctrl-A x."
cd /mnt
exec setsid cttyhack sh
SCRIPT
    run_qemu "$tmp/main" -serial mon:stdio
}

# The part of the demo that runs in the guest; $1 is its folder in the share.
guest_script() {
    cat <<SCRIPT
#!/bin/sh
show() {
    echo "guest\$ \$*"
    "\$@" || failed="\$failed '\$*'"
}
failed=
show mount -t 9p -o trans=virtio v_tmp /mnt
show ls -l /mnt
show cd /mnt/$1
show cat from-host.txt
echo "guest\$ uname -sr > from-guest.txt"
uname -sr > from-guest.txt || failed="\$failed write"
show mv from-host.txt renamed-by-guest.txt
show mkdir folder
show chmod 640 from-guest.txt
show ls -l
cd /
show umount /mnt
echo "\${failed:-all well}" > /dev/ttyS1
SCRIPT
}

scripted() {
    made=$(mktemp -d "$SHARE/demo.XXXXXX") || die "cannot write in $SHARE"
    echo "written on the host" > "$made/from-host.txt"
    guest_script "${made##*/}" > "$tmp/main"
    limit="timeout --foreground -s KILL 180"
    run_qemu "$tmp/main" -chardev stdio,id=console,signal=off \
        -serial chardev:console -serial "file:$tmp/status" </dev/null ||
        die "QEMU ended with status $? (124 or 137: not done within 180 s)"
    [ "$(tr -d '\r' < "$tmp/status")" = "all well" ] ||
        die "failed in the guest:$(cat "$tmp/status")"

    echo
    echo "The same folder on the host:"
    ls -l "$made"
    echo "host\$ cat from-guest.txt"
    cat "$made/from-guest.txt" || die "the guest's file is not on the host"
    grep -q '^Linux ' "$made/from-guest.txt" ||
        die "from-guest.txt: expected the guest's kernel version"
    [ "$(cat "$made/renamed-by-guest.txt")" = "written on the host" ] ||
        die "renamed-by-guest.txt: expected the host's text"
    [ ! -e "$made/from-host.txt" ] || die "from-host.txt is still there"
    [ -d "$made/folder" ] || die "the guest's folder is not on the host"
    echo "demo: all of it worked"
}

share_arg=$(printf %s "$SHARE" | sed 's/,/,,/g')
accel=$(pick_accel "${ACCEL:-auto}")
if [ -t 0 ] && [ -t 1 ]; then
    interactive
else
    scripted
fi
