/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A throttle for tests: see gate.h. */
#include "fsdev/core/p9-osdep.h"
#include "session/gate.h"

static bool gate_admit(FsGate *base, FsTicket *ticket)
{
    static const char *const kinds[FS_TICKET_KINDS] = {
        "read", "write", "meta",
    };
    Gate *gate = container_of(base, Gate, base);

    g_string_append_printf(gate->log, "%s %" PRIu64 "; ", kinds[ticket->kind],
                           ticket->bytes);
    if (!gate->open) {
        g_queue_push_tail(&gate->waiting, ticket);
    }
    return gate->open;
}

static void gate_cancel(FsGate *base, FsTicket *ticket)
{
    Gate *gate = container_of(base, Gate, base);

    g_assert_true(g_queue_remove(&gate->waiting, ticket));
}

void gate_install(Gate *gate, Client *c, bool open)
{
    *gate = (Gate) {
        .base = { gate_admit, gate_cancel },
        .waiting = G_QUEUE_INIT,
        .open = open,
        .log = g_string_new(NULL),
    };
    c->export->gate = &gate->base;
}

void gate_remove(Gate *gate, Client *c)
{
    g_assert_cmpuint(gate->waiting.length, ==, 0);
    c->export->gate = NULL;
    g_string_free(gate->log, TRUE);
}

void gate_let_one(Gate *gate)
{
    FsTicket *ticket = g_queue_pop_head(&gate->waiting);

    ticket->admitted(ticket);
}
