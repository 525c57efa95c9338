/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Topen and Tcreate of 9P2000.u and of plain 9P2000.
 *
 * They encode modes, flags and special files as Plan 9 does; what they do is
 * the same as in 9P2000.L.  Sources: section 5 of the Plan 9 manual and the
 * draft of 9P2000.u (Van Hensbergen, "Plan 9 Remote Resource Protocol: Unix
 * Extension").
 */
#include "fsdev/core/p9-osdep.h"
#include "9p-flags.h"
#include "9p-open.h"
#include "9p-ops.h"

static int check_omode(P9Request *req, uint8_t omode)
{
    return (omode & P9_OMODE_RCLOSE) &&
           fs_export_is_readonly(req->session->export) ? -EROFS : 0;
}

static int opened(P9Request *req, uint8_t omode, int result)
{
    result = p9_open_file_finish(req, result);
    if (!result && (omode & P9_OMODE_RCLOSE)) {
        req->fid[0]->remove_on_clunk = true;
    }
    return result;
}

int p9_open_prepare(P9Request *req)
{
    uint8_t omode = req->t.open.mode;
    int ret = check_omode(req, omode);

    return ret < 0 ? ret
                   : p9_open_file_prepare(req,
                                          p9_open_flags_from_omode(omode));
}

int p9_open_run(P9Request *req, const FsCall *call)
{
    int oflags = p9_open_flags_from_omode(req->t.open.mode);
    P9OpenReply reply;
    int ret;

    ret = p9_open_file_run(req, call, req->node[0], oflags, &reply);
    if (!ret) {
        req->r.open.qid = reply.qid;
        req->r.open.iounit = reply.iounit;
    }
    return ret;
}

int p9_open_finish(P9Request *req, int result)
{
    return opened(req, req->t.open.mode, result);
}

/*
 * The extension of a hard link is the number of a fid that refers to its
 * target.  The Linux client appends a newline.
 */
static int create_find_link(P9Request *req)
{
    const P9String *extension = &req->t.create.extension;
    g_autofree char *s = g_strndup(extension->s, extension->len);
    uint64_t number;

    if (g_str_has_suffix(s, "\n")) {
        s[extension->len - 1] = '\0';
    }
    if (!g_ascii_string_to_unsigned(s, 10, 0, P9_NOFID - 1, &number, NULL)) {
        return -EINVAL;
    }
    return p9_request_pin(req, number, EINVAL, P9_FID_ANY, EINVAL);
}

int p9_create_prepare(P9Request *req)
{
    const struct P9Tcreate *t = &req->t.create;
    int ret = 0;

    if (req->session->dialect == P9_DIALECT_PLAIN &&
        (t->perm & P9_DM_TYPES & ~P9_DM_DIR)) {
        return -EOPNOTSUPP;
    }
    if (t->perm & P9_DM_LINK) {
        ret = create_find_link(req);
    }
    if (!ret) {
        req->fid[0]->state = P9_FID_OPENING;
    }
    return ret;
}

/* The extension is the type, major and minor of the device: "c 1 3". */
static int create_device(P9Request *req, const FsCall *call)
{
    const struct P9Tcreate *t = &req->t.create;
    unsigned major, minor;
    char type, end;
    FsAttr attr;

    if (sscanf(t->extension.s, "%c %u %u%c", &type, &major, &minor,
               &end) != 3 || (type != 'c' && type != 'b')) {
        return -EINVAL;
    }
    return fs_mknod(call, req->node[0], t->name.s,
                    p9_mode_from_dm(t->perm) |
                        (type == 'c' ? S_IFCHR : S_IFBLK),
                    makedev(major, minor), &attr);
}

/* Anything but a regular file is created first and then looked up. */
static int create_special(P9Request *req, const FsCall *call)
{
    const struct P9Tcreate *t = &req->t.create;
    const char *name = t->name.s;
    uint32_t mode = p9_mode_from_dm(t->perm);
    FsNode *dir = req->node[0];
    FsAttr attr;

    if (t->perm & P9_DM_DIR) {
        return fs_mkdir(call, dir, name, mode, &attr);
    }
    if (t->perm & P9_DM_SYMLINK) {
        return t->extension.len
               ? fs_symlink(call, dir, name, t->extension.s, &attr)
               : -ENOENT;
    }
    if (t->perm & P9_DM_LINK) {
        return fs_link(call, req->node[1], dir, name);
    }
    if (t->perm & P9_DM_DEVICE) {
        return create_device(req, call);
    }
    mode |= t->perm & P9_DM_PIPE ? S_IFIFO : S_IFSOCK;
    return fs_mknod(call, dir, name, mode, 0, &attr);
}

static int create_and_walk(P9Request *req, const FsCall *call,
                           P9OpenReply *reply)
{
    const struct P9Tcreate *t = &req->t.create;
    FsAttr attr;
    /* It may be there from a run on the event loop: see below. */
    int ret = req->done ? 0 : create_special(req, call);

    if (ret < 0) {
        return ret;
    }
    g_clear_pointer(&req->new_node, fs_node_unref);
    ret = fs_lookup(call, req->node[0], t->name.s, &req->new_node, &attr);
    if (!ret) {
        ret = t->perm & P9_DM_DIR
              ? p9_open_file_run(req, call, req->new_node, O_RDONLY, reply)
              : p9_open_reply(req, &attr, reply);
    }
    if (ret < 0) {
        int undone = fs_unlink(call, req->node[0], t->name.s,
                               t->perm & P9_DM_DIR);

        /* If this has to wait as well, a worker goes on from here. */
        req->done = fs_call_refused(call, undone);
    }
    return ret;
}

int p9_create_run(P9Request *req, const FsCall *call)
{
    const struct P9Tcreate *t = &req->t.create;
    P9OpenReply reply;
    int ret;

    ret = t->perm & P9_DM_TYPES
          ? create_and_walk(req, call, &reply)
          : p9_open_create_run(req, call, t->name.s,
                               p9_open_flags_from_omode(t->mode),
                               p9_mode_from_dm(t->perm), &reply);
    if (!ret) {
        req->r.create.qid = reply.qid;
        req->r.create.iounit = reply.iounit;
    }
    return ret;
}

int p9_create_finish(P9Request *req, int result)
{
    return opened(req, req->t.create.mode, result);
}
