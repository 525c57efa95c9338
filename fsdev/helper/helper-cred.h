/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The ids with which a thread of virtfs-proxy-helper works.
 *
 * New files of the guest's users are created with the ids of these users, so
 * that the kernel sets the owner and applies permissions, quotas and
 * set-group-id directories.  QEMU itself must not call this: its seccomp filter
 * kills a process that changes its ids.
 */
#ifndef FSDEV_HELPER_CRED_H
#define FSDEV_HELPER_CRED_H

#include "fsdev/core/p9-osdep.h"

/**
 * helper_cred_init: store the process's own ids, and the host's users and
 * groups.
 *
 * Reads the user database, which is out of reach once the sandbox is set up.
 * Context: while there is one thread.
 */
void helper_cred_init(void);
/**
 * helper_cred_become: set this thread's effective ids; UINT32_MAX stands for
 * the process's own id.
 *
 * The supplementary groups are those of @uid in the host's user database.  With
 * the uid of another user the thread has no effective capability.  Returns 0,
 * or -errno with the process's own ids in effect.  Makes no system call if the
 * thread has these ids already.
 */
int helper_cred_become(uint32_t uid, uint32_t gid);
/** helper_cred_own: return to the process's own ids. */
void helper_cred_own(void);

#endif
