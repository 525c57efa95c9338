/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * System calls that fail in this process, as on a kernel that does not have
 * them or under the filter of a container.
 */
#ifndef TESTS_CORE_DENY_H
#define TESTS_CORE_DENY_H

#include "fsdev/core/p9-osdep.h"

/**
 * deny_calls: from now on, the @n system calls with the numbers @numbers fail
 * with @error, in this thread and in the threads, processes and programs that
 * it starts.  Negative numbers are ignored.
 */
void deny_calls(const int *numbers, size_t n, unsigned error);
/** deny_xattrat: the same for the *xattrat(2) calls, which fail with ENOSYS. */
void deny_xattrat(void);

#endif
