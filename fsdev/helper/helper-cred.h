/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Whose ids virtfs-proxy-helper works with, a matter of each thread.
 *
 * What the guest's users make is made as these users, so the kernel gives it
 * its owner and checks rights, quotas and set-group-id directories.  QEMU never
 * calls this: its seccomp filter kills whoever tries.
 */
#ifndef FSDEV_HELPER_CRED_H
#define FSDEV_HELPER_CRED_H

#include "fsdev/core/p9-osdep.h"

/**
 * helper_cred_init: who we are, and the host's users and groups.
 *
 * Reads the user database, so it has to come before the sandbox.  Context:
 * while there is one thread.
 */
void helper_cred_init(void);
/** helper_cred_who: what UINT32_MAX stands for in helper_cred_become(). */
void helper_cred_who(uint32_t *uid, uint32_t *gid);
/**
 * helper_cred_become: this thread's ids from now on; UINT32_MAX is our own.
 *
 * Supplementary groups are those that the host knows of @uid.  A thread that
 * is somebody else holds no capability.  Returns 0, or -errno with the thread
 * being ourselves.  Nothing is called when that is who it is already.
 */
int helper_cred_become(uint32_t uid, uint32_t gid);
/** helper_cred_own: ourselves again. */
void helper_cred_own(void);

#endif
