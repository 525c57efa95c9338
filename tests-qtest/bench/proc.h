/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the kernel knows of a process: CPU time, context switches, memory,
 * descriptors.  Reads /proc and the process's CPU clock; disturbs nothing.
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

/* Notes where @pid stands now. */
ProcMark *proc_mark(pid_t pid);

/* What it has used since; frees @mark. */
ProcUse proc_since(ProcMark *mark);

/* Resident memory of its own (not the guest's, which is shared), bytes. */
uint64_t proc_rss(pid_t pid);

unsigned proc_fds(pid_t pid);

#endif
