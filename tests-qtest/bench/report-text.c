/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The results as a text table.  Single thread; main.c prints each cell as soon
 * as it is complete, so that the user sees the progress of a long run.
 */
#include <math.h>
#include <sys/utsname.h>
#include <unistd.h>
#include "report.h"
#include "targets.h"

#define NAME_WIDTH  22
#define SIDE_WIDTH  8

static const Metric columns[] = {
    METRIC_OPS, METRIC_MIB, METRIC_P50, METRIC_P99, METRIC_P999, METRIC_CPU,
    METRIC_SWITCHES, METRIC_CALLS, METRIC_RSS, METRIC_FDS, METRIC_FID_BYTES,
};

static void print_number(FILE *out, double v)
{
    if (isnan(v)) {
        fprintf(out, " %8s", "-");
    } else {
        fprintf(out, " %8.*f", fabs(v) < 10 ? 2 : fabs(v) < 1000 ? 1 : 0, v);
    }
}

void report_head(FILE *out, const ReportFacts *facts)
{
    struct utsname u;
    unsigned i;

    uname(&u);
    fprintf(out, "%s %s, %ld CPUs; %u rounds of %.2f s; kick by %s\n",
            u.sysname, u.release, sysconf(_SC_NPROCESSORS_ONLN),
            facts->options->rounds, facts->options->run_ns / 1e9,
            facts->options->guest.kick == KICK_QTEST ? "qtest" : "eventfd");
    for (i = 0; i < facts->side_count; i++) {
        fprintf(out, "%s: %s%s%s%s%s\n", facts->sides[i].name,
                facts->sides[i].binary, facts->sides[i].proxy ? " and " : "",
                facts->sides[i].proxy ?: "", facts->sides[i].device ? ", " : "",
                facts->sides[i].device ?: "");
    }
    fprintf(out, "\n%-*s %-6s %3s %-*s", NAME_WIDTH, "workload", "fs", "qd",
            SIDE_WIDTH, "");
    for (i = 0; i < G_N_ELEMENTS(columns); i++) {
        fprintf(out, " %8s", metric_info[columns[i]].title);
    }
    fprintf(out, " %6s\n", "spread");
}

static void print_start(FILE *out, const Cell *c, const char *side, bool first)
{
    if (first) {
        fprintf(out, "%-*s %-6s %3u %-*s", NAME_WIDTH, c->workload->name,
                c->fs, c->depth, SIDE_WIDTH, side);
    } else {
        fprintf(out, "%*s %-*s", NAME_WIDTH + 11, "", SIDE_WIDTH, side);
    }
}

void report_cell(FILE *out, const ReportFacts *facts, const Cell *c)
{
    unsigned side, i;

    if (c->not_run) {
        fprintf(out, "%-*s %-6s   - not run: %s\n", NAME_WIDTH,
                c->workload->name, c->fs, c->not_run);
        return;
    }
    for (side = 0; side < facts->side_count; side++) {
        print_start(out, c, facts->sides[side].name, side == 0);
        for (i = 0; i < G_N_ELEMENTS(columns); i++) {
            print_number(out, cell_median(c, side, columns[i]));
        }
        fprintf(out, " %5.0f%%\n", 100 * cell_spread(c, side));
    }
    if (facts->side_count == 2) {
        print_start(out, c, "ratio", false);
        for (i = 0; i < G_N_ELEMENTS(columns); i++) {
            print_number(out, cell_ratio(c, columns[i]));
        }
        fprintf(out, "\n");
    }
    print_start(out, c, "native", false);
    print_number(out, 1e6 / cell_native(c));
    print_number(out, NAN);
    print_number(out, cell_native(c));
    fprintf(out, "\n");
    fflush(out);
}

void report_targets(FILE *out, const ReportFacts *facts, GPtrArray *cells)
{
    g_autoptr(GArray) results = targets_check(facts->sides, facts->side_count,
                                              cells);
    unsigned i, reached = 0;

    if (!results->len) {
        return;
    }
    fprintf(out, "\n%-*s %-6s %3s %10s %10s %-8s figure\n", NAME_WIDTH,
            "target", "fs", "qd", "wanted", "measured", "");
    for (i = 0; i < results->len; i++) {
        const TargetResult *r = &g_array_index(results, TargetResult, i);
        g_autofree char *limit = target_limit(&r->target);
        g_autofree char *figure = target_figure(&r->target,
                                                facts->sides[0].name,
                                                facts->sides[1].name);

        /* The sign in @limit has three bytes but takes one column. */
        fprintf(out, "%-*s %-6s %3u %12s %10.4g %-8s %s\n", NAME_WIDTH,
                r->target.workload, r->fs, r->target.depth, limit,
                r->measured, r->reached ? "reached" : "MISSED", figure);
        reached += r->reached;
    }
    fprintf(out, "%u of %u targets reached\n", reached, results->len);
}
