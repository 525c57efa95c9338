# SPDX-License-Identifier: GPL-2.0-or-later
#
# Chooses QEMU's accelerator; sourced by run-guest.sh and demo.sh, which have
# set QEMU, QEMU_FW and KERNEL.  That /dev/kvm opens does not mean that a guest
# runs: inside some virtual machines it hangs at its first instruction.  So
# KVM is taken only after a kernel has been seen to print its first line.

# pick_accel tcg|kvm|auto: prints tcg or kvm.
pick_accel() {
    case $1 in
    auto) if kvm_works; then echo kvm; else echo tcg; fi ;;
    *) echo "$1" ;;
    esac
}

# kvm_works: boots $KERNEL without a root; it must speak within 5 seconds.
kvm_works() {
    [ -r /dev/kvm ] && [ -w /dev/kvm ] || return 1
    # The shell would tell that the guest was killed.
    {
        timeout -s KILL 5 "$QEMU" ${QEMU_FW:-} -M pc -accel kvm -m 256M \
            -nodefaults -display none -no-reboot -kernel "$KERNEL" \
            -append "console=ttyS0 panic=-1" -serial stdio </dev/null |
            grep -q -m 1 'Linux version'
    } 2>/dev/null
}
