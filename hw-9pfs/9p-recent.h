/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Attributes that a walk has just seen, for the getattr that follows it.
 *
 * Every client asks for the attributes of what it walked to, at once; the walk
 * has looked at them already.  They are good for that one question, and only
 * if nothing has changed: no call that changes anything has been made through
 * this process since (fs_change_count()), and the kernel's coarse clock still
 * stands where it stood before the walk looked.  So they are never stale for a
 * change made through us, and for one made by others no staler than the
 * timestamps of the host's own file systems, which come from the same clock.
 * Belongs to the event loop, but for p9_recent_begin().
 */
#ifndef HW_9PFS_9P_RECENT_H
#define HW_9PFS_9P_RECENT_H

#include "fsdev/core/fsdriver.h"

/* Walks whose getattr may be on its way at the same time: a power of 2. */
#define P9_RECENT_SLOTS 64

/* The moment before somebody looked. */
typedef struct P9Moment {
    unsigned changes;
    struct timespec tick;
} P9Moment;

typedef struct P9Recent {
    uint32_t serial;            /* 0: nothing here */
    P9Moment moment;
    FsAttr attr;
} P9Recent;

typedef struct P9RecentTable {
    uint32_t last_serial;
    P9Recent slot[P9_RECENT_SLOTS];
} P9RecentTable;

/** p9_recent_begin: to be called before looking.  Context: any thread. */
void p9_recent_begin(P9Moment *moment);
/**
 * p9_recent_put: @attr was seen after @moment.  Returns the serial number to
 * ask with, never 0.
 */
uint32_t p9_recent_put(P9RecentTable *table, const P9Moment *moment,
                       const FsAttr *attr);
/** p9_recent_get: what was put under @serial, if it is still true. */
bool p9_recent_get(const P9RecentTable *table, uint32_t serial, FsAttr *attr);

#endif
