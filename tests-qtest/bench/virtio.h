/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Brings the virtio-9p PCI device of a machine to life: capabilities,
 * features, its one queue, its interrupt, and the address that kicks it.
 * Only for set-up.
 */
#ifndef BENCH_VIRTIO_H
#define BENCH_VIRTIO_H

#include "machine.h"
#include "vq.h"

/*
 * Sets the device up with a queue of its own size at guest address @ring_gpa.
 * Returns the guest address that takes the kick of queue 0.
 */
uint64_t virtio_start(Machine *m, Vq *vq, uint64_t ring_gpa);

#endif
