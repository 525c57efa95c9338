/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The acts of test-owners.c as system calls, on an object that a mount with a
 * map of ids does not map.
 */
#ifndef TESTS_CORE_OWNERS_KERNEL_H
#define TESTS_CORE_OWNERS_KERNEL_H

#include "fsdev/core/p9-osdep.h"

/**
 * owners_kernel_try: perform the act @name on an object with @mode.
 *
 * *@ret is 0 or -errno.  False for an act that root of the host may perform, as
 * the test does in the kernel's view, and where there are no such mounts (after
 * g_test_skip()).
 */
bool owners_kernel_try(const char *name, uint32_t mode, int *ret);

#endif
