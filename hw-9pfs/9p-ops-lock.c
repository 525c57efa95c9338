/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Tlock and Tgetlock: byte-range locks, which also lock files on the host.
 *
 * The Linux client takes every lock in its own VFS first and asks the server
 * afterwards; flock(2) becomes a lock of the whole file.  A request that may
 * block is not answered until the lock is granted or the request is flushed,
 * because the client tries again only 30 seconds after the answer BLOCKED.
 *
 * An unlock releases what its own process has locked, even though a LOCK_UN of
 * flock(2) by a child releases the lock of its parent on a local disk.  On the
 * wire, it does not differ from an unlock of the whole file by fcntl(2)
 * F_SETLKW, which leaves that lock alone: see "Locks" in 9pfs-internals.rst.
 */
#include "fsdev/core/p9-osdep.h"
#include "9p-ops.h"

static const short lock_types[] = {
    [P9_LOCK_TYPE_RDLCK] = F_RDLCK,
    [P9_LOCK_TYPE_WRLCK] = F_WRLCK,
    [P9_LOCK_TYPE_UNLCK] = F_UNLCK,
};

static uint8_t lock_type_to_wire(short type)
{
    for (uint8_t i = 0; i < ARRAY_SIZE(lock_types); i++) {
        if (lock_types[i] == type) {
            return i;
        }
    }
    return P9_LOCK_TYPE_UNLCK;
}

static int lock_begin(P9Request *req, uint8_t type, uint64_t start,
                      uint64_t length, uint32_t proc_id,
                      const P9String *client_id)
{
    P9Session *s = req->session;

    if (type >= ARRAY_SIZE(lock_types) || start > INT64_MAX ||
        length > INT64_MAX - start) {
        return -EINVAL;
    }
    /* What the fid has locked while locks were applied is unlocked, too. */
    if (!fs_export_has_locks(s->export) &&
        !(type == P9_LOCK_TYPE_UNLCK && req->fid[0]->lock_owners)) {
        return 0;
    }
    return p9_lock_owner_get(s, req->file[0], client_id->s, proc_id,
                             &req->lock_owner);
}

int p9_lock_prepare(P9Request *req)
{
    const struct P9Tlock *t = &req->t.lock;
    int ret;

    if (t->flags & ~P9_LOCK_FLAGS_BLOCK) {
        return -EINVAL;
    }
    ret = lock_begin(req, t->type, t->start, t->length, t->proc_id,
                     &t->client_id);
    if (!ret && (t->flags & P9_LOCK_FLAGS_BLOCK)) {
        req->wait = p9_lock_wait(req->session) ? P9_WAIT_LOCK
                                               : P9_WAIT_NOTHING;
    }
    return ret;
}

/*
 * If the host does not support locks, or not this one, the lock only excludes
 * other processes of the same guest.  QEMU has always behaved like that.
 */
static bool lock_is_vain(int ret)
{
    return ret == -EOPNOTSUPP || ret == -EBADF;
}

int p9_lock_run(P9Request *req, const FsCall *call)
{
    const struct P9Tlock *t = &req->t.lock;
    FsLock lock = {
        .type = lock_types[t->type],
        .start = t->start,
        .length = t->length,
    };
    FsLocker *locker;
    int ret;

    req->r.lock.status = P9_LOCK_SUCCESS;
    if (!req->lock_owner) {
        return 0;
    }
    ret = p9_lock_owner_open(call, req->lock_owner, req->file[0], &locker);
    if (!ret) {
        ret = fs_lock(call, locker, &lock);
    }
    if (!ret || lock_is_vain(ret)) {
        return 0;
    }
    if (fs_call_refused(call, ret)) {
        return ret;
    }
    if (ret != -EACCES) {
        req->r.lock.status = P9_LOCK_ERROR;
        return 0;
    }
    req->r.lock.status = P9_LOCK_BLOCKED;
    return req->wait == P9_WAIT_LOCK ? -EINPROGRESS : 0;
}

int p9_lock_finish(P9Request *req, int result)
{
    P9Fid *fid = req->fid[0];

    if (req->wait == P9_WAIT_LOCK) {
        req->wait = P9_WAIT_NOTHING;
        p9_lock_wait_over(req->session);
    }
    if (result < 0 || req->r.lock.status != P9_LOCK_SUCCESS) {
        return result;
    }
    if (req->lock_owner && !fid->removed &&
        !g_slist_find(fid->lock_owners, req->lock_owner)) {
        fid->lock_owners = g_slist_prepend(fid->lock_owners,
                                           g_steal_pointer(&req->lock_owner));
    }
    if (req->t.lock.type != P9_LOCK_TYPE_WRLCK) {
        p9_locks_changed(req->session);
    }
    return 0;
}

int p9_getlock_prepare(P9Request *req)
{
    const struct P9Tgetlock *t = &req->t.getlock;

    return lock_begin(req, t->type, t->start, t->length, t->proc_id,
                      &t->client_id);
}

/*
 * The Linux client tests its own locks first.  That sets the type to UNLCK if
 * none of them conflicts, and with this type it asks the server, which cannot
 * know the original type.  A lock for writing conflicts with both.
 */
int p9_getlock_run(P9Request *req, const FsCall *call)
{
    const struct P9Tgetlock *t = &req->t.getlock;
    FsLock lock = {
        .type = t->type == P9_LOCK_TYPE_UNLCK ? F_RDLCK : lock_types[t->type],
        .start = t->start,
        .length = t->length,
    };
    FsLocker *locker;
    int ret = -EOPNOTSUPP;

    req->r.getlock = (struct P9Rgetlock) {
        .type = P9_LOCK_TYPE_UNLCK,
        .start = t->start,
        .length = t->length,
        .proc_id = t->proc_id,
        .client_id = t->client_id,
    };
    if (!req->lock_owner) {
        return 0;
    }
    ret = p9_lock_owner_open(call, req->lock_owner, req->file[0], &locker);
    if (!ret) {
        ret = fs_getlock(call, locker, &lock);
    }
    if (ret < 0) {
        return lock_is_vain(ret) ? 0 : ret;
    }
    req->r.getlock.type = lock_type_to_wire(lock.type);
    if (lock.type != F_UNLCK) {
        req->r.getlock.start = lock.start;
        req->r.getlock.length = lock.length;
        req->r.getlock.proc_id = lock.pid;
    }
    return 0;
}
