/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Opening and creating files: see 9p-open.h.
 */
#include "fsdev/core/p9-osdep.h"
#include "9p-open.h"
#include "9p-reply.h"

int p9_open_file_prepare(P9Request *req, int oflags)
{
    if (fs_export_is_readonly(req->session->export) &&
        ((oflags & O_ACCMODE) != O_RDONLY || (oflags & (O_TRUNC | O_APPEND)))) {
        return -EROFS;
    }
    req->fid[0]->state = P9_FID_OPENING;
    return 0;
}

int p9_open_reply(P9Request *req, const FsAttr *attr, P9OpenReply *reply)
{
    reply->iounit = S_ISDIR(attr->mode)
                    ? 0 : p9_reply_iounit(req, attr->blksize);
    return p9_qid_from_attr(req->session->qids, attr, &reply->qid);
}

int p9_open_file_run(P9Request *req, const FsCall *call, FsNode *node,
                     int oflags, P9OpenReply *reply)
{
    FsAttr attr;
    int ret;

    req->oflags = oflags;
    /* O_EXCL has no meaning without O_CREAT. */
    ret = fs_open_attr(call, node, oflags & ~O_EXCL, &req->new_file, &attr);
    return ret < 0 ? ret : p9_open_reply(req, &attr, reply);
}

int p9_open_create_run(P9Request *req, const FsCall *call, const char *name,
                       int oflags, uint32_t mode, P9OpenReply *reply)
{
    FsAttr attr;
    int ret;

    req->oflags = oflags;
    ret = fs_create(call, req->node[0], name, oflags, mode, &req->new_node,
                    &req->new_file, &attr);
    if (ret < 0) {
        return ret;
    }
    ret = p9_open_reply(req, &attr, reply);
    if (ret < 0 && (oflags & O_EXCL)) {
        /* It has just been made, and cannot have a qid. */
        fs_unlink(call, req->node[0], name, false);
    }
    return ret;
}

int p9_open_file_finish(P9Request *req, int result)
{
    P9Fid *fid = req->fid[0];

    fid->state = P9_FID_NONE;
    fid->recent = 0;
    if (result < 0) {
        return result;
    }
    if (req->new_node) {
        p9_fid_set_node(fid, g_steal_pointer(&req->new_node), 0);
    }
    if (req->new_file) {
        fid->file = g_steal_pointer(&req->new_file);
        fid->oflags = req->oflags;
        fid->state = fid->file->is_dir ? P9_FID_DIR : P9_FID_FILE;
    }
    return 0;
}
