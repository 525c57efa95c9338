/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Output of the results as text, Markdown and JSON.
 */
#ifndef BENCH_REPORT_H
#define BENCH_REPORT_H

#include <stdio.h>
#include "run.h"

/* Facts that all results of a run of the benchmark have in common */
typedef struct ReportFacts {
    const Side *sides;
    unsigned side_count;    /* 1 or 2 */
    const RunOptions *options;
} ReportFacts;

/* Prints the heading of the table, and the lines of one cell. */
void report_head(FILE *out, const ReportFacts *facts);
void report_cell(FILE *out, const ReportFacts *facts, const Cell *cell);

/* Prints the targets and whether they were reached, if any were measured. */
void report_targets(FILE *out, const ReportFacts *facts, GPtrArray *cells);

/* Writes both tables as Markdown; see report-markdown.c. */
void report_markdown(const char *path, const ReportFacts *facts,
                     GPtrArray *cells);

/* Writes all cells as one JSON object. */
void report_json(FILE *out, const ReportFacts *facts, GPtrArray *cells);

#endif
