/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The local driver: a directory of the host as an export.
 *
 * Opening and closing of the export, lookup and getattr, and the driver's
 * table; the other local-*.c hold the rest, local.h what they share.  Objects
 * are reached through the path fds of the node tree, never by a path, and
 * owner and mode go through the credential policy of the security model.
 * Called through fsdriver.c from any thread; see local.h for the locks.
 */
#include "fsdev/core/p9-osdep.h"
#include "fsdev/local/local.h"

/* ---- lookup and attributes -------------------------------------------- */

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
 * What is stored for @component of @dirfd, which is the object of @fd, put on
 * @attr.  LocalExport.beside is held.
 */
static int find_cred(const FsCall *call, LocalExport *export, int dirfd,
                     const char *component, int fd, const HostStat *st,
                     FsAttr *attr)
{
    CredObject cred = {
        .fd = fd, .fd_is_path = true, .dirfd = dirfd, .name = component,
        .brief = call->wait < FS_WAIT_ANYTHING,
        .host_type = st->mode & S_IFMT,
    };
    CredValues values;
    int ret;

    local_attr_from_host(attr, st);
    ret = local_cred_load(call, export, &cred, st, attr, &values);
    if (ret == 0) {
        local_cred_overlay(export, &values, attr);
    }
    return ret;
}

/*
 * Look @component up in @dirfd with @flags, and at what is found, under the
 * lock of what is near or far.
 */
static int find_as(const FsCall *call, LocalExport *export, int dirfd,
                   const char *component, bool far, unsigned flags,
                   HostStat *st, FsAttr *attr)
{
    LOCAL_LOCK lock = { 0 };
    HOST_FD fd = -1;
    int ret = local_lock(call, export, far, false, &lock);

    if (ret == 0) {
        ret = fd = host_lookup(dirfd, component, flags);
    }
    if (ret >= 0) {
        ret = host_stat(fd, st);
    }
    if (ret == 0) {
        ret = find_cred(call, export, dirfd, component, fd, st, attr);
    }
    return ret < 0 ? ret : host_fd_steal(&fd);
}

/*
 * Most models have no lock that others wait for, so a worker need not know
 * what it comes to.
 */
static int find_host(const FsCall *call, LocalExport *export, Name *dir,
                     int dirfd, const char *component, HostStat *st,
                     FsAttr *attr)
{
    bool far = !local_never_hangs(export, name_node(dir));
    unsigned flags = 0;
    int fd;

    if (call->wait < FS_WAIT_ANYTHING || (export->policy->beside && !far)) {
        flags = HOST_NO_XDEV;
    }
    if (call->wait == FS_WAIT_NEVER) {
        flags |= HOST_CACHED;
    }
    fd = find_as(call, export, dirfd, component, far, flags, st, attr);
    if (fd != -EXDEV || !flags) {
        return fd;
    }
    return call->wait < FS_WAIT_ANYTHING
           ? -EAGAIN
           : find_as(call, export, dirfd, component, true, 0, st, attr);
}

int local_find(const FsCall *call, Name *dir, const char *component,
               Name **name, FsAttr *attr)
{
    LocalExport *export = local_export_of(dir);
    struct timespec before = { 0 };
    LOCAL_PIN pin = { 0 };
    HostStat st;
    int ret;
    int fd;

    if (local_hidden(export, component)) {
        return -EINVAL;
    }
    if (!local_may_use(call, export, name_node(dir))) {
        return -EAGAIN;
    }
    if (export->policy->beside) {
        before = cred_cache_clock();
    }
    fd = local_pin_fd(call, &pin, dir);
    if (fd == 0) {
        fd = find_host(call, export, dir, pin.fd, component, &st, attr);
    }
    if (fd < 0) {
        return fd;
    }
    if (export->base.config.multidevs == FS_MULTIDEVS_FORBID &&
        st.dev != export->root_dev) {
        close(fd);
        return -ENODEV;
    }
    ret = name_insert(dir, component, fd, &st, name);
    if (ret == 0 && export->policy->beside) {
        local_name_seen(*name, &st, &before);
    }
    return ret;
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
    Name *name = name_from_fs(node);
    LocalFile *local = file ? container_of(file, LocalFile, base) : NULL;
    FsAttr seen;
    int ret = local_name_attr(call, name, local, &seen);

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
static ssize_t read_target(const FsCall *call, int pathfd, char *buf,
                           size_t size)
{
    /* As readlink(2): looking where it leads is no read of a file. */
    HOST_FD fd = local_reopen(call, pathfd, O_RDONLY | O_NOATIME);
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
        return read_target(call, pin.fd, buf, size);
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
    export->ctimes_tell = export->root_devs != HOST_DEVS_ANY;
    g_rw_lock_init(&export->beside);
    g_rw_lock_init(&export->beside_far);
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
    g_rw_lock_clear(&export->beside_far);
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
    return local_node_reach(local_export(node->export),
                            name_node(name_from_fs(node)));
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
