/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A bounded cursor over an iovec: see p9-wire.h.
 *
 * transfer() is the only function that iterates over the memory.  Integers are
 * nearly always inside one element of the iovec: for these, get() and put() do
 * the same without a loop.
 */
#include "fsdev/core/p9-osdep.h"
#include "fsdev/core/p9-wire.h"

typedef enum { TRANSFER_GET, TRANSFER_PUT, TRANSFER_SKIP } TransferKind;

unsigned p9_iov_slice(struct iovec *out, const struct iovec *iov,
                      unsigned iovcnt, size_t offset, size_t bytes)
{
    unsigned used = 0;

    for (unsigned i = 0; i < iovcnt && bytes; i++) {
        size_t len = iov[i].iov_len;

        if (offset >= len) {
            offset -= len;
            continue;
        }
        len = MIN(len - offset, bytes);
        out[used].iov_base = (char *)iov[i].iov_base + offset;
        out[used].iov_len = len;
        used++;
        bytes -= len;
        offset = 0;
    }
    return used;
}

void p9_cursor_init(P9Cursor *c, const struct iovec *iov, unsigned iovcnt,
                    size_t limit)
{
    size_t bytes = iov_size(iov, iovcnt);

    *c = (P9Cursor) {
        .iov = iov,
        .iovcnt = iovcnt,
        .limit = MIN(bytes, limit),
    };
}

void p9_cursor_shrink(P9Cursor *c, size_t limit)
{
    assert(limit >= c->pos && limit <= c->limit);
    c->limit = limit;
}

static bool transfer(P9Cursor *c, void *data, size_t n, TransferKind kind)
{
    char *p = data;

    if (c->failed || n > c->limit - c->pos) {
        c->failed = true;
        return false;
    }
    c->pos += n;
    while (n) {
        size_t len = c->iov->iov_len - c->skip;
        char *guest;

        if (!len) {
            c->iov++;
            c->iovcnt--;
            c->skip = 0;
            continue;
        }
        /* Computed here because the base of an empty element may be NULL. */
        guest = (char *)c->iov->iov_base + c->skip;
        len = MIN(len, n);
        if (kind == TRANSFER_GET) {
            memcpy(p, guest, len);
            p += len;
        } else if (kind == TRANSFER_PUT) {
            memcpy(guest, p, len);
            p += len;
        }
        c->skip += len;
        n -= len;
    }
    return true;
}

void p9_get_bytes(P9Cursor *c, void *to, size_t n)
{
    if (!transfer(c, to, n, TRANSFER_GET)) {
        memset(to, 0, n);
    }
}

/*
 * Move past the next @n bytes, at least 1, and return where they are.  NULL if
 * that is left to transfer().
 */
static inline char *next_in_element(P9Cursor *c, size_t n)
{
    size_t skip = c->skip;

    if (c->failed || n > c->limit - c->pos || n > c->iov->iov_len - skip) {
        return NULL;
    }
    c->pos += n;
    c->skip += n;
    return (char *)c->iov->iov_base + skip;
}

static inline void get(P9Cursor *c, void *to, size_t n)
{
    const char *from = next_in_element(c, n);

    if (from) {
        memcpy(to, from, n);
        /* The compiler must not read the guest's memory a second time. */
        __asm__ volatile ("" : : : "memory");
    } else {
        p9_get_bytes(c, to, n);
    }
}

uint8_t p9_get_u8(P9Cursor *c)
{
    uint8_t v;

    get(c, &v, sizeof(v));
    return v;
}

uint16_t p9_get_u16(P9Cursor *c)
{
    uint16_t v;

    get(c, &v, sizeof(v));
    return le16_to_cpu(v);
}

uint32_t p9_get_u32(P9Cursor *c)
{
    uint32_t v;

    get(c, &v, sizeof(v));
    return le32_to_cpu(v);
}

uint64_t p9_get_u64(P9Cursor *c)
{
    uint64_t v;

    get(c, &v, sizeof(v));
    return le64_to_cpu(v);
}

void p9_put_bytes(P9Cursor *c, const void *from, size_t n)
{
    transfer(c, (void *)from, n, TRANSFER_PUT);
}

static inline void put(P9Cursor *c, const void *from, size_t n)
{
    char *to = next_in_element(c, n);

    if (to) {
        memcpy(to, from, n);
    } else {
        p9_put_bytes(c, from, n);
    }
}

void p9_put_u8(P9Cursor *c, uint8_t v)
{
    put(c, &v, sizeof(v));
}

void p9_put_u16(P9Cursor *c, uint16_t v)
{
    v = cpu_to_le16(v);
    put(c, &v, sizeof(v));
}

void p9_put_u32(P9Cursor *c, uint32_t v)
{
    v = cpu_to_le32(v);
    put(c, &v, sizeof(v));
}

void p9_put_u64(P9Cursor *c, uint64_t v)
{
    v = cpu_to_le64(v);
    put(c, &v, sizeof(v));
}

void p9_skip(P9Cursor *c, size_t n)
{
    transfer(c, NULL, n, TRANSFER_SKIP);
}
