/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * An event loop with one coroutine, for drivers that yield while another
 * process works (FsYield).  The coroutine is a thread; of it and the loop one
 * runs at a time.
 */
#ifndef TESTS_FUZZ_LOOP_H
#define TESTS_FUZZ_LOOP_H

#include "fsdev/core/waiting.h"

/** loop_yield: to be passed on in FsCall.yield by what loop_run() runs. */
extern const FsYield loop_yield;

/** loop_run: run @run in a coroutine, and the loop until it has ended. */
void loop_run(void (*run)(void *opaque), void *opaque);

#endif
