/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A page of documentation that holds the latest results between two marks:
 *   <!-- NAME writes from here -->
 *   <!-- to here -->
 */
#ifndef BENCH_PAGE_H
#define BENCH_PAGE_H

#include "util.h"

/* Puts @text between the marks of @name; all else of the page stays. */
void page_replace(const char *path, const char *name, const char *text);

#endif
