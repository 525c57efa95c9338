/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * QEMU's trace events for requests and replies: see 9p-trace.h.
 */
#include "qemu/osdep.h"
#include "9p-trace.h"
#include "9p-trace-old.h"
#include "trace.h"

void p9_trace_request(void *opaque, uint16_t tag, const P9MessageInfo *info,
                      const P9Tmsg *t)
{
    g_autoptr(GString) fields = NULL;

    if (!trace_event_get_state_backends(TRACE_P9_REQUEST) &&
        !p9_trace_old_request_on(info)) {
        return;
    }
    fields = g_string_new(NULL);
    p9_print_request(fields, info->number, t);
    trace_p9_request(opaque, tag, info->name, fields->str);
    p9_trace_old_request(tag, info, fields->str);
}

void p9_trace_reply(void *opaque, uint16_t tag, const P9MessageInfo *info,
                    int result, const P9Rmsg *r)
{
    g_autoptr(GString) fields = NULL;

    if (!trace_event_get_state_backends(TRACE_P9_REPLY) &&
        !p9_trace_old_reply_on(info, result)) {
        return;
    }
    fields = g_string_new(NULL);
    if (result < 0) {
        g_string_printf(fields, " error %d (%s)", -result, strerror(-result));
    } else {
        p9_print_reply(fields, info->number, r);
    }
    trace_p9_reply(opaque, tag, info ? info->name : "unknown", fields->str);
    p9_trace_old_reply(tag, info, result, fields->str);
}
