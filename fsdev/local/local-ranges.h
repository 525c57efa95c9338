/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The ranges that one owner has locked in one file, as the kernel keeps them.
 *
 * They are sorted and do not overlap; adjacent ranges of one type are one
 * range.  The caller excludes other threads.
 */
#ifndef FSDEV_LOCAL_RANGES_H
#define FSDEV_LOCAL_RANGES_H

#include "fsdev/core/fsdriver.h"

typedef struct LocalRanges {
    struct LocalRange *ranges;  /* owned, size elements */
    unsigned count;             /* of ranges; what a caller may read */
    unsigned size;
} LocalRanges;

/** local_ranges_more: how many more ranges there will be after @lock. */
int local_ranges_more(const LocalRanges *r, const FsLock *lock);
/** local_ranges_set: @lock, which may also unlock, has been granted. */
void local_ranges_set(LocalRanges *r, const FsLock *lock);
/** local_ranges_list: append them to @to, an array of FsLock. */
void local_ranges_list(const LocalRanges *r, GArray *to);
/** local_ranges_clear: free what is owned; @r is empty then. */
void local_ranges_clear(LocalRanges *r);

#endif
