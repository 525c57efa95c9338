/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Opening and creating files, as messages of both dialects do it.
 *
 * The .L message and its .u counterpart differ in wire layout and in how they
 * say flags and modes, not in what they do: each calls these.
 */
#ifndef HW_9PFS_9P_OPEN_H
#define HW_9PFS_9P_OPEN_H

#include "9p-request-int.h"

/* What an open or create answers. */
typedef struct P9OpenReply {
    P9Qid qid;
    uint32_t iounit;
} P9OpenReply;

/** p9_open_file_prepare: @oflags are the host's; read-only refuses some. */
int p9_open_file_prepare(P9Request *req, int oflags);
/** p9_open_file_run: @node -> new_file. */
int p9_open_file_run(P9Request *req, const FsCall *call, FsNode *node,
                     int oflags, P9OpenReply *reply);
/** p9_open_create_run: a regular file in node[0] -> new_node, new_file. */
int p9_open_create_run(P9Request *req, const FsCall *call, const char *name,
                       int oflags, uint32_t mode, const FsCred *cred,
                       P9OpenReply *reply);
/** p9_open_reply: what to answer for an object with these attributes. */
int p9_open_reply(P9Request *req, const FsAttr *attr, P9OpenReply *reply);
/** p9_open_file_finish: the fid takes new_file and new_node, or nothing. */
int p9_open_file_finish(P9Request *req, int result);

#endif
