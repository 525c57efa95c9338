/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Who holds byte-range locks in a session.
 *
 * POSIX locks belong to a process, whichever of its descriptors they were
 * taken by: a P9LockOwner is (file, client, process) and is shared by all fids
 * that process has of the file.  The owner's locks go when the last of those
 * fids does, and with the session.  Context: event loop.
 */
#ifndef HW_9PFS_9P_LOCK_H
#define HW_9PFS_9P_LOCK_H

#include "fsdev/core/fsdriver.h"

typedef struct P9Session P9Session;

typedef struct P9LockOwner {
    uint64_t dev;
    uint64_t ino;
    uint32_t proc_id;
    char *client_id;            /* owned */
    unsigned refs;
    GMutex opening;             /* guards locker while it is NULL */
    FsLocker *locker;           /* owned; set once, by a worker; atomic */
} P9LockOwner;

/** p9_lock_owners_new: an empty set for P9Session.lock_owners. */
GHashTable *p9_lock_owners_new(void);
/** p9_lock_owner_get: counted; found or made. */
P9LockOwner *p9_lock_owner_get(P9Session *s, const FsFile *file,
                               const char *client_id, uint32_t proc_id);
/** p9_lock_owner_unref: the last one gives the owner's locks up. */
void p9_lock_owner_unref(P9Session *s, P9LockOwner *owner);
/**
 * p9_lock_owner_open: the owner's locker, opened at first use.
 *
 * -EAGAIN where @call may not wait for it.
 */
int p9_lock_owner_open(const FsCall *call, P9LockOwner *owner, FsFile *file,
                       FsLocker **locker);

/** p9_locks_changed: a lock was given up: those who wait try again soon. */
void p9_locks_changed(P9Session *s);
/** p9_lock_wait: may one more Tlock wait?  It is counted then. */
bool p9_lock_wait(P9Session *s);
void p9_lock_wait_over(P9Session *s);
/** p9_lock_poll: those who wait have tried: they try again later. */
void p9_lock_poll(P9Session *s);

#endif
