/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The reply to a request: see 9p-reply.h.
 */
#include "fsdev/core/p9-osdep.h"
#include "9p-errno.h"
#include "9p-reply.h"

size_t p9_reply_min_error(const P9Session *s)
{
    return s->dialect == P9_DIALECT_DOTU ? P9_RERROR_SZ : P9_RLERROR_SZ;
}

size_t p9_reply_min(const P9Request *req, int decoded)
{
    size_t size = decoded < 0 ? req->info->min_reply
                              : p9_min_reply(req->info->number, &req->t);

    return MAX(size, p9_reply_min_error(req->session));
}

static size_t encode_error(P9Request *req, int result)
{
    uint32_t error = p9_errno_to_wire(-result);
    P9Cursor c;

    p9_cursor_init(&c, req->in, req->in_cnt, req->in_bytes);
    if (req->session->dialect & P9_DIALECT_U) {
        return p9_encode_rerror(&c, req->header.tag, error,
                                g_strerror(-result), req->header.plain);
    }
    return p9_encode_rlerror(&c, req->header.tag, error);
}

/* Copy what run() has put into P9Request.bounce. */
static void deliver_payload(P9Request *req)
{
    P9Cursor c;

    if (req->to_deliver) {
        p9_cursor_init(&c, req->in, req->in_cnt, req->in_bytes);
        p9_skip(&c, P9_IO_HDRSZ);
        p9_put_bytes(&c, req->bounce, req->to_deliver);
    }
}

size_t p9_reply_encode(P9Request *req, int result)
{
    P9Cursor c;
    ssize_t len;

    if (result < 0) {
        return encode_error(req, result);
    }
    deliver_payload(req);
    p9_cursor_init(&c, req->in, req->in_cnt, req->in_bytes);
    len = p9_encode_reply(&c, req->info->number, req->header.tag, &req->r);
    return len < 0 ? encode_error(req, len) : (size_t)len;
}

uint32_t p9_reply_room(const P9Request *req)
{
    size_t room = MIN(req->in_bytes, req->msize);

    return MIN(room - P9_IO_HDRSZ, UINT32_MAX);
}

uint32_t p9_reply_iounit(const P9Request *req, uint32_t blksize)
{
    uint32_t payload = req->msize - P9_IOHDRSZ;

    return blksize && blksize <= payload ? payload - payload % blksize
                                         : payload;
}
