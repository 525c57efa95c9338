/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * QEMU's trace events for requests and replies, with all fields of these.
 */
#ifndef HW_9PFS_9P_TRACE_H
#define HW_9PFS_9P_TRACE_H

#include "9p-codec.h"

/*
 * p9_trace_request, p9_trace_reply: operations for P9TransportOps.  The events
 * show @opaque, which identifies the transport.  Context: event loop.
 */
void p9_trace_request(void *opaque, uint16_t tag, const P9MessageInfo *info,
                      const P9Tmsg *t);
void p9_trace_reply(void *opaque, uint16_t tag, const P9MessageInfo *info,
                    int result, const P9Rmsg *r);

#endif
