/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How many system calls something makes, by ptrace(2) in a child process.
 *
 * Calls for memory and locks are left out: the C library and the sanitizers
 * make them when they like.  One thread is watched.
 */
#ifndef COUNT_CALLS_H
#define COUNT_CALLS_H

#include "fsdev/core/p9-osdep.h"

enum { COUNT_CALLS_MAX = 64 };

typedef struct CountCalls {
    unsigned count;                     /* between begin and end */
    uint64_t number[COUNT_CALLS_MAX];   /* of the first of them */
} CountCalls;

/**
 * count_calls: run @body in a child, which has to succeed there.  False, after
 * g_test_skip(), when processes may not be traced here.
 */
bool count_calls(void (*body)(void *opaque), void *opaque, CountCalls *calls);

/* For @body: what is between these two counts. */
void count_calls_begin(void);
void count_calls_end(void);
/** count_calls_skip: end @body, and with it the child; the test is skipped. */
void count_calls_skip(void);

#endif
