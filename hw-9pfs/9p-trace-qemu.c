/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * QEMU's trace events of requests and replies: see 9p-trace.h.
 */
#include "qemu/osdep.h"
#include "9p-trace.h"
#include "trace.h"

void p9_trace_request(void *opaque, const P9Request *req)
{
    g_autoptr(GString) fields = NULL;

    if (!trace_event_get_state_backends(TRACE_P9_REQUEST)) {
        return;
    }
    fields = g_string_new(NULL);
    p9_print_request(fields, req->info->number, &req->t);
    trace_p9_request(opaque, req->header.tag, req->info->name, fields->str);
}

void p9_trace_reply(void *opaque, const P9Request *req, int result)
{
    g_autoptr(GString) fields = NULL;

    if (!trace_event_get_state_backends(TRACE_P9_REPLY)) {
        return;
    }
    fields = g_string_new(NULL);
    if (result < 0) {
        g_string_printf(fields, " error %d (%s)", -result, strerror(-result));
    } else {
        p9_print_reply(fields, req->info->number, &req->r);
    }
    trace_p9_reply(opaque, req->header.tag,
                   req->info ? req->info->name : "unknown", fields->str);
}
