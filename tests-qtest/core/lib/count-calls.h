/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Counts system calls of a child process by ptrace(2).
 *
 * Calls for memory and locks are left out, because the C library and the
 * sanitizers make them at times of their own.  Only the thread that runs the
 * body is watched.
 */
#ifndef COUNT_CALLS_H
#define COUNT_CALLS_H

#include "fsdev/core/p9-osdep.h"

enum { COUNT_CALLS_MAX = 64 };

typedef struct CountCalls {
    unsigned count;                     /* between begin and end */
    uint64_t number[COUNT_CALLS_MAX];   /* SYS_* of the first ones */
} CountCalls;

/**
 * count_calls: run @body in a child, where it must succeed.  False, after
 * g_test_skip(), when @body skips or processes may not be traced here.
 */
bool count_calls(void (*body)(void *opaque), void *opaque, CountCalls *calls);

/* For @body: only calls between these two are counted. */
void count_calls_begin(void);
void count_calls_end(void);
/** count_calls_skip: called in @body; ends the child and skips the test. */
void count_calls_skip(void);

#endif
