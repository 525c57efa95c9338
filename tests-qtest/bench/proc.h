/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the kernel knows of some processes, added up: CPU time, context
 * switches, memory, descriptors.  Reads /proc and the processes' CPU clocks;
 * disturbs nothing.  A list of processes ends with 0.
 */
#ifndef BENCH_PROC_H
#define BENCH_PROC_H

#include <sys/types.h>
#include "util.h"

typedef struct ProcMark ProcMark;

typedef struct ProcUse {
    double cpu_us;          /* of all threads, also of those that ended */
    double switches;        /* voluntary and not, of threads alive at the end */
} ProcUse;

/* Notes where @pids, which the mark borrows, stand now. */
ProcMark *proc_mark(const pid_t *pids);

/* What they have used since; frees @mark. */
ProcUse proc_since(ProcMark *mark);

/* Resident memory of their own (not the guest's, which is shared), bytes. */
uint64_t proc_rss(const pid_t *pids);

unsigned proc_fds(const pid_t *pids);

#endif
