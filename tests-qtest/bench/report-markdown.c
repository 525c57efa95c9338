/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The results as a file of Markdown tables.  Single thread; called once at the
 * end by main.c.
 */
#include <math.h>
#include <sys/utsname.h>
#include <unistd.h>
#include "report.h"
#include "targets.h"

static const Metric columns[] = {
    METRIC_OPS, METRIC_MIB, METRIC_P50, METRIC_P99, METRIC_CPU,
    METRIC_SWITCHES, METRIC_CALLS, METRIC_FID_BYTES,
};

static void add_number(GString *page, double v)
{
    if (isnan(v)) {
        g_string_append(page, " |");
    } else {
        g_string_append_printf(page, " %.*f |",
                               fabs(v) < 10 ? 2 : fabs(v) < 1000 ? 1 : 0, v);
    }
}

static void add_head(GString *page, const ReportFacts *facts)
{
    struct utsname u;

    uname(&u);
    g_string_append_printf(page, "# 9p-bench: %s", facts->sides[0].name);
    if (facts->side_count == 2) {
        g_string_append_printf(page, " and %s", facts->sides[1].name);
    }
    g_string_append_printf(page, "\n\n%s %s, %ld CPUs; medians of %u rounds of "
                           "%.2f s, kick by %s.\n", u.sysname, u.release,
                           sysconf(_SC_NPROCESSORS_ONLN),
                           facts->options->rounds,
                           facts->options->run_ns / 1e9,
                           facts->options->guest.kick == KICK_QTEST
                           ? "qtest" : "eventfd");
}

static void add_targets(GString *page, const ReportFacts *facts,
                        GPtrArray *cells)
{
    g_autoptr(GArray) results = targets_check(facts->sides, facts->side_count,
                                              cells);
    unsigned i;

    if (!results->len) {
        return;
    }
    g_string_append(page, "\n## Figures to reach\n\n"
                    "| workload | fs | qd | figure | wanted | measured | "
                    "reached |\n|---|---|---|---|---|---|---|\n");
    for (i = 0; i < results->len; i++) {
        const TargetResult *r = &g_array_index(results, TargetResult, i);
        g_autofree char *limit = target_limit(&r->target);
        g_autofree char *figure = target_figure(&r->target,
                                                facts->sides[0].name,
                                                facts->sides[1].name);

        g_string_append_printf(page, "| %s | %s | %u | %s | %s | %.4g | %s |\n",
                               r->target.workload, r->fs, r->target.depth,
                               figure, limit, r->measured,
                               r->reached ? "yes" : "**no**");
    }
}

static void add_cell(GString *page, const ReportFacts *facts, const Cell *c)
{
    unsigned side, i;

    for (side = 0; side <= facts->side_count; side++) {
        bool ratio = side == facts->side_count;

        if (c->not_run || (ratio && side != 2)) {
            continue;
        }
        g_string_append_printf(page, "| %s | %s | %u | %s |",
                               c->workload->name, c->fs, c->depth,
                               ratio ? "ratio" : facts->sides[side].name);
        for (i = 0; i < G_N_ELEMENTS(columns); i++) {
            add_number(page, ratio ? cell_ratio(c, columns[i])
                                   : cell_median(c, side, columns[i]));
        }
        if (ratio) {
            g_string_append(page, " |\n");
        } else {
            g_string_append_printf(page, " %.0f %% |\n",
                                   100 * cell_spread(c, side));
        }
    }
}

static void add_cells(GString *page, const ReportFacts *facts,
                      GPtrArray *cells)
{
    unsigned i;

    g_string_append(page, "\n## All figures\n\n| workload | fs | qd | |");
    for (i = 0; i < G_N_ELEMENTS(columns); i++) {
        g_string_append_printf(page, " %s |", metric_info[columns[i]].title);
    }
    g_string_append(page, " spread |\n|---|---|---|---|");
    for (i = 0; i <= G_N_ELEMENTS(columns); i++) {
        g_string_append(page, "---|");
    }
    g_string_append(page, "\n");
    for (i = 0; i < cells->len; i++) {
        add_cell(page, facts, cells->pdata[i]);
    }
}

void report_markdown(const char *path, const ReportFacts *facts,
                     GPtrArray *cells)
{
    g_autoptr(GString) page = g_string_new(NULL);

    add_head(page, facts);
    add_targets(page, facts, cells);
    add_cells(page, facts, cells);
    write_results(path, page->str);
}
