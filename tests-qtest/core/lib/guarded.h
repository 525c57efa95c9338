/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Buffers that end exactly where memory ends.
 *
 * A guarded buffer is followed by a page without access, so one byte read or
 * written too far ends the test in every build, sanitizers or not.  A split
 * buffer hands the same bytes out as an iovec whose elements are guarded one
 * by one.  For tests; any thread.
 */
#ifndef TESTS_CORE_GUARDED_H
#define TESTS_CORE_GUARDED_H

#include "fsdev/core/p9-osdep.h"

typedef struct Guarded {
    uint8_t *bytes;         /* owned, with map */
    size_t size;
    void *map;
    size_t map_size;
} Guarded;

/** guarded_new: a copy of @size bytes of @from, or zeroes when it is NULL. */
Guarded *guarded_new(const void *from, size_t size);
void guarded_free(Guarded *g);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Guarded, guarded_free)

typedef struct Split {
    struct iovec *iov;      /* owned */
    unsigned iovcnt;
    GPtrArray *parts;       /* of Guarded */
} Split;

/**
 * split_new: @size bytes of @from cut at the @cuts ascending offsets.
 *
 * Equal offsets, 0 and @size give elements of length 0, with a NULL base.
 */
Split *split_new(const void *from, size_t size, const size_t *cuts,
                 unsigned n_cuts);
/** split_new_bytes: every byte an element of its own, empty ones between. */
Split *split_new_bytes(const void *from, size_t size);
/** split_join: the bytes as one block, @size set; g_free() it. */
uint8_t *split_join(const Split *split, size_t *size);
void split_free(Split *split);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Split, split_free)

#endif
