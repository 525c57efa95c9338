/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The door between session and drivers.
 *
 * Every call of the session goes through a wrapper here, which answers
 * -EOPNOTSUPP for what a driver does not have, lets output arguments be
 * written on success only, and asserts that the driver kept its side of the
 * contract.  Nothing that a guest sends or a host file contains is asserted.
 * On the way down the ids of the guest become the host's, and back on the way
 * up, so that no driver knows of uidmap= and gidmap=.
 * Also here: the part of an export that is the same for all of them.
 * Context: as fsdriver.h says of each call.
 */
#include "fsdev/core/p9-osdep.h"
#include "fsdev/core/fsdriver.h"
#include "fsdev/core/fs-ids.h"

/* Exports */

void fs_config_copy(FsConfig *to, const FsConfig *from)
{
    *to = *from;
    to->id = g_strdup(from->id);
    to->path = g_strdup(from->path);
    to->socket = g_strdup(from->socket);
    id_map_ref(to->users);
    id_map_ref(to->groups);
}

void fs_config_clear(FsConfig *config)
{
    g_clear_pointer(&config->id, g_free);
    g_clear_pointer(&config->path, g_free);
    g_clear_pointer(&config->socket, g_free);
    g_clear_pointer(&config->users, id_map_unref);
    g_clear_pointer(&config->groups, id_map_unref);
}

void fs_export_init(FsExport *export, const FsConfig *config)
{
    *export = (FsExport) { .driver = config->driver, .refs = 1 };
    fs_config_copy(&export->config, config);
}

FsExport *fs_export_open(const FsConfig *config, GError **error)
{
    const FsDriver *driver = config->driver;
    FsExport *export;
    GError *why = NULL;

    /* What no export can do without, and what comes in pairs. */
    assert(driver->open_export && driver->close_export);
    assert(driver->root && driver->parent && driver->lookup);
    assert(driver->node_ref && driver->node_unref);
    assert(driver->release || (!driver->open && !driver->create));

    export = driver->open_export(config, &why);
    assert(!export == !!why);
    if (!export) {
        g_propagate_error(error, why);
        return NULL;
    }
    assert(export->driver == driver && export->refs == 1);
    return export;
}

FsExport *fs_export_ref(FsExport *export)
{
    g_atomic_int_inc(&export->refs);
    return export;
}

void fs_export_unref(FsExport *export)
{
    if (g_atomic_int_dec_and_test(&export->refs)) {
        export->driver->close_export(export);
    }
}

bool fs_admit(FsExport *export, FsTicket *ticket)
{
    return !export->gate || export->gate->admit(export->gate, ticket);
}

void fs_admit_cancel(FsExport *export, FsTicket *ticket)
{
    /* A ticket can wait only at a gate. */
    assert(export->gate);
    export->gate->cancel(export->gate, ticket);
}

/*
 * Changes: counted before and after the call, so that whoever looked at
 * something while it was being changed sees another count as well.
 */

static gint fs_changes;         /* atomic */

unsigned fs_change_count(void)
{
    return g_atomic_int_get(&fs_changes);
}

void fs_change_note(void)
{
    g_atomic_int_inc(&fs_changes);
}

static int change_begin(void)
{
    fs_change_note();
    return 0;
}

static void change_end(int *scope G_GNUC_UNUSED)
{
    fs_change_note();
}
#define CHANGES \
    __attribute__((cleanup(change_end), unused)) int scope = change_begin()

/* What drivers may return: a status, or a count that is at most @most. */

static int status(int ret)
{
    assert(ret <= 0);
    return ret;
}

static ssize_t count(ssize_t ret, size_t most)
{
    assert(ret < 0 || (size_t)ret <= most);
    return ret;
}

static const FsDriver *driver_of(const FsNode *node)
{
    return node->export->driver;
}

static const FsDriver *file_driver(const FsFile *file)
{
    return driver_of(file->node);
}

/* The end of every call that tells attributes. */
static int tell_attr(const FsNode *node, int ret, const FsAttr *seen,
                     FsAttr *attr)
{
    if (ret == 0) {
        *attr = *seen;
        fs_attr_to_guest(&node->export->config, attr);
    }
    return ret;
}

int fs_check_user(FsExport *export, uint32_t uid)
{
    return id_map_to_host(export->config.users, &uid);
}

/* Nodes */

FsNode *fs_root(FsExport *export)
{
    FsNode *root = export->driver->root(export);

    assert(root && root->export == export);
    return root;
}

FsNode *fs_node_ref(FsNode *node)
{
    driver_of(node)->node_ref(node);
    return node;
}

void fs_node_unref(FsNode *node)
{
    if (node) {
        driver_of(node)->node_unref(node);
    }
}

FsNode *fs_parent(FsNode *node)
{
    FsNode *parent = driver_of(node)->parent(node);

    assert(parent && parent->export == node->export);
    return parent;
}

int fs_locate(FsNode *node, FsNode **dir, char *name)
{
    char component[NAME_MAX + 1];
    FsNode *found = NULL;
    int ret;

    if (!driver_of(node)->locate) {
        return -EOPNOTSUPP;
    }
    ret = status(driver_of(node)->locate(node, &found, component));
    if (ret == 0) {
        assert(found);
        *dir = found;
        memcpy(name, component, strlen(component) + 1);
    }
    return ret;
}

bool fs_node_is_brief(FsNode *node)
{
    const FsDriver *driver = driver_of(node);

    return driver->is_brief && driver->is_brief(node);
}

void fs_export_leave_loop(FsExport *export, const FsYield *yield)
{
    if (export->driver->leave_loop && yield) {
        export->driver->leave_loop(export, yield);
    }
}

bool fs_node_heeds_brief(FsNode *node)
{
    const FsDriver *driver = driver_of(node);

    return driver->heeds_brief ? driver->heeds_brief(node)
                               : fs_node_is_brief(node);
}

int fs_lookup(const FsCall *call, FsNode *dir, const char *name, FsNode **node,
              FsAttr *attr)
{
    FsNode *found = NULL;
    FsAttr seen;
    int ret = status(driver_of(dir)->lookup(call, dir, name, &found, &seen));

    if (ret == 0) {
        assert(found && found->export == dir->export);
        *node = found;
    }
    return tell_attr(dir, ret, &seen, attr);
}

int fs_getattr(const FsCall *call, FsNode *node, FsFile *file, unsigned flags,
               FsAttr *attr)
{
    FsAttr seen;
    int ret;

    if (!driver_of(node)->getattr) {
        return -EOPNOTSUPP;
    }
    ret = status(driver_of(node)->getattr(call, node, file, flags, &seen));
    return tell_attr(node, ret, &seen, attr);
}

int fs_setattr(const FsCall *call, FsNode *node, FsFile *file,
               const FsSetattr *set)
{
    CHANGES;
    FsSetattr host;
    int ret;

    if (!driver_of(node)->setattr) {
        return -EOPNOTSUPP;
    }
    ret = fs_set_to_host(&node->export->config, set, &host);
    return ret < 0 ? ret
                   : status(driver_of(node)->setattr(call, node, file, &host));
}

ssize_t fs_readlink(const FsCall *call, FsNode *node, char *buf, size_t size)
{
    if (!driver_of(node)->readlink) {
        return -EOPNOTSUPP;
    }
    return count(driver_of(node)->readlink(call, node, buf, size), size);
}

int fs_statfs(const FsCall *call, FsNode *node, struct statfs *st)
{
    struct statfs seen;
    int ret;

    if (!driver_of(node)->statfs) {
        return -EOPNOTSUPP;
    }
    ret = status(driver_of(node)->statfs(call, node, &seen));
    if (ret == 0) {
        *st = seen;
    }
    return ret;
}

/* Names */

int fs_create(const FsCall *call, FsNode *dir, const char *name, int flags,
              uint32_t mode, FsNode **node, FsFile **file, FsAttr *attr)
{
    CHANGES;
    FsNode *made = NULL;
    FsFile *opened = NULL;
    FsCall host;
    FsAttr seen;
    int ret;

    if (!driver_of(dir)->create) {
        return -EOPNOTSUPP;
    }
    ret = fs_call_to_host(&dir->export->config, call, &host);
    if (ret < 0) {
        return ret;
    }
    ret = status(driver_of(dir)->create(&host, dir, name, flags, mode, &made,
                                        &opened, &seen));
    if (ret == 0) {
        assert(made && opened && opened->node && !opened->is_dir);
        *node = made;
        *file = opened;
    }
    return tell_attr(dir, ret, &seen, attr);
}

int fs_mkdir(const FsCall *call, FsNode *dir, const char *name, uint32_t mode,
             FsAttr *attr)
{
    CHANGES;
    FsCall host;
    FsAttr seen;
    int ret;

    if (!driver_of(dir)->mkdir) {
        return -EOPNOTSUPP;
    }
    ret = fs_call_to_host(&dir->export->config, call, &host);
    if (ret == 0) {
        ret = status(driver_of(dir)->mkdir(&host, dir, name, mode, &seen));
    }
    return tell_attr(dir, ret, &seen, attr);
}

int fs_mknod(const FsCall *call, FsNode *dir, const char *name, uint32_t mode,
             uint64_t rdev, FsAttr *attr)
{
    CHANGES;
    FsCall host;
    FsAttr seen;
    int ret;

    if (!driver_of(dir)->mknod) {
        return -EOPNOTSUPP;
    }
    ret = fs_call_to_host(&dir->export->config, call, &host);
    if (ret == 0) {
        ret = status(
            driver_of(dir)->mknod(&host, dir, name, mode, rdev, &seen));
    }
    return tell_attr(dir, ret, &seen, attr);
}

int fs_symlink(const FsCall *call, FsNode *dir, const char *name,
               const char *target, FsAttr *attr)
{
    CHANGES;
    FsCall host;
    FsAttr seen;
    int ret;

    if (!driver_of(dir)->symlink) {
        return -EOPNOTSUPP;
    }
    ret = fs_call_to_host(&dir->export->config, call, &host);
    if (ret == 0) {
        ret = status(driver_of(dir)->symlink(&host, dir, name, target, &seen));
    }
    return tell_attr(dir, ret, &seen, attr);
}

int fs_link(const FsCall *call, FsNode *node, FsNode *dir, const char *name)
{
    CHANGES;

    if (!driver_of(node)->link) {
        return -EOPNOTSUPP;
    }
    return status(driver_of(node)->link(call, node, dir, name));
}

int fs_unlink(const FsCall *call, FsNode *dir, const char *name, bool is_dir)
{
    CHANGES;

    if (!driver_of(dir)->unlink) {
        return -EOPNOTSUPP;
    }
    return status(driver_of(dir)->unlink(call, dir, name, is_dir));
}

int fs_rename(const FsCall *call, FsNode *dir, const char *name, FsNode *newdir,
              const char *newname)
{
    CHANGES;

    if (!driver_of(dir)->rename) {
        return -EOPNOTSUPP;
    }
    return status(driver_of(dir)->rename(call, dir, name, newdir, newname));
}

/* Open files */

static int driver_open(const FsCall *call, FsNode *node, int flags,
                       FsFile **file, FsAttr *attr)
{
    const FsDriver *driver = driver_of(node);
    FsAttr seen;
    int ret;

    if (!driver->open) {
        return -EOPNOTSUPP;
    }
    if (!attr) {
        return status(driver->open(call, node, flags, file));
    }
    if (driver->open_attr) {
        ret = status(driver->open_attr(call, node, flags, file, &seen));
        return tell_attr(node, ret, &seen, attr);
    }
    ret = status(driver->open(call, node, flags, file));
    if (ret == 0) {
        ret = fs_getattr(call, node, *file, 0, attr);
        if (ret < 0) {
            driver->release(*file);
        }
    }
    return ret;
}

static int driver_open_changing(const FsCall *call, FsNode *node, int flags,
                                FsFile **file, FsAttr *attr)
{
    CHANGES;

    return driver_open(call, node, flags, file, attr);
}

int fs_open_attr(const FsCall *call, FsNode *node, int flags, FsFile **file,
                 FsAttr *attr)
{
    FsFile *opened = NULL;
    int ret = flags & O_TRUNC
              ? driver_open_changing(call, node, flags, &opened, attr)
              : driver_open(call, node, flags, &opened, attr);

    if (ret == 0) {
        assert(opened && opened->node);
        *file = opened;
    }
    return ret;
}

int fs_open(const FsCall *call, FsNode *node, int flags, FsFile **file)
{
    return fs_open_attr(call, node, flags, file, NULL);
}

ssize_t fs_read(const FsCall *call, FsFile *file, const struct iovec *iov,
                int iovcnt, uint64_t offset)
{
    CHANGES;

    if (!file_driver(file)->read) {
        return -EOPNOTSUPP;
    }
    return count(file_driver(file)->read(call, file, iov, iovcnt, offset),
                 iov_size(iov, iovcnt));
}

ssize_t fs_write(const FsCall *call, FsFile *file, const struct iovec *iov,
                 int iovcnt, uint64_t offset)
{
    CHANGES;

    if (!file_driver(file)->write) {
        return -EOPNOTSUPP;
    }
    return count(file_driver(file)->write(call, file, iov, iovcnt, offset),
                 iov_size(iov, iovcnt));
}

int fs_fsync(const FsCall *call, FsFile *file, bool datasync)
{
    if (!file_driver(file)->fsync) {
        return -EOPNOTSUPP;
    }
    return status(file_driver(file)->fsync(call, file, datasync));
}

int fs_readdir(const FsCall *call, FsFile *file, uint64_t cookie,
               unsigned flags, FsDirSink *sink, void *opaque)
{
    CHANGES;

    if (!file_driver(file)->readdir) {
        return -EOPNOTSUPP;
    }
    return status(
        file_driver(file)->readdir(call, file, cookie, flags, sink, opaque));
}

int fs_release(const FsCall *call, FsFile *file)
{
    if (!file) {
        return 0;
    }
    if (call->wait == FS_WAIT_NEVER) {
        return -EAGAIN;
    }
    file_driver(file)->release(file);
    return 0;
}

/* Locks */

int fs_locker_open(const FsCall *call, FsFile *file, FsLocker **locker)
{
    const FsDriver *driver = file_driver(file);
    int ret;

    if (!driver->locker_open) {
        return -EOPNOTSUPP;
    }
    ret = driver->locker_open(call, file, locker);
    assert(ret <= 0 && (ret < 0 || *locker));
    return ret;
}

void fs_locker_close(FsLocker *locker)
{
    if (locker) {
        locker->export->driver->locker_close(locker);
    }
}

int fs_lock(const FsCall *call, FsLocker *locker, const FsLock *lock)
{
    return locker->export->driver->lock(call, locker, lock);
}

int fs_getlock(const FsCall *call, FsLocker *locker, FsLock *lock)
{
    return locker->export->driver->getlock(call, locker, lock);
}

/* Extended attributes; a size of 0 asks how long the answer would be. */

ssize_t fs_getxattr(const FsCall *call, FsNode *node, const char *name,
                    void *buf, size_t size)
{
    ssize_t len;

    if (!driver_of(node)->getxattr) {
        return -EOPNOTSUPP;
    }
    len = count(driver_of(node)->getxattr(call, node, name, buf, size),
                size ? size : SSIZE_MAX);
    if (len > 0 && size) {
        int ret = fs_xattr_to_guest(&node->export->config, name, buf, len);

        return ret < 0 ? ret : len;
    }
    return len;
}

ssize_t fs_listxattr(const FsCall *call, FsNode *node, char *buf, size_t size)
{
    if (!driver_of(node)->listxattr) {
        return -EOPNOTSUPP;
    }
    return count(driver_of(node)->listxattr(call, node, buf, size),
                 size ? size : SSIZE_MAX);
}

int fs_setxattr(const FsCall *call, FsNode *node, const char *name,
                const void *value, size_t size, int flags)
{
    CHANGES;
    g_autofree void *mapped = NULL;
    int ret;

    if (!driver_of(node)->setxattr) {
        return -EOPNOTSUPP;
    }
    ret = fs_xattr_to_host(&node->export->config, name, value, size, &mapped);
    if (ret < 0) {
        return ret;
    }
    return status(driver_of(node)->setxattr(call, node, name, mapped ?: value,
                                            size, flags));
}

int fs_removexattr(const FsCall *call, FsNode *node, const char *name)
{
    CHANGES;

    if (!driver_of(node)->removexattr) {
        return -EOPNOTSUPP;
    }
    return status(driver_of(node)->removexattr(call, node, name));
}
