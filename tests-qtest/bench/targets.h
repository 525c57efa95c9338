/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The figures to reach, and whether a run of the bench reached them.
 */
#ifndef BENCH_TARGETS_H
#define BENCH_TARGETS_H

#include "run.h"

typedef enum TargetSign { TARGET_GE, TARGET_LE } TargetSign;

typedef enum TargetKind {
    TARGET_RATIO,           /* second binary ÷ first */
    TARGET_VALUE,           /* of the second binary */
    TARGET_ACROSS,          /* second binary's ÷ another workload's */
    TARGET_WORST,           /* the smallest TARGET_RATIO of all cells */
} TargetKind;

typedef struct Target {
    TargetKind kind;
    const char *workload;
    unsigned depth;
    Metric metric;
    TargetSign sign;
    double limit;
    const char *base;       /* TARGET_ACROSS */
    unsigned base_side;
} Target;

/* A target on one file system. */
typedef struct TargetResult {
    Target target;
    const char *fs;         /* borrowed from the cells */
    double measured;
    bool reached;
} TargetResult;

/*
 * All results that the cells of @sides allow, of TargetResult: those of the
 * set, then for each file system the workload that was worst against the first
 * binary, which must not be slower than it.
 */
GArray *targets_check(const Side *sides, unsigned side_count,
                      GPtrArray *cells);

/* "ops/s ours ÷ stock", "calls of ours", ...; free with g_free(). */
char *target_figure(const Target *t, const char *first, const char *second);

/* "≥ 4", "≤ 1/6"; free with g_free(). */
char *target_limit(const Target *t);

#endif
