/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The virtqueue of a virtio-9p device: see virtio-9p-ring.h.
 *
 * Without VirtIODevice.ram_only, in the main loop, the guest can put rings and
 * buffers at the registers of a device.  Then any access to the queue can lead
 * to a kick, a reset or an unplug of this device before it returns.
 */
#include "qemu/osdep.h"
#include "fsdev/core/qemu-compat.h"
#include "virtio-9p-ring.h"

typedef QTAILQ_HEAD(, P9RingElement) Elements;

struct P9Ring {
    gint refs;                  /* atomic */
    P9Loop *loop;               /* counted */
    P9Guest *guest;             /* counted */
    char *mount_tag;

    /*
     * Written with the BQL held while guest memory is shut; read inside guest
     * memory, or with the BQL held.
     */
    VirtIODevice *vdev;         /* borrowed; NULL: unplugged */
    VirtQueue *vq;              /* borrowed */

    bool enabled;               /* used with the BQL held */

    /*
     * Used by the loop inside guest memory, and with the BQL held while guest
     * memory is shut.
     */
    Elements lent;              /* popped, not returned */
    Elements ready;             /* returned, to be given to the guest */

    /* Atomic */
    bool irqfd;                 /* notify through the guest notifier */
    bool unnotified;            /* the guest is to be notified of replies */
    bool asked;                 /* ring_notify_bh() was scheduled */
    bool wants_bql;             /* p9_ring_wants_bql() */

    /* Used in the loop */
    unsigned generation;        /* of the elements that it pops */
    bool broken;                /* pop nothing until the next generation */
    bool missed;                /* guest memory was shut for the loop */
    bool delivers;              /* ring_deliver() is to be called */
};

P9Ring *p9_ring_new(VirtIODevice *vdev, VirtQueue *vq, P9Loop *loop,
                    const char *mount_tag)
{
    P9Ring *ring = g_new0(P9Ring, 1);

    ring->refs = 1;
    ring->loop = p9_loop_ref(loop);
    ring->guest = p9_guest_new();
    ring->mount_tag = g_strdup(mount_tag);
    ring->vdev = vdev;
    ring->vq = vq;
    QTAILQ_INIT(&ring->lent);
    QTAILQ_INIT(&ring->ready);
    p9_guest_shut(ring->guest);
    return ring;
}

P9Ring *p9_ring_ref(P9Ring *ring)
{
    g_atomic_int_inc(&ring->refs);
    return ring;
}

void p9_ring_unref(P9Ring *ring)
{
    if (g_atomic_int_dec_and_test(&ring->refs)) {
        p9_guest_unref(ring->guest);
        p9_loop_unref(ring->loop);
        g_free(ring->mount_tag);
        g_free(ring);
    }
}

P9Guest *p9_ring_guest(P9Ring *ring)
{
    return ring->guest;
}

/* ---- the device ---- */

/*
 * Keep the device during an access to the queue.  That is needed in the main
 * loop only, where such an access can lead to an unplug; elsewhere the last
 * reference must not be dropped, as the BQL is not held.
 */
static VirtIODevice *vdev_hold(P9Ring *ring)
{
    if (p9_loop_is_main(ring->loop)) {
        object_ref(OBJECT(ring->vdev));
    }
    return ring->vdev;
}

static void vdev_let_go(P9Ring *ring, VirtIODevice *vdev)
{
    if (p9_loop_is_main(ring->loop)) {
        object_unref(OBJECT(vdev));
    }
}

/* An access of the loop to the queue. */
typedef struct Access {
    P9GuestEntry entry;
    VirtIODevice *vdev;
    VirtQueue *vq;
} Access;

static bool access_begin(P9Ring *ring, Access *a)
{
    P9GuestAnswer answer = p9_guest_enter_loop(ring->guest, ring->generation,
                                               &a->entry);

    if (answer != P9_GUEST_IN) {
        ring->missed |= answer == P9_GUEST_SHUT;
        return false;
    }
    a->vdev = vdev_hold(ring);
    a->vq = ring->vq;
    return true;
}

static void access_end(P9Ring *ring, Access *a)
{
    vdev_let_go(ring, a->vdev);
    p9_guest_leave(&a->entry);
}

/* ---- to the guest ---- */

static void element_detach(P9RingElement *e, VirtQueue *vq)
{
    virtqueue_detach_element(vq, &e->elem, 0);
    g_free(e);
}

/* Context: inside guest memory, or the BQL is held and it is shut. */
static void ring_flush(P9Ring *ring)
{
    VirtIODevice *vdev = vdev_hold(ring);
    VirtQueue *vq = ring->vq;
    P9RingElement *e;

    while ((e = QTAILQ_FIRST(&ring->ready))) {
        QTAILQ_REMOVE(&ring->ready, e, next);
        if (e->broken) {
            virtio_error(vdev, "9p mount tag '%s': %s", ring->mount_tag,
                         e->broken);
            element_detach(e, vq);
            continue;
        }
        virtqueue_push(vq, &e->elem, e->len);
        g_free(e);
        qatomic_set(&ring->unnotified, true);
    }
    vdev_let_go(ring, vdev);
}

/* Context: BQL held. */
static void ring_notify(P9Ring *ring)
{
    if (ring->vdev && qatomic_xchg(&ring->unnotified, false)) {
        VirtIODevice *vdev = vdev_hold(ring);

        virtio_notify(vdev, ring->vq);
        vdev_let_go(ring, vdev);
    }
}

/* Context: main loop. */
static void ring_notify_bh(void *opaque)
{
    P9Ring *ring = opaque;

    qatomic_set(&ring->asked, false);
    ring_notify(ring);
    p9_ring_unref(ring);
}

/* Context: the loop, not inside guest memory, as this may take the BQL. */
static void ring_notify_from_loop(P9Ring *ring)
{
    if (p9_loop_is_main(ring->loop)) {
        ring_notify(ring);
    } else if (P9_NOTIFY_WITH_BQL && p9_loop_may_take_bql(ring->loop)) {
        /* This is quicker than waking the main loop. */
        qatomic_set(&ring->wants_bql, true);
        bql_lock();
        qatomic_set(&ring->wants_bql, false);
        ring_notify(ring);
        bql_unlock();
    } else if (!qatomic_xchg(&ring->asked, true)) {
        aio_bh_schedule_oneshot(qemu_get_aio_context(), ring_notify_bh,
                                p9_ring_ref(ring));
    }
}

/* Deliver what was returned in a turn of the loop. */
static void ring_deliver(void *opaque)
{
    P9Ring *ring = opaque;
    Access a;

    if (p9_guest_is_inside(ring->guest)) {
        /* The call was not deferred.  The BQL cannot be taken here. */
        aio_bh_schedule_oneshot(p9_loop_context(ring->loop), ring_deliver,
                                ring);
        return;
    }
    ring->delivers = false;
    /* If guest memory is shut, ring_settle() or ring_reclaim() did it all. */
    if (access_begin(ring, &a)) {
        ring_flush(ring);
        if (qatomic_read(&ring->irqfd) &&
            qatomic_xchg(&ring->unnotified, false)) {
            p9_virtio_notify_irqfd(a.vdev, a.vq);
        }
        access_end(ring, &a);
        if (qatomic_read(&ring->unnotified)) {
            ring_notify_from_loop(ring);
        }
    }
    p9_ring_unref(ring);
}

void p9_ring_return(P9Ring *ring, P9RingElement *e, size_t len,
                    const char *broken)
{
    QTAILQ_REMOVE(&ring->lent, e, next);
    QTAILQ_INSERT_TAIL(&ring->ready, e, next);
    e->len = len;
    e->broken = broken;
    ring->broken |= broken != NULL;
    if (!p9_loop_is_main(ring->loop)) {
        ring_flush(ring);       /* accesses nothing but RAM */
    }
    if (!ring->delivers) {
        ring->delivers = true;
        defer_call(ring_deliver, p9_ring_ref(ring));
    }
}

/* ---- from the guest ---- */

bool p9_ring_follow(P9Ring *ring, unsigned *generation)
{
    *generation = p9_guest_generation(ring->guest);
    if (*generation == ring->generation) {
        return false;
    }
    ring->generation = *generation;
    ring->broken = false;
    ring->missed = false;
    return true;
}

bool p9_ring_missed(P9Ring *ring)
{
    bool missed = ring->missed;

    ring->missed = false;
    return missed;
}

P9RingElement *p9_ring_pop(P9Ring *ring)
{
    unsigned generation = ring->generation;
    P9RingElement *e;
    Access a;

    if (ring->broken || !access_begin(ring, &a)) {
        return NULL;
    }
    e = virtqueue_pop(a.vq, sizeof(*e));
    if (e && p9_loop_is_main(ring->loop) &&
        p9_guest_generation(ring->guest) != generation) {
        element_detach(e, a.vq);
        e = NULL;
    }
    if (e) {
        QTAILQ_INSERT_TAIL(&ring->lent, e, next);
    }
    access_end(ring, &a);
    return e;
}

/* What is in a broken ring will not be popped, so nobody may wait for it. */
bool p9_ring_more(P9Ring *ring)
{
    bool more = false;
    Access a;

    if (access_begin(ring, &a)) {
        more = !ring->broken && !virtio_queue_empty(a.vq);
        access_end(ring, &a);
    }
    return more;
}

bool p9_ring_want_kicks(P9Ring *ring, bool want)
{
    bool more = false;
    Access a;

    if (access_begin(ring, &a)) {
        virtio_queue_set_notification(a.vq, want);
        more = !ring->broken && !virtio_queue_empty(a.vq);
        access_end(ring, &a);
    }
    return more;
}

/* ---- with the BQL held ---- */

/* Give the guest all replies that there are.  Guest memory is shut. */
static void ring_settle(P9Ring *ring)
{
    ring_flush(ring);
    ring_notify(ring);
}

/* Take all elements back from the session.  Guest memory is shut. */
static void ring_reclaim(P9Ring *ring)
{
    Elements *lists[] = { &ring->lent, &ring->ready };
    P9RingElement *e;

    for (size_t i = 0; i < ARRAY_SIZE(lists); i++) {
        while ((e = QTAILQ_FIRST(lists[i]))) {
            QTAILQ_REMOVE(lists[i], e, next);
            element_detach(e, ring->vq);
        }
    }
    qatomic_set(&ring->unnotified, false);
}

bool p9_ring_enable(P9Ring *ring)
{
    if (ring->enabled) {
        return false;
    }
    ring->enabled = true;
    ring->vdev->queues_in_use = true;
    p9_guest_open(ring->guest);
    return true;
}

void p9_ring_set_irqfd(P9Ring *ring)
{
    qatomic_set(&ring->irqfd, true);
}

void p9_ring_unset_irqfd(P9Ring *ring)
{
    p9_guest_shut(ring->guest);
    qatomic_set(&ring->irqfd, false);
    ring_settle(ring);
    p9_guest_open(ring->guest);
}

void p9_ring_pause(P9Ring *ring)
{
    p9_guest_shut(ring->guest);
    ring_settle(ring);
}

void p9_ring_resume(P9Ring *ring)
{
    p9_guest_open(ring->guest);
}

bool p9_ring_adopt(P9Ring *ring, P9RingElement *e)
{
    P9RingElement *other;

    QTAILQ_FOREACH(other, &ring->lent, next) {
        if (other->elem.index == e->elem.index) {
            return false;
        }
    }
    QTAILQ_INSERT_TAIL(&ring->lent, e, next);
    return true;
}

bool p9_ring_wants_bql(P9Ring *ring)
{
    return qatomic_read(&ring->wants_bql);
}

void p9_ring_reset(P9Ring *ring)
{
    if (ring->enabled) {
        ring->enabled = false;
        p9_guest_shut(ring->guest);
        ring->vdev->queues_in_use = false;
    }
    ring_reclaim(ring);
    p9_guest_revoke(ring->guest);
}

void p9_ring_end(P9Ring *ring)
{
    p9_ring_reset(ring);
    ring->vdev = NULL;
    ring->vq = NULL;
}
