/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A cell: all results of one workload at one queue depth on one file system,
 * for both binaries and every round.
 */
#ifndef BENCH_CELL_H
#define BENCH_CELL_H

#include "workloads.h"

#define ROUNDS_MAX  64
#define SIDES       2

typedef enum Metric {
    METRIC_OPS, METRIC_MIB, METRIC_P50, METRIC_P99, METRIC_P999, METRIC_CPU,
    METRIC_SWITCHES, METRIC_CALLS, METRIC_RSS, METRIC_FDS, METRIC_FID_BYTES,
    METRICS
} Metric;

typedef struct MetricInfo {
    const char *key;        /* in JSON */
    const char *title;      /* column title */
} MetricInfo;

extern const MetricInfo metric_info[METRICS];

typedef struct Cell {
    const Workload *workload;
    const char *fs;
    unsigned depth;
    const char *not_run;    /* the reason why it is not run, or NULL */
    unsigned rounds;        /* number of measured rounds */
    double value[SIDES][METRICS][ROUNDS_MAX];   /* NAN: not measured */
    double native[ROUNDS_MAX];                  /* medians in microseconds */
} Cell;

/* An empty cell, all values NAN; free with g_free(). */
Cell *cell_new(const Workload *w, const char *fs, unsigned depth);

double cell_median(const Cell *c, unsigned side, Metric m);

/* The second binary's value divided by the first one's. */
double cell_ratio(const Cell *c, Metric m);

/* The spread of the operations per second, as a fraction of the median. */
double cell_spread(const Cell *c, unsigned side);

double cell_native(const Cell *c);

#endif
