/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Stored values of files, kept by the inode that holds them.
 *
 * Values are costly to read, and the fids that ask for them come and go.  One
 * cache an export, of bounded size, whose entries outlive every node.  An entry
 * is the values of one inode as of one ctime, "nothing stored" among them.
 *
 * Why it never answers with old values: storing one changes the ctime of the
 * inode that holds it, and an entry counts for its own ctime only.  A change
 * within the same tick of the clock that ctimes are taken from would not show,
 * so values are kept only if the ctime was past already before they were read,
 * on the coarsest clock that the file system may keep it by: no change since,
 * ours or another's, can have been given the same one.  Other
 * inodes that get the number later differ in ctime too, and in birth time.
 *
 * For file systems alone whose ctimes the host's kernel sets.
 * Context: any thread, never blocks.
 */
#ifndef FSDEV_CRED_CACHE_H
#define FSDEV_CRED_CACHE_H

#include "fsdev/cred/cred.h"

typedef struct CredCache CredCache;

CredCache *cred_cache_new(void);
void cred_cache_free(CredCache *cache);
/** cred_cache_get: false when nothing is known of the inode as @st has it. */
bool cred_cache_get(CredCache *cache, const HostStat *st, CredValues *values);
/**
 * cred_cache_put: @st is what the inode was before @values were read, @before
 * what cred_cache_clock() said then.  Not kept when that is no proof.
 */
void cred_cache_put(CredCache *cache, const HostStat *st,
                    const struct timespec *before, const CredValues *values);
/** cred_cache_clock: the clock that ctimes are taken from. */
struct timespec cred_cache_clock(void);

#endif
