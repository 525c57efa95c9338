/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Tlopen, Tlcreate, Tread, Twrite, Tfsync: open files.
 */
#include "fsdev/core/p9-osdep.h"
#include "9p-flags.h"
#include "9p-open.h"
#include "9p-ops.h"
#include "9p-payload.h"
#include "9p-reply.h"

/* ---- opening ---- */

int p9_lopen_prepare(P9Request *req)
{
    return p9_open_file_prepare(req,
                                p9_open_flags_from_wire(req->t.lopen.flags));
}

int p9_lopen_run(P9Request *req, const FsCall *call)
{
    P9OpenReply reply;
    int ret;

    ret = p9_open_file_run(req, call, req->node[0],
                           p9_open_flags_from_wire(req->t.lopen.flags), &reply);
    if (!ret) {
        req->r.lopen.qid = reply.qid;
        req->r.lopen.iounit = reply.iounit;
    }
    return ret;
}

int p9_lopen_finish(P9Request *req, int result)
{
    return p9_open_file_finish(req, result);
}

int p9_lcreate_prepare(P9Request *req)
{
    req->fid[0]->state = P9_FID_OPENING;
    return 0;
}

int p9_lcreate_run(P9Request *req, const FsCall *call)
{
    const struct P9Tlcreate *t = &req->t.lcreate;
    FsCall in_group = fs_call_in_group(call, t->gid);
    P9OpenReply reply;
    int ret;

    ret = p9_open_create_run(req, &in_group, t->name.s,
                             p9_open_flags_from_wire(t->flags), t->mode & 07777,
                             &reply);
    if (!ret) {
        req->r.lcreate.qid = reply.qid;
        req->r.lcreate.iounit = reply.iounit;
    }
    return ret;
}

int p9_lcreate_finish(P9Request *req, int result)
{
    return p9_open_file_finish(req, result);
}

static bool offset_is_valid(uint64_t offset, uint32_t count)
{
    return offset <= (uint64_t)INT64_MAX - count;
}

int p9_read_prepare(P9Request *req)
{
    const struct P9Tread *t = &req->t.read;
    uint32_t count = MIN(t->count, p9_reply_room(req));
    struct P9Rread *r = &req->r.read;

    r->data = (P9Data) { .count = count, .offset = P9_IO_HDRSZ };
    req->ticket.bytes = count;
    if (req->fid[0]->state == P9_FID_XATTR) {
        return 0;
    }
    if (req->fid[0]->state == P9_FID_DIR) {
        if (req->session->dialect == P9_DIALECT_L) {
            return -EOPNOTSUPP;         /* there is Treaddir for that */
        }
        return p9_stat_read_prepare(req, &r->data.count);
    }
    if (!offset_is_valid(t->offset, count)) {
        return -EINVAL;
    }
    return p9_payload_expect(req, &r->data.count);
}

static int read_xattr(P9Request *req, const P9XattrFid *x)
{
    struct P9Rread *r = &req->r.read;
    uint64_t offset = MIN(req->t.read.offset, x->size);

    r->data.count = MIN(r->data.count, x->size - offset);
    return p9_payload_put(req, x->value + offset, r->data.count);
}

int p9_read_run(P9Request *req, const FsCall *call)
{
    struct P9Rread *r = &req->r.read;
    int ret;

    if (!req->file[0]) {
        return read_xattr(req, req->fid[0]->xattr);
    }
    if (req->file[0]->is_dir) {
        return p9_stat_read_run(req, call);
    }
    ret = p9_payload_transfer(req, call, fs_read, req->t.read.offset,
                              r->data.count);
    if (!ret) {
        r->data.count = req->done;
    }
    return ret;
}

int p9_read_finish(P9Request *req, int result)
{
    if (!result && req->file[0]) {
        if (req->file[0]->is_dir) {
            p9_stat_read_finish(req);
        }
        p9_payload_deliver(req, req->r.read.data.count);
    }
    return result;
}

int p9_write_prepare(P9Request *req)
{
    const struct P9Twrite *t = &req->t.write;

    if (t->data.offset + (uint64_t)t->data.count > req->msize) {
        return -EINVAL;
    }
    if (req->fid[0]->state == P9_FID_XATTR) {
        return 0;
    }
    if (!offset_is_valid(t->offset, t->data.count)) {
        return -EINVAL;
    }
    req->ticket.kind = FS_TICKET_WRITE;
    req->ticket.bytes = t->data.count;
    return p9_payload_accept(req, &req->t.write.data);
}

static int write_xattr(P9Request *req, P9XattrFid *x)
{
    const struct P9Twrite *t = &req->t.write;
    uint32_t count;
    int ret;

    if (!x->name) {
        return -EINVAL;         /* the value of a Txattrwalk */
    }
    if (t->offset > x->size) {
        return -ENOSPC;
    }
    count = MIN(t->data.count, x->size - t->offset);
    ret = p9_payload_get(req, &t->data, x->value + t->offset, count);
    if (ret) {
        return ret;
    }
    p9_xattr_fid_mark(x, t->offset, count);
    req->r.write.count = count;
    return 0;
}

int p9_write_run(P9Request *req, const FsCall *call)
{
    const struct P9Twrite *t = &req->t.write;
    int ret;

    if (!req->file[0]) {
        return write_xattr(req, req->fid[0]->xattr);
    }
    ret = p9_payload_transfer(req, call, fs_write, t->offset, t->data.count);
    if (!ret) {
        req->r.write.count = req->done;
    }
    return ret;
}

int p9_fsync_run(P9Request *req, const FsCall *call)
{
    return fs_fsync(call, req->file[0], req->t.fsync.datasync);
}
