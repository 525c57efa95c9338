/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a session holds: shared by the files that make it up.
 *
 * The lowest of them come first in the docs (9pfs-internals.md); none calls
 * one that is above it.  Where the end of something is news for the layer
 * above, that has left a pointer here: rows, destroy.
 */
#ifndef HW_9PFS_9P_SESSION_INT_H
#define HW_9PFS_9P_SESSION_INT_H

#include "fsdev/core/fsdriver.h"
#include "9p-exec.h"
#include "9p-guest.h"
#include "9p-policy.h"
#include "9p-qid.h"
#include "9p-recent.h"
#include "9p-transport.h"

typedef struct P9Session P9Session;
typedef struct P9RowOps P9RowOps;

/*
 * A session lives from p9_session_new() until its owner has let go and no
 * request, job or file being closed is left.  What is kept for how long:
 *
 * always       counts of what is in use, the pool of idle requests, qids (so
 *              that paths stay what they are), the costs in policy, and recent
 *              (a serial number is never given out twice)
 * to a reset   generation, and all requests
 * to a Tversion, or a reset
 *              dialect, msize, all fids; with them the lock owners, and busy
 *              falls back to P9_BUSY_NO
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

    /* Negotiated by a Tversion, and what came of it. */
    uint8_t dialect;            /* P9_DIALECT_* */
    uint32_t msize;             /* 0: none succeeded yet */
    enum {
        P9_BUSY_NO,
        P9_BUSY_ASKED,          /* Tattach requests are parked until … */
        P9_BUSY_YES,            /* … the transport has agreed */
    } busy;
    GHashTable *fids;           /* number -> P9Fid, owned */
    unsigned xattr_fids;        /* also those that a request still pins */
    GHashTable *lock_owners;    /* set of P9LockOwner */
    unsigned lock_waiters;      /* parked requests that wait for a lock */

    /* Requests: each is in one of these, by P9Request.kept.link. */
    GQueue active;              /* submitted and not answered, oldest first */
    GQueue stopped;             /* they will not run: to be given back */
    GQueue backlog;             /* not read yet: see "alone" and guest */
    GQueue idle;                /* to be used again */

    GQueue due;                 /* P9Request.due: of active, to go on */
    P9Request *alone;           /* waits until it is the only one active */
    bool settling;              /* the queues are being worked off */
    unsigned jobs;              /* requests that workers have */

    bool freed;                 /* ops must not be called any more */
    unsigned refs;              /* the owner's, one a request, one a release */
    void (*destroy)(P9Session *s);  /* the last of them is gone */
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
