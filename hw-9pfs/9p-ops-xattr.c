/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Txattrwalk and Txattrcreate: fids for an extended attribute.
 *
 * After a Txattrwalk, the value is read with Tread (9p-ops-io.c).  After a
 * Txattrcreate, it is written with Twrite and then set by Tclunk, whose reply
 * tells the result (9p-ops-walk.c).
 */
#include "fsdev/core/p9-osdep.h"
#include <sys/xattr.h>
#include "9p-ops.h"

#define XATTR_VALUE_MAX 65536   /* XATTR_SIZE_MAX and XATTR_LIST_MAX of Linux */
#define XATTR_RETRIES   16

int p9_xattrwalk_prepare(P9Request *req)
{
    return p9_xattr_fid_count(req->session);
}

/* The value of the attribute; for an empty name, the list of names. */
static ssize_t xattr_fetch(const FsCall *call, FsNode *node,
                           const P9String *name, void *buf, size_t size)
{
    return name->len ? fs_getxattr(call, node, name->s, buf, size)
                     : fs_listxattr(call, node, buf, size);
}

int p9_xattrwalk_run(P9Request *req, const FsCall *call)
{
    const P9String *name = &req->t.xattrwalk.name;

    /* Try again if the length changes between the two calls. */
    for (int i = 0; i < XATTR_RETRIES; i++) {
        ssize_t size = xattr_fetch(call, req->node[0], name, NULL, 0);
        P9XattrFid *x;

        if (size < 0) {
            return size;
        }
        if (size > XATTR_VALUE_MAX) {
            return -E2BIG;
        }
        x = p9_xattr_fid_new(&req->session->budget, size, false);
        if (!x) {
            return -ENOMEM;     /* as getxattr(2) without memory */
        }
        if (size) {
            size = xattr_fetch(call, req->node[0], name, x->value, size);
        }
        if (size >= 0) {
            x->size = size;
            req->xattr = x;
            return 0;
        }
        p9_xattr_fid_free(&req->session->budget, x);
        if (size != -ERANGE) {
            return size;
        }
    }
    return -ERANGE;
}

int p9_xattrwalk_finish(P9Request *req, int result)
{
    if (result < 0) {
        p9_xattr_fid_uncount(req->session);
        return result;
    }
    req->r.xattrwalk.size = req->xattr->size;
    p9_fid_commit(req->newfid, P9_FID_XATTR, req->fid[0]->uid,
                  req->fid[0]->root, fs_node_ref(req->node[0]));
    req->newfid->xattr = g_steal_pointer(&req->xattr);
    return 0;
}

int p9_xattrcreate_prepare(P9Request *req)
{
    const struct P9Txattrcreate *t = &req->t.xattrcreate;
    P9Fid *fid = req->fid[0];
    int ret;

    if (t->flags & ~(XATTR_CREATE | XATTR_REPLACE)) {
        return -EINVAL;
    }
    if (t->size > XATTR_VALUE_MAX) {
        return -E2BIG;
    }
    ret = p9_xattr_fid_count(req->session);
    if (ret < 0) {
        return ret;
    }
    fid->xattr = p9_xattr_fid_new(&req->session->budget, t->size, true);
    if (!fid->xattr) {
        p9_xattr_fid_uncount(req->session);
        return -ENOSPC;         /* as setxattr(2) without space for it */
    }
    fid->xattr->name = g_strdup(t->name.s);
    fid->xattr->flags = t->flags;
    fid->state = P9_FID_XATTR;
    return 0;
}
