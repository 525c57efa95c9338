/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A FUSE file system for tests whose server stops answering when told to.
 *
 * It speaks the kernel's protocol on /dev/fuse itself and needs no library.
 * Every directory of it holds "dir", "file", "link" (to "file") and a
 * ".virtfs_metadata" in which every name is a file with STAND_IN_META; what
 * else is created there is answered as a success and then forgotten.  The
 * kernel is told to cache nothing, so every look reaches the server.
 *
 * The server is a process of its own.  It dies with the thread that started
 * it, and the kernel then fails all requests that are not answered: a test
 * that crashes leaves no thread behind that hangs.  Call
 * fuse_stand_in_separate() first: the mounts go with the processes of the
 * test then, and no other process sees them.
 *
 * Context: one FuseStandIn belongs to one thread; fuse_stand_in_free() may be
 * called while others wait for the file system.
 */
#ifndef FUSE_STAND_IN_H
#define FUSE_STAND_IN_H

#include "fsdev/core/p9-osdep.h"

/* What a file of a ".virtfs_metadata" holds. */
#define STAND_IN_META "virtfs.uid=4242\n"

typedef struct FuseStandIn FuseStandIn;

/**
 * fuse_stand_in_separate: what this process mounts from now on is seen by it
 * and its children alone.  Returns NULL, or why that or FUSE cannot be had.
 */
const char *fuse_stand_in_separate(void);

/**
 * fuse_stand_in_new: mount one at @path, a directory.
 *
 * Returns NULL with *@why set when it cannot be had here.
 */
FuseStandIn *fuse_stand_in_new(const char *path, const char **why);
/**
 * fuse_stand_in_free: the requests that wait are failed, then it is unmounted
 * from wherever fuse_stand_in_new() put it.  NULL is allowed.
 */
void fuse_stand_in_free(FuseStandIn *fuse);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(FuseStandIn, fuse_stand_in_free)

/**
 * fuse_stand_in_hang: from now on requests of @opcode (FUSE_LOOKUP and so on)
 * are taken and not answered.  Several may be told to; 0 means all of them.
 */
void fuse_stand_in_hang(FuseStandIn *fuse, uint32_t opcode);
/** fuse_stand_in_answer: answer what waits, and hang no more. */
void fuse_stand_in_answer(FuseStandIn *fuse);
/**
 * fuse_stand_in_await: wait until one more request hangs.  Its opcode, or 0
 * when none has come within @ms.
 */
uint32_t fuse_stand_in_await(FuseStandIn *fuse, unsigned ms);
/**
 * fuse_stand_in_requests: how many requests have reached the server, but for
 * those that the kernel makes by itself and does not wait for.
 */
unsigned fuse_stand_in_requests(FuseStandIn *fuse);
/** fuse_stand_in_opcode_name: "LOOKUP" and so on, for messages. */
const char *fuse_stand_in_opcode_name(uint32_t opcode);

#endif
