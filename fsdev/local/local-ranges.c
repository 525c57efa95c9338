/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The ranges that one owner has locked: see local-ranges.h.
 */
#include "fsdev/core/p9-osdep.h"
#include "fsdev/local/local-ranges.h"

#define SPLIT_MAX 3             /* the new one, and what is left beside it */

typedef struct LocalRange {
    uint64_t first;
    uint64_t last;              /* inclusive */
    short type;
} LocalRange;

/* Ranges [at, at + removed) become the first @added ones of @with. */
typedef struct Splice {
    unsigned at;
    unsigned removed;
    unsigned added;
    LocalRange with[SPLIT_MAX];
} Splice;

/* The index of the first range that ends at @offset or later. */
static unsigned find(const LocalRanges *r, uint64_t offset)
{
    unsigned low = 0;
    unsigned high = r->count;

    while (low < high) {
        unsigned middle = low + (high - low) / 2;

        if (r->ranges[middle].last < offset) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

static bool range_is_empty(const LocalRange *range)
{
    return range->first > range->last;
}

/* Append @part, unless it is empty or became a part of @new. */
static void keep_part(Splice *s, const LocalRange *part, LocalRange *new)
{
    if (range_is_empty(part)) {
        return;
    }
    if (part->type == new->type) {
        new->first = MIN(new->first, part->first);
        new->last = MAX(new->last, part->last);
    } else {
        s->with[s->added++] = *part;
    }
}

/* What @lock changes.  Adjacent ranges are included: they may be merged. */
static Splice splice_for(const LocalRanges *r, const FsLock *lock)
{
    const uint64_t first = lock->start;
    const uint64_t last = lock->length ? first + lock->length - 1 : INT64_MAX;
    const LocalRange none = { .first = 1 };
    LocalRange new = { first, last, lock->type };
    LocalRange left = none;
    LocalRange right = none;
    Splice s = { .at = find(r, first ? first - 1 : 0) };
    unsigned end = s.at;
    unsigned place;

    while (end < r->count && r->ranges[end].first <= last + 1) {
        end++;
    }
    s.removed = end - s.at;
    if (s.removed && r->ranges[s.at].first < first) {
        left = r->ranges[s.at];
        left.last = MIN(left.last, first - 1);
    }
    if (s.removed && r->ranges[end - 1].last > last) {
        right = r->ranges[end - 1];
        right.first = MAX(right.first, last + 1);
    }
    keep_part(&s, &left, &new);
    place = s.added;
    s.added += new.type != F_UNLCK;
    keep_part(&s, &right, &new);
    if (new.type != F_UNLCK) {
        s.with[place] = new;
    }
    return s;
}

int local_ranges_more(const LocalRanges *r, const FsLock *lock)
{
    Splice s = splice_for(r, lock);

    return (int)s.added - (int)s.removed;
}

void local_ranges_set(LocalRanges *r, const FsLock *lock)
{
    Splice s = splice_for(r, lock);
    unsigned after = s.at + s.removed;
    unsigned count = r->count + s.added - s.removed;

    if (count > r->size) {
        r->size = MAX(count, 2 * r->size);
        r->ranges = g_renew(LocalRange, r->ranges, r->size);
    }
    if (r->count > after) {
        memmove(r->ranges + s.at + s.added, r->ranges + after,
                (r->count - after) * sizeof(*r->ranges));
    }
    if (s.added) {
        memcpy(r->ranges + s.at, s.with, s.added * sizeof(*r->ranges));
    }
    r->count = count;
}

void local_ranges_list(const LocalRanges *r, GArray *to)
{
    for (unsigned i = 0; i < r->count; i++) {
        const LocalRange *range = &r->ranges[i];
        FsLock lock = {
            .type = range->type,
            .start = range->first,
            .length = range->last == INT64_MAX
                      ? 0 : range->last - range->first + 1,
        };

        g_array_append_val(to, lock);
    }
}

void local_ranges_clear(LocalRanges *r)
{
    g_free(r->ranges);
    *r = (LocalRanges) { 0 };
}
