/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The requests of a proxy connection: one function serve_*() for each.
 *
 * Objects are created with the ids of the guest's user.  All other operations
 * use the helper's own ids, as the guest's kernel has checked permissions
 * already.  The rules for set-id bits and device nodes are only in this file.
 * Called by proxy-server.c.  Context: one worker.
 */
#include "fsdev/core/p9-osdep.h"
#include "fsdev/helper/helper-cred.h"
#include "fsdev/helper/proxy-server-int.h"

G_DEFINE_AUTOPTR_CLEANUP_FUNC(FsNode, fs_node_unref)

/*
 * A worker serves one request at a time, so it may block.  The kernel sets the
 * owner of a new object, which needs no change: see helper_cred_become().
 */
static const FsCall call = {
    .wait = FS_WAIT_ANYTHING, .cred = { UINT32_MAX, UINT32_MAX },
};

/* ---- objects ---------------------------------------------------------- */

/* An unknown number is -ESTALE, not a violation of the protocol. */
static int work_node(const ProxyWork *work, uint64_t id, FsNode **node)
{
    *node = proxy_ids_get(work->ids, id);
    return *node ? 0 : -ESTALE;
}

/*
 * Pin @node's path fd.  If it has to be opened again, this is done with the
 * helper's own ids, which may search all directories on the way.
 */
static int work_pin(LocalPin *pin, FsNode *node)
{
    int ret = local_pin_at_hand(pin, name_from_fs(node));

    if (ret == -EAGAIN) {
        helper_cred_own();
        ret = local_pin(&call, pin, name_from_fs(node));
    }
    return ret;
}

static int send_path_fd(ProxyWork *work, FsNode *node)
{
    LocalPin pin = { 0 };
    int ret = work_pin(&pin, node);

    if (ret < 0) {
        return ret;
    }
    work->pinned = name_ref(pin.name);
    work->fds[work->n_fds++] = pin.fd;
    return 0;
}

/*
 * Add the path fd and the number of @node to the reply.  The reference to the
 * number counts even if the reply cannot be sent.
 */
static int send_object(ProxyWork *work, FsNode *node, uint64_t *id)
{
    int ret = send_path_fd(work, node);

    return ret < 0 ? ret : proxy_ids_give(work->ids, node, id);
}

static void send_file(ProxyWork *work, FsFile *file)
{
    work->file = file;
    work->fds[work->n_fds++] = local_file_fd(file);
}

void proxy_work_clear(ProxyWork *work)
{
    if (work->pinned) {
        name_fd_put(work->pinned);
        name_unref(work->pinned);
        work->pinned = NULL;
    }
    fs_release(&call, work->file);
    work->file = NULL;
    if (work->in_fd >= 0) {
        close(work->in_fd);
        work->in_fd = -1;
    }
    work->n_fds = 0;
}

/* ---- lookup and open -------------------------------------------------- */

static ProxyText text_of(const char *s)
{
    return s ? (ProxyText) { s, strlen(s) } : (ProxyText) { "", 0 };
}

static int serve_hello(ProxyWork *work)
{
    g_autoptr(FsNode) root = fs_root(work->export);

    work->r.hello.version = PROXY_VERSION;
    work->r.hello.flags = work->options->no_mounts ? PROXY_HELLO_NO_MOUNTS
                                                   : 0;
    work->r.hello.uidmap = text_of(work->options->uidmap);
    work->r.hello.gidmap = text_of(work->options->gidmap);
    if (work->t.hello.version != PROXY_VERSION) {
        return -EPROTONOSUPPORT;
    }
    return send_path_fd(work, root);
}

static int serve_lookup(ProxyWork *work)
{
    const struct ProxyTlookup *t = &work->t.lookup;
    g_autoptr(FsNode) dir = NULL;
    g_autoptr(FsNode) node = NULL;
    FsAttr attr;
    int ret = work_node(work, t->dir, &dir);

    if (ret == 0) {
        ret = fs_lookup(&call, dir, t->name.s, &node, &attr);
    }
    return ret < 0 ? ret : send_object(work, node, &work->r.lookup.id);
}

/*
 * A descriptor on the mount of the export can only come from the helper, or
 * have been opened relative to one that does.  "..", too, ends at the root of
 * that mount.
 */
static int serve_adopt(ProxyWork *work)
{
    g_autoptr(FsNode) root = fs_root(work->export);
    const Node *root_node = name_node(name_from_fs(root));
    g_autoptr(FsNode) node = NULL;
    HostStat st;
    Name *name;
    int flags;
    int ret;

    if (work->fd_lost) {
        return -EMFILE;
    }
    flags = fcntl(work->in_fd, F_GETFL);
    ret = flags < 0 || !(flags & O_PATH) ? -EBADF
                                         : host_stat(work->in_fd, &st);
    if (ret == 0 && (!st.mnt_id || st.mnt_id != node_mnt_id(root_node))) {
        ret = -EXDEV;
    }
    if (ret == 0) {
        ret = name_adopt(local_table(work->export),
                         host_fd_steal(&work->in_fd), &st, &name);
    }
    if (ret < 0) {
        return ret;
    }
    node = name_to_fs(name);
    return proxy_ids_give(work->ids, node, &work->r.adopt.id);
}

static int serve_forget(ProxyWork *work)
{
    const ProxyBlob *forgotten = &work->t.forget.forgotten;
    size_t n = forgotten->len / PROXY_FORGOTTEN_SIZE;

    if (forgotten->len % PROXY_FORGOTTEN_SIZE) {
        return -EPROTO;
    }
    for (size_t i = 0; i < n; i++) {
        uint32_t count;
        uint64_t id;

        proxy_get_forgotten(forgotten, i, &id, &count);
        if (!proxy_ids_forget(work->ids, id, count)) {
            return -EPROTO;
        }
    }
    return 0;
}

static int serve_fetch(ProxyWork *work)
{
    g_autoptr(FsNode) node = NULL;
    int ret = work_node(work, work->t.fetch.id, &node);

    return ret < 0 ? ret : send_path_fd(work, node);
}

static int serve_open(ProxyWork *work)
{
    g_autoptr(FsNode) node = NULL;
    FsFile *file;
    int ret = work_node(work, work->t.open.id, &node);

    if (ret == 0) {
        ret = fs_open(&call, node, work->t.open.flags, &file);
    }
    if (ret == 0) {
        send_file(work, file);
    }
    return ret;
}

static int serve_identify(ProxyWork *work)
{
    const struct ProxyTidentify *t = &work->t.identify;
    const char *at = t->names.data;
    const char *end = at + t->names.len;
    g_autoptr(FsNode) dir = NULL;
    LOCAL_PIN pin = { 0 };
    size_t n = 0;
    int ret;

    if (t->names.len && end[-1] != '\0') {
        return -EINVAL;
    }
    ret = work_node(work, t->dir, &dir);
    if (ret == 0) {
        ret = work_pin(&pin, dir);
    }
    for (; ret == 0 && at < end; at += strlen(at) + 1, n++) {
        HostStat st;

        if ((n + 1) * PROXY_IDENTITY_SIZE > sizeof(work->value)) {
            return -EINVAL;
        }
        if (host_stat_id_at(pin.fd, at, &st) < 0) {
            st = (HostStat) { 0 };
        }
        proxy_put_identity(work->value, n, st.dev, st.ino, st.mode);
    }
    work->r.identify.identities = (ProxyBlob) { work->value,
                                                n * PROXY_IDENTITY_SIZE };
    return ret;
}

/* ---- creation --------------------------------------------------------- */

/*
 * The set-group-id bit of a directory is kept: there it only means that new
 * entries inherit the group.
 */
static uint32_t allowed_mode(const ProxyWork *work, uint32_t mode, bool is_dir)
{
    if (work->options->allow_suid) {
        return mode;
    }
    return mode & ~(is_dir ? S_ISUID : S_ISUID | S_ISGID);
}

/*
 * Prepare creating an object in the directory with the number @id: pin its path
 * fd, then become @uid and @gid.
 */
static int work_become(ProxyWork *work, uint64_t id, uint32_t uid, uint32_t gid,
                       FsNode **dir, LocalPin *pin)
{
    g_autoptr(FsNode) node = NULL;
    int ret = work_node(work, id, &node);

    if (ret == 0) {
        ret = work_pin(pin, node);
    }
    if (ret == 0) {
        ret = helper_cred_become(uid, gid);
    }
    if (ret == 0) {
        *dir = g_steal_pointer(&node);
    }
    return ret;
}

/* What CREATE makes or finds; @node is counted and @file owned. */
typedef struct Creation {
    ProxyWork *work;
    FsNode *node;
    FsFile *file;
    bool made;                  /* not there before */
} Creation;

static int create_as_user(void *opaque)
{
    Creation *op = opaque;
    const struct ProxyTcreate *t = &op->work->t.create;
    g_autoptr(FsNode) dir = NULL;
    LOCAL_PIN pin = { 0 };
    FsAttr attr;
    int ret = work_become(op->work, t->dir, t->uid, t->gid, &dir, &pin);

    if (ret == 0) {
        ret = fs_create(&call, dir, t->name.s, t->flags | O_EXCL,
                        allowed_mode(op->work, t->mode, false), &op->node,
                        &op->file, &attr);
    }
    op->made = ret == 0;
    return ret;
}

/* Remove what was made, as it cannot be sent. */
static void create_undo(const Creation *op)
{
    g_autoptr(FsNode) dir = NULL;

    helper_cred_own();
    if (op->made && work_node(op->work, op->work->t.create.dir, &dir) == 0) {
        fs_unlink(&call, dir, op->work->t.create.name.s, false);
    }
}

/* An existing file is opened with the helper's own ids, as in OPEN. */
static int open_existing(void *opaque)
{
    Creation *op = opaque;
    const struct ProxyTcreate *t = &op->work->t.create;
    g_autoptr(FsNode) dir = NULL;
    g_autoptr(FsNode) found = NULL;
    FsAttr attr;
    int ret = work_node(op->work, t->dir, &dir);

    helper_cred_own();
    if (ret == 0) {
        ret = fs_lookup(&call, dir, t->name.s, &found, &attr);
    }
    if (ret == 0) {
        ret = S_ISDIR(attr.mode) ? -EISDIR
                                 : fs_open(&call, found, t->flags, &op->file);
    }
    op->node = ret == 0 ? g_steal_pointer(&found) : NULL;
    return ret;
}

static int serve_create(ProxyWork *work)
{
    Creation op = { .work = work };
    int ret = fs_create_or_open(work->t.create.flags, create_as_user,
                                open_existing, &op);

    if (ret == 0) {
        send_file(work, op.file);
        ret = send_object(work, op.node, &work->r.create.id);
        fs_node_unref(op.node);
    }
    if (ret < 0) {
        create_undo(&op);
    }
    return ret;
}

static int serve_mkdir(ProxyWork *work)
{
    const struct ProxyTmkdir *t = &work->t.mkdir;
    g_autoptr(FsNode) dir = NULL;
    LOCAL_PIN pin = { 0 };
    int ret = work_become(work, t->dir, t->uid, t->gid, &dir, &pin);

    if (ret < 0) {
        return ret;
    }
    return fs_mkdir(&call, dir, t->name.s, allowed_mode(work, t->mode, true),
                    &work->r.mkdir.attr);
}

/*
 * Creating a device node requires a capability that no other user has.  So it
 * is created with the helper's own ids, and its owner is changed afterwards.
 */
static int serve_mknod(ProxyWork *work)
{
    const struct ProxyTmknod *t = &work->t.mknod;
    bool is_device = S_ISCHR(t->mode) || S_ISBLK(t->mode);
    FsCall make = call;
    g_autoptr(FsNode) dir = NULL;
    LOCAL_PIN pin = { 0 };
    int ret;

    if (is_device && !work->options->allow_devices) {
        return -EPERM;
    }
    ret = work_become(work, t->dir, t->uid, t->gid, &dir, &pin);
    if (ret < 0) {
        return ret;
    }
    if (is_device) {
        helper_cred_own();
        make = fs_call_owned_by(&call, t->uid, t->gid);
    }
    return fs_mknod(&make, dir, t->name.s, allowed_mode(work, t->mode, false),
                    t->rdev, &work->r.mknod.attr);
}

static int serve_symlink(ProxyWork *work)
{
    const struct ProxyTsymlink *t = &work->t.symlink;
    g_autoptr(FsNode) dir = NULL;
    LOCAL_PIN pin = { 0 };
    int ret = work_become(work, t->dir, t->uid, t->gid, &dir, &pin);

    if (ret < 0) {
        return ret;
    }
    return fs_symlink(&call, dir, t->name.s, t->target.s,
                      &work->r.symlink.attr);
}

/* ---- changes ---------------------------------------------------------- */

static int serve_link(ProxyWork *work)
{
    const struct ProxyTlink *t = &work->t.link;
    g_autoptr(FsNode) node = NULL;
    g_autoptr(FsNode) dir = NULL;
    int ret = work_node(work, t->id, &node);

    if (ret == 0) {
        ret = work_node(work, t->dir, &dir);
    }
    return ret < 0 ? ret : fs_link(&call, node, dir, t->name.s);
}

static int serve_unlink(ProxyWork *work)
{
    const struct ProxyTunlink *t = &work->t.unlink;
    g_autoptr(FsNode) dir = NULL;
    int ret = work_node(work, t->dir, &dir);

    return ret < 0 ? ret : fs_unlink(&call, dir, t->name.s, t->is_dir);
}

static int serve_rename(ProxyWork *work)
{
    const struct ProxyTrename *t = &work->t.rename;
    g_autoptr(FsNode) dir = NULL;
    g_autoptr(FsNode) newdir = NULL;
    int ret = work_node(work, t->dir, &dir);

    if (ret == 0) {
        ret = work_node(work, t->newdir, &newdir);
    }
    return ret < 0 ? ret
                   : fs_rename(&call, dir, t->name.s, newdir, t->newname.s);
}

static int serve_setattr(ProxyWork *work)
{
    FsSetattr *set = &work->t.setattr.set;
    g_autoptr(FsNode) node = NULL;
    int ret = work_node(work, work->t.setattr.id, &node);

    if (ret < 0) {
        return ret;
    }
    set->mode = allowed_mode(work, set->mode,
                             node_type(name_node(name_from_fs(node))) ==
                             S_IFDIR);
    return fs_setattr(&call, node, NULL, set);
}

/* ---- extended attributes ---------------------------------------------- */

/* @len: the driver's result for a buffer of @size bytes; 0: length only. */
static int send_value(ProxyWork *work, ssize_t len, size_t size,
                      uint32_t *length, ProxyBlob *value)
{
    if (len < 0) {
        return len;
    }
    *length = len;
    *value = (ProxyBlob) { work->value, size ? len : 0 };
    return 0;
}

static int serve_getxattr(ProxyWork *work)
{
    const struct ProxyTgetxattr *t = &work->t.getxattr;
    struct ProxyRgetxattr *r = &work->r.getxattr;
    size_t size = MIN(t->size, sizeof(work->value));
    g_autoptr(FsNode) node = NULL;
    int ret = work_node(work, t->id, &node);

    if (ret < 0) {
        return ret;
    }
    return send_value(work,
                      fs_getxattr(&call, node, t->name.s, work->value, size),
                      size, &r->length, &r->value);
}

static int serve_listxattr(ProxyWork *work)
{
    struct ProxyRlistxattr *r = &work->r.listxattr;
    size_t size = MIN(work->t.listxattr.size, sizeof(work->value));
    g_autoptr(FsNode) node = NULL;
    int ret = work_node(work, work->t.listxattr.id, &node);

    if (ret < 0) {
        return ret;
    }
    return send_value(work, fs_listxattr(&call, node, work->value, size), size,
                      &r->length, &r->value);
}

static int serve_setxattr(ProxyWork *work)
{
    const struct ProxyTsetxattr *t = &work->t.setxattr;
    g_autoptr(FsNode) node = NULL;
    int ret = work_node(work, t->id, &node);

    return ret < 0 ? ret
                   : fs_setxattr(&call, node, t->name.s, t->value.data,
                                 t->value.len, t->flags);
}

static int serve_removexattr(ProxyWork *work)
{
    const struct ProxyTremovexattr *t = &work->t.removexattr;
    g_autoptr(FsNode) node = NULL;
    int ret = work_node(work, t->id, &node);

    return ret < 0 ? ret : fs_removexattr(&call, node, t->name.s);
}

/* ---- what a request is about ------------------------------------------ */

/* The number of the object or directory, and the name in it or NULL. */
static bool find_object(const ProxyWork *work, uint64_t *id, const char **name)
{
    const ProxyRequest *t = &work->t;

    *name = NULL;
    switch (work->type) {
    case PROXY_HELLO:
    case PROXY_FORGET:
    case PROXY_ADOPT:
        return false;
    case PROXY_LOOKUP:
    case PROXY_CREATE:
    case PROXY_MKDIR:
    case PROXY_MKNOD:
    case PROXY_SYMLINK:
    case PROXY_UNLINK:
    case PROXY_RENAME:
        /* All of these begin with these two fields. */
        *id = t->lookup.dir;
        *name = t->lookup.name.s;
        return true;
    default:
        /* All others begin with the number. */
        *id = t->fetch.id;
        return true;
    }
}

ProxyTarget proxy_work_target(const ProxyWork *work)
{
    g_autoptr(FsNode) node = NULL;
    const char *name;
    uint64_t id;

    if (work->error || !find_object(work, &id, &name)) {
        return (ProxyTarget) { .known = false };
    }
    node = proxy_ids_get(work->ids, id);
    if (!node) {
        return (ProxyTarget) { .known = false };
    }
    return (ProxyTarget) {
        .known = true,
        .object = id * 31 + (name ? g_str_hash(name) : 0),
        .dev = node_dev(name_node(name_from_fs(node))),
    };
}

/* ---- dispatch --------------------------------------------------------- */

int proxy_work_serve(ProxyWork *work)
{
    static int (*const functions[])(ProxyWork *) = {
#define PROXY_MESSAGE(number, NAME_, name, ...) [number] = serve_##name,
#include "fsdev/proxy/proxy-messages.def"
    };
    unsigned flags = proxy_message_info(work->type)->flags;

    if ((flags & PROXY_F_WRITES) && fs_export_is_readonly(work->export)) {
        return -EROFS;
    }
    switch (work->type) {
    case PROXY_CREATE:
    case PROXY_MKDIR:
    case PROXY_MKNOD:
    case PROXY_SYMLINK:
        break;                  /* see work_become() */
    default:
        helper_cred_own();
    }
    return functions[work->type](work);
}
