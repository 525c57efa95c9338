/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The table of workloads: one row each, all facts of it in the row.
 */
#ifndef BENCH_WORKLOADS_H
#define BENCH_WORKLOADS_H

#include "native.h"
#include "work.h"

#define DEPTHS_MAX 3

typedef struct Workload {
    const char *name;
    const char *what;               /* one operation, for people */
    TreeKind tree;
    const char *model;              /* security_model= */
    const char *multidevs;          /* NULL: QEMU's default, remap */
    uint32_t io_size;               /* of one read or write; 0: none */
    unsigned held, held_small;      /* fids that stay; small with --quick */
    unsigned rounds;                /* at most so many; 0: no limit */
    unsigned depths[DEPTHS_MAX];    /* queue depths, 0 ends them */
    bool mapped;                    /* of no use where owners are not mapped */
    bool root;                      /* needs root's rights */
    uint64_t slow_ns;               /* each read on the host takes so long */
    bool on_request;                /* only when --only names it */
    const char *not_run;            /* why it cannot be run yet, or NULL */
    LaneStep *step;
    void (*prepare)(Load *load);    /* may be NULL */
    void (*finish)(Load *load);     /* may be NULL */
    NativeOp *native;
} Workload;

extern const Workload workloads[];
extern const unsigned workloads_count;

/* The msize that a workload needs. */
uint32_t workload_msize(const Workload *w);

#endif
