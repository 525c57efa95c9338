/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The results as JSON: the values of all rounds, their medians and the ratios.
 * Single thread; called once at the end by main.c.
 */
#include <math.h>
#include <sys/utsname.h>
#include <unistd.h>
#include "report.h"
#include "targets.h"

static void put_string(FILE *out, const char *s)
{
    fputc('"', out);
    for (; *s; s++) {
        if (*s == '"' || *s == '\\') {
            fprintf(out, "\\%c", *s);
        } else if ((unsigned char)*s < ' ') {
            fprintf(out, "\\u%04x", *s);
        } else {
            fputc(*s, out);
        }
    }
    fputc('"', out);
}

static void put_key(FILE *out, const char *key)
{
    put_string(out, key);
    fputs(": ", out);
}

static void put_number(FILE *out, double v)
{
    if (isfinite(v)) {
        fprintf(out, "%.6g", v);
    } else {
        fputs("null", out);
    }
}

static void put_rounds(FILE *out, const double *v, unsigned n)
{
    unsigned i;

    fputc('[', out);
    for (i = 0; i < n; i++) {
        fputs(i ? ", " : "", out);
        put_number(out, v[i]);
    }
    fputc(']', out);
}

static void put_side(FILE *out, const Cell *c, unsigned side)
{
    unsigned m;

    fputc('{', out);
    for (m = 0; m < METRICS; m++) {
        put_key(out, metric_info[m].key);
        fputs("{\"median\": ", out);
        put_number(out, cell_median(c, side, m));
        fputs(", \"rounds\": ", out);
        put_rounds(out, c->value[side][m], c->rounds);
        fputs("}, ", out);
    }
    fputs("\"spread\": ", out);
    put_number(out, cell_spread(c, side));
    fputc('}', out);
}

static void put_ratios(FILE *out, const Cell *c)
{
    unsigned m;

    fputc('{', out);
    for (m = 0; m < METRICS; m++) {
        fputs(m ? ", " : "", out);
        put_key(out, metric_info[m].key);
        put_number(out, cell_ratio(c, m));
    }
    fputc('}', out);
}

static void put_cell(FILE *out, const ReportFacts *facts, const Cell *c)
{
    unsigned i;

    fputs("{\"workload\": ", out);
    put_string(out, c->workload->name);
    fputs(", \"what\": ", out);
    put_string(out, c->workload->what);
    fputs(", \"fs\": ", out);
    put_string(out, c->fs);
    if (c->not_run) {
        fputs(", \"not_run\": ", out);
        put_string(out, c->not_run);
        fputc('}', out);
        return;
    }
    fprintf(out, ", \"depth\": %u, \"native_p50_us\": ", c->depth);
    put_number(out, cell_native(c));
    fputs(", \"sides\": {", out);
    for (i = 0; i < facts->side_count; i++) {
        fputs(i ? ", " : "", out);
        put_key(out, facts->sides[i].name);
        put_side(out, c, i);
    }
    fputc('}', out);
    if (facts->side_count == 2) {
        fputs(", \"ratio\": ", out);
        put_ratios(out, c);
    }
    fputc('}', out);
}

static void put_target(FILE *out, const ReportFacts *facts,
                       const TargetResult *r)
{
    g_autofree char *limit = target_limit(&r->target);
    g_autofree char *figure = target_figure(&r->target, facts->sides[0].name,
                                            facts->sides[1].name);

    fputs("{\"workload\": ", out);
    put_string(out, r->target.workload);
    fputs(", \"fs\": ", out);
    put_string(out, r->fs);
    fprintf(out, ", \"depth\": %u, \"figure\": ", r->target.depth);
    put_string(out, figure);
    fputs(", \"wanted\": ", out);
    put_string(out, limit);
    fputs(", \"measured\": ", out);
    put_number(out, r->measured);
    fprintf(out, ", \"reached\": %s}", r->reached ? "true" : "false");
}

static void put_targets(FILE *out, const ReportFacts *facts, GPtrArray *cells)
{
    g_autoptr(GArray) results = targets_check(facts->sides, facts->side_count,
                                              cells);
    unsigned i;

    fputs("],\n\"targets\": [\n", out);
    for (i = 0; i < results->len; i++) {
        fputs(i ? ",\n" : "", out);
        put_target(out, facts, &g_array_index(results, TargetResult, i));
    }
}

void report_json(FILE *out, const ReportFacts *facts, GPtrArray *cells)
{
    struct utsname u;
    unsigned i;

    uname(&u);
    fputs("{\"kernel\": ", out);
    put_string(out, u.release);
    fprintf(out, ", \"cpus\": %ld, \"run_s\": %g, \"sides\": [",
            sysconf(_SC_NPROCESSORS_ONLN), facts->options->run_ns / 1e9);
    for (i = 0; i < facts->side_count; i++) {
        fputs(i ? ", {\"name\": " : "{\"name\": ", out);
        put_string(out, facts->sides[i].name);
        fputs(", \"binary\": ", out);
        put_string(out, facts->sides[i].binary);
        fputc('}', out);
    }
    fputs("],\n\"cells\": [\n", out);
    for (i = 0; i < cells->len; i++) {
        fputs(i ? ",\n" : "", out);
        put_cell(out, facts, cells->pdata[i]);
    }
    put_targets(out, facts, cells);
    fputs("\n]}\n", out);
}
