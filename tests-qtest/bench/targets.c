/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Compares cells with targets*.def.  Single thread; called by the reports after
 * all measurements.
 */
#include <math.h>
#include <string.h>
#include "targets.h"

#define NOT_SLOWER 0.95

#define RATIO(workload, depth, metric, sign, limit) \
    { TARGET_RATIO, workload, depth, METRIC_##metric, TARGET_##sign, limit, \
      NULL, 0 },
#define VALUE(workload, depth, metric, sign, limit) \
    { TARGET_VALUE, workload, depth, METRIC_##metric, TARGET_##sign, limit, \
      NULL, 0 },
#define ACROSS(workload, depth, metric, sign, limit, base, side) \
    { TARGET_ACROSS, workload, depth, METRIC_##metric, TARGET_##sign, limit, \
      base, side },

static const Target stock_targets[] = {
#include "targets.def"
};

static const Target proxy_targets[] = {
#include "targets-proxy.def"
};

static const Target proxy_local_targets[] = {
#include "targets-proxy-local.def"
};

#undef RATIO
#undef VALUE
#undef ACROSS

/* The targets of a pair of binaries */
typedef struct TargetSet {
    const Target *targets;
    unsigned count;
    bool worst;             /* no workload may be slower than stock */
} TargetSet;

enum { STOCK, PROXY, PROXY_LOCAL };

static const TargetSet sets[] = {
#define SET(targets, worst) { targets, G_N_ELEMENTS(targets), worst }
    [STOCK] = SET(stock_targets, true),
    [PROXY] = SET(proxy_targets, true),
    [PROXY_LOCAL] = SET(proxy_local_targets, false),
#undef SET
};

/* The targets that apply to @sides, depending on which of them are proxies */
static const TargetSet *targets_of(const Side *sides)
{
    return &sets[!sides[1].proxy ? STOCK : sides[0].proxy ? PROXY
                                                          : PROXY_LOCAL];
}

static const Cell *find_cell(GPtrArray *cells, const char *fs,
                             const char *workload, unsigned depth)
{
    unsigned i;

    for (i = 0; i < cells->len; i++) {
        const Cell *c = cells->pdata[i];

        if (!c->not_run && c->depth == depth && !strcmp(c->fs, fs) &&
            !strcmp(c->workload->name, workload)) {
            return c;
        }
    }
    return NULL;
}

/* NAN if a cell that it depends on was not measured */
static double measured(const Target *t, GPtrArray *cells, const char *fs)
{
    const Cell *c = find_cell(cells, fs, t->workload, t->depth);
    const Cell *base;

    if (!c) {
        return NAN;
    }
    switch (t->kind) {
    case TARGET_RATIO:
        return cell_ratio(c, t->metric);
    case TARGET_VALUE:
        return cell_median(c, 1, t->metric);
    default:
        base = find_cell(cells, fs, t->base, t->depth);
        return base ? cell_median(c, 1, t->metric) /
                      cell_median(base, t->base_side, t->metric) : NAN;
    }
}

static void add_result(GArray *results, const Target *t, const char *fs,
                       double value)
{
    TargetResult r = { .target = *t, .fs = fs, .measured = value };

    if (!isnan(value)) {
        r.reached = t->sign == TARGET_GE ? value >= t->limit
                                         : value <= t->limit;
        g_array_append_val(results, r);
    }
}

/* Adds the cell with the smallest ratio of the second binary to the first. */
static void add_worst(GArray *results, GPtrArray *cells, const char *fs)
{
    Target t = { TARGET_WORST, NULL, 0, METRIC_OPS, TARGET_GE, NOT_SLOWER,
                 NULL, 0 };
    double worst = INFINITY;
    unsigned i;

    for (i = 0; i < cells->len; i++) {
        const Cell *c = cells->pdata[i];

        if (!c->not_run && !strcmp(c->fs, fs) &&
            cell_ratio(c, METRIC_OPS) < worst) {
            worst = cell_ratio(c, METRIC_OPS);
            t.workload = c->workload->name;
            t.depth = c->depth;
        }
    }
    if (t.workload) {
        add_result(results, &t, fs, worst);
    }
}

GArray *targets_check(const Side *sides, unsigned side_count,
                      GPtrArray *cells)
{
    const TargetSet *set = targets_of(sides);
    GArray *results = g_array_new(false, false, sizeof(TargetResult));
    g_autoptr(GPtrArray) fs = g_ptr_array_new();
    unsigned i, k;

    for (i = 0; i < cells->len && side_count == 2; i++) {
        const Cell *c = cells->pdata[i];

        if (!g_ptr_array_find_with_equal_func(fs, c->fs, g_str_equal, NULL)) {
            g_ptr_array_add(fs, (char *)c->fs);
        }
    }
    for (k = 0; k < fs->len; k++) {
        for (i = 0; i < set->count; i++) {
            add_result(results, &set->targets[i], fs->pdata[k],
                       measured(&set->targets[i], cells, fs->pdata[k]));
        }
        if (set->worst) {
            add_worst(results, cells, fs->pdata[k]);
        }
    }
    return results;
}

char *target_figure(const Target *t, const char *first, const char *second)
{
    const char *what = metric_info[t->metric].title;

    switch (t->kind) {
    case TARGET_RATIO:
        return g_strdup_printf("%s, %s ÷ %s", what, second, first);
    case TARGET_VALUE:
        return g_strdup_printf("%s, %s", what, second);
    case TARGET_ACROSS:
        return g_strdup_printf("%s, %s ÷ %s's %s", what, second,
                               t->base_side ? second : first, t->base);
    default:
        return g_strdup_printf("%s, %s ÷ %s, the worst of all", what, second,
                               first);
    }
}

/* Prints fractions like targets.def. */
char *target_limit(const Target *t)
{
    const char *sign = t->sign == TARGET_GE ? "≥" : "≤";

    return t->limit < 0.9 ? g_strdup_printf("%s 1/%.3g", sign, 1 / t->limit)
                          : g_strdup_printf("%s %.4g", sign, t->limit);
}
