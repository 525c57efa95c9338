/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The local driver: a directory of the host as an export.
 *
 * Opening and closing of the export, lookup, attributes, and the driver's
 * table; the other local-*.c hold the rest, local.h what they share.  Objects
 * are reached through the path fds of the node tree, never by a path, and
 * owner and mode go through the credential policy of the security model.
 * Called through fsdriver.c from any thread; see local.h for the locks.
 */
#include "fsdev/core/p9-osdep.h"
#include "fsdev/local/local.h"

/* ---- objects ---------------------------------------------------------- */

/* The host may have put another file in its place without telling. */
static bool name_still_leads_to(const Node *node, int dirfd,
                                const char *component, HostStat *st)
{
    return host_stat_at(dirfd, component, st) == 0 &&
           st->dev == node_dev(node) && st->ino == node_ino(node);
}

static int object_place(const FsCall *call, Name *name, LocalObject *obj)
{
    Name *parent;
    int fd;
    int ret = name_locate(name, &parent, obj->component);

    if (ret == -EBUSY) {
        return 0;
    }
    if (ret < 0) {
        obj->cred.nameless = true;
        return 0;
    }
    fd = name_fd_get(call, parent);
    if (fd < 0) {
        name_unref(parent);
        obj->cred.nameless = true;
        return fd == -ENOENT || fd == -ESTALE ? 0 : fd;
    }
    obj->parent = parent;
    obj->cred.dirfd = fd;
    obj->cred.name = obj->component;
    obj->has_st = name_still_leads_to(obj->node, fd, obj->component, &obj->st);
    obj->cred.nameless = !obj->has_st;
    return 0;
}

int local_object_get(const FsCall *call, Name *name, LocalFile *file,
                     LocalObject *obj)
{
    LocalExport *export = local_export_of(name);
    int fd = -1;
    int ret;

    *obj = (LocalObject) { .cred = { .fd = -1, .dirfd = -1 } };
    if (!file) {
        fd = name_fd_get(call, name);
        if (fd < 0) {
            return fd;
        }
        obj->pinned = name_ref(name);
    }
    obj->node = name_node(name);
    obj->cred.fd = file ? file->fd : fd;
    obj->cred.fd_is_path = !file;
    obj->cred.host_type = node_type(name_node(name));
    if (!export->policy->beside) {
        return 0;
    }
    ret = object_place(call, name, obj);
    if (ret < 0) {
        local_object_put(obj);
    }
    return ret;
}

void local_object_put(LocalObject *obj)
{
    if (obj->pinned) {
        name_fd_put(obj->pinned);
        name_unref(obj->pinned);
        obj->pinned = NULL;
    }
    if (obj->parent) {
        name_fd_put(obj->parent);
        name_unref(obj->parent);
        obj->parent = NULL;
    }
}

void local_attr_from_host(FsAttr *attr, const HostStat *st)
{
    *attr = (FsAttr) {
        .valid = st->has_btime ? FS_ATTR_BTIME : 0,
        .mode = st->mode,
        .uid = st->uid,
        .gid = st->gid,
        .nlink = st->nlink,
        .dev = st->dev,
        .ino = st->ino,
        .rdev = st->rdev,
        .size = st->size,
        .blocks = st->blocks,
        .blksize = st->blksize,
        .atime = st->atime,
        .mtime = st->mtime,
        .ctime = st->ctime,
        .btime = st->btime,
    };
}

/*
 * The inode whose ctime tells when what is stored for @cred changes, and
 * whether to go by it: others may not keep ctimes in step with their contents.
 * Returns -ENOENT when nothing is stored.
 */
static int find_holder(LocalExport *export, const CredObject *cred,
                       const FsAttr *attr, HostStat *holder, bool *cached)
{
    int ret = 0;

    if (export->policy->holder) {
        ret = export->policy->holder(cred, attr, holder);
    }
    *cached = ret == 0 && local_dev_never_hangs(export, holder->dev);
    /* What is wrong with it, load() will find. */
    return ret == -ENOENT ? ret : 0;
}

int local_cred_load(const FsCall *call, LocalExport *export,
                    const CredObject *cred, const HostStat *st,
                    const FsAttr *attr, CredValues *values)
{
    struct timespec before;
    HostStat holder = *st;
    bool cached;
    int ret;

    *values = (CredValues) { 0 };
    if (!export->creds) {
        return 0;
    }
    before = cred_cache_clock();
    if (find_holder(export, cred, attr, &holder, &cached) < 0) {
        return 0;
    }
    if (!cached || !cred_cache_get(export->creds, &holder, values)) {
        if (call->wait == FS_WAIT_NEVER) {
            return -EAGAIN;
        }
        ret = export->policy->load(cred, attr, values);
        if (ret < 0) {
            return ret;
        }
        if (cached) {
            cred_cache_put(export->creds, &holder, &before, values);
        }
    }
    return 0;
}

/* The same, put on @attr. */
static int load_cred(const FsCall *call, LocalExport *export,
                     const CredObject *cred, const HostStat *st, FsAttr *attr)
{
    CredValues values;
    int ret = local_cred_load(call, export, cred, st, attr, &values);

    if (ret == 0) {
        cred_overlay(attr, &values);
        if (local_is_whiteout(export, attr->mode, attr->rdev)) {
            g_atomic_int_set(&export->whiteouts, 1);
        }
    }
    return ret;
}

int local_object_attr(const FsCall *call, LocalExport *export, LocalObject *obj,
                      HostStat *st, FsAttr *attr)
{
    int ret = 0;

    if (obj->has_st) {
        /* For once: things change. */
        obj->has_st = false;
        *st = obj->st;
    } else {
        ret = host_stat(obj->cred.fd, st);
    }
    if (ret < 0) {
        return ret;
    }
    local_attr_from_host(attr, st);
    if (obj->cred.nameless) {
        local_orphan_load(export, attr);
        return 0;
    }
    return load_cred(call, export, &obj->cred, st, attr);
}

int local_object_store(LocalExport *export, const LocalObject *obj,
                       const FsAttr *attr, const CredValues *values)
{
    FsAttr changed = *attr;
    int ret = 0;

    if (!obj->cred.nameless) {
        ret = export->policy->store(&obj->cred, values);
    } else if (node_is_open(obj->node)) {
        cred_overlay(&changed, values);
        local_orphan_keep(export, &changed);
    }
    if ((values->valid & FS_SET_MODE) &&
        (values->mode & (S_ISUID | S_ISGID))) {
        g_atomic_int_inc(&export->setid_count);
    }
    return ret;
}

/* ---- lookup and attributes -------------------------------------------- */

int local_name_attr(const FsCall *call, Name *name, LocalFile *file,
                    FsAttr *attr)
{
    LocalExport *export = local_export_of(name);
    LOCAL_LOCK lock = local_lock(export, false);
    LOCAL_OBJECT obj = { 0 };
    HostStat st;
    int ret = local_object_get(call, name, file, &obj);

    return ret < 0 ? ret : local_object_attr(call, export, &obj, &st, attr);
}

int local_guest_type(const FsCall *call, Name *name, uint32_t *type)
{
    LocalExport *export = local_export_of(name);
    FsAttr attr;
    int ret;

    *type = node_type(name_node(name));
    /* Only a regular file can stand for something else. */
    if (!export->policy->fake_special || *type != S_IFREG) {
        return 0;
    }
    ret = local_name_attr(call, name, NULL, &attr);
    if (ret == 0) {
        *type = attr.mode & S_IFMT;
    }
    return ret;
}

/* Calls on @node wait neither for a third party nor for one who does. */
static bool is_brief(const LocalExport *export, const Node *node)
{
    return local_never_hangs(export, node) &&
           !g_atomic_int_get(&export->beside_may_hang);
}

/*
 * Can a call that must not wait look into @node?  A value beside the file may
 * have to come from a disk, and what is mounted below may be anything.
 */
static bool may_try(const LocalExport *export, const Node *node)
{
    return !export->policy->beside && is_brief(export, node);
}

/* As host_lookup(); says so in time when the object is on another mount. */
static int lookup_beside(LocalExport *export, int dirfd,
                         const char *component)
{
    int fd = host_lookup(dirfd, component, HOST_NO_XDEV);

    if (fd != -EXDEV) {
        return fd;
    }
    g_atomic_int_set(&export->beside_may_hang, 1);
    return host_lookup(dirfd, component, 0);
}

static int lookup_host(const FsCall *call, LocalExport *export, int dirfd,
                       const char *component)
{
    switch (call->wait) {
    case FS_WAIT_NEVER:
        return host_lookup(dirfd, component, HOST_CACHED | HOST_NO_XDEV);
    case FS_WAIT_STORAGE:
        return host_lookup(dirfd, component, HOST_NO_XDEV);
    default:
        return export->policy->beside ? lookup_beside(export, dirfd, component)
                                      : host_lookup(dirfd, component, 0);
    }
}

/* Look @component up in @dirfd, and at what is found. */
static int find_host(const FsCall *call, LocalExport *export, int dirfd,
                     const char *component, HostStat *st, FsAttr *attr)
{
    LOCAL_LOCK lock = local_lock(export, false);
    HOST_FD fd = lookup_host(call, export, dirfd, component);
    CredObject cred = {
        .fd = fd, .fd_is_path = true, .dirfd = dirfd, .name = component,
    };
    int ret = fd < 0 ? fd : host_stat(fd, st);

    if (ret == 0) {
        local_attr_from_host(attr, st);
        cred.host_type = st->mode & S_IFMT;
        ret = load_cred(call, export, &cred, st, attr);
    }
    return ret < 0 ? ret : host_fd_steal(&fd);
}

int local_find(const FsCall *call, Name *dir, const char *component,
               Name **name, FsAttr *attr)
{
    LocalExport *export = local_export_of(dir);
    bool here = call->wait < FS_WAIT_ANYTHING;
    LOCAL_PIN pin = { 0 };
    HostStat st;
    int fd;

    if (local_hidden(export, component)) {
        return -EINVAL;
    }
    if (call->wait == FS_WAIT_NEVER && !may_try(export, name_node(dir))) {
        return -EAGAIN;
    }
    fd = local_pin(call, &pin, dir);
    if (fd == 0) {
        fd = find_host(call, export, pin.fd, component, &st, attr);
    }
    if (fd < 0) {
        return here && fd == -EXDEV ? -EAGAIN : fd;
    }
    if (export->base.config.multidevs == FS_MULTIDEVS_FORBID &&
        st.dev != export->root_dev) {
        close(fd);
        return -ENODEV;
    }
    return name_insert(dir, component, fd, &st, name);
}

/* The path fds that are cached count too: give some back, once. */
static bool out_of_fds(LocalExport *export, int err)
{
    return (err == -EMFILE || err == -ENFILE) &&
           node_fd_reclaim(export->table);
}

int local_lookup(const FsCall *call, FsNode *dir, const char *name,
                 FsNode **node, FsAttr *attr)
{
    Name *parent = name_from_fs(dir);
    FsAttr seen;
    Name *found;
    int ret = local_find(call, parent, name, &found, &seen);

    if (call->wait > FS_WAIT_NEVER &&
        out_of_fds(local_export(dir->export), ret)) {
        ret = local_find(call, parent, name, &found, &seen);
    }
    if (ret < 0) {
        return ret;
    }
    *node = name_to_fs(found);
    *attr = seen;
    return 0;
}

int local_getattr(const FsCall *call, FsNode *node, FsFile *file,
                  unsigned flags, FsAttr *attr)
{
    LocalExport *export = local_export(node->export);
    Name *name = name_from_fs(node);
    LocalFile *local = file ? container_of(file, LocalFile, base) : NULL;
    LOCAL_OBJECT obj = { 0 };
    HostStat st;
    FsAttr seen;
    int ret;

    if (call->wait == FS_WAIT_NEVER && !may_try(export, name_node(name))) {
        return -EAGAIN;
    }
    if (call->wait > FS_WAIT_NEVER) {
        ret = local_name_attr(call, name, local, &seen);
    } else {
        ret = local_object_get(call, name, local, &obj);
        if (ret == 0) {
            ret = local_object_attr(call, export, &obj, &st, &seen);
        }
    }
    if (ret < 0) {
        return ret;
    }
    if (seen.nlink == 0 && !file && !(flags & FS_FIRST_LOOK) &&
        !node_is_open(name_node(name))) {
        return -ENOENT;
    }
    *attr = seen;
    return 0;
}

/* ---- what else can be asked of a node --------------------------------- */

/* Nothing is a longer link than this, whatever a host file holds. */
static ssize_t read_target(int pathfd, char *buf, size_t size)
{
    /* As readlink(2): looking where it leads is no read of a file. */
    HOST_FD fd = host_reopen(pathfd, O_RDONLY | O_NOATIME);
    ssize_t len;

    if (fd < 0) {
        return fd;
    }
    len = NEG_ERRNO(pread(fd, buf, MIN(size, PATH_MAX), 0));
    return len < 0 ? len : (ssize_t)strnlen(buf, len);
}

ssize_t local_readlink(const FsCall *call, FsNode *node, char *buf, size_t size)
{
    Name *name = name_from_fs(node);
    LOCAL_PIN pin = { 0 };
    uint32_t type;
    int ret = local_guest_type(call, name, &type);

    if (ret < 0) {
        return ret;
    }
    if (!S_ISLNK(type)) {
        return -EINVAL;
    }
    ret = local_pin(call, &pin, name);
    if (ret < 0) {
        return ret;
    }
    if (node_type(name_node(name)) == S_IFREG) {
        return read_target(pin.fd, buf, size);
    }
    return host_readlink(pin.fd, buf, size);
}

int local_statfs(const FsCall *call, FsNode *node, struct statfs *st)
{
    LOCAL_PIN pin = { 0 };
    int ret = local_pin(call, &pin, name_from_fs(node));

    return ret < 0 ? ret : NEG_ERRNO(fstatfs(pin.fd, st));
}

/* ---- the export ------------------------------------------------------- */

static const CredPolicy *policy_of(FsSecurityModel model)
{
    switch (model) {
    case FS_SM_PASSTHROUGH:
        return &cred_passthrough;
    case FS_SM_MAPPED_XATTR:
        return &cred_mapped_xattr;
    case FS_SM_MAPPED_FILE:
        return &cred_mapped_file;
    case FS_SM_NONE:
        return &cred_none;
    }
    return NULL;
}

/* Path fd of the directory to export; the path itself may be a link. */
static int open_root(const char *path, HostStat *st, GError **error)
{
    HOST_FD fd = -1;
    const char *what = path;
    int ret = host_init(&what);

    if (ret == 0) {
        what = path;
        fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
        ret = fd < 0 ? -errno : host_stat(fd, st);
    }
    if (ret < 0) {
        g_set_error(error, G_FILE_ERROR, g_file_error_from_errno(-ret),
                    "cannot open '%s': %s", what, g_strerror(-ret));
        return ret;
    }
    return host_fd_steal(&fd);
}

void local_export_init(LocalExport *export, const FsConfig *config,
                       const CredPolicy *policy, int root_fd,
                       const HostStat *root, const NodeRemoteOps *remote)
{
    fs_export_init(&export->base, config);
    export->policy = policy;
    export->root_dev = root->dev;
    export->made_uid = export->made_gid = -1;
    export->root_is_local = host_fs_is_local(root_fd);
    export->root_devs = host_fs_devs(root_fd);
    g_rw_lock_init(&export->beside);
    g_mutex_init(&export->orphan_lock);
    export->orphans = local_orphans_new();
    if (policy->fake_special) {
        export->creds = cred_cache_new();
    }
    export->table = node_table_new(&export->base, root_fd, root,
                                   &(NodeTableOptions) { .remote = remote });
}

void local_export_exit(LocalExport *export)
{
    node_table_free(export->table);
    cred_cache_free(export->creds);
    g_hash_table_destroy(export->orphans);
    g_mutex_clear(&export->orphan_lock);
    g_rw_lock_clear(&export->beside);
    fs_config_clear(&export->base.config);
}

static FsExport *local_open_export(const FsConfig *config, GError **error)
{
    const CredPolicy *policy = policy_of(config->model);
    LocalExport *export;
    HostStat st;
    int fd;

    if (!config->path || !policy) {
        g_set_error(error, G_FILE_ERROR, G_FILE_ERROR_INVAL,
                    config->path ? "invalid security_model"
                                 : "no path to export is set");
        return NULL;
    }
    fd = open_root(config->path, &st, error);
    if (fd < 0) {
        return NULL;
    }
    export = g_new0(LocalExport, 1);
    local_export_init(export, config, policy, fd, &st, NULL);
    return &export->base;
}

static void local_close_export(FsExport *base)
{
    LocalExport *export = local_export(base);

    local_export_exit(export);
    g_free(export);
}

FsWait local_reach(FsNode *node)
{
    return is_brief(local_export(node->export), name_node(name_from_fs(node)))
           ? FS_WAIT_STORAGE
           : FS_WAIT_ANYTHING;
}

FsNode *local_root(FsExport *export)
{
    return name_to_fs(node_table_root(local_export(export)->table));
}

void local_node_ref(FsNode *node)
{
    name_ref(name_from_fs(node));
}

void local_node_unref(FsNode *node)
{
    name_unref(name_from_fs(node));
}

FsNode *local_parent(FsNode *node)
{
    return name_to_fs(name_parent(name_from_fs(node)));
}

int local_locate(FsNode *node, FsNode **dir, char *component)
{
    Name *parent;
    int ret = name_locate(name_from_fs(node), &parent, component);

    if (ret == 0) {
        *dir = name_to_fs(parent);
    }
    return ret;
}

const FsDriver fs_local_driver = {
    .name = "local",
    .open_export = local_open_export,
    .close_export = local_close_export,
    .root = local_root,
    .node_ref = local_node_ref,
    .node_unref = local_node_unref,
    .parent = local_parent,
    .locate = local_locate,
    .reach = local_reach,
    .lookup = local_lookup,
    .getattr = local_getattr,
    .setattr = local_setattr,
    .readlink = local_readlink,
    .statfs = local_statfs,
    .create = local_create,
    .mkdir = local_mkdir,
    .mknod = local_mknod,
    .symlink = local_symlink,
    .link = local_link,
    .unlink = local_unlink,
    .rename = local_rename,
    .open = local_open,
    .open_attr = local_open_attr,
    .read = local_read,
    .write = local_write,
    .fsync = local_fsync,
    .readdir = local_readdir,
    .release = local_release,
    .getxattr = local_getxattr,
    .listxattr = local_listxattr,
    .setxattr = local_setxattr,
    .removexattr = local_removexattr,
    .locker_open = local_locker_open,
    .locker_close = local_locker_close,
    .lock = local_lock_range,
    .getlock = local_getlock,
};
