/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A 9P session: the interface to transports.
 *
 * Requests are submitted to a session (9p-request.h) and answered by calling
 * P9TransportOps (9p-transport.h).  Everything but a row's run() function
 * happens on one event loop; sessions share nothing but the export.
 *
 *   submit -> decode -> pin fids -> prepare -> [gate] -> run -> finish -> push
 *
 * prepare and finish run on the event loop and may touch the session; run may
 * be on a worker and touches the request, what the request captured (node[],
 * file[]) and the driver.  See docs/devel/9pfs-internals.rst.
 */
#ifndef HW_9PFS_9P_SESSION_H
#define HW_9PFS_9P_SESSION_H

#include "fsdev/core/fsdriver.h"
#include "9p-exec.h"
#include "9p-guest.h"
#include "9p-request.h"
#include "9p-request-pool.h"
#include "9p-stats.h"
#include "9p-transport.h"

/**
 * p9_session_new: serve @export on one event loop.
 *
 * The buffers of requests are only accessed inside @guest.  A reference to
 * @export and @guest is taken; @exec outlives the session.  Context: any
 * thread; for all other functions here it is the event loop.
 */
P9Session *p9_session_new(FsExport *export, P9Exec *exec,
                          const P9TransportOps *ops, void *opaque,
                          P9Guest *guest, const P9Limits *limits);
/**
 * p9_session_reset: end all requests and remove all fids.
 *
 * The transport has taken the buffers of all requests back; the buffers of
 * later requests belong to @generation of guest memory.  This never waits: jobs
 * that cannot be stopped end later, without a reply.  It must not be called by
 * an operation of the transport.
 */
void p9_session_reset(P9Session *s, unsigned generation);
/** p9_session_tick: the time set with ops->set_timer has come. */
void p9_session_tick(P9Session *s);
/**
 * p9_session_busy_done: the result of an ops->set_busy(true) that returned
 * -EINPROGRESS.  It is ignored if no request waits for it any more.
 */
void p9_session_busy_done(P9Session *s, int result);
/**
 * p9_session_resume: guest memory was shut and is open again.
 *
 * Requests that wait because they have to access it go on.
 */
void p9_session_resume(P9Session *s);
/**
 * p9_session_free: reset the session, and free it when its last job has ended.
 * Then @gone, which may be NULL, is called on the event loop.
 */
void p9_session_free(P9Session *s, void (*gone)(void *opaque), void *opaque);

/* Numbers for tests and for the monitor. */
typedef struct P9SessionInfo {
    unsigned fids;
    unsigned active;        /* requests in flight */
    size_t used[FS_BUDGET_ITEMS];   /* of the budget */
    uint32_t msize;         /* 0: no session */
    unsigned dialect;
} P9SessionInfo;
void p9_session_info(const P9Session *s, P9SessionInfo *info);
/** p9_session_stats: any thread may read them as long as @s exists. */
const P9Stats *p9_session_stats(const P9Session *s);

#endif
