/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Buffers followed by memory that cannot be accessed.
 *
 * A guarded buffer is followed by a page without access, so reading or writing
 * one byte beyond its end ends the test in every build, with or without
 * sanitizers.  A split buffer presents bytes as an iovec, each element of
 * which is guarded.  Context: any thread.
 */
#ifndef TESTS_CORE_GUARDED_H
#define TESTS_CORE_GUARDED_H

#include "fsdev/core/p9-osdep.h"

typedef struct Guarded {
    uint8_t *bytes;         /* part of @map */
    size_t size;
    void *map;              /* owned */
    size_t map_size;
} Guarded;

/** guarded_new: a copy of @size bytes of @from, or zeros when it is NULL. */
Guarded *guarded_new(const void *from, size_t size);
void guarded_free(Guarded *g);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Guarded, guarded_free)

typedef struct Split {
    struct iovec *iov;      /* owned */
    unsigned iovcnt;
    GPtrArray *parts;       /* of Guarded */
} Split;

/**
 * split_new: @size bytes of @from, cut at the @n_cuts ascending offsets in
 * @cuts.
 *
 * An offset that is 0, @size or the same as the one before gives an element of
 * length 0 with a NULL base.
 */
Split *split_new(const void *from, size_t size, const size_t *cuts,
                 unsigned n_cuts);
/** split_new_bytes: an element for each byte, with empty elements between. */
Split *split_new_bytes(const void *from, size_t size);
/** split_join: the bytes as one block of *@size bytes; g_free() it. */
uint8_t *split_join(const Split *split, size_t *size);
void split_free(Split *split);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Split, split_free)

#endif
