/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The owners of byte-range locks in a session.
 *
 * A POSIX lock belongs to a process, whichever of its descriptors it was taken
 * with.  So a P9LockOwner stands for a process of a client and a file, and all
 * fids of the file that the process has locked with share it.  The locks of an
 * owner are released when the last of these fids is gone, or when the session
 * ends.  Context: event loop.
 */
#ifndef HW_9PFS_9P_LOCK_H
#define HW_9PFS_9P_LOCK_H

#include "fsdev/core/fsdriver.h"

typedef struct P9Session P9Session;

/*
 * An owner lives as long as a fid or a request refers to it.  Its locker is
 * opened at the first lock and closed, which releases the locks, after the
 * owner is gone.  A request that waits for a lock keeps its owner.
 */
typedef struct P9LockOwner {
    uint64_t dev;
    uint64_t ino;
    uint64_t twin;
    uint32_t proc_id;
    char *client_id;            /* owned */
    unsigned refs;
    FsLocker *locker;           /* owned; atomic; set once, by any thread */
} P9LockOwner;

/** p9_lock_owners_new: a new, empty set for P9Session.lock_owners. */
GHashTable *p9_lock_owners_new(void);
/**
 * p9_lock_owner_get: the owner for these values, counted.
 *
 * -ENOLCK, as of fcntl(2), if the session may not have one more (fs-budget.h).
 */
int p9_lock_owner_get(P9Session *s, const FsFile *file, const char *client_id,
                      uint32_t proc_id, P9LockOwner **owner);
/** p9_lock_owner_unref: releases the locks with the last reference. */
void p9_lock_owner_unref(P9Session *s, P9LockOwner *owner);
/**
 * p9_lock_owner_open: the locker of @owner, which is opened at its first use.
 *
 * -EAGAIN if that would have to wait for longer than @call allows.
 * Context: any thread.
 */
int p9_lock_owner_open(const FsCall *call, P9LockOwner *owner, FsFile *file,
                       FsLocker **locker);

/** p9_locks_changed: a lock was released; waiting requests are retried. */
void p9_locks_changed(P9Session *s);
/** p9_lock_wait: count a request that will wait; false if it may not. */
bool p9_lock_wait(P9Session *s);
/** p9_lock_wait_over: it does not wait any more. */
void p9_lock_wait_over(P9Session *s);
/** p9_lock_poll: have waiting requests retried after the usual interval. */
void p9_lock_poll(P9Session *s);

#endif
