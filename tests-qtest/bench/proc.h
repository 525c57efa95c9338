/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The kernel's statistics of some processes, added up: CPU time, context
 * switches, memory, descriptors.  Reads /proc and the processes' CPU clocks,
 * which does not affect the processes.  A list of processes ends with 0.
 */
#ifndef BENCH_PROC_H
#define BENCH_PROC_H

#include <sys/types.h>
#include "util.h"

typedef struct ProcMark ProcMark;

typedef struct ProcUse {
    double cpu_us;          /* of all threads, including exited ones */
    double switches;        /* of threads alive at the end; both kinds */
} ProcUse;

/* Stores the current values of @pids, which the mark borrows. */
ProcMark *proc_mark(const pid_t *pids);

/* The difference between now and @mark; frees @mark. */
ProcUse proc_since(ProcMark *mark);

/* Private resident memory in bytes, without the guest's, which is shared */
uint64_t proc_rss(const pid_t *pids);

unsigned proc_fds(const pid_t *pids);

#endif
