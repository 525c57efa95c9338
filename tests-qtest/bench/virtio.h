/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Initializes the virtio-9p PCI device of a machine: its capabilities,
 * features, queue, interrupt, and the address for kicks.  Only for the set-up.
 */
#ifndef BENCH_VIRTIO_H
#define BENCH_VIRTIO_H

#include "machine.h"
#include "vq.h"

/*
 * Sets up the device with a queue of the size that it offers at guest address
 * @ring_gpa.  Returns the guest address for kicks of queue 0.
 */
uint64_t virtio_start(Machine *m, Vq *vq, uint64_t ring_gpa);

#endif
