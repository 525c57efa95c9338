/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The virtqueue of a virtio-9p device, shared by its loop and by code that
 * holds the BQL.
 *
 * The loop pops elements and returns them with replies.  The guest is notified
 * once for all replies of a turn of the loop, when no function of the session
 * is on the stack.  In the main loop the elements are given to the guest at
 * that time as well, because any access to guest memory can lead back to the
 * device from there.
 *
 * Code that holds the BQL takes all elements back for a reset, and keeps the
 * loop away from guest memory while the VM is stopped.  It waits for accesses
 * that are in progress, and for nothing else (9p-guest.h).  During such an
 * access the BQL is never waited for.
 *
 * A ring is counted and can outlive its device.
 */
#ifndef HW_9PFS_VIRTIO_9P_RING_H
#define HW_9PFS_VIRTIO_9P_RING_H

#include "hw/virtio/virtio.h"
#include "9p-guest.h"
#include "virtio-9p-loop.h"

/* The number of descriptors in the queue, and so of requests in flight. */
#define P9_QUEUE_SIZE   128

typedef struct P9Ring P9Ring;

/*
 * A request: its device-readable buffers hold the T-message, and those that
 * are device-writable take the R-message.
 */
typedef struct P9RingElement {
    VirtQueueElement elem;      /* first: virtqueue_pop() allocates it */
    QTAILQ_ENTRY(P9RingElement) next;
    const char *broken;         /* not NULL: what the guest did wrong */
    size_t len;                 /* of the reply */
} P9RingElement;

/**
 * p9_ring_new: of @vq of @vdev, which are borrowed until p9_ring_end().
 * Context: BQL held.
 */
P9Ring *p9_ring_new(VirtIODevice *vdev, VirtQueue *vq, P9Loop *loop,
                    const char *mount_tag);
P9Ring *p9_ring_ref(P9Ring *ring);
void p9_ring_unref(P9Ring *ring);
/** p9_ring_guest: access to the memory of the elements.  Borrowed. */
P9Guest *p9_ring_guest(P9Ring *ring);

/* ---- context: the loop ---- */

/**
 * p9_ring_follow: whether the device was reset since the last call.
 *
 * If so, all elements have been taken back, and those that are popped from now
 * on belong to *@generation of guest memory.
 */
bool p9_ring_follow(P9Ring *ring, unsigned *generation);
/**
 * p9_ring_missed: whether guest memory was shut when the loop tried to look at
 * the queue since the last call.  Then it has to look again.
 */
bool p9_ring_missed(P9Ring *ring);
/**
 * p9_ring_pop: the next request, or NULL when the queue is empty, the device
 * is broken, or guest memory is shut.
 */
P9RingElement *p9_ring_pop(P9Ring *ring);
/**
 * p9_ring_return: @e has a reply of @len bytes for the guest.
 *
 * If @broken is not NULL, there is no reply, and the device is marked as broken
 * for this reason, a string literal.  Context: inside guest memory.
 */
void p9_ring_return(P9Ring *ring, P9RingElement *e, size_t len,
                    const char *broken);
/** p9_ring_more: whether there is a request in the queue. */
bool p9_ring_more(P9Ring *ring);
/**
 * p9_ring_want_kicks: turn the guest's notifications on or off, and return
 * what p9_ring_more() returns.
 */
bool p9_ring_want_kicks(P9Ring *ring, bool want);

/* ---- context: BQL held ---- */

/**
 * p9_ring_enable: the driver has set the queue up; the loop may use it.
 *
 * Returns whether that is new.  A ring is not enabled at first, and after a
 * reset.  While it is enabled, the transport ignores what the driver writes to
 * registers that describe the queue (VirtIODevice.queues_in_use).
 */
bool p9_ring_enable(P9Ring *ring);
/** p9_ring_set_irqfd: notify the guest through the guest notifier. */
void p9_ring_set_irqfd(P9Ring *ring);
/**
 * p9_ring_unset_irqfd: stop using the guest notifier.  The guest has been
 * notified of all replies so far.
 */
void p9_ring_unset_irqfd(P9Ring *ring);
/**
 * p9_ring_pause: leave guest memory alone until p9_ring_resume().  The guest
 * has been notified of all replies so far.
 */
void p9_ring_pause(P9Ring *ring);
void p9_ring_resume(P9Ring *ring);
/**
 * p9_ring_adopt: @e, which is taken over, was popped before a migration.
 * False, and it is not taken over, if one with its index was.
 */
bool p9_ring_adopt(P9Ring *ring, P9RingElement *e);
/** p9_ring_wants_bql: whether the loop waits for it to notify the guest. */
bool p9_ring_wants_bql(P9Ring *ring);
/**
 * p9_ring_reset: take all elements back; neither the memory that they describe
 * nor the queue is accessed until p9_ring_enable().
 */
void p9_ring_reset(P9Ring *ring);
/** p9_ring_end: as reset, for ever, and stop using the device. */
void p9_ring_end(P9Ring *ring);

#endif
