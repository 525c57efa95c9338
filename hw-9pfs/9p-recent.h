/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Attributes that a walk has just read, for the getattr that follows it.
 *
 * Every client asks for the attributes of an object right after it has walked
 * there, and the walk has read them already.  They may be used for that one
 * Tgetattr, and only if nothing has changed since: no call through this process
 * has changed anything (fs_change_count()), and the kernel's coarse clock has
 * not ticked since before the walk read them.  So an answer never misses a
 * change that was made through this process.  For changes made by others it is
 * as exact as the timestamps of the host's file systems, which come from the
 * same clock.
 * Context: event loop, except p9_recent_begin().
 */
#ifndef HW_9PFS_9P_RECENT_H
#define HW_9PFS_9P_RECENT_H

#include "fsdev/core/fsdriver.h"

/* How many walks may wait for their getattr.  A power of 2. */
#define P9_RECENT_SLOTS 64

/* The moment at which attributes were about to be read. */
typedef struct P9Moment {
    unsigned changes;
    struct timespec tick;
} P9Moment;

typedef struct P9Recent {
    uint32_t serial;            /* 0: the slot is empty */
    P9Moment moment;
    FsAttr attr;
} P9Recent;

typedef struct P9RecentTable {
    uint32_t last_serial;
    P9Recent slot[P9_RECENT_SLOTS];
} P9RecentTable;

/** p9_recent_begin: call before reading attributes.  Context: any thread. */
void p9_recent_begin(P9Moment *moment);
/**
 * p9_recent_put: keep @attr, which was read after @moment.  Returns the serial
 * number for p9_recent_get(), which is never 0.
 */
uint32_t p9_recent_put(P9RecentTable *table, const P9Moment *moment,
                       const FsAttr *attr);
/** p9_recent_get: get what was kept as @serial, unless it may be stale. */
bool p9_recent_get(const P9RecentTable *table, uint32_t serial, FsAttr *attr);

#endif
