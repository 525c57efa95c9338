/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The walls round virtfs-proxy-helper, each one function.
 *
 * In the order of the declarations; each returns 0 or -errno, and a wall that
 * cannot be built is a reason not to start.  Context: while there is one
 * thread, but for helper_sandbox_filter(), which binds all there are.
 */
#ifndef FSDEV_HELPER_SANDBOX_H
#define FSDEV_HELPER_SANDBOX_H

#include "fsdev/core/p9-osdep.h"

/**
 * helper_sandbox_mounts: see nothing but @path from now on.
 *
 * A mount namespace of our own, whose root is a private bind of @path, without
 * set-id programs, devices and execution there and in all that is mounted
 * below; with @readonly without writing too.  "/" is the export afterwards.
 * *@no_mounts: nothing is mounted below, and what is mounted later on the host
 * does not come in here.
 */
int helper_sandbox_mounts(const char *path, bool readonly, bool *no_mounts);
/** helper_sandbox_limits: descriptors, core dumps, and what never is used. */
int helper_sandbox_limits(void);
/**
 * helper_sandbox_capabilities: keep what serving takes, for good.
 *
 * The bounding set is cut down to the same, and no exec can add anything.
 */
int helper_sandbox_capabilities(bool devices);
/** helper_sandbox_filter: system calls outside of a list kill the process. */
int helper_sandbox_filter(void);

#endif
