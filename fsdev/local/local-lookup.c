/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The local driver: lookup, and reading properties of an object.
 *
 * A lookup that holds the lock for near objects crosses no mount point; see
 * local.h for the locks.  Called through fsdriver.c, and by local-create.c,
 * from any thread.
 */
#include "fsdev/core/p9-osdep.h"
#include "fsdev/local/local-int.h"

/*
 * The attributes of the object of @cred, with the values stored for it.
 * LocalExport.beside is held.
 */
static int find_cred(const FsCall *call, LocalExport *export,
                     const CredObject *cred, const HostStat *st, FsAttr *attr)
{
    CredValues values;
    int ret;

    local_attr_from_host(attr, st);
    ret = local_cred_load(call, export, cred, st, attr, &values);
    if (ret == 0) {
        local_cred_overlay(export, &values, attr);
    }
    return ret;
}

/*
 * Look up the name of @cred in its directory with @flags and read the
 * attributes, while the lock for near or far objects is held.  Returns a path
 * fd, which is in @cred then.
 */
static int find_as(const FsCall *call, LocalExport *export, CredObject *cred,
                   bool far, unsigned flags, HostStat *st, FsAttr *attr)
{
    LOCAL_LOCK lock = { 0 };
    HOST_FD fd = -1;
    int ret = local_lock(call, export, far, false, &lock);

    if (ret == 0) {
        ret = fd = host_lookup(cred->dirfd, cred->name, flags);
    }
    if (ret >= 0) {
        ret = host_stat(fd, st);
    }
    if (ret == 0) {
        cred->fd = fd;
        cred->host_type = st->mode & S_IFMT;
        ret = find_cred(call, export, cred, st, attr);
    }
    return ret < 0 ? ret : host_fd_steal(&fd);
}

/*
 * In most models there is no lock that other threads may wait for, so a worker
 * can cross mount points at once.
 */
static int find_host(const FsCall *call, LocalExport *export, Name *dir,
                     int dirfd, const char *component, HostStat *st,
                     FsAttr *attr)
{
    CredObject cred = {
        .fd_is_path = true, .dirfd = dirfd, .name = component,
        .brief = !fs_call_may_block(call),
    };
    bool far = !local_never_hangs(export, name_node(dir));
    unsigned flags = 0;
    int fd;

    if (export->watch) {
        cred.dir = local_cred_dir(name_node(dir));
    }
    if (!fs_call_may_block(call) || (export->policy->beside && !far)) {
        flags = HOST_NO_XDEV;
    }
    if (!fs_call_may_wait(call, FS_WAIT_STORAGE)) {
        flags |= HOST_CACHED;
    }
    fd = find_as(call, export, &cred, far, flags, st, attr);
    if (fd != -EXDEV || !flags) {
        return fd;
    }
    return fs_call_may_block(call)
           ? find_as(call, export, &cred, true, 0, st, attr)
           : -EAGAIN;
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
    ret = local_meet_dev(&export->base, st.dev, fd);
    if (ret < 0) {
        close(fd);
        return ret;
    }
    local_hide_links(export, fd, &st, attr);
    ret = name_insert(dir, component, fd, &st, name);
    if (ret == 0) {
        local_attr_identify(attr, *name);
    }
    if (ret == 0 && export->policy->beside) {
        local_name_seen(*name, &st, &before);
    }
    return ret;
}

/* May the call be repeated, because cached path fds could be closed? */
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

    if (fs_call_may_wait(call, FS_WAIT_STORAGE) &&
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

/* Only a worker may ask a file system that is mounted on the name. */
static int peek_host(const FsCall *call, int dirfd, const char *component,
                     FsAttr *attr)
{
    HostStat st;
    int ret = fs_call_may_block(call) ? host_stat_at(dirfd, component, &st)
                                      : host_stat_here(dirfd, component, &st);

    if (ret == 0) {
        local_attr_from_host(attr, &st);
    }
    return ret;
}

static int peek_stored(const FsCall *call, LocalExport *export, Name *dir,
                       int dirfd, const char *component, FsAttr *attr)
{
    HostStat st;
    HOST_FD fd = find_host(call, export, dir, dirfd, component, &st, attr);

    return MIN(fd, 0);
}

int local_peek(const FsCall *call, FsNode *dir, const char *name, FsAttr *attr)
{
    LocalExport *export = local_export(dir->export);
    Name *parent = name_from_fs(dir);
    LOCAL_PIN pin = { 0 };
    int ret;

    if (local_hidden(export, name)) {
        return -EINVAL;
    }
    if (!local_may_use(call, export, name_node(parent))) {
        return -EAGAIN;
    }
    ret = local_pin_fd(call, &pin, parent);
    if (ret == 0) {
        ret = export->policy->fake_special
              ? peek_stored(call, export, parent, pin.fd, name, attr)
              : peek_host(call, pin.fd, name, attr);
    }
    /* What the kernel returns for changing a mount point. */
    return ret == -EXDEV ? -EBUSY : ret;
}

int local_getattr(const FsCall *call, FsNode *node, FsFile *file,
                  unsigned flags, FsAttr *attr)
{
    Name *name = name_from_fs(node);
    LocalFile *local = file ? local_file(file) : NULL;
    FsAttr seen;
    int ret = local_name_attr(call, name, local, flags, &seen);

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

/* ---- links and file systems ------------------------------------------- */

/* Links are no longer than PATH_MAX, whatever a file of the host contains. */
static ssize_t read_target(const FsCall *call, int pathfd, char *buf,
                           size_t size)
{
    /* Like readlink(2), this does not update the access time. */
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
