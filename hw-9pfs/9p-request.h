/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A request as its transport sees it.
 *
 * A transport gets a P9Request, lends it the buffers of one message and
 * submits it; the answer comes through P9TransportOps.  What a request holds
 * is in 9p-request-int.h.  Context: event loop.
 */
#ifndef HW_9PFS_9P_REQUEST_H
#define HW_9PFS_9P_REQUEST_H

#include "9p-transport.h"

/**
 * p9_request_submit: take the message in @out; the reply goes to @in.
 *
 * The iovecs and what they describe are borrowed until ops->push or ->broken
 * is called with the request, which may be before this returns, or until the
 * current generation of guest memory ends.
 */
void p9_request_submit(P9Request *req, const struct iovec *out,
                       unsigned out_cnt, const struct iovec *in,
                       unsigned in_cnt);

#endif
