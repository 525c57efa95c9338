/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Steps that messages of both dialects share.
 *
 * The .L message and its .u counterpart differ in wire layout and in how they
 * say flags and modes, not in what they do: each calls these.
 */
#ifndef HW_9PFS_9P_OPS_H
#define HW_9PFS_9P_OPS_H

#include "9p-session.h"

/* What an open or create answers. */
typedef struct P9OpenReply {
    P9Qid qid;
    uint32_t iounit;
} P9OpenReply;

/** p9_file_open_prepare: @oflags are the host's; read-only refuses some. */
int p9_file_open_prepare(P9Request *req, int oflags);
/** p9_file_open_run: node[0] -> new_file; @flags are run()'s. */
int p9_file_open_run(P9Request *req, FsNode *node, int oflags,
                     unsigned flags, P9OpenReply *reply);
/** p9_file_open_finish: the fid takes new_file and new_node, or nothing. */
int p9_file_open_finish(P9Request *req, int result);
/** p9_file_create_run: a regular file in node[0] -> new_node, new_file. */
int p9_file_create_run(P9Request *req, const char *name, int oflags,
                       uint32_t mode, const FsCred *cred, unsigned flags,
                       P9OpenReply *reply);
/** p9_file_opened: what to answer for an object with these attributes. */
int p9_file_opened(P9Request *req, const FsAttr *attr, P9OpenReply *reply);

/** p9_readlink: target of @node, owned by the request's arena. */
int p9_readlink(P9Request *req, FsNode *node, P9String *target);

/** p9_remove_object: unlink what fid[0] stands for; @flags as of run(). */
int p9_remove_object(P9Request *req, unsigned flags);

/**
 * p9_reply_prepare: where run() shall put up to @count bytes of payload for
 * the reply: the guest's buffer, or one of ours when calls on the file may
 * hang (see FsFile.remote).
 */
void p9_reply_prepare(P9Request *req, uint32_t count);
/** p9_reply_cursor: at the start of that place. */
void p9_reply_cursor(const P9Request *req, P9Cursor *c);
/** p9_reply_finish: @count bytes that are there become the guest's. */
void p9_reply_finish(P9Request *req, uint32_t count);

/** p9_read_dir_prepare, p9_read_dir_run: Tread of a directory (.u). */
int p9_read_dir_prepare(P9Request *req);
int p9_read_dir_run(P9Request *req, unsigned flags);
void p9_read_dir_finish(P9Request *req);

#endif
