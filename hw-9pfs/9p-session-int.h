/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The members of a session, for the files that implement it.
 *
 * These files are layers, which docs/devel/9pfs-internals.rst lists in its
 * table of rooms.  A file calls only functions of layers below its own.  What
 * lower layers have to call in higher ones is reached through pointers in the
 * session: rows, destroy.
 */
#ifndef HW_9PFS_9P_SESSION_INT_H
#define HW_9PFS_9P_SESSION_INT_H

#include "fsdev/core/fsdriver.h"
#include "9p-exec.h"
#include "9p-guest.h"
#include "9p-policy.h"
#include "9p-qid.h"
#include "9p-recent.h"
#include "9p-stats.h"
#include "9p-transport.h"

typedef struct P9Session P9Session;
typedef struct P9RowOps P9RowOps;

/*
 * A session lives from p9_session_new() until p9_session_free() has been called
 * and its last request, job and file to be closed are gone.  How long its state
 * lives:
 *
 * as long as the session
 *              counts of what is in use and the budget, the pool of idle
 *              requests, qids (so that the paths of inodes stay the same), the
 *              costs in policy, recent (so that no serial number is assigned
 *              twice) and the statistics
 * until a reset
 *              generation, and all requests
 * until a Tversion or a reset
 *              dialect, msize and all fids; with the last fid the lock owners
 *              go, opened becomes false, and busy P9_BUSY_NO
 */
struct P9Session {
    FsExport *export;           /* counted */
    P9Exec *exec;               /* borrowed */
    const P9TransportOps *ops;
    void *opaque;
    P9Guest *guest;             /* counted: access to buffers of requests */
    unsigned generation;        /* that new requests' buffers belong to */
    P9Limits limits;
    const P9RowOps *rows;       /* by message number */
    P9QidMap *qids;             /* owned; has its own lock */
    P9Policy policy;
    P9RecentTable recent;
    FsBudget budget;            /* any thread */
    P9Stats stats;

    /* What a Tversion negotiates, and what the next one ends */
    uint8_t dialect;            /* P9_DIALECT_* */
    uint32_t msize;             /* 0: none succeeded yet */
    enum {
        P9_BUSY_NO,
        P9_BUSY_ASKED,          /* Tattach requests are parked until … */
        P9_BUSY_YES,            /* … the transport has agreed */
    } busy;
    bool opened;                /* since then the last fid has not gone */
    GHashTable *fids;           /* number -> P9Fid, owned */
    GHashTable *lock_owners;    /* set of P9LockOwner */
    unsigned lock_waiters;      /* parked requests that wait for a lock */

    /* The requests: each is in one of these queues, by P9Request.kept.link. */
    GQueue active;              /* submitted and not answered, oldest first */
    GQueue stopped;             /* will not run; the buffers are given back */
    GQueue backlog;             /* not decoded: see "alone" and guest */
    GQueue answered;            /* 9p-request-still.h: only to be delivered */
    GQueue idle;                /* for further messages */

    GQueue due;                 /* active ones that can go on: P9Request.due */
    P9Request *alone;           /* waits until it is the only one active */
    bool settling;              /* p9_request_settle() is on the stack */
    unsigned jobs;              /* requests that the executor has */
    uint64_t watch_at;          /* 9p-request-watch.c; 0: no timer is needed */

    bool freed;                 /* ops must not be called any more */
    unsigned refs;              /* of the owner, requests and releases */
    void (*destroy)(P9Session *s);  /* called when refs becomes 0 */
    void (*gone)(void *opaque); /* see p9_session_free() */
    void *gone_opaque;
};

static inline void p9_session_ref(P9Session *s)
{
    s->refs++;
}

static inline void p9_session_unref(P9Session *s)
{
    if (!--s->refs) {
        s->destroy(s);
    }
}

#endif
