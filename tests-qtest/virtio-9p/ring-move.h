/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Moving a VM to another QEMU while its devices are used.
 *
 * RingVm and RingDev stay the same: they go on with the other QEMU.
 */
#ifndef VIRTIO_9P_RING_MOVE_H
#define VIRTIO_9P_RING_MOVE_H

#include "ring-dev.h"

/** ring_vm_migrate: to a QEMU with the same arguments; it must succeed. */
void ring_vm_migrate(RingVm *vm);
/**
 * ring_vm_fail_to_load: migrate to a QEMU that is started with @args and
 * refuses the state; the message must contain @why.  @vm goes on.
 */
void ring_vm_fail_to_load(RingVm *vm, const char *args, const char *why);
/**
 * ring_vm_fail_to_save: migrate although the state cannot be saved.  @vm goes
 * on.
 */
void ring_vm_fail_to_save(RingVm *vm);
/** ring_vm_state: the state of the VM as a file would have it; to be freed. */
GByteArray *ring_vm_state(RingVm *vm);

/** ring_vm_add_disk: add a disk image for snapshots. */
void ring_vm_add_disk(RingVm *vm);
/** ring_vm_save, ring_vm_load: a snapshot in there, of the running VM. */
void ring_vm_save(RingVm *vm, const char *tag);
void ring_vm_load(RingVm *vm, const char *tag);

#endif
