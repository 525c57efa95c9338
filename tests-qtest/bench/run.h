/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One run: a fresh QEMU, one workload, all its queue depths.
 */
#ifndef BENCH_RUN_H
#define BENCH_RUN_H

#include "cell.h"

typedef struct Side {
    char *name;             /* "stock", "ours", owned like all here */
    char *binary;
    char *proxy;            /* its helper, see helper.h; NULL: no proxy */
    char *device;           /* more -device properties, may be NULL */
    char *fsdev;            /* more -fsdev properties, may be NULL */
    char **args;            /* more arguments, may be NULL */
} Side;

typedef struct RunOptions {
    GuestOptions guest;
    uint64_t run_ns;        /* length of a measured run */
    uint64_t warm_ns;       /* length of what precedes it */
    bool small;             /* small trees */
    const char *accel;      /* see MachineOptions */
    const char *model;      /* other than the workloads'; NULL: theirs */
    char *slow_reads;       /* see MachineOptions; owned */
    bool calls;             /* count system calls in the last round */
    unsigned rounds;
} RunOptions;

/*
 * Measures @side of @n cells, which differ in depth only, as their round
 * number @round, on a tree that exists.
 */
void run_side(Cell **cells, unsigned n, const Side *side, unsigned number,
              unsigned round, const Tree *tree, const RunOptions *o);

/* Measures the native loop for the same cells. */
void run_native(Cell **cells, unsigned n, unsigned round, const Tree *tree,
                const RunOptions *o);

#endif
