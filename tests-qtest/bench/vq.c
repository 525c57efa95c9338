/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A split virtqueue as the driver sees it (virtio 1.2, section 2.7).
 * Single thread; called from guest.c only.
 */
#include <string.h>
#include "vq.h"

#define RING_ALIGN 4096

size_t vq_bytes(unsigned size)
{
    return vring_size(size, RING_ALIGN);
}

void vq_init(Vq *vq, uint8_t *ram, uint64_t gpa, unsigned size)
{
    memset(vq, 0, sizeof(*vq));
    memset(ram + gpa, 0, vq_bytes(size));
    vring_init(&vq->ring, size, ram + gpa, RING_ALIGN);
    vq->desc_gpa = gpa;
    vq->avail_gpa = (uint8_t *)vq->ring.avail - ram;
    vq->used_gpa = (uint8_t *)vq->ring.used - ram;
    vq_disarm(vq);
}

void vq_submit(Vq *vq, unsigned slot, uint64_t table, unsigned n)
{
    vq->ring.desc[slot] = (struct vring_desc) {
        .addr = table,
        .len = n * sizeof(struct vring_desc),
        .flags = VRING_DESC_F_INDIRECT,
    };
    vq->ring.avail->ring[vq->avail_idx & (vq->ring.num - 1)] = slot;
    vq->avail_idx++;
    /* The device may read the element as soon as it sees the new index. */
    __atomic_store_n(&vq->ring.avail->idx, vq->avail_idx, __ATOMIC_RELEASE);
}

bool vq_kick_wanted(Vq *vq)
{
    uint16_t event;
    uint16_t old = vq->kick_idx;

    /*
     * The device must see the index before avail_event is read here; otherwise
     * both sides could miss each other's update and sleep.
     */
    __atomic_thread_fence(__ATOMIC_SEQ_CST);
    event = __atomic_load_n(&vring_avail_event(&vq->ring), __ATOMIC_RELAXED);
    vq->kick_idx = vq->avail_idx;
    return vring_need_event(event, vq->avail_idx, old);
}

bool vq_ready(const Vq *vq)
{
    return __atomic_load_n(&vq->ring.used->idx, __ATOMIC_ACQUIRE) !=
           vq->used_idx;
}

bool vq_reap(Vq *vq, unsigned *slot, uint32_t *len)
{
    struct vring_used_elem *e;

    if (!vq_ready(vq)) {
        return false;
    }
    e = &vq->ring.used->ring[vq->used_idx & (vq->ring.num - 1)];
    *slot = e->id;
    *len = e->len;
    vq->used_idx++;
    return true;
}

void vq_disarm(Vq *vq)
{
    /* The device will only reach this index after 65535 more elements. */
    __atomic_store_n(&vring_used_event(&vq->ring), vq->used_idx - 1,
                     __ATOMIC_RELAXED);
}

void vq_arm(Vq *vq)
{
    __atomic_store_n(&vring_used_event(&vq->ring), vq->used_idx,
                     __ATOMIC_RELAXED);
    __atomic_thread_fence(__ATOMIC_SEQ_CST);
}
