/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The driver's side of one split virtqueue in shared memory.
 *
 * Owns the driver's indices.  Every request is one indirect descriptor with the
 * number of its slot, so descriptors need not be allocated.  Notifications in
 * both directions use VIRTIO_F_EVENT_IDX, as in a Linux guest.  Single thread;
 * only the device accesses the rings at the same time.
 */
#ifndef BENCH_VQ_H
#define BENCH_VQ_H

#include <linux/virtio_ring.h>
#include "util.h"

typedef struct Vq {
    struct vring ring;
    uint64_t desc_gpa, avail_gpa, used_gpa; /* for the device's registers */
    uint16_t avail_idx;                     /* a copy of ring.avail->idx */
    uint16_t kick_idx;                      /* avail_idx at the last kick */
    uint16_t used_idx;                      /* next used element to take */
} Vq;

/* The bytes of guest memory that a queue of @size entries needs */
size_t vq_bytes(unsigned size);

/* Sets up an empty queue at guest address @gpa; @ram is guest address 0. */
void vq_init(Vq *vq, uint8_t *ram, uint64_t gpa, unsigned size);

/* Makes the chain of @n descriptors at guest address @table available. */
void vq_submit(Vq *vq, unsigned slot, uint64_t table, unsigned n);

/*
 * Whether the device needs a kick for the requests submitted since the last
 * call.
 */
bool vq_kick_wanted(Vq *vq);

/* Whether there is a used element for vq_reap(). */
bool vq_ready(const Vq *vq);

/* Takes one used element; returns false if there is none. */
bool vq_reap(Vq *vq, unsigned *slot, uint32_t *len);

/* Disables the interrupt; enables it for the next used element. */
void vq_disarm(Vq *vq);
void vq_arm(Vq *vq);

#endif
