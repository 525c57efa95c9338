/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Descriptor chains of any shape on a split or packed virtqueue.
 *
 * This file knows the layout of the rings: building chains, direct or indirect,
 * making them available, notification suppression, and taking completions.
 * Device set-up is in ring-dev.c.  Single thread.  Guest and host are both
 * little-endian, as only x86 guests are used.
 */
#include "qemu/osdep.h"
#include "libqtest.h"
#include "libqos/libqos-malloc.h"
#include "standard-headers/linux/virtio_config.h"
#include "standard-headers/linux/virtio_ring.h"
#include "ring-dev.h"

enum {
    FILL = 0xa5,                /* each byte of an in part before its use */
};

static QTestState *qts_of(RingDev *d)
{
    return d->vm->qts;
}

static bool has_event_idx(RingDev *d)
{
    return d->features & (1ull << VIRTIO_RING_F_EVENT_IDX);
}

RingReq *ring_req_new(RingDev *d)
{
    RingReq *r = g_new0(RingReq, 1);

    r->dev = d;
    r->segs = g_array_new(FALSE, TRUE, sizeof(RingSeg));
    return r;
}

static void add_seg(RingReq *r, RingSeg seg)
{
    g_array_append_val(r->segs, seg);
}

void ring_req_raw(RingReq *r, uint64_t addr, uint32_t len, bool in)
{
    add_seg(r, (RingSeg) { .addr = addr, .len = len, .in = in });
}

uint64_t ring_req_out(RingReq *r, const void *data, uint32_t len)
{
    uint64_t addr = guest_alloc(&r->dev->vm->alloc, MAX(len, 1));

    if (len) {
        qtest_bufwrite(qts_of(r->dev), addr, data, len);
    }
    add_seg(r, (RingSeg) { .addr = addr, .len = len, .own = true });
    return addr;
}

uint64_t ring_req_in(RingReq *r, uint32_t len)
{
    uint64_t addr = guest_alloc(&r->dev->vm->alloc, MAX(len, 1));

    if (len) {
        qtest_memset(qts_of(r->dev), addr, FILL, len);
    }
    add_seg(r, (RingSeg) { .addr = addr, .len = len, .in = true,
                           .own = true });
    return addr;
}

static struct vring_desc seg_desc(const RingSeg *seg)
{
    return (struct vring_desc) {
        .addr = seg->addr,
        .len = seg->len,
        .flags = seg->in ? VRING_DESC_F_WRITE : 0,
    };
}

/* Make an indirect table of all segments; returns the segment that is it. */
static RingSeg make_table(RingReq *r)
{
    unsigned n = r->segs->len;
    g_autofree struct vring_desc *table = g_new0(struct vring_desc, n);

    for (unsigned i = 0; i < n; i++) {
        table[i] = seg_desc(&g_array_index(r->segs, RingSeg, i));
        if (r->dev->packed) {
            /* In a packed ring flags come last, and there are no links. */
            table[i].next = table[i].flags;
            table[i].flags = 0;
        } else if (i + 1 < n) {
            table[i].flags |= VRING_DESC_F_NEXT;
            table[i].next = i + 1;
        }
    }
    r->table = guest_alloc(&r->dev->vm->alloc, MAX(n, 1) * 16);
    qtest_bufwrite(qts_of(r->dev), r->table, table, n * 16);
    return (RingSeg) { .addr = r->table, .len = n * 16 };
}

static void queue_split(RingReq *r, const RingSeg *segs, unsigned n,
                        uint16_t extra_flags)
{
    RingDev *d = r->dev;
    QVirtQueue *vq = &d->queue.vq;
    uint16_t next = d->free_desc[d->nfree - 1];

    r->id = next;
    for (unsigned i = 0; i < n; i++) {
        struct vring_desc desc = seg_desc(&segs[i]);
        uint16_t here = next;

        d->nfree--;
        desc.flags |= extra_flags;
        if (i + 1 < n) {
            next = d->free_desc[d->nfree - 1];
            desc.flags |= VRING_DESC_F_NEXT;
            desc.next = next;
        }
        qtest_memwrite(qts_of(d), vq->desc + 16 * here, &desc, 16);
    }
    qtest_writew(qts_of(d), vq->avail + 4 + 2 * (d->avail_idx % vq->size),
                 r->id);
    d->avail_idx++;
    qtest_writew(qts_of(d), vq->avail + 2, d->avail_idx);
}

static void queue_packed(RingReq *r, const RingSeg *segs, unsigned n,
                         uint16_t extra_flags)
{
    RingDev *d = r->dev;
    QVirtQueue *vq = &d->queue.vq;
    uint16_t head = d->avail_idx;
    uint16_t head_flags = 0;

    /* Buffer ids are independent of ring slots: use any free one. */
    while (d->slot[r->id]) {
        r->id++;
    }
    for (unsigned i = 0; i < n; i++) {
        uint16_t flags = extra_flags | (segs[i].in ? VRING_DESC_F_WRITE : 0);
        uint64_t at = vq->desc + 16 * d->avail_idx;

        d->nfree--;
        flags |= i + 1 < n ? VRING_DESC_F_NEXT : 0;
        flags |= 1 << (d->avail_wrap ? VRING_PACKED_DESC_F_AVAIL
                                     : VRING_PACKED_DESC_F_USED);
        qtest_writeq(qts_of(d), at, segs[i].addr);
        qtest_writel(qts_of(d), at + 8, segs[i].len);
        qtest_writew(qts_of(d), at + 12, r->id);
        if (i == 0) {
            head_flags = flags;
        } else {
            qtest_writew(qts_of(d), at + 14, flags);
        }
        if (++d->avail_idx == vq->size) {
            d->avail_idx = 0;
            d->avail_wrap = !d->avail_wrap;
        }
    }
    /* Written last, as the flags of the head make the chain available. */
    qtest_writew(qts_of(d), vq->desc + 16 * head + 14, head_flags);
}

void ring_req_queue(RingReq *r, bool indirect)
{
    RingDev *d = r->dev;
    const RingSeg *segs = (const RingSeg *)r->segs->data;
    unsigned n = r->segs->len;
    uint16_t flags = 0;
    RingSeg table;

    if (indirect) {
        table = make_table(r);
        segs = &table;
        n = 1;
        flags = VRING_DESC_F_INDIRECT;
    }
    /* QEMU 10.0.13 makes a queue as large as it can, others as asked. */
    if (n > d->nfree && !d->want_size && d->queue.vq.size < RING_MAX) {
        ring_skip("this QEMU gives the device a queue of %u entries only",
                  d->queue.vq.size);
    }
    ring_check(n > 0 && n <= d->nfree,
               "the test needs %u free descriptors, the ring has %u", n,
               d->nfree);
    r->ndesc = n;
    if (d->packed) {
        queue_packed(r, segs, n, flags);
    } else {
        queue_split(r, segs, n, flags);
    }
    ring_check(!d->slot[r->id], "descriptor %u is already in flight", r->id);
    d->slot[r->id] = r;
}

void ring_req_submit(RingReq *r, bool indirect)
{
    ring_req_queue(r, indirect);
    ring_kick(r->dev);
}

static bool wants_kick(RingDev *d)
{
    QVirtQueue *vq = &d->queue.vq;
    uint16_t event;

    if (d->packed) {
        /* The flags are the second half of the event suppression area. */
        return qtest_readw(qts_of(d), vq->used + 2) !=
               VRING_PACKED_EVENT_FLAG_DISABLE;
    }
    if (!has_event_idx(d)) {
        return !(qtest_readw(qts_of(d), vq->used) & VRING_USED_F_NO_NOTIFY);
    }
    event = qtest_readw(qts_of(d), vq->used + 4 + 8 * vq->size);
    return vring_need_event(event, d->avail_idx, d->kicked_idx);
}

void ring_kick(RingDev *d)
{
    if (wants_kick(d)) {
        d->vdev->bus->virtqueue_kick(d->vdev, &d->queue.vq);
    }
    d->kicked_idx = d->avail_idx;
}

static void complete(RingDev *d, uint32_t id, uint32_t len)
{
    RingReq *r;

    ring_check(id < d->queue.vq.size && d->slot[id],
               "used ring: expected the id of a request in flight, got %u",
               id);
    r = d->slot[id];
    d->slot[id] = NULL;
    r->done = true;
    r->used_len = len;
    r->order = d->completed++;
    ring_check(len <= ring_req_room(r), "used ring: expected at most the %zu "
               "bytes of the in part, got %u", ring_req_room(r), len);
    if (d->packed) {
        d->used_idx += r->ndesc;
        if (d->used_idx >= d->queue.vq.size) {
            d->used_idx -= d->queue.vq.size;
            d->used_wrap = !d->used_wrap;
        }
        d->nfree += r->ndesc;
        return;
    }
    for (unsigned i = 0, at = id; i < r->ndesc; i++) {
        d->free_desc[d->nfree++] = at;
        at = qtest_readw(qts_of(d), d->queue.vq.desc + 16 * at + 14);
    }
}

static unsigned reap_split(RingDev *d)
{
    QVirtQueue *vq = &d->queue.vq;
    uint16_t idx = qtest_readw(qts_of(d), vq->used + 2);
    unsigned n = 0;

    while (d->used_idx != idx) {
        uint64_t at = vq->used + 4 + 8 * (d->used_idx % vq->size);
        struct vring_used_elem elem;

        qtest_memread(qts_of(d), at, &elem, sizeof(elem));
        d->used_idx++;
        complete(d, elem.id, elem.len);
        n++;
    }
    if (n && has_event_idx(d)) {
        qtest_writew(qts_of(d), vq->avail + 4 + 2 * vq->size, d->used_idx);
    }
    return n;
}

static unsigned reap_packed(RingDev *d)
{
    unsigned n = 0;

    for (;;) {
        uint64_t at = d->queue.vq.desc + 16 * d->used_idx;
        uint16_t flags = qtest_readw(qts_of(d), at + 14);
        bool avail = flags & (1 << VRING_PACKED_DESC_F_AVAIL);
        bool used = flags & (1 << VRING_PACKED_DESC_F_USED);

        if (avail != used || used != d->used_wrap) {
            return n;
        }
        complete(d, qtest_readw(qts_of(d), at + 12),
                 qtest_readl(qts_of(d), at + 8));
        n++;
    }
}

unsigned ring_reap(RingDev *d)
{
    return d->packed ? reap_packed(d) : reap_split(d);
}

void ring_wait_broken(RingDev *d, const char *why)
{
    int64_t end = ring_now() + RING_PATIENCE;

    while (!ring_dev_broken(d)) {
        ring_check(ring_reap(d) == 0, "%s: expected the device to ask for a "
                   "reset, it completed the request", why);
        ring_check(ring_now() < end, "%s: expected the device to ask for a "
                   "reset, status stayed 0x%02x", why, ring_dev_status(d));
    }
}

bool ring_wait_done_or_broken(RingReq *r)
{
    RingDev *d = r->dev;
    int64_t end = ring_now() + RING_PATIENCE;

    for (unsigned turn = 0;; turn++) {
        ring_reap(d);
        if (r->done) {
            return true;
        }
        if (turn % 16 == 0 && ring_dev_broken(d)) {
            return false;
        }
        if (d->vm->step_clock) {
            qtest_clock_step(qts_of(d), 1000 * 1000);
        }
        ring_check(ring_now() < end, "expected an answer within %d s, the "
                   "request stayed in flight (%s, descriptor %u, tag %u, "
                   "status 0x%02x)", RING_PATIENCE / 1000000,
                   r->asked ? r->asked : "raw chain", r->id, r->tag,
                   ring_dev_status(d));
    }
}

void ring_wait(RingReq *r)
{
    ring_check(ring_wait_done_or_broken(r), "%s: expected an answer, the "
               "device asked for a reset", r->asked ? r->asked : "raw chain");
}

size_t ring_req_room(RingReq *r)
{
    size_t room = 0;

    for (unsigned i = 0; i < r->segs->len; i++) {
        RingSeg *seg = &g_array_index(r->segs, RingSeg, i);

        room += seg->in ? seg->len : 0;
    }
    return room;
}

size_t ring_req_read(RingReq *r, size_t from, void *buf, size_t len)
{
    size_t copied = 0;

    for (unsigned i = 0; i < r->segs->len && copied < len; i++) {
        RingSeg *seg = &g_array_index(r->segs, RingSeg, i);
        size_t n;

        if (!seg->in) {
            continue;
        }
        if (from >= seg->len) {
            from -= seg->len;
            continue;
        }
        n = MIN(seg->len - from, len - copied);
        qtest_bufread(qts_of(r->dev), seg->addr + from,
                      (uint8_t *)buf + copied, n);
        copied += n;
        from = 0;
    }
    return copied;
}

void ring_req_check_untouched(RingReq *r, const char *what)
{
    size_t room = ring_req_room(r);
    g_autofree uint8_t *buf = g_malloc(room);

    ring_req_read(r, 0, buf, room);
    for (size_t i = 0; i < room; i++) {
        ring_check(buf[i] == FILL, "%s: expected the in part to stay as the "
                   "guest left it (0x%02x), byte %zu is 0x%02x", what, FILL,
                   i, buf[i]);
    }
}

void ring_req_free(RingReq *r)
{
    QGuestAllocator *alloc = &r->dev->vm->alloc;

    for (unsigned i = 0; i < r->segs->len; i++) {
        RingSeg *seg = &g_array_index(r->segs, RingSeg, i);

        if (seg->own) {
            guest_free(alloc, seg->addr);
        }
    }
    if (r->table) {
        guest_free(alloc, r->table);
    }
    g_array_free(r->segs, TRUE);
    g_free(r->asked);
    g_free(r);
}
