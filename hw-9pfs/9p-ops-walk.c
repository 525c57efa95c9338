/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Tattach, Twalk and Tclunk, which create and remove fids.
 */
#include "fsdev/core/p9-osdep.h"
#include <sys/xattr.h>
#include "9p-ops.h"

int p9_attach_prepare(P9Request *req)
{
    int ret = fs_check_user(req->session->export, req->t.attach.n_uname);

    /* The path may have thousands of components. */
    req->for_worker = req->t.attach.aname.len > 0;
    if (!ret) {
        ret = p9_fid_hold(req->session);
    }
    return ret == -EINPROGRESS ? p9_request_park(req, P9_WAIT_BUSY) : ret;
}

/* Walk one component of an aname, like walk_step(). */
static int attach_step(P9Request *req, const FsCall *call, FsNode **node,
                       const char *name, P9Qid *qid)
{
    const P9String string = { .s = name, .len = strlen(name) };
    FsNode *next;
    FsAttr attr;
    int ret;

    ret = p9_name_check(&string, EINVAL, EINVAL);
    if (ret < 0) {
        return ret;
    }
    ret = fs_lookup(call, *node, name, &next, &attr);
    if (ret < 0) {
        return ret;
    }
    fs_node_unref(*node);
    *node = next;
    if (!S_ISDIR(attr.mode)) {
        return S_ISLNK(attr.mode) ? -ELOOP : -ENOTDIR;
    }
    return p9_qid_from_attr(req->session->qids, &attr, qid);
}

/*
 * The aname is a path that starts at the exported directory, with or without a
 * leading '/'.  It may not lead up or through a symbolic link.
 */
int p9_attach_run(P9Request *req, const FsCall *call)
{
    const P9String *aname = &req->t.attach.aname;
    g_auto(GStrv) names = g_strsplit(aname->s, "/", -1);
    P9Qid *qid = &req->r.attach.qid;
    FsNode *node;
    FsAttr attr;
    int ret;

    if (memchr(aname->s, '\0', aname->len)) {
        return -EINVAL;
    }
    node = fs_root(req->session->export);
    ret = fs_getattr(call, node, NULL, 0, &attr);
    if (!ret) {
        /* This also tells the map which device is that of the export. */
        ret = p9_qid_from_attr(req->session->qids, &attr, qid);
    }
    for (unsigned i = 0; !ret && names[i]; i++) {
        if (*names[i]) {
            ret = attach_step(req, call, &node, names[i], qid);
        }
    }
    if (ret < 0) {
        fs_node_unref(node);
        return ret;
    }
    req->new_node = node;
    return 0;
}

int p9_attach_finish(P9Request *req, int result)
{
    FsNode *top;

    if (result < 0) {
        return result;
    }
    top = fs_root(req->session->export);
    p9_fid_commit(req->newfid, P9_FID_NONE, req->t.attach.n_uname,
                  req->new_node == top ? NULL : req->new_node, req->new_node);
    req->new_node = NULL;
    fs_node_unref(top);
    return 0;
}

int p9_walk_prepare(P9Request *req)
{
    if (req->t.walk.newfid != req->t.walk.fid) {
        return p9_fid_reserve(req->session, req->t.walk.newfid,
                              &req->newfid);
    }
    /* An open fid cannot be walked in place. */
    return req->fid[0]->state == P9_FID_NONE ? 0 : -EINVAL;
}

static int walk_dots(P9Request *req, const FsCall *call, FsNode *node,
                     const P9Name *name, FsNode **next, FsAttr *attr)
{
    FsNode *to = NULL;
    int ret = 0;

    if (name->dots == 2) {
        ret = p9_fid_parent(req->fid[0], node, &to);
    } else {
        to = fs_node_ref(node);
    }
    if (!ret) {
        ret = fs_getattr(call, to, NULL, 0, attr);
    }
    if (ret < 0) {
        fs_node_unref(to);
        return ret;
    }
    *next = to;
    return 0;
}

/* Replace *@node by the node that @name leads to. */
static int walk_step(P9Request *req, const FsCall *call, FsNode **node,
                     const P9Name *name, P9Qid *qid)
{
    FsNode *next;
    int ret;

    p9_recent_begin(&req->moment);

    if (name->dots) {
        ret = walk_dots(req, call, *node, name, &next, &req->attr);
    } else {
        ret = fs_lookup(call, *node, name->s, &next, &req->attr);
    }
    if (ret < 0) {
        return ret;
    }
    fs_node_unref(*node);
    *node = next;
    return p9_qid_from_attr(req->session->qids, &req->attr, qid);
}

int p9_walk_run(P9Request *req, const FsCall *call)
{
    const P9Names *names = &req->t.walk.names;
    P9Qids *qids = &req->r.walk.qids;
    FsNode *node = fs_node_ref(req->node[0]);
    int ret = 0;

    for (qids->n = 0; qids->n < names->n; qids->n++) {
        ret = walk_step(req, call, &node, &names->name[qids->n],
                        &qids->qid[qids->n]);
        if (ret < 0) {
            break;
        }
    }
    if (ret < 0) {
        fs_node_unref(node);
        /* A walk that ends early succeeds, but makes no fid. */
        return qids->n && ret != -EAGAIN ? 0 : ret;
    }
    req->new_node = node;
    req->has_attr = names->n;
    return 0;
}

int p9_walk_finish(P9Request *req, int result)
{
    P9Session *s = req->session;
    P9Fid *fid = req->fid[0];
    uint32_t recent = 0;

    if (result < 0 || !req->new_node) {
        return result;
    }
    if (req->has_attr) {
        recent = p9_recent_put(&s->recent, &req->moment, &req->attr);
    }
    if (req->newfid) {
        req->newfid->recent = recent;
        p9_fid_commit(req->newfid, P9_FID_NONE, fid->uid, fid->root,
                      g_steal_pointer(&req->new_node));
        return 0;
    }
    if (fid->state != P9_FID_NONE) {
        return -EINVAL;
    }
    /* Other requests with this fid have captured the old node. */
    p9_fid_set_node(fid, g_steal_pointer(&req->new_node), recent);
    return 0;
}

/*
 * The number of the fid is free at once.  If no other request uses the fid,
 * this request closes its file; else the last of those requests has it closed.
 */
int p9_clunk_prepare(P9Request *req)
{
    P9Fid *fid = req->fid[0];

    p9_fid_remove(fid);
    if (fid->pins == 1) {
        req->new_file = g_steal_pointer(&fid->file);
    }
    return 0;
}

static int clunk_xattr(P9Request *req, const FsCall *call, const P9XattrFid *x)
{
    if (!x || !x->name) {
        return 0;
    }
    if (x->missing) {
        return -EINVAL;
    }
    /* The Linux client sends this for removexattr(2). */
    if (!x->size && x->flags == XATTR_REPLACE) {
        return fs_removexattr(call, req->node[0], x->name);
    }
    return fs_setxattr(call, req->node[0], x->name, x->value, x->size,
                       x->flags);
}

int p9_clunk_run(P9Request *req, const FsCall *call)
{
    P9Fid *fid = req->fid[0];
    int ret = fs_release(call, req->new_file);

    if (ret < 0) {
        return ret;
    }
    if (req->new_file) {
        req->new_file = NULL;
        req->file[0] = NULL;
    }
    return fid->remove_on_clunk ? p9_remove_object(req, call)
                                : clunk_xattr(req, call, fid->xattr);
}
