/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a session has at one moment: its requests, fids and owners of locks.
 *
 * A P9Inspection is a copy for the monitor.  It is made on the event loop of
 * the session and used by any thread.
 */
#ifndef HW_9PFS_9P_INSPECT_H
#define HW_9PFS_9P_INSPECT_H

#include "9p-session.h"

/* A longer list is cut, so that the event loop is not held up by it. */
#define P9_INSPECT_MAX 1000

typedef struct P9SeenRequest {
    uint16_t tag;
    const P9MessageInfo *info;  /* never freed; NULL: of no known type */
    const char *state;          /* a string literal */
    uint64_t age_ns;            /* since it arrived; 0: just now */
    char *path;                 /* owned; of its first fid; NULL: none */
} P9SeenRequest;

typedef struct P9SeenFid {
    uint32_t number;
    uint32_t uid;               /* n_uname of the attach */
    const char *state;          /* a string literal */
    char *path;                 /* owned; NULL: not walked yet */
} P9SeenFid;

typedef struct P9SeenOwner {
    char *client_id;            /* owned */
    uint32_t proc_id;
    uint64_t dev;               /* of the file */
    uint64_t ino;
    bool locked;                /* it has taken a lock, or tried to */
} P9SeenOwner;

typedef struct P9Inspection {
    P9SessionInfo info;
    unsigned lock_waiters;      /* requests that wait for a lock */
    GArray *requests;           /* of P9SeenRequest, oldest first */
    GArray *fids;               /* of P9SeenFid, by number */
    GArray *owners;             /* of P9SeenOwner */
} P9Inspection;

/* What is to be copied besides info, as a set. */
enum {
    P9_INSPECT_REQUESTS = 1u << 0,
    P9_INSPECT_FIDS = 1u << 1,
    P9_INSPECT_OWNERS = 1u << 2,
};

/**
 * p9_session_inspect: a copy of what @s has, at most P9_INSPECT_MAX of each
 * kind in @what.  Owned by the caller.  Context: event loop; never blocks.
 */
P9Inspection *p9_session_inspect(P9Session *s, unsigned what);
/** p9_inspection_free: NULL is allowed. */
void p9_inspection_free(P9Inspection *inspection);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(P9Inspection, p9_inspection_free)

#endif
