/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The session of a virtio-9p device, which lives in the device's loop.
 *
 * Code that holds the BQL gives orders and never waits for the loop, because
 * that may be held up by the host's storage.  The loop follows the orders as
 * soon as it gets there, before it takes another request from the queue.  The
 * ring ensures that accesses to guest memory have ended when such code returns
 * (virtio-9p-ring.h).
 *
 * A server outlives its device until the loop has followed the last order.
 */
#ifndef HW_9PFS_VIRTIO_9P_SERVER_H
#define HW_9PFS_VIRTIO_9P_SERVER_H

#include "9p-inspect.h"
#include "9p-session.h"
#include "virtio-9p-ring.h"

typedef struct P9Server P9Server;

/* Context of all functions: BQL held. */

/**
 * p9_server_new: serve @export on @ring in @loop.  A reference to each of the
 * three is taken.  Unless it @may_migrate, migration is blocked while the guest
 * has the share mounted.
 */
P9Server *p9_server_new(FsExport *export, P9Ring *ring, P9Loop *loop,
                        const char *mount_tag, bool may_migrate);
/** p9_server_end: after p9_ring_end().  @server must not be used any more. */
void p9_server_end(P9Server *server);
/** p9_server_look: the guest has put a request into the queue. */
void p9_server_look(P9Server *server);
/** p9_server_resume: after p9_ring_resume() or p9_ring_unset_irqfd(). */
void p9_server_resume(P9Server *server);
/** p9_server_reset: after p9_ring_reset(). */
void p9_server_reset(P9Server *server);
/**
 * p9_server_listen: watch the host notifier @n until p9_server_ignore().
 *
 * The loop gets a descriptor of its own, so @n can be closed at any time.
 * Returns 0 or -errno.
 */
int p9_server_listen(P9Server *server, EventNotifier *n);
/** p9_server_ignore: stop watching the host notifier. */
void p9_server_ignore(P9Server *server);

/** p9_server_stats: readable without a lock until p9_server_end(). */
const P9Stats *p9_server_stats(P9Server *server);
/**
 * p9_server_call: call @fn(session, @opaque) in the loop.
 *
 * False if the loop has not come to that within @ms milliseconds, for which
 * this waits: it may be held up by storage, or wait for the BQL.  Then @fn will
 * not be called any more.  @fn must not wait for the BQL.
 */
bool p9_server_call(P9Server *server, void (*fn)(P9Session *s, void *opaque),
                    void *opaque, unsigned ms);
/**
 * p9_server_inspect: a copy of what the session has, owned by the caller.
 *
 * NULL if p9_server_call() fails within @ms milliseconds.
 */
P9Inspection *p9_server_inspect(P9Server *server, unsigned what, unsigned ms);

#endif
