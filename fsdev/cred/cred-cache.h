/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A cache of the values that a mapped model stores for files, by the inode that
 * holds them.
 *
 * Reading these values is expensive, and the fids that need them come and go.
 * Each export has one cache of bounded size, whose entries outlive the nodes.
 * An entry says what one inode held when it had one ctime; that nothing was
 * stored is an entry as well.  In a model with values beside the file, no
 * directory holds values; its entry says what is hidden in it.
 *
 * The cache never returns outdated values.  Storing a value changes the ctime
 * of the inode that holds it, and an entry is used only while the inode has the
 * ctime of the entry.  A change within the same tick of the clock that ctimes
 * are taken from would not show.  So values are kept only if the ctime was
 * already past when the values were about to be read, according to the coarsest
 * clock that the file system may use: no later change, by this process or
 * another, can have the same ctime.  An inode that is given the same number
 * later differs in its ctime and its birth time.
 *
 * This holds only for file systems whose ctimes the host's kernel sets.
 * Context: any thread, never blocks.
 */
#ifndef FSDEV_CRED_CACHE_H
#define FSDEV_CRED_CACHE_H

#include "fsdev/cred/cred.h"

typedef struct CredCache CredCache;

CredCache *cred_cache_new(void);
void cred_cache_free(CredCache *cache);
/** cred_cache_get: false when there is no entry for the inode as of @st. */
bool cred_cache_get(CredCache *cache, const HostStat *st, CredValues *values);
/**
 * cred_cache_put: keep @values.
 *
 * Before they were read, the inode was as in @st, and cred_cache_clock()
 * returned @before.  They are not kept when this does not prove that they are
 * still valid.
 */
void cred_cache_put(CredCache *cache, const HostStat *st,
                    const struct timespec *before, const CredValues *values);
/** cred_cache_clock: the clock that ctimes are taken from. */
struct timespec cred_cache_clock(void);
/**
 * cred_cache_is_past: will every change after the time @clock have another
 * ctime than @ctime?
 */
bool cred_cache_is_past(const struct timespec *ctime,
                        const struct timespec *clock);
/** cred_cache_ns: @ts in ns since 1970, for comparison. */
int64_t cred_cache_ns(const struct timespec *ts);

#endif
