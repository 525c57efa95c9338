/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The targets, and whether a run of the benchmark reached them.
 */
#ifndef BENCH_TARGETS_H
#define BENCH_TARGETS_H

#include "run.h"

typedef enum TargetSign { TARGET_GE, TARGET_LE } TargetSign;

typedef enum TargetKind {
    TARGET_RATIO,           /* second binary's value ÷ first binary's */
    TARGET_VALUE,           /* second binary's value */
    TARGET_ACROSS,          /* second binary's value ÷ another workload's */
    TARGET_WORST,           /* the smallest TARGET_RATIO of all cells */
} TargetKind;

typedef struct Target {
    TargetKind kind;
    const char *workload;
    unsigned depth;
    Metric metric;
    TargetSign sign;
    double limit;
    const char *base;       /* TARGET_ACROSS: the other workload */
    unsigned base_side;     /* TARGET_ACROSS: the binary of @base */
} Target;

/* The result of a target on one file system */
typedef struct TargetResult {
    Target target;
    const char *fs;         /* borrowed from the cells */
    double measured;
    bool reached;
} TargetResult;

/*
 * An array of TargetResult: for each file system, the results of all targets
 * whose cells were measured, then the workload with the smallest ratio to the
 * first binary, which must not be slower.
 */
GArray *targets_check(const Side *sides, unsigned side_count,
                      GPtrArray *cells);

/* "ops/s, ours ÷ stock" or "calls, ours"; free with g_free(). */
char *target_figure(const Target *t, const char *first, const char *second);

/* "≥ 4" or "≤ 1/6"; free with g_free(). */
char *target_limit(const Target *t);

#endif
