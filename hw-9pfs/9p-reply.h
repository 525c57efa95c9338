/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The reply to a request: its length, the limits of it, and its encoding.
 */
#ifndef HW_9PFS_9P_REPLY_H
#define HW_9PFS_9P_REPLY_H

#include "9p-request-int.h"

/** p9_reply_min_error: the length of an error reply without text. */
size_t p9_reply_min_error(const P9Session *s);
/**
 * p9_reply_min: the length of the shortest reply that can answer the request.
 * @decoded is the result of decoding the request, 0 or -errno.
 */
size_t p9_reply_min(const P9Request *req, int decoded);
/**
 * p9_reply_encode: write req->r to the buffers of the reply, or an error reply
 * if @result is negative.  Returns the length.  Context: inside guest memory.
 */
size_t p9_reply_encode(P9Request *req, int result);

/** p9_reply_room: how many bytes of payload fit in the reply. */
uint32_t p9_reply_room(const P9Request *req);
/**
 * p9_reply_iounit: the largest payload for the client's msize that is a
 * multiple of @blksize, if there is one.
 */
uint32_t p9_reply_iounit(const P9Request *req, uint32_t blksize);

#endif
