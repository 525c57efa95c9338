/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A throttle for tests: it records each ticket and lets the test open it.
 */
#ifndef TESTS_CORE_GATE_H
#define TESTS_CORE_GATE_H

#include "lib/client.h"

typedef struct Gate {
    FsGate base;
    GQueue waiting;             /* borrowed FsTicket, oldest first */
    bool open;                  /* admit each ticket immediately */
    GString *log;               /* all tickets: "read 4; write 3; " */
} Gate;

/** gate_install: make @gate, which the caller owns, the throttle of @c. */
void gate_install(Gate *gate, Client *c, bool open);
/** gate_remove: undo gate_install(); no ticket may be waiting. */
void gate_remove(Gate *gate, Client *c);
/** gate_let_one: admit the ticket that has waited longest. */
void gate_let_one(Gate *gate);

#endif
