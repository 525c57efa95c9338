/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Medians and percentiles.  A value that was not measured is NAN, and stays
 * NAN in all that is made from it.
 */
#ifndef BENCH_STAT_H
#define BENCH_STAT_H

#include "util.h"

/* The @percent-th percentile of an array of uint64_t, which gets sorted. */
double stat_percentile(GArray *values, double percent);

/* Median of the numbers among @n values; NAN when there is none. */
double stat_median(const double *values, unsigned n);

/* (largest - smallest) / median of the numbers among @n values. */
double stat_spread(const double *values, unsigned n);

/* Median of b[i] / a[i]: each pair was measured one right after the other. */
double stat_ratio(const double *a, const double *b, unsigned n);

#endif
