/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The driver's side of one split virtqueue in shared memory.
 *
 * Owns the rings' indices.  Every request is one indirect descriptor, and the
 * number of its slot is the number of its descriptor, so nothing is ever
 * searched or allocated.  Notifications are decided by VIRTIO_F_EVENT_IDX in
 * both directions, as a Linux guest does.  Single thread; the device is the
 * only other party.
 */
#ifndef BENCH_VQ_H
#define BENCH_VQ_H

#include <linux/virtio_ring.h>
#include "util.h"

typedef struct Vq {
    struct vring ring;
    uint64_t desc_gpa, avail_gpa, used_gpa; /* for the device's registers */
    uint16_t avail_idx;                     /* our copy of ring.avail->idx */
    uint16_t kick_idx;                      /* avail_idx at the last kick */
    uint16_t used_idx;                      /* next used element to take */
} Vq;

/* Bytes of guest memory that a queue of @size entries takes. */
size_t vq_bytes(unsigned size);

/* Sets up an empty queue at guest address @gpa; @ram is guest address 0. */
void vq_init(Vq *vq, uint8_t *ram, uint64_t gpa, unsigned size);

/* Makes the chain of @n descriptors at guest address @table available. */
void vq_submit(Vq *vq, unsigned slot, uint64_t table, unsigned n);

/* Whether the device wants to be told of what was submitted since the last. */
bool vq_kick_wanted(Vq *vq);

/* Whether vq_reap() would find something. */
bool vq_ready(const Vq *vq);

/* Takes one used element; false when there is none. */
bool vq_reap(Vq *vq, unsigned *slot, uint32_t *len);

/* Asks for no interrupt, or for one at the next used element. */
void vq_disarm(Vq *vq);
void vq_arm(Vq *vq);

#endif
