/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The results for people and for programs.
 */
#ifndef BENCH_REPORT_H
#define BENCH_REPORT_H

#include <stdio.h>
#include "run.h"

/* What all results of one call of the bench have in common. */
typedef struct ReportFacts {
    const Side *sides;
    unsigned side_count;    /* 1 or 2 */
    const RunOptions *options;
} ReportFacts;

/* The heading of the table, and the lines of one cell. */
void report_head(FILE *out, const ReportFacts *facts);
void report_cell(FILE *out, const ReportFacts *facts, const Cell *cell);

/* The figures to reach; nothing when the cells allow none. */
void report_targets(FILE *out, const ReportFacts *facts, GPtrArray *cells);

/* Writes both tables as Markdown; see report-markdown.c. */
void report_markdown(const char *path, const ReportFacts *facts,
                     GPtrArray *cells);

/* Writes all cells as one JSON object. */
void report_json(FILE *out, const ReportFacts *facts, GPtrArray *cells);

#endif
