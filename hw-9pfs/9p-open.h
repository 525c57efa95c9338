/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Opening and creating files, for the messages of all dialects.
 *
 * A message of 9P2000.L and its counterpart in 9P2000.u encode flags and modes
 * differently but do the same work, which is here.
 */
#ifndef HW_9PFS_9P_OPEN_H
#define HW_9PFS_9P_OPEN_H

#include "9p-request-int.h"

/* What the reply to an open or create contains. */
typedef struct P9OpenReply {
    P9Qid qid;
    uint32_t iounit;
} P9OpenReply;

/** p9_open_file_prepare: @oflags are host flags; -EROFS if not allowed. */
int p9_open_file_prepare(P9Request *req, int oflags);
/** p9_open_file_run: open @node as req->new_file. */
int p9_open_file_run(P9Request *req, const FsCall *call, FsNode *node,
                     int oflags, P9OpenReply *reply);
/**
 * p9_open_create_run: create a regular file in req->node[0], as req->new_node
 * and req->new_file.
 */
int p9_open_create_run(P9Request *req, const FsCall *call, const char *name,
                       int oflags, uint32_t mode, P9OpenReply *reply);
/** p9_open_reply: the reply for an object with these attributes. */
int p9_open_reply(P9Request *req, const FsAttr *attr, P9OpenReply *reply);
/** p9_open_file_finish: on success move new_file and new_node to the fid. */
int p9_open_file_finish(P9Request *req, int result);

#endif
