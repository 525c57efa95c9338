/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A race against a process of the host: a thread exchanges two names as fast as
 * it can while the test makes requests.
 *
 * Context: one thread makes, asks and ends a Race.
 */
#ifndef TESTS_CORE_RACE_H
#define TESTS_CORE_RACE_H

#include "fsdev/core/p9-osdep.h"

typedef struct Race Race;

/**
 * race_begin: begin to exchange the names @a and @b of the host, which must
 * exist in one file system.  Both are copied.
 */
Race *race_begin(const char *a, const char *b);
/**
 * race_goes_on: whether the test shall make more requests: for ATTACK_SECONDS
 * of the environment, by default 0.3, and at least until the names have been
 * exchanged 100 times.  Fails the test if that does not happen in a minute.
 */
bool race_goes_on(Race *race);
/** race_until: the same, and also until @seen is true. */
bool race_until(Race *race, bool seen);
/** race_end: stop the thread and free @race. */
void race_end(Race *race);

/** race_rounds: a number of rounds, @rounds or more with ATTACK_SECONDS. */
unsigned race_rounds(unsigned rounds);

#endif
