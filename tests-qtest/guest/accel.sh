# SPDX-License-Identifier: GPL-2.0-or-later
#
# Chooses QEMU's accelerator; sourced by run-guest.sh and demo.sh, which set
# QEMU, QEMU_FW and KERNEL.  Even if /dev/kvm can be opened, a guest may not
# run: inside some virtual machines it hangs at its first instruction.
# Therefore KVM is only used after a kernel has printed its first line with it.

# pick_accel tcg|kvm|auto: prints tcg or kvm.
pick_accel() {
    case $1 in
    auto) if kvm_works; then echo kvm; else echo tcg; fi ;;
    *) echo "$1" ;;
    esac
}

# kvm_works: boots $KERNEL without a root; it must print something within 5
# seconds.
kvm_works() {
    [ -r /dev/kvm ] && [ -w /dev/kvm ] || return 1
    # Without this, the shell would report that the guest was killed.
    {
        timeout -s KILL 5 "$QEMU" ${QEMU_FW:-} -M pc -accel kvm -m 256M \
            -nodefaults -display none -no-reboot -kernel "$KERNEL" \
            -append "console=ttyS0 panic=-1" -serial stdio </dev/null |
            grep -q -m 1 'Linux version'
    } 2>/dev/null
}
