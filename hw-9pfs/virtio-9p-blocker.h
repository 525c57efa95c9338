/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The migration blocker of a virtio-9p device.
 *
 * Fids cannot be migrated, so migration is blocked while the guest holds any.
 * The session knows that, in the device's loop, but adding and removing a
 * blocker takes the BQL.  So the main loop does it in a bottom half, another
 * bottom half brings the result back, and neither thread waits for the other.
 */
#ifndef HW_9PFS_VIRTIO_9P_BLOCKER_H
#define HW_9PFS_VIRTIO_9P_BLOCKER_H

#include "virtio-9p-loop.h"

typedef struct P9Blocker P9Blocker;

/**
 * p9_blocker_new: migration is not blocked yet.
 *
 * @done is called in @loop with the result of the last p9_blocker_set() that
 * returned -EINPROGRESS.  Context: BQL held.
 */
P9Blocker *p9_blocker_new(P9Loop *loop, const char *mount_tag,
                          void (*done)(void *opaque, int result),
                          void *opaque);
/**
 * p9_blocker_set: block migration, or stop blocking it.
 *
 * Returns 0, -errno if migration cannot be blocked now, or -EINPROGRESS.  The
 * last call counts.  Context: the loop.
 */
int p9_blocker_set(P9Blocker *b, bool wanted);
/**
 * p9_blocker_drop: stop blocking migration at once, whatever earlier calls of
 * p9_blocker_set() wanted.  Context: BQL held.
 */
void p9_blocker_drop(P9Blocker *b);
/** p9_blocker_end: as drop, and ignore later calls.  Context: BQL held. */
void p9_blocker_end(P9Blocker *b);
/** p9_blocker_free: free it; @done is not called again.  Context: the loop. */
void p9_blocker_free(P9Blocker *b);

#endif
