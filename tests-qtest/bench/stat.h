/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Medians and percentiles.  A value that was not measured is NAN, and the
 * result is NAN if all values are.
 */
#ifndef BENCH_STAT_H
#define BENCH_STAT_H

#include "util.h"

/* The @percent-th percentile of an array of uint64_t, which gets sorted. */
double stat_percentile(GArray *values, double percent);

/* The median of those of the @n values that are not NAN */
double stat_median(const double *values, unsigned n);

/* (largest - smallest) / median of those of the @n values that are not NAN */
double stat_spread(const double *values, unsigned n);

/* The median of b[i] / a[i]: both values of a pair are of the same round. */
double stat_ratio(const double *a, const double *b, unsigned n);

#endif
