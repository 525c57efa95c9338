/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The local driver: a directory of the host as an export.
 *
 * Here are the opening and closing of the export and the table of entries; the
 * other local-*.c hold the entries, which other drivers use as well (local.h).
 * Objects are reached through the path fds of the node tree, never by a path,
 * and owner and mode go through the credential policy of the security model.
 * Called through fsdriver.c from any thread.
 */
#include "fsdev/core/p9-osdep.h"
#include "fsdev/core/fs-warn.h"
#include "fsdev/host/host-rights.h"
#include "fsdev/local/local-int.h"

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

/* A path fd can be opened of a directory that may not be searched. */
static int enter(int dirfd)
{
    HOST_FD fd = openat(dirfd, ".", O_PATH | O_DIRECTORY | O_CLOEXEC);

    return fd < 0 ? -errno : 0;
}

/* A path fd of the directory to export.  @path may be a symbolic link. */
static int open_root(const char *path, HostStat *st, GError **error)
{
    HOST_FD fd = -1;
    const char *what = path;
    int ret = host_init(&what);

    if (ret == 0) {
        what = path;
        fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
        ret = fd < 0 ? -errno : enter(fd);
    }
    if (ret == 0) {
        ret = host_stat(fd, st);
    }
    if (ret < 0) {
        g_set_error(error, G_FILE_ERROR, g_file_error_from_errno(-ret),
                    "cannot open '%s': %s%s", what, g_strerror(-ret),
                    ret == -EACCES ? "; the user of this process needs search "
                                     "permission (x) there and in all "
                                     "directories above" : "");
        return ret;
    }
    return host_fd_steal(&fd);
}

/* What keeps guests from changing anything is better known at the start. */
static void warn_of_host(const FsExport *export, int root)
{
    const FsConfig *config = &export->config;

    if (config->readonly) {
        return;
    }
    if (config->model == FS_SM_MAPPED_XATTR &&
        host_getxattr(root, "user.virtfs.uid", NULL, 0) == -EOPNOTSUPP) {
        fs_warn(export, FS_WARN_XATTR, FS_WARN_NO_XATTRS);
    }
    /* With a map, the owners may all be the user of this process. */
    if (config->model == FS_SM_PASSTHROUGH && !config->users &&
        !host_may_chown()) {
        fs_warn(export, FS_WARN_OWNER, "passthrough needs root or CAP_CHOWN, "
                "and guests get EPERM for files of other owners; use a mapped "
                "model, none or proxy");
    }
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
    warn_of_host(&export->base, fd);
    return &export->base;
}

static void local_close_export(FsExport *base)
{
    LocalExport *export = local_export(base);

    local_export_exit(export);
    g_free(export);
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
    .identity = local_identity,
    .is_dead = local_is_dead,
    .place = local_place,
    .dev_id = local_dev_id,
    .reach = local_reach,
    .usage = local_usage,
    .lookup = local_lookup,
    .peek = local_peek,
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
    .length = local_length,
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
    .locked = local_locked,
};
