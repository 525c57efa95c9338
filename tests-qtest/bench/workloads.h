/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The table of workloads: each row describes one of them completely.
 */
#ifndef BENCH_WORKLOADS_H
#define BENCH_WORKLOADS_H

#include "native.h"
#include "work.h"

#define DEPTHS_MAX 3

typedef struct Workload {
    const char *name;
    const char *what;               /* description of an operation */
    TreeKind tree;
    const char *model;              /* security_model= */
    const char *multidevs;          /* NULL: QEMU's default, remap */
    uint32_t io_size;               /* size of a read or write; 0: none */
    unsigned held, held_small;      /* number of held fids; with --quick */
    unsigned rounds;                /* maximum number; 0: no limit */
    unsigned depths[DEPTHS_MAX];    /* queue depths; ends with 0 if shorter */
    bool mapped;                    /* requires mapped attributes */
    bool root;                      /* requires root */
    uint64_t slow_ns;               /* duration of a read on the host */
    bool on_request;                /* run only if named, or with --all */
    const char *not_run;            /* why it cannot be run, or NULL */
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
