/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The locks of a session that was saved: see 9p-state.h.
 *
 * The session that is loaded elsewhere takes them, perhaps on the same host, so
 * this one has to release them first, and take them again if it is to go on.
 */
#include "fsdev/core/p9-osdep.h"
#include "9p-state-int.h"

typedef struct HeldLock {
    P9LockOwner *owner;         /* counted */
    GArray *ranges;             /* owned: FsLock */
} HeldLock;

struct P9HeldLocks {
    P9Session *s;               /* counted */
    GArray *locks;              /* owned: HeldLock */
};

P9HeldLocks *p9_held_locks_new(P9Session *s)
{
    GArray *locks = g_array_new(false, false, sizeof(HeldLock));
    P9HeldLocks *held;
    GHashTableIter iter;
    gpointer key;

    g_hash_table_iter_init(&iter, s->lock_owners);
    while (g_hash_table_iter_next(&iter, &key, NULL)) {
        HeldLock lock = { .owner = key };

        if (lock.owner->locker) {
            lock.owner->refs++;
            lock.ranges = fs_locked(lock.owner->locker);
            g_array_append_val(locks, lock);
        }
    }
    if (!locks->len) {
        g_array_free(locks, true);
        return NULL;
    }
    held = g_new0(P9HeldLocks, 1);
    p9_session_ref(s);
    held->s = s;
    held->locks = locks;
    return held;
}

void p9_held_locks_release(P9HeldLocks *held)
{
    const FsCall call = { .wait = FS_WAIT_ANYTHING };
    const FsLock all = { .type = F_UNLCK };

    for (guint i = 0; i < held->locks->len; i++) {
        HeldLock *lock = &g_array_index(held->locks, HeldLock, i);

        if (lock->ranges->len) {
            fs_lock(&call, lock->owner->locker, &all);
        }
    }
}

unsigned p9_held_locks_take(P9HeldLocks *held)
{
    const FsCall call = { .wait = FS_WAIT_ANYTHING };
    unsigned lost = 0;

    for (guint i = 0; i < held->locks->len; i++) {
        HeldLock *lock = &g_array_index(held->locks, HeldLock, i);

        for (guint j = 0; j < lock->ranges->len; j++) {
            lost += fs_lock(&call, lock->owner->locker,
                            &g_array_index(lock->ranges, FsLock, j)) < 0;
        }
    }
    return lost;
}

void p9_held_locks_free(P9HeldLocks *held)
{
    for (guint i = 0; i < held->locks->len; i++) {
        HeldLock *lock = &g_array_index(held->locks, HeldLock, i);

        g_array_free(lock->ranges, true);
        p9_lock_owner_unref(held->s, lock->owner);
    }
    g_array_free(held->locks, true);
    p9_session_unref(held->s);
    g_free(held);
}
