/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The sandbox of virtfs-proxy-helper: one function for each restriction.
 *
 * They are called in the order of the declarations.  Each returns 0 or -errno;
 * if one fails, the helper does not start.  Context: while there is one thread,
 * except helper_sandbox_filter(), which applies to all threads.
 */
#ifndef FSDEV_HELPER_SANDBOX_H
#define FSDEV_HELPER_SANDBOX_H

#include "fsdev/core/p9-osdep.h"
#include "fsdev/core/fs-xattrs.h"

/**
 * helper_sandbox_mounts: make @path the root directory, "/", of the process.
 *
 * Creates a mount namespace whose root is a private bind mount of @path.  It
 * and all mounts below have the flags nosuid, nodev and noexec, with @readonly
 * also ro.  *@no_mounts: nothing is mounted below; what the host mounts later
 * does not appear in the namespace.  Calls host_init(), whose /proc/self/fd
 * gets a mount of its own, from which nothing else can be reached.
 */
int helper_sandbox_mounts(const char *path, bool readonly, bool *no_mounts);
/**
 * helper_sandbox_limits: raise the limit of descriptors; forbid core dumps,
 * locked memory and message queues.
 */
int helper_sandbox_limits(void);
/**
 * helper_sandbox_capabilities: drop all capabilities that serving does not
 * need, for good; with @devices CAP_MKNOD is kept, and what setting the
 * attributes takes that @xattrs (NULL: no rules) allow.
 *
 * Also reduces the bounding set and sets NO_NEW_PRIVS, so that execve() cannot
 * add any.
 */
int helper_sandbox_capabilities(bool devices, const FsXattrRules *xattrs);
/**
 * helper_sandbox_landlock: let the kernel keep all access to files below the
 * root directory, and signals within the process.
 *
 * Returns 0 also if the kernel does not support that, before Linux 5.19 (6.12
 * for signals): the other restrictions do not depend on it.  Called after
 * NO_NEW_PRIVS has been set, and when all files outside that are to be removed
 * have been.
 */
int helper_sandbox_landlock(void);
/**
 * helper_sandbox_features: without @allow_suid, do without openat2(2), in whose
 * arguments the filter could not find a set-id bit.
 *
 * No path leads further then: the kernel resolves all of them below the export,
 * the root directory, and the driver opens one component at a time.
 */
void helper_sandbox_features(bool allow_suid);
/**
 * helper_sandbox_filter: a system call outside of a list, or with arguments
 * that serving does not use, kills the process.
 *
 * Signals and limits are for the calling process only.  Without @allow_suid
 * files cannot become set-uid, and none can be created as set-gid.
 */
int helper_sandbox_filter(bool allow_suid);

#endif
