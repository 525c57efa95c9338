/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The event loop that a virtio-9p device works in.
 *
 * This is an IOThread that the user named, a thread of the device's own, or
 * QEMU's main loop.  The device's session stays in it from its beginning to its
 * end.  Code that holds the big lock (BQL) schedules bottom halves in it and
 * never waits for them: the loop may be held up by the host's storage.
 *
 * A P9Loop is counted, by the device, its ring, its server and its blocker, so
 * it outlives the device until the last job of the session has ended.  Then the
 * thread ends if it is the device's own.
 */
#ifndef HW_9PFS_VIRTIO_9P_LOOP_H
#define HW_9PFS_VIRTIO_9P_LOOP_H

#include "fsdev/core/qemu-compat.h"

typedef struct P9Loop P9Loop;

/**
 * p9_loop_new: the loop of @iothread if that is not NULL; else that of a new
 * thread if @own_thread is set; else the main loop.
 *
 * Returns NULL with *@errp set if no thread can be started.  Context: BQL held.
 */
P9Loop *p9_loop_new(IOThread *iothread, bool own_thread, Error **errp);
P9Loop *p9_loop_ref(P9Loop *loop);
/** p9_loop_unref: context: any thread. */
void p9_loop_unref(P9Loop *loop);

AioContext *p9_loop_context(P9Loop *loop);
bool p9_loop_is_main(P9Loop *loop);
/**
 * p9_loop_may_take_bql: whether code in the loop may wait for the BQL.
 *
 * It may in a thread of the device's own.  The main loop holds the BQL while
 * it waits for an IOThread, for example to drain a block device in there.
 */
bool p9_loop_may_take_bql(P9Loop *loop);

#endif
