/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Tlopen, Tlcreate, Tread, Twrite, Tfsync: open files.
 *
 * Payload stays in the guest's buffers.  Only a file whose calls may hang at
 * a third party's will (FsFile.remote) gets a buffer of ours in between, so
 * that a reset never has to wait for it.
 */
#include "fsdev/core/p9-osdep.h"
#include "9p-errno.h"
#include "9p-ops.h"

/* ---- opening ---- */

int p9_file_open_prepare(P9Request *req, int oflags)
{
    if (req->session->export->config.readonly &&
        ((oflags & O_ACCMODE) != O_RDONLY || (oflags & (O_TRUNC | O_APPEND)))) {
        return -EROFS;
    }
    req->fid[0]->state = P9_FID_OPENING;
    return 0;
}

int p9_file_opened(P9Request *req, const FsAttr *attr, P9OpenReply *reply)
{
    reply->iounit = S_ISDIR(attr->mode)
                    ? 0 : p9_request_iounit(req, attr->blksize);
    return p9_qid_from_attr(req->session->qids, attr, &reply->qid);
}

/* What fs_open() and fs_create() are to know of run()'s flags. */
static int brief_oflags(unsigned flags)
{
    return flags & FS_BRIEF ? O_NONBLOCK : 0;
}

int p9_file_open_run(P9Request *req, FsNode *node, int oflags,
                     unsigned flags, P9OpenReply *reply)
{
    FsAttr attr;
    int ret;

    /* O_EXCL says nothing without O_CREAT. */
    ret = fs_open_attr(node, (oflags & ~O_EXCL) | brief_oflags(flags),
                       &req->new_file, &attr);
    return ret < 0 ? ret : p9_file_opened(req, &attr, reply);
}

int p9_file_create_run(P9Request *req, const char *name, int oflags,
                       uint32_t mode, const FsCred *cred, unsigned flags,
                       P9OpenReply *reply)
{
    FsAttr attr;
    int ret;

    ret = fs_create(req->node[0], name, oflags | brief_oflags(flags), mode,
                    cred, &req->new_node, &req->new_file, &attr);
    return ret < 0 ? ret : p9_file_opened(req, &attr, reply);
}

int p9_file_open_finish(P9Request *req, int result)
{
    P9Fid *fid = req->fid[0];

    fid->state = P9_FID_NONE;
    fid->recent = 0;
    if (result < 0) {
        return result;
    }
    if (req->new_node) {
        fs_node_unref(fid->node);
        fid->node = g_steal_pointer(&req->new_node);
    }
    if (req->new_file) {
        fid->file = g_steal_pointer(&req->new_file);
        fid->state = fid->file->is_dir ? P9_FID_DIR : P9_FID_FILE;
    }
    return 0;
}

int p9_lopen_prepare(P9Request *req)
{
    return p9_file_open_prepare(req,
                                p9_open_flags_from_wire(req->t.lopen.flags));
}

int p9_lopen_run(P9Request *req, unsigned flags)
{
    P9OpenReply reply;
    int ret;

    ret = p9_file_open_run(req, req->node[0],
                           p9_open_flags_from_wire(req->t.lopen.flags), flags,
                           &reply);
    if (!ret) {
        req->r.lopen.qid = reply.qid;
        req->r.lopen.iounit = reply.iounit;
    }
    return ret;
}

int p9_lopen_finish(P9Request *req, int result)
{
    return p9_file_open_finish(req, result);
}

int p9_lcreate_prepare(P9Request *req)
{
    req->fid[0]->state = P9_FID_OPENING;
    return 0;
}

int p9_lcreate_run(P9Request *req, unsigned flags)
{
    const struct P9Tlcreate *t = &req->t.lcreate;
    FsCred cred = { .uid = req->fid[0]->uid, .gid = t->gid };
    P9OpenReply reply;
    int ret;

    ret = p9_file_create_run(req, t->name.s, p9_open_flags_from_wire(t->flags),
                             t->mode & 07777, &cred, flags, &reply);
    if (!ret) {
        req->r.lcreate.qid = reply.qid;
        req->r.lcreate.iounit = reply.iounit;
    }
    return ret;
}

int p9_lcreate_finish(P9Request *req, int result)
{
    return p9_file_open_finish(req, result);
}

/* ---- payload ---- */

/* Pass over what was transferred; the iovec is the request's own. */
static void payload_advance(P9Request *req, size_t n)
{
    req->done += n;
    while (n) {
        struct iovec *iov = &req->iov[req->iov_at];
        size_t len = MIN(n, iov->iov_len);

        iov->iov_base = (char *)iov->iov_base + len;
        iov->iov_len -= len;
        n -= len;
        if (!iov->iov_len) {
            req->iov_at++;
        }
    }
}

static void payload_set(P9Request *req, const struct iovec *iov,
                        unsigned iov_cnt, size_t offset, size_t bytes)
{
    if (req->iov_size < iov_cnt) {
        req->iov = g_renew(struct iovec, req->iov, iov_cnt);
        req->iov_size = iov_cnt;
    }
    req->iov_cnt = p9_iov_slice(req->iov, iov, iov_cnt, offset, bytes);
    req->iov_at = 0;
}

static void payload_bounce(P9Request *req, size_t bytes)
{
    struct iovec iov = { .iov_len = bytes };

    req->bounce = g_malloc(MAX(bytes, 1));
    iov.iov_base = req->bounce;
    payload_set(req, &iov, 1, 0, bytes);
}

void p9_reply_prepare(P9Request *req, uint32_t count)
{
    if (req->file[0]->remote) {
        payload_bounce(req, count);
    } else {
        payload_set(req, req->in, req->in_cnt, P9_IO_HDRSZ, count);
    }
}

void p9_reply_cursor(const P9Request *req, P9Cursor *c)
{
    p9_cursor_init(c, req->iov, req->iov_cnt, SIZE_MAX);
}

void p9_reply_finish(P9Request *req, uint32_t count)
{
    P9Cursor c;

    if (req->bounce) {
        p9_cursor_init(&c, req->in, req->in_cnt, req->in_bytes);
        p9_skip(&c, P9_IO_HDRSZ);
        p9_put_bytes(&c, req->bounce, count);
    }
}

typedef ssize_t FileIo(FsFile *file, const struct iovec *iov, int iovcnt,
                       uint64_t offset, unsigned flags);

/*
 * Move @count bytes unless the file ends or fails before.  What was moved
 * counts: an error is reported only when nothing was.  A try that would have
 * slept leaves its progress in req->done for the worker to go on from.
 */
static int payload_transfer(P9Request *req, FileIo *io, uint64_t offset,
                            uint32_t count, unsigned flags)
{
    ssize_t ret;

    while (req->done < count) {
        ret = io(req->file[0], req->iov + req->iov_at,
                 req->iov_cnt - req->iov_at, offset + req->done, flags);
        if (ret == -EINPROGRESS || (ret == -EAGAIN && (flags & FS_NONBLOCK))) {
            return ret;
        }
        if (ret < 0 && !req->done) {
            return ret;
        }
        if (ret <= 0) {
            break;
        }
        payload_advance(req, ret);
    }
    return 0;
}

static bool offset_is_valid(uint64_t offset, uint32_t count)
{
    return offset <= (uint64_t)INT64_MAX - count;
}

int p9_read_prepare(P9Request *req)
{
    const struct P9Tread *t = &req->t.read;
    uint32_t count = MIN(t->count, p9_request_room(req));

    req->r.read.data = (P9Data) { .count = count, .offset = P9_IO_HDRSZ };
    if (req->fid[0]->state == P9_FID_XATTR) {
        return 0;
    }
    if (req->fid[0]->state == P9_FID_DIR) {
        if (req->session->dialect == P9_DIALECT_L) {
            return -EOPNOTSUPP;         /* that is Treaddir's */
        }
        p9_reply_prepare(req, count);
        return p9_read_dir_prepare(req);
    }
    if (!offset_is_valid(t->offset, count)) {
        return -EINVAL;
    }
    req->ticket.is_write = false;
    req->ticket.bytes = count;
    p9_reply_prepare(req, count);
    return 0;
}

static int read_xattr(P9Request *req, const P9XattrFid *x)
{
    struct P9Rread *r = &req->r.read;
    uint64_t offset = MIN(req->t.read.offset, x->size);
    P9Cursor c;

    r->data.count = MIN(r->data.count, x->size - offset);
    p9_cursor_init(&c, req->in, req->in_cnt, req->in_bytes);
    p9_skip(&c, P9_IO_HDRSZ);
    p9_put_bytes(&c, x->value + offset, r->data.count);
    return 0;
}

int p9_read_run(P9Request *req, unsigned flags)
{
    struct P9Rread *r = &req->r.read;
    int ret;

    if (!req->file[0]) {
        return read_xattr(req, req->fid[0]->xattr);
    }
    if (req->file[0]->is_dir) {
        return p9_read_dir_run(req, flags);
    }
    ret = payload_transfer(req, fs_read, req->t.read.offset, r->data.count,
                           flags);
    if (!ret) {
        r->data.count = req->done;
    }
    return ret;
}

int p9_read_finish(P9Request *req, int result)
{
    if (!result && req->file[0]) {
        if (req->file[0]->is_dir) {
            p9_read_dir_finish(req);
        }
        p9_reply_finish(req, req->r.read.data.count);
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
    req->ticket.is_write = true;
    req->ticket.bytes = t->data.count;
    if (req->file[0]->remote) {
        P9Cursor c;

        p9_cursor_init(&c, req->out, req->out_cnt, SIZE_MAX);
        payload_bounce(req, t->data.count);
        p9_skip(&c, t->data.offset);
        p9_get_bytes(&c, req->bounce, t->data.count);
    } else {
        payload_set(req, req->out, req->out_cnt, t->data.offset,
                    t->data.count);
    }
    return 0;
}

static int write_xattr(P9Request *req, P9XattrFid *x)
{
    const struct P9Twrite *t = &req->t.write;
    uint32_t count;
    P9Cursor c;

    if (!x->name) {
        return -EINVAL;         /* the value of a Txattrwalk */
    }
    if (t->offset > x->size) {
        return -ENOSPC;
    }
    count = MIN(t->data.count, x->size - t->offset);
    p9_cursor_init(&c, req->out, req->out_cnt, SIZE_MAX);
    p9_skip(&c, t->data.offset);
    p9_get_bytes(&c, x->value + t->offset, count);
    p9_xattr_fid_mark(x, t->offset, count);
    req->r.write.count = count;
    return 0;
}

int p9_write_run(P9Request *req, unsigned flags)
{
    const struct P9Twrite *t = &req->t.write;
    int ret;

    if (!req->file[0]) {
        return write_xattr(req, req->fid[0]->xattr);
    }
    ret = payload_transfer(req, fs_write, t->offset, t->data.count, flags);
    if (!ret) {
        req->r.write.count = req->done;
    }
    return ret;
}

int p9_fsync_run(P9Request *req, unsigned flags G_GNUC_UNUSED)
{
    return fs_fsync(req->file[0], req->t.fsync.datasync);
}
