/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The local driver: byte-range locks.
 *
 * Each owner of locks has an open file description of its own.  Open file
 * description locks (fcntl(2), Linux 3.15) tell all owners apart: processes of
 * one guest, of other guests, and programs on the host.  Called through
 * fsdriver.c from any thread.
 */
#include "fsdev/core/p9-osdep.h"
#include "fsdev/local/local-int.h"
#include "fsdev/local/local-ranges.h"

typedef struct LocalLocker {
    FsLocker base;
    int fd;                     /* owned, accounted */
    GMutex lock;                /* taken to change ranges */
    LocalRanges ranges;
} LocalLocker;

/* A write lock needs a writable descriptor, so try that first. */
static int open_to_lock(const FsCall *call, FsFile *file, bool may_write,
                        LocalOpenFn *open)
{
    int fd = -EROFS;

    if (may_write && !fs_export_is_readonly(file->node->export)) {
        fd = open(call, file, O_RDWR);
    }
    if (fd == -EACCES || fd == -EPERM || fd == -EROFS || fd == -ETXTBSY) {
        fd = open(call, file, O_RDONLY);
    }
    return fd;
}

int local_locker_open_by(const FsCall *call, FsFile *file, bool may_write,
                         LocalOpenFn *open, FsLocker **out)
{
    NodeTable *table = local_export(file->node->export)->table;
    LocalLocker *locker;
    int fd;
    int ret;

    if (file->is_dir) {
        return -EOPNOTSUPP;
    }
    ret = node_fd_account(table, false);
    if (ret < 0) {
        return ret;
    }
    fd = open_to_lock(call, file, may_write, open);
    if (fd < 0) {
        node_fd_unaccount(table);
        return fd;
    }
    locker = g_new0(LocalLocker, 1);
    locker->base.export = file->node->export;
    locker->fd = fd;
    g_mutex_init(&locker->lock);
    locker->base.remote = file->remote;
    *out = &locker->base;
    return 0;
}

static int open_again(const FsCall *call, FsFile *file, int flags)
{
    LOCAL_PIN pin = { 0 };
    int ret = local_pin(call, &pin, name_from_fs(file->node));

    return ret < 0 ? ret : local_reopen(call, pin.fd, flags);
}

int local_locker_open(const FsCall *call, FsFile *file, bool may_write,
                      FsLocker **locker)
{
    return local_locker_open_by(call, file, may_write, open_again, locker);
}

void local_locker_close(FsLocker *base)
{
    LocalLocker *locker = container_of(base, LocalLocker, base);
    LocalExport *export = local_export(base->export);

    close(locker->fd);
    node_fd_unaccount(export->table);
    fs_budget_refund(&export->base.budget, FS_BUDGET_RANGES,
                     locker->ranges.count);
    local_ranges_clear(&locker->ranges);
    g_mutex_clear(&locker->lock);
    g_free(locker);
}

static int lock_call(const FsCall *call, LocalLocker *locker, int cmd,
                     const FsLock *lock, struct flock *fl)
{
    int ret;

    if (!fs_call_may_block(call) && locker->base.remote) {
        return -EAGAIN;
    }
    /* l_pid must be 0 for open file description locks. */
    *fl = (struct flock) {
        .l_type = lock->type,
        .l_whence = SEEK_SET,
        .l_start = lock->start,
        .l_len = lock->length,
    };
    ret = NEG_ERRNO(fcntl(locker->fd, cmd, fl));
    switch (ret) {
    case -EAGAIN:
        return -EACCES;         /* for fcntl(2) the same error */
    case -ENOLCK:
    case -ENOSYS:
        p9_warn_once("9p: a host file system does not support locks; the "
                     "guest's locks are not visible outside the guest");
        return -EOPNOTSUPP;
    default:
        return ret;
    }
}

/*
 * Locked.  The ranges of an export are limited, because for each lock the
 * kernel looks at all ranges of a file one after the other.  -ENOLCK is what
 * fcntl(2) fails with for too many.  Unlocking a whole file never needs a
 * further range.
 */
static int lock_range(const FsCall *call, LocalLocker *locker,
                      const FsLock *lock)
{
    FsBudget *budget = &locker->base.export->budget;
    int more = local_ranges_more(&locker->ranges, lock);
    struct flock fl;
    int ret;

    if (more > 0 && !fs_budget_charge(budget, FS_BUDGET_RANGES, more)) {
        return -ENOLCK;
    }
    ret = lock_call(call, locker, F_OFD_SETLK, lock, &fl);
    if (ret < 0) {
        fs_budget_refund(budget, FS_BUDGET_RANGES, MAX(more, 0));
        return ret;
    }
    local_ranges_set(&locker->ranges, lock);
    fs_budget_refund(budget, FS_BUDGET_RANGES, MAX(-more, 0));
    return 0;
}

int local_lock_range(const FsCall *call, FsLocker *base, const FsLock *lock)
{
    LocalLocker *locker = container_of(base, LocalLocker, base);
    int ret;

    if (fs_call_may_block(call)) {
        g_mutex_lock(&locker->lock);
    } else if (base->remote || !g_mutex_trylock(&locker->lock)) {
        return -EAGAIN;         /* another request of this owner has it */
    }
    ret = lock_range(call, locker, lock);
    g_mutex_unlock(&locker->lock);
    return ret;
}

int local_getlock(const FsCall *call, FsLocker *base, FsLock *lock)
{
    LocalLocker *locker = container_of(base, LocalLocker, base);
    struct flock fl;
    int ret = lock_call(call, locker, F_OFD_GETLK, lock, &fl);

    if (ret < 0) {
        return ret;
    }
    lock->type = fl.l_type;
    if (fl.l_type != F_UNLCK) {
        lock->start = fl.l_start;
        lock->length = fl.l_len;
        /* -1: an open file description holds it, not a process. */
        lock->pid = fl.l_pid > 0 ? fl.l_pid : 0;
    }
    return 0;
}

void local_locked(FsLocker *base, GArray *ranges)
{
    LocalLocker *locker = container_of(base, LocalLocker, base);

    local_ranges_list(&locker->ranges, ranges);
}
