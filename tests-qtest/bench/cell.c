/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The results of a cell.  Single thread; filled by run.c, read by the reports.
 */
#include <math.h>
#include "cell.h"
#include "stat.h"

const MetricInfo metric_info[METRICS] = {
    [METRIC_OPS]        = { "ops_per_s", "ops/s" },
    [METRIC_MIB]        = { "mib_per_s", "MiB/s" },
    [METRIC_P50]        = { "p50_us", "p50 us" },
    [METRIC_P99]        = { "p99_us", "p99" },
    [METRIC_P999]       = { "p999_us", "p99.9" },
    [METRIC_CPU]        = { "cpu_us_per_op", "CPU us" },
    [METRIC_SWITCHES]   = { "context_switches_per_op", "switch" },
    [METRIC_CALLS]      = { "system_calls_per_op", "calls" },
    [METRIC_RSS]        = { "rss_mib", "RSS MiB" },
    [METRIC_FDS]        = { "fds", "fds" },
    [METRIC_FID_BYTES]  = { "bytes_per_held_fid", "B/fid" },
};

Cell *cell_new(const Workload *w, const char *fs, unsigned depth)
{
    Cell *c = g_new0(Cell, 1);
    unsigned side, m, r;

    c->workload = w;
    c->fs = fs;
    c->depth = depth;
    c->not_run = w->not_run;
    for (r = 0; r < ROUNDS_MAX; r++) {
        c->native[r] = NAN;
        for (side = 0; side < SIDES; side++) {
            for (m = 0; m < METRICS; m++) {
                c->value[side][m][r] = NAN;
            }
        }
    }
    return c;
}

double cell_median(const Cell *c, unsigned side, Metric m)
{
    return stat_median(c->value[side][m], c->rounds);
}

double cell_ratio(const Cell *c, Metric m)
{
    return stat_ratio(c->value[0][m], c->value[1][m], c->rounds);
}

double cell_spread(const Cell *c, unsigned side)
{
    return stat_spread(c->value[side][METRIC_OPS], c->rounds);
}

double cell_native(const Cell *c)
{
    return stat_median(c->native, c->rounds);
}
