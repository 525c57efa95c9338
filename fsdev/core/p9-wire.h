/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A bounded cursor over scattered memory of somebody else.
 *
 * All access to bytes of requests and replies goes through it.  A cursor never
 * moves past its limit: the first get or put that would is refused, sets
 * "failed", and from then on every get yields zeroes and every put does
 * nothing, so a sequence of them needs one check at its end.  Every byte is
 * read exactly once; what is checked is the private copy.  Context: any
 * thread, one at a time; never blocks.
 */
#ifndef FSDEV_P9_WIRE_H
#define FSDEV_P9_WIRE_H

#include "fsdev/core/p9-osdep.h"

typedef struct P9Cursor {
    const struct iovec *iov;    /* borrowed */
    unsigned iovcnt;            /* elements from iov on */
    size_t skip;                /* bytes of iov[0] already passed */
    size_t pos;                 /* bytes from the start */
    size_t limit;               /* pos never exceeds it */
    bool failed;
} P9Cursor;

/**
 * p9_iov_slice: the part [@offset, @offset + @bytes) of @iov as an iovec.
 *
 * @out has room for @iovcnt elements.  Returns the number used; fewer bytes
 * than asked for are described when @iov ends early.
 */
unsigned p9_iov_slice(struct iovec *out, const struct iovec *iov,
                      unsigned iovcnt, size_t offset, size_t bytes);

/** p9_cursor_init: at most @limit bytes of @iov, or all if there are fewer. */
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
time_t p9_seconds(int64_t seconds);

/** p9_skip: pass over @n bytes without touching them. */
void p9_skip(P9Cursor *c, size_t n);

#endif
