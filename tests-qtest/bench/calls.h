/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Counts the system calls of all threads of other processes with ptrace.
 *
 * The tracer is a child process that shares a counter with the benchmark; when
 * it is killed, the kernel lets the traced threads continue.  Tracing slows
 * QEMU down a lot, so a traced run is used for no other result.
 */
#ifndef BENCH_CALLS_H
#define BENCH_CALLS_H

#include <sys/types.h>
#include "util.h"

typedef struct CallCounter CallCounter;

/*
 * Starts counting the calls of @pids, a list that ends with 0.  Returns NULL if
 * tracing is not allowed.
 */
CallCounter *calls_start(const pid_t *pids);

/* The number of calls entered since calls_start(). */
uint64_t calls_count(const CallCounter *counter);

/* Detaches from the processes and frees @counter. */
void calls_stop(CallCounter *counter);

#endif
