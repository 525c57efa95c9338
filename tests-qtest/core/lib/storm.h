/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Threads that look up, make, open, rename and remove the same few names of a
 * driver at the same time.
 */
#ifndef TESTS_CORE_STORM_H
#define TESTS_CORE_STORM_H

#include "fsdev/core/fsdriver.h"

/**
 * storm_run: work in the root of @export, which must be empty and is left
 * empty.  The test fails on an errno that a race cannot cause, and when
 * something cannot be found or removed afterwards.
 */
void storm_run(FsExport *export);

#endif
