/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One run: a new QEMU process, one workload, all its queue depths.
 */
#ifndef BENCH_RUN_H
#define BENCH_RUN_H

#include "cell.h"

typedef struct Side {
    char *name;             /* "stock" or "ours"; all strings are owned */
    char *binary;
    char *proxy;            /* helper_start()'s @spec; NULL: no proxy */
    char *device;           /* more -device properties, may be NULL */
    char *fsdev;            /* more -fsdev properties, may be NULL */
    char **args;            /* more arguments, may be NULL */
} Side;

typedef struct RunOptions {
    GuestOptions guest;
    uint64_t run_ns;        /* duration of a measured run */
    uint64_t warm_ns;       /* duration of the warm-up */
    bool small;             /* small trees */
    const char *accel;      /* see MachineOptions */
    const char *model;      /* for all workloads; NULL: the workload's */
    char *slow_reads;       /* see MachineOptions; owned */
    bool calls;             /* count system calls in the last round */
    unsigned rounds;
} RunOptions;

/*
 * Measures round @round of @side, with number @number (0 or 1), for @n cells,
 * which differ only in their depth.  @tree must exist.
 */
void run_side(Cell **cells, unsigned n, const Side *side, unsigned number,
              unsigned round, const Tree *tree, const RunOptions *o);

/* Measures the native loop for the same cells. */
void run_native(Cell **cells, unsigned n, unsigned round, const Tree *tree,
                const RunOptions *o);

#endif
