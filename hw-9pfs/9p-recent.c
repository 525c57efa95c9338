/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Attributes that a walk has just read: see 9p-recent.h.
 *
 * Serial numbers are assigned in sequence and determine the slot, so an entry
 * is overwritten P9_RECENT_SLOTS walks later.  A number is used again after
 * 2^32 walks; the clock has ticked by then.
 */
#include "fsdev/core/p9-osdep.h"
#include "9p-recent.h"

void p9_recent_begin(P9Moment *moment)
{
    moment->changes = fs_change_count();
    clock_gettime(CLOCK_MONOTONIC_COARSE, &moment->tick);
}

uint32_t p9_recent_put(P9RecentTable *table, const P9Moment *moment,
                       const FsAttr *attr)
{
    uint32_t serial = ++table->last_serial ?: ++table->last_serial;

    table->slot[serial % P9_RECENT_SLOTS] = (P9Recent) {
        .serial = serial,
        .moment = *moment,
        .attr = *attr,
    };
    return serial;
}

bool p9_recent_get(const P9RecentTable *table, uint32_t serial, FsAttr *attr)
{
    const P9Recent *recent = &table->slot[serial % P9_RECENT_SLOTS];
    P9Moment now;

    if (!serial || recent->serial != serial) {
        return false;
    }
    p9_recent_begin(&now);
    if (now.changes != recent->moment.changes ||
        now.tick.tv_sec != recent->moment.tick.tv_sec ||
        now.tick.tv_nsec != recent->moment.tick.tv_nsec) {
        return false;
    }
    *attr = recent->attr;
    return true;
}
