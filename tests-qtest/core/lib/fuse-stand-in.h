/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A FUSE file system for tests whose server can stop answering requests.
 *
 * The server implements the kernel's protocol on /dev/fuse itself and needs no
 * library.  Every directory contains "dir", "file", "link" (to "file") and a
 * ".virtfs_metadata" in which every name is a file with STAND_IN_META.
 * Requests that create something else succeed but have no effect.  The kernel
 * may not cache anything, so every lookup reaches the server.
 *
 * The server is a separate process.  It dies with the thread that started it,
 * and the kernel then fails all requests that are not answered, so a test that
 * crashes leaves no hanging thread behind.  Call fuse_stand_in_separate()
 * first: then other processes do not see the mounts, which disappear with the
 * test.
 *
 * Context: one FuseStandIn belongs to one thread; fuse_stand_in_free() may be
 * called while others wait for the file system.
 */
#ifndef FUSE_STAND_IN_H
#define FUSE_STAND_IN_H

#include "fsdev/core/p9-osdep.h"

/* The content of each file in a ".virtfs_metadata" */
#define STAND_IN_META "virtfs.uid=4242\n"

typedef struct FuseStandIn FuseStandIn;

/**
 * fuse_stand_in_separate: give this process its own mount namespace, so that
 * only it and its children see its mounts.  Returns NULL, or the reason why
 * mount namespaces or FUSE are unavailable.
 */
const char *fuse_stand_in_separate(void);

/**
 * fuse_stand_in_new: mount a new file system at @path, a directory.
 *
 * Returns NULL and sets *@why to the reason if that is not possible.
 */
FuseStandIn *fuse_stand_in_new(const char *path, const char **why);
/**
 * fuse_stand_in_free: fail the waiting requests and unmount the file system.
 * NULL is allowed.
 */
void fuse_stand_in_free(FuseStandIn *fuse);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(FuseStandIn, fuse_stand_in_free)

/**
 * fuse_stand_in_hang: from now on, read requests of @opcode (for example
 * FUSE_LOOKUP) but do not answer them.  Can be called for several opcodes; 0
 * means all of them.
 */
void fuse_stand_in_hang(FuseStandIn *fuse, uint32_t opcode);
/**
 * fuse_stand_in_hang_after: answer @n more requests, but none after them.
 */
void fuse_stand_in_hang_after(FuseStandIn *fuse, unsigned n);
/**
 * fuse_stand_in_answer_next: answer further requests, but not those that wait.
 */
void fuse_stand_in_answer_next(FuseStandIn *fuse);
/** fuse_stand_in_answer: answer the waiting and all further requests. */
void fuse_stand_in_answer(FuseStandIn *fuse);
/**
 * fuse_stand_in_await: wait until one more request hangs.  Returns its opcode,
 * or 0 if there is none within @ms.
 */
uint32_t fuse_stand_in_await(FuseStandIn *fuse, unsigned ms);
/**
 * fuse_stand_in_requests: the number of requests that the server has received,
 * except those that the kernel sends by itself and does not wait for.
 */
unsigned fuse_stand_in_requests(FuseStandIn *fuse);
/** fuse_stand_in_opcode_name: the name for messages, for example "LOOKUP" */
const char *fuse_stand_in_opcode_name(uint32_t opcode);

#endif
