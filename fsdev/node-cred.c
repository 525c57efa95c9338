/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Nodes: owner, mode and device number kept as of one ctime.
 *
 * The rule that makes this right is the caller's (local.c): values are given
 * with the ctime the inode had and the coarse clock, both taken before the
 * values were read.  Any change after that has a later ctime, provided the old
 * one was past already.  Called from any thread; never blocks.
 */
#include "fsdev/p9-osdep.h"
#include "fsdev/node-int.h"

static int64_t ns_of(const struct timespec *ts)
{
    return (int64_t)((uint64_t)ts->tv_sec * 1000000000u +
                     (uint64_t)ts->tv_nsec);
}

bool node_cred_get(Node *node, const struct timespec *ctime, FsAttr *attr)
{
    int64_t ns = ns_of(ctime);
    bool kept;

    table_lock(node->table);
    kept = ns && node->cred.ctime == ns;
    if (kept) {
        attr->uid = node->cred.uid;
        attr->gid = node->cred.gid;
        attr->mode = node->cred.mode;
        attr->rdev = node->cred.rdev;
    }
    table_unlock(node->table);
    return kept;
}

void node_cred_put(Node *node, const struct timespec *ctime,
                   const struct timespec *before, const FsAttr *attr)
{
    int64_t ns = ns_of(ctime);

    table_lock(node->table);
    node->cred = (NodeCred) {
        .ctime = ns < ns_of(before) ? ns : 0,
        .uid = attr->uid,
        .gid = attr->gid,
        .mode = attr->mode,
        .rdev = attr->rdev,
    };
    table_unlock(node->table);
}
