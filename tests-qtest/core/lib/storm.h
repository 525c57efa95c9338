/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A driver under load: threads that look up, make, open, rename and remove
 * the same few names at the same time.
 */
#ifndef TESTS_CORE_STORM_H
#define TESTS_CORE_STORM_H

#include "fsdev/core/fsdriver.h"

/**
 * storm_run: in the empty root of @export, which is left empty.  Fails the
 * test on an errno that races do not explain, and when something is lost.
 */
void storm_run(FsExport *export);

#endif
