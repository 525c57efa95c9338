/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Counts the system calls of other processes, all threads, by ptrace.
 *
 * The tracer is a child process that shares a counter with us; when it is
 * killed the kernel lets the traced threads go on.  Tracing slows QEMU down a
 * lot, so a counted run gives no other figure.
 */
#ifndef BENCH_CALLS_H
#define BENCH_CALLS_H

#include <sys/types.h>
#include "util.h"

typedef struct CallCounter CallCounter;

/* Starts to count those of @pids, up to a 0; NULL: not allowed here. */
CallCounter *calls_start(const pid_t *pids);

/* How many calls have been entered so far. */
uint64_t calls_count(const CallCounter *counter);

/* Lets go of the processes. */
void calls_stop(CallCounter *counter);

#endif
