/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A bounded cursor over an iovec in untrusted memory, usually the guest's.
 *
 * All bytes of requests and replies are accessed through it.  A cursor never
 * moves past its limit: the first get or put that would exceed it sets "failed"
 * instead, and from then on each get returns zeroes and each put has no effect,
 * so a sequence of them needs only one check at its end.  Each byte is read
 * exactly once, and checks use the private copy.  Context: any thread, one at a
 * time; never blocks.
 */
#ifndef FSDEV_P9_WIRE_H
#define FSDEV_P9_WIRE_H

#include "fsdev/core/p9-osdep.h"

typedef struct P9Cursor {
    const struct iovec *iov;    /* borrowed */
    unsigned iovcnt;            /* elements from iov on */
    size_t skip;                /* bytes of iov[0] before the cursor */
    size_t pos;                 /* bytes from the start to the cursor */
    size_t limit;               /* pos never exceeds it */
    bool failed;
} P9Cursor;

/**
 * p9_iov_slice: set @out to the bytes [@offset, @offset + @bytes) of @iov.
 *
 * @out has room for @iovcnt elements.  Returns the number of elements used;
 * they have fewer bytes than requested if @iov ends before.
 */
unsigned p9_iov_slice(struct iovec *out, const struct iovec *iov,
                      unsigned iovcnt, size_t offset, size_t bytes);

/** p9_cursor_init: a cursor over the first @limit bytes of @iov at most. */
void p9_cursor_init(P9Cursor *c, const struct iovec *iov, unsigned iovcnt,
                    size_t limit);
/** p9_cursor_shrink: set the limit to @limit bytes from the start. */
void p9_cursor_shrink(P9Cursor *c, size_t limit);

void p9_get_bytes(P9Cursor *c, void *to, size_t n);
uint8_t p9_get_u8(P9Cursor *c);
uint16_t p9_get_u16(P9Cursor *c);
uint32_t p9_get_u32(P9Cursor *c);
uint64_t p9_get_u64(P9Cursor *c);

void p9_put_bytes(P9Cursor *c, const void *from, size_t n);
void p9_put_u8(P9Cursor *c, uint8_t v);
void p9_put_u16(P9Cursor *c, uint16_t v);
void p9_put_u32(P9Cursor *c, uint32_t v);
void p9_put_u64(P9Cursor *c, uint64_t v);

/**
 * p9_seconds: @seconds as the host's time_t.
 *
 * Where time_t has 32 bits, a time that does not fit becomes the nearest one
 * that does, as the kernel does for a file system with a narrower range.
 */
static inline time_t p9_seconds(int64_t seconds)
{
    if (sizeof(time_t) < sizeof(seconds)) {
        seconds = CLAMP(seconds, INT32_MIN, INT32_MAX);
    }
    return seconds;
}

/** p9_skip: advance by @n bytes without accessing them. */
void p9_skip(P9Cursor *c, size_t n);

#endif
