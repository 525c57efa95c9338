/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Tlock, Tgetlock: answered without effect for now.
 *
 * The Linux client takes the lock in its own VFS first, so locks work within
 * one guest; nothing is locked on the host.  That is what QEMU has always
 * done.
 */
#include "fsdev/p9-osdep.h"
#include "9p-session.h"

int p9_lock_run(P9Request *req, unsigned flags G_GNUC_UNUSED)
{
    if (req->t.lock.flags & ~P9_LOCK_FLAGS_BLOCK) {
        return -EINVAL;
    }
    req->r.lock.status = P9_LOCK_SUCCESS;
    return 0;
}

int p9_getlock_run(P9Request *req, unsigned flags G_GNUC_UNUSED)
{
    const struct P9Tgetlock *t = &req->t.getlock;

    req->r.getlock = (struct P9Rgetlock) {
        .type = P9_LOCK_TYPE_UNLCK,
        .start = t->start,
        .length = t->length,
        .proc_id = t->proc_id,
        .client_id = t->client_id,
    };
    return 0;
}
