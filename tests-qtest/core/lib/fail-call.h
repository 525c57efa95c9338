/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * System calls of this process that fail, one at a time and without having done
 * anything, as if the kernel had returned an error.
 *
 * A seccomp filter sends the process SIGSYS for each call of host-calls.def
 * that can fail.  The handler makes the call itself, or does not and returns
 * the error.  So the code under test is the one that is shipped, and a call
 * that the C library makes counts too.  The filter stays for the rest of the
 * process, which is therefore one that does nothing else.
 */
#ifndef TESTS_CORE_FAIL_CALL_H
#define TESTS_CORE_FAIL_CALL_H

#include "fsdev/core/p9-osdep.h"

/**
 * fail_calls_start: for this thread and those that it starts.  False where this
 * is not possible: without seccomp, and on another architecture than x86-64.
 */
bool fail_calls_start(void);

/* What has happened between fail_calls_arm() and fail_calls_disarm(). */
typedef struct FailedCall {
    unsigned count;             /* calls that were made, the failed included */
    const char *name;           /* of the one that failed, or NULL */
    int error;                  /* positive */
    unsigned errors;            /* how many it can have */
} FailedCall;

/**
 * fail_calls_arm: from now on the calls of all threads are counted, and number
 * @nth, the first of which is 0, fails with error number @which, modulo how
 * many it can have.
 */
void fail_calls_arm(unsigned nth, unsigned which);
FailedCall fail_calls_disarm(void);

/* private: makes a call; the place after the instruction. */
long fail_call_make(long number, const long args[6]);
extern const char fail_call_made[];

#endif
