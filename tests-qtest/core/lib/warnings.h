/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The warnings that the code under test prints, collected instead of printed.
 */
#ifndef TESTS_CORE_WARNINGS_H
#define TESTS_CORE_WARNINGS_H

#include "fsdev/core/p9-osdep.h"

/** warnings_collect: from now on, and forget those before. */
void warnings_collect(void);
/** warnings_with: how many lines there were that contain @text. */
unsigned warnings_with(const char *text);
/** warnings_end: print warnings again. */
void warnings_end(void);

#endif
