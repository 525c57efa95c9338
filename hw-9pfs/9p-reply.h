/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The reply to a request: how long it is, how long it may be, its bytes.
 */
#ifndef HW_9PFS_9P_REPLY_H
#define HW_9PFS_9P_REPLY_H

#include "9p-request-int.h"

/** p9_reply_min_error: bytes of an error without text. */
size_t p9_reply_min_error(const P9Session *s);
/**
 * p9_reply_min: bytes of the shortest reply that can answer this request;
 * @decoded is what came of decoding it, 0 or -errno.
 */
size_t p9_reply_min(const P9Request *req, int decoded);
/** p9_reply_encode: req->r, or the error @result; returns its length. */
size_t p9_reply_encode(P9Request *req, int result);

/** p9_reply_room: payload bytes that fit in the reply after its count. */
uint32_t p9_reply_room(const P9Request *req);
/** p9_reply_iounit: transfer size that suits msize and the block size. */
uint32_t p9_reply_iounit(const P9Request *req, uint32_t blksize);

#endif
