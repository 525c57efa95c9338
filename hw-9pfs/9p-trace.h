/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * QEMU's trace events of requests and replies, with all their fields.
 */
#ifndef HW_9PFS_9P_TRACE_H
#define HW_9PFS_9P_TRACE_H

#include "9p-session.h"

/*
 * p9_trace_request, p9_trace_reply: P9TransportOps of any transport; @opaque
 * stands for it in the events.  Context: event loop.
 */
void p9_trace_request(void *opaque, const P9Request *req);
void p9_trace_reply(void *opaque, const P9Request *req, int result);

#endif
