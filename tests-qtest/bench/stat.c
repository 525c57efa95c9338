/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Pure functions, except that stat_percentile() sorts its array.
 */
#include <math.h>
#include <stdlib.h>
#include "stat.h"

static int compare_u64(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a;
    uint64_t y = *(const uint64_t *)b;

    return (x > y) - (x < y);
}

static int compare_double(const void *a, const void *b)
{
    double x = *(const double *)a;
    double y = *(const double *)b;

    return (x > y) - (x < y);
}

double stat_percentile(GArray *values, double percent)
{
    unsigned i;

    if (!values->len) {
        return NAN;
    }
    g_array_sort(values, compare_u64);
    i = percent / 100 * values->len;
    return g_array_index(values, uint64_t, MIN(i, values->len - 1));
}

/* Those of the @n values that are not NAN, sorted */
static GArray *numbers(const double *values, unsigned n)
{
    GArray *found = g_array_new(false, false, sizeof(double));
    unsigned i;

    for (i = 0; i < n; i++) {
        if (!isnan(values[i])) {
            g_array_append_val(found, values[i]);
        }
    }
    g_array_sort(found, compare_double);
    return found;
}

double stat_median(const double *values, unsigned n)
{
    g_autoptr(GArray) v = numbers(values, n);

    if (!v->len) {
        return NAN;
    }
    return (g_array_index(v, double, (v->len - 1) / 2) +
            g_array_index(v, double, v->len / 2)) / 2;
}

double stat_spread(const double *values, unsigned n)
{
    g_autoptr(GArray) v = numbers(values, n);

    if (!v->len) {
        return NAN;
    }
    return (g_array_index(v, double, v->len - 1) -
            g_array_index(v, double, 0)) / stat_median(values, n);
}

double stat_ratio(const double *a, const double *b, unsigned n)
{
    g_autoptr(GArray) ratios = g_array_new(false, false, sizeof(double));
    double r;
    unsigned i;

    for (i = 0; i < n; i++) {
        r = a[i] > 0 ? b[i] / a[i] : NAN;
        g_array_append_val(ratios, r);
    }
    return stat_median((double *)ratios->data, ratios->len);
}
