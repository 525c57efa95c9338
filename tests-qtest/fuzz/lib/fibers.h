/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Coroutines for the executor of a stepped client: a job that was submitted as
 * yielding runs until a call of the file system yields, and goes on when the
 * input says so.  A fiber is a thread that runs while the event loop waits, so
 * only one of them runs at a time.
 */
#ifndef TESTS_FUZZ_FIBERS_H
#define TESTS_FUZZ_FIBERS_H

#include "lib/executor.h"

/** fibers_offer: @exec runs such jobs in fibers from now on. */
void fibers_offer(TestExec *exec);
/** fibers_yield: back to the event loop; nothing outside of a fiber. */
void fibers_yield(void);
/**
 * fibers_step: let the fiber number @n, modulo their count, go on, or report
 * the end of its job.  False when there is none.
 */
bool fibers_step(unsigned n);
/** fibers_drain: until there are none. */
void fibers_drain(void);

#endif
