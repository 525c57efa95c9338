/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The event loop that a virtio-9p device works in.
 *
 * An IOThread that the user named, a thread of the device's own, or QEMU's
 * main loop.  The device's session lives in it from its beginning to its end;
 * whoever holds the big lock (BQL) comes there by p9_loop_call().  Counted:
 * work that outlives the device keeps its loop.
 */
#ifndef HW_9PFS_VIRTIO_9P_LOOP_H
#define HW_9PFS_VIRTIO_9P_LOOP_H

#include "block/aio.h"
#include "system/iothread.h"

typedef struct P9Loop P9Loop;

/**
 * p9_loop_new: of @iothread if that is not NULL, else of a thread made for
 * it when @own_thread is set, else the main loop.
 *
 * Returns NULL with *@errp set when no thread can be had.  Context: BQL held.
 */
P9Loop *p9_loop_new(IOThread *iothread, bool own_thread, Error **errp);
P9Loop *p9_loop_ref(P9Loop *loop);
/** p9_loop_unref: context: BQL held, or in the loop. */
void p9_loop_unref(P9Loop *loop);

AioContext *p9_loop_context(P9Loop *loop);
bool p9_loop_is_main(P9Loop *loop);
/** p9_loop_is_here: does the caller run in this loop? */
bool p9_loop_is_here(P9Loop *loop);

/**
 * p9_loop_lock_bql: take the BQL for a moment, in a loop other than the main
 * one.  False when whoever has it waits for this loop: then it is not taken.
 */
bool p9_loop_lock_bql(P9Loop *loop);

/**
 * p9_loop_call: run @fn in the loop and wait for its end.
 *
 * No event is handled meanwhile.  Should the loop be about to take the BQL (a
 * guest can make it touch the registers of a device, too) or be held up by a
 * disk, the BQL is let go until @fn has run; another caller's @fn has to wait
 * until this one has returned, and may find the device unplugged.
 * Context: BQL held.
 */
void p9_loop_call(P9Loop *loop, void (*fn)(void *opaque), void *opaque);

#endif
