/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Byte-range locks for memfs: owners conflict as on a host.  An input decides
 * when another process of the host holds a lock.  Context: any thread.
 */
#ifndef TESTS_FUZZ_LOCKS_H
#define TESTS_FUZZ_LOCKS_H

#include "fsdev/core/fsdriver.h"

/**
 * locks_over: from now on, the memfs @export has locks.  @asks: it says that
 * its calls ask another process.
 */
void locks_over(FsExport *export, bool asks);
/** locks_of_host: all files are locked by another process, or none is. */
void locks_of_host(bool locked);
/** locks_count: the lockers that are open. */
unsigned locks_count(void);

#endif
