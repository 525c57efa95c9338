/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The functions of the rows of the message table, and functions that several
 * of the files 9p-ops-*.c use.
 */
#ifndef HW_9PFS_9P_OPS_H
#define HW_9PFS_9P_OPS_H

#include "9p-request-int.h"

/* p9_<name>_prepare(), _run() and _finish(): see P9RowOps. */
#define P9_PROTO_prepare_YES(fn) int fn(P9Request *req);
#define P9_PROTO_run_YES(fn) int fn(P9Request *req, const FsCall *call);
#define P9_PROTO_finish_YES(fn) int fn(P9Request *req, int result);
#define P9_PROTO_prepare_NO(fn)
#define P9_PROTO_run_NO(fn)
#define P9_PROTO_finish_NO(fn)
#define P9_MESSAGE(number, NAME_, name, dialects, least, flags, \
                   prepare, run, finish, t, r) \
    P9_PROTO_prepare_##prepare(p9_##name##_prepare) \
    P9_PROTO_run_##run(p9_##name##_run) \
    P9_PROTO_finish_##finish(p9_##name##_finish)
#include "9p-messages.def"

/** p9_readlink: the target of @node, in memory of the request's arena. */
int p9_readlink(P9Request *req, const FsCall *call, FsNode *node,
                P9String *target);

/** p9_remove_object: unlink the object of req->fid[0]. */
int p9_remove_object(P9Request *req, const FsCall *call);

/** p9_stat_read_prepare, _run, _finish: the Tread of a directory. */
int p9_stat_read_prepare(P9Request *req, uint32_t *count);
int p9_stat_read_run(P9Request *req, const FsCall *call);
void p9_stat_read_finish(P9Request *req);

#endif
