/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The interface between session and drivers: open files and locks.
 *
 * See fsdriver.c.  Context: see the comments in fsdriver.h.
 */
#include "fsdev/core/p9-osdep.h"
#include "fsdev/core/fs-known.h"
#include "fsdev/core/fsdriver-int.h"
#include "fsdev/core/fs-owners.h"

static const FsDriver *file_driver(const FsFile *file)
{
    return driver_of(file->node);
}

static FsWait file_reach(const FsCall *call, const FsFile *file)
{
    return file->remote ? FS_WAIT_ANYTHING : reach_of(call, file->node);
}

/* Open files */

/* *@attr, which may be NULL, are those of the host. */
static int driver_open(const FsCall *call, FsNode *node, int flags,
                       FsFile **file, FsAttr *attr)
{
    const FsDriver *driver = driver_of(node);
    int ret;

    if (attr && driver->open_attr) {
        return status(node, "open_attr", "",
                      driver->open_attr(call, node, flags, file, attr));
    }
    ret = status(node, "open", "",
                 driver->open(call, node, flags, file));
    if (ret == 0 && attr) {
        ret = driver->getattr
              ? status(node, "getattr", "",
                       driver->getattr(call, node, *file, 0, attr))
              : -EOPNOTSUPP;
        if (ret < 0) {
            driver->release(*file);
        }
    }
    return ret;
}

/*
 * In an export with maps: a file is checked before it is opened for writing.
 * For reading the attributes that the open returns will do.
 */
static int mapped_open(const FsCall *call, FsNode *node, int flags,
                       FsFile **file, FsAttr *attr)
{
    bool writes = (flags & O_ACCMODE) != O_RDONLY || (flags & O_TRUNC);
    FsAttr own;
    int ret = 0;

    attr = attr ?: &own;
    if (writes) {
        ret = fs_owners_check(call, FS_OWNERS_WRITE,
                              &(FsObjects) { .node = node });
    }
    if (ret == 0) {
        ret = driver_open(call, node, flags, file, attr);
    }
    if (ret == 0 && !writes) {
        ret = fs_owners_check_read(&node->export->config, attr);
        if (ret < 0) {
            driver_of(node)->release(*file);
        }
    }
    return ret;
}

static int open_attr_of(const FsCall *call, FsNode *node, int flags,
                        FsFile **file, FsAttr *attr)
{
    bool changes = flags & O_TRUNC;
    FsQuotaHold hold = { .quota = NULL };
    FsFile *opened = NULL;
    FsAttr seen;
    int ret = check_call(call, driver_of(node)->open, node);

    if (ret == 0 && changes && fs_quota_of(node->export)) {
        ret = fs_quota_hold(&hold, call, node, NULL);
        hold.settle = true;
    }
    if (ret < 0) {
        return ret;
    }
    if (changes) {
        fs_change_note();
    }
    ret = (fs_owners_apply(&node->export->config) ? mapped_open : driver_open)(
            call, node, flags, &opened, attr ? &seen : NULL);
    if (changes) {
        fs_change_note();
    }
    if (hold.quota) {
        fs_quota_release(&hold, call);
    }
    if (ret == 0) {
        assert(opened && opened->node);
        *file = opened;
    }
    return attr ? tell_attr(node, ret, &seen, attr) : ret;
}

/* A directory that was made anew on the host is listed as it is now. */
int fs_open_attr(const FsCall *call, FsNode *node, int flags, FsFile **file,
                 FsAttr *attr)
{
    FsNode *other;
    int ret = open_attr_of(call, node, flags, file, attr);

    if (ret == 0 && attr && S_ISDIR(attr->mode) && attr->nlink == 0 &&
        fs_remade(call, node, &other) == 0) {
        file_driver(*file)->release(*file);
        ret = open_attr_of(call, other, flags, file, attr);
        fs_node_unref(other);
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
    FsCall at_once;
    ssize_t ret;

    if (!file_driver(file)->read) {
        return -EOPNOTSUPP;
    }
    call = call_to_try(call, file_reach(call, file), &at_once);
    fs_change_note();
    ret = count(file->node, "read", "",
                file_driver(file)->read(call, file, iov, iovcnt, offset),
                iov_size(iov, iovcnt));
    fs_change_note();
    return ret;
}

static ssize_t driver_write(const FsCall *call, FsFile *file,
                            const struct iovec *iov, int iovcnt,
                            uint64_t offset)
{
    ssize_t ret;

    fs_change_note();
    ret = count(file->node, "write", "",
                file_driver(file)->write(call, file, iov, iovcnt, offset),
                iov_size(iov, iovcnt));
    fs_change_note();
    return ret;
}

/* The first @length bytes of @iov; owned by the caller. */
static struct iovec *cut_iov(const struct iovec *iov, int *iovcnt,
                             size_t length)
{
    struct iovec *cut = g_new(struct iovec, *iovcnt);
    int n = 0;

    for (; length; n++) {
        cut[n] = iov[n];
        cut[n].iov_len = MIN(iov[n].iov_len, length);
        length -= cut[n].iov_len;
    }
    *iovcnt = n;
    return cut;
}

/* In an export with a quota. */
static ssize_t write_within(const FsCall *call, FsFile *file,
                            const struct iovec *iov, int iovcnt,
                            uint64_t offset)
{
    size_t length = iov_size(iov, iovcnt);
    g_autofree struct iovec *cut = NULL;
    FsQuotaHold hold;
    ssize_t may;
    ssize_t ret = call->wait == FS_WAIT_NEVER
                  ? -EAGAIN : fs_quota_hold(&hold, call, file->node, file);

    if (ret < 0) {
        return ret;
    }
    may = ret = fs_quota_admit_write(&hold, offset, length);
    if (may >= 0) {
        cut = (size_t)may < length ? cut_iov(iov, &iovcnt, may) : NULL;
        ret = driver_write(call, file, cut ?: iov, iovcnt, offset);
        hold.settle |= ret != may;
    }
    fs_quota_release(&hold, call);
    return ret;
}

ssize_t fs_write(const FsCall *call, FsFile *file, const struct iovec *iov,
                 int iovcnt, uint64_t offset)
{
    FsCall at_once;

    if (!file_driver(file)->write) {
        return -EOPNOTSUPP;
    }
    call = call_to_try(call, file_reach(call, file), &at_once);
    if (fs_quota_of(file->node->export) && !file->is_dir) {
        return write_within(call, file, iov, iovcnt, offset);
    }
    return driver_write(call, file, iov, iovcnt, offset);
}

int fs_fsync(const FsCall *call, FsFile *file, bool datasync)
{
    if (!file_driver(file)->fsync) {
        return -EOPNOTSUPP;
    }
    if (call->wait < file_reach(call, file)) {
        return -EAGAIN;
    }
    return status(file->node, "fsync", "",
                  file_driver(file)->fsync(call, file, datasync));
}

int fs_readdir(const FsCall *call, FsFile *file, uint64_t cookie,
               unsigned flags, FsDirSink *sink, void *opaque)
{
    FsCall at_once;
    int ret;

    if (!file_driver(file)->readdir) {
        return -EOPNOTSUPP;
    }
    call = call_to_try(call, file_reach(call, file), &at_once);
    fs_change_note();
    ret = status(file->node, "readdir", "",
                 file_driver(file)->readdir(call, file, cookie, flags, sink,
                                            opaque));
    fs_change_note();
    return ret;
}

int fs_release(const FsCall *call, FsFile *file)
{
    if (!file) {
        return 0;
    }
    if (call->wait < file_reach(call, file)) {
        return -EAGAIN;
    }
    if (fs_trace_calls()) {
        /* Before the call, which frees the file. */
        fs_trace_call(file->node, "release", "", 0);
    }
    file_driver(file)->release(file);
    return 0;
}

/* Locks */

int fs_locker_open(const FsCall *call, FsFile *file, FsLocker **locker)
{
    const FsDriver *driver = file_driver(file);
    bool may_write;
    int ret;

    if (!driver->locker_open) {
        return -EOPNOTSUPP;
    }
    if (call->wait < file_reach(call, file)) {
        return -EAGAIN;
    }
    ret = fs_owners_check(call, FS_OWNERS_WRITE,
                          &(FsObjects) { .node = file->node });
    if (ret < 0 && ret != -EACCES) {
        return ret;
    }
    may_write = ret == 0;
    ret = status(file->node, "locker_open", "",
                 driver->locker_open(call, file, may_write, locker));
    assert(ret < 0 || *locker);
    return ret;
}

void fs_locker_close(FsLocker *locker)
{
    if (locker) {
        locker->export->driver->locker_close(locker);
    }
}

static FsWait locker_reach(const FsLocker *locker)
{
    return locker->remote ? FS_WAIT_ANYTHING : FS_WAIT_STORAGE;
}

/* A locker does not hold a node: the event only names the call. */
static int lock_status(FsLocker *locker, const char *entry, int ret)
{
    trace_fs_call(locker->export->config.id ?: "", entry, "(locker)", "", ret);
    return ret;
}

int fs_lock(const FsCall *call, FsLocker *locker, const FsLock *lock)
{
    FsCall at_once;

    call = call_to_try(call, locker_reach(locker), &at_once);
    return lock_status(locker, "lock",
                       locker->export->driver->lock(call, locker, lock));
}

int fs_getlock(const FsCall *call, FsLocker *locker, FsLock *lock)
{
    FsCall at_once;

    call = call_to_try(call, locker_reach(locker), &at_once);
    return lock_status(locker, "getlock",
                       locker->export->driver->getlock(call, locker, lock));
}

GArray *fs_locked(FsLocker *locker)
{
    const FsDriver *driver = locker->export->driver;
    GArray *ranges = g_array_new(false, false, sizeof(FsLock));

    if (driver->locked) {
        driver->locked(locker, ranges);
    }
    return ranges;
}
