/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Trace events by the names that QEMU's own 9pfs has: v9fs_walk and so on.
 *
 * Scripts and instructions use them, and a pattern that matches no event is no
 * error for QEMU.  They show the same as p9_request and p9_reply.
 * Context: event loop.
 */
#ifndef HW_9PFS_9P_TRACE_OLD_H
#define HW_9PFS_9P_TRACE_OLD_H

#include "9p-codec.h"

/** p9_trace_old_request_on: is the event of this T-message enabled? */
bool p9_trace_old_request_on(const P9MessageInfo *info);
void p9_trace_old_request(uint16_t tag, const P9MessageInfo *info,
                          const char *fields);
/** p9_trace_old_reply_on: is the event of this reply enabled? */
bool p9_trace_old_reply_on(const P9MessageInfo *info, int result);
void p9_trace_old_reply(uint16_t tag, const P9MessageInfo *info, int result,
                        const char *fields);

#endif
