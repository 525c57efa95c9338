/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Messages that create, rename and remove names: Tmkdir, Tmknod, Tsymlink,
 * Tlink, Trename, Trenameat, Tunlinkat, Tremove.
 */
#include "fsdev/core/p9-osdep.h"
#include "9p-ops.h"

/*
 * The qid of @name, which has just been made in the directory of the first fid.
 * If it cannot have one, it is removed again.
 */
static int qid_of_new(P9Request *req, const FsCall *call, const P9Name *name,
                      const FsAttr *attr, P9Qid *qid)
{
    int ret = p9_qid_from_attr(req->session->qids, attr, qid);

    if (ret < 0) {
        fs_unlink(call, req->node[0], name->s, S_ISDIR(attr->mode));
    }
    return ret;
}

int p9_mkdir_run(P9Request *req, const FsCall *call)
{
    const struct P9Tmkdir *t = &req->t.mkdir;
    FsCall in_group = fs_call_in_group(call, t->gid);
    FsAttr attr;
    int ret;

    ret = fs_mkdir(&in_group, req->node[0], t->name.s, t->mode & 07777, &attr);
    return ret < 0 ? ret : qid_of_new(req, &in_group, &t->name, &attr,
                                      &req->r.mkdir.qid);
}

int p9_mknod_run(P9Request *req, const FsCall *call)
{
    const struct P9Tmknod *t = &req->t.mknod;
    FsCall in_group = fs_call_in_group(call, t->gid);
    FsAttr attr;
    int ret;

    ret = fs_mknod(&in_group, req->node[0], t->name.s,
                   t->mode & (S_IFMT | 07777), makedev(t->major, t->minor),
                   &attr);
    return ret < 0 ? ret : qid_of_new(req, &in_group, &t->name, &attr,
                                      &req->r.mknod.qid);
}

int p9_symlink_run(P9Request *req, const FsCall *call)
{
    const struct P9Tsymlink *t = &req->t.symlink;
    FsCall in_group = fs_call_in_group(call, t->gid);
    FsAttr attr;
    int ret;

    /* As symlink(2); a link that is stored as a file must behave the same. */
    if (!t->target.len) {
        return -ENOENT;
    }
    if (t->target.len >= PATH_MAX) {
        return -ENAMETOOLONG;
    }
    ret = fs_symlink(&in_group, req->node[0], t->name.s, t->target.s, &attr);
    return ret < 0 ? ret : qid_of_new(req, &in_group, &t->name, &attr,
                                      &req->r.symlink.qid);
}

int p9_link_run(P9Request *req, const FsCall *call)
{
    return fs_link(call, req->node[1], req->node[0], req->t.link.name.s);
}

int p9_renameat_run(P9Request *req, const FsCall *call)
{
    const struct P9Trenameat *t = &req->t.renameat;

    return fs_rename(call, req->node[0], t->oldname.s, req->node[1],
                     t->newname.s);
}

int p9_rename_run(P9Request *req, const FsCall *call)
{
    char name[NAME_MAX + 1];
    FsNode *dir;
    int ret;

    ret = p9_fid_locate(req->fid[0], req->node[0], &dir, name);
    if (ret < 0) {
        return ret;
    }
    ret = fs_rename(call, dir, name, req->node[1], req->t.rename.name.s);
    fs_node_unref(dir);
    return ret;
}

int p9_unlinkat_run(P9Request *req, const FsCall *call)
{
    const struct P9Tunlinkat *t = &req->t.unlinkat;

    if (t->flags & ~P9_DOTL_AT_REMOVEDIR) {
        return -EINVAL;
    }
    return fs_unlink(call, req->node[0], t->name.s,
                     t->flags & P9_DOTL_AT_REMOVEDIR);
}

/* The fid is clunked even if the file cannot be removed. */
int p9_remove_prepare(P9Request *req)
{
    p9_fid_remove(req->fid[0]);
    return fs_export_is_readonly(req->session->export) ? -EROFS : 0;
}

int p9_remove_object(P9Request *req, const FsCall *call)
{
    char name[NAME_MAX + 1];
    FsNode *dir;
    FsAttr attr;
    int ret;

    if (req->fid[0]->state == P9_FID_LOST) {
        return -ESTALE;
    }
    ret = fs_getattr(call, req->node[0], req->file[0], 0, &attr);
    if (ret < 0) {
        return ret;
    }
    ret = p9_fid_locate(req->fid[0], req->node[0], &dir, name);
    if (ret < 0) {
        return ret;
    }
    ret = fs_unlink(call, dir, name, S_ISDIR(attr.mode));
    fs_node_unref(dir);
    return ret;
}

int p9_remove_run(P9Request *req, const FsCall *call)
{
    return p9_remove_object(req, call);
}
