/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Treaddir: directory entries straight from the driver to the guest's buffer.
 */
#include "fsdev/core/p9-osdep.h"
#include "9p-ops.h"
#include "9p-payload.h"
#include "9p-reply.h"

#define DIRENT_FIXED_SZ (P9_QID_SZ + 8 + 1 + 2) /* qid offset type name[s] */

typedef struct DirSink {
    P9Request *req;
    P9Cursor c;
    uint32_t room;              /* payload bytes that may be used */
    uint32_t used;
    bool full;                  /* an entry did not fit */
    int refused;                /* by p9_payload_enter() */
    bool at_root;               /* what ".." leads to is the directory */
} DirSink;

static int put_dirent(void *opaque, const FsDirent *entry)
{
    DirSink *sink = opaque;
    uint32_t size = DIRENT_FIXED_SZ + entry->name_len;
    P9GuestEntry guest;
    FsDirent root;
    P9Qid qid;

    if (size > sink->room - sink->used) {
        sink->full = true;
        return 1;
    }
    if (sink->at_root && !strcmp(entry->name, "..")) {
        root = *entry;
        root.dev = sink->req->file[0]->dev;
        root.ino = sink->req->file[0]->ino;
        root.twin = sink->req->file[0]->twin;
        entry = &root;
    }
    qid = p9_qid_from_dirent(sink->req->session->qids, entry);
    sink->refused = p9_payload_enter(sink->req, &guest);
    if (sink->refused) {
        return 1;
    }
    p9_put_qid(&sink->c, &qid);
    p9_put_u64(&sink->c, entry->next);
    p9_put_u8(&sink->c, entry->type);
    p9_put_u16(&sink->c, entry->name_len);
    p9_put_bytes(&sink->c, entry->name, entry->name_len);
    p9_payload_leave(&guest);
    sink->used += size;
    return 0;
}

int p9_readdir_prepare(P9Request *req)
{
    req->r.readdir.data = (P9Data) {
        .count = MIN(req->t.readdir.count, p9_reply_room(req)),
        .offset = P9_IO_HDRSZ,
    };
    return p9_payload_expect(req, &req->r.readdir.data.count);
}

int p9_readdir_run(P9Request *req, const FsCall *call)
{
    const struct P9Treaddir *t = &req->t.readdir;
    DirSink sink = {
        .req = req,
        .room = req->r.readdir.data.count,
        .at_root = req->node[0] == req->fid[0]->root,
    };
    int ret;

    if (t->offset > INT64_MAX) {
        return -EINVAL;
    }
    p9_payload_cursor(req, &sink.c);
    ret = fs_readdir(call, req->file[0], t->offset,
                     p9_qid_readdir_flags(req->session->qids), put_dirent,
                     &sink);
    if (ret < 0 || sink.refused) {
        return ret < 0 ? ret : sink.refused;
    }
    if (sink.full && !sink.used) {
        return -EINVAL;         /* as getdents(2): not even one fits */
    }
    req->r.readdir.data.count = sink.used;
    return 0;
}

int p9_readdir_finish(P9Request *req, int result)
{
    if (!result) {
        p9_payload_deliver(req, req->r.readdir.data.count);
    }
    return result;
}
