/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The lock owners of a session, and requests that wait for a lock: see
 * 9p-lock.h.
 *
 * A Tlock that has to wait is parked, so that it does not occupy a thread.  It
 * is tried again when this session releases a lock, and at short intervals
 * because other guests and programs of the host release locks without notice.
 */
#include "fsdev/core/p9-osdep.h"
#include "fsdev/core/fs-hash.h"
#include "9p-lock.h"
#include "9p-release.h"
#include "9p-session-int.h"

#define WAITERS_MAX 256
#define POLL_MS     50

static guint owner_hash(gconstpointer p)
{
    const P9LockOwner *owner = p;
    uint64_t hash = fs_hash_mix(fs_hash_mix(0, owner->ino), owner->dev);

    hash = fs_hash_mix(fs_hash_mix(hash, owner->twin), owner->proc_id);
    return fs_hash_mix(hash, g_str_hash(owner->client_id)) >> 32;
}

static gboolean owner_equal(gconstpointer a, gconstpointer b)
{
    const P9LockOwner *x = a;
    const P9LockOwner *y = b;

    return x->ino == y->ino && x->dev == y->dev && x->twin == y->twin &&
           x->proc_id == y->proc_id && !strcmp(x->client_id, y->client_id);
}

GHashTable *p9_lock_owners_new(void)
{
    return g_hash_table_new(owner_hash, owner_equal);
}

static size_t owner_bytes(const P9LockOwner *owner)
{
    return sizeof(*owner) + strlen(owner->client_id) + 1;
}

/* A copy of @key in the set, with no reference; NULL if it is too much. */
static P9LockOwner *owner_add(P9Session *s, const P9LockOwner *key)
{
    P9LockOwner *owner;

    if (!fs_budget_charge(&s->budget, FS_BUDGET_LOCKS, 1)) {
        return NULL;
    }
    if (!fs_budget_charge(&s->budget, FS_BUDGET_MEMORY, owner_bytes(key))) {
        fs_budget_refund(&s->budget, FS_BUDGET_LOCKS, 1);
        return NULL;
    }
    owner = g_new(P9LockOwner, 1);
    *owner = *key;
    owner->client_id = g_strdup(key->client_id);
    g_hash_table_add(s->lock_owners, owner);
    return owner;
}

int p9_lock_owner_get(P9Session *s, const FsFile *file, const char *client_id,
                      uint32_t proc_id, P9LockOwner **out)
{
    P9LockOwner key = {
        .dev = file->dev,
        .ino = file->ino,
        .twin = file->twin,
        .proc_id = proc_id,
        .client_id = (char *)client_id,
    };
    P9LockOwner *owner = g_hash_table_lookup(s->lock_owners, &key);

    owner = owner ?: owner_add(s, &key);
    if (!owner) {
        return -ENOLCK;
    }
    owner->refs++;
    *out = owner;
    return 0;
}

void p9_lock_owner_unref(P9Session *s, P9LockOwner *owner)
{
    size_t bytes;

    if (--owner->refs) {
        return;
    }
    bytes = owner_bytes(owner);
    g_hash_table_remove(s->lock_owners, owner);
    if (owner->locker) {
        p9_release_locker(s, owner->locker, p9_locks_changed);
    }
    g_free(owner->client_id);
    g_free(owner);
    fs_budget_refund(&s->budget, FS_BUDGET_LOCKS, 1);
    fs_budget_refund(&s->budget, FS_BUDGET_MEMORY, bytes);
}

int p9_lock_owner_open(const FsCall *call, P9LockOwner *owner, FsFile *file,
                       FsLocker **locker)
{
    FsLocker *opened;
    int ret;

    *locker = g_atomic_pointer_get(&owner->locker);
    if (*locker) {
        return 0;
    }
    ret = fs_locker_open(call, file, &opened);
    if (ret < 0) {
        return ret;
    }
    if (!g_atomic_pointer_compare_and_exchange(&owner->locker, NULL, opened)) {
        /* Another request of this owner has opened one meanwhile. */
        fs_locker_close(opened);
    }
    *locker = g_atomic_pointer_get(&owner->locker);
    return 0;
}

/* ---- waiting ---- */

bool p9_lock_wait(P9Session *s)
{
    if (!s->ops->set_timer || s->lock_waiters >= WAITERS_MAX) {
        return false;
    }
    s->lock_waiters++;
    s->ops->set_timer(s->opaque, POLL_MS);
    return true;
}

void p9_lock_wait_over(P9Session *s)
{
    s->lock_waiters--;
}

void p9_locks_changed(P9Session *s)
{
    /* A request of a freed session may still run; ops must not be called. */
    if (s->lock_waiters && !s->freed) {
        s->ops->set_timer(s->opaque, 0);
    }
}

void p9_lock_poll(P9Session *s)
{
    if (s->lock_waiters) {
        s->ops->set_timer(s->opaque, POLL_MS);
    }
}
