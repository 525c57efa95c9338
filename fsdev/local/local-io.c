/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The local driver: open files, and reading and writing them.
 *
 * A file is opened through the path fd of its node and only after its type is
 * known, so that only regular files and directories are opened on the host:
 * opening a FIFO or a device has side effects.  Reads can be tried without
 * sleeping; writes always take the time of storage.  A file that is opened with
 * O_DIRECT has two descriptors: one for data that is aligned as the host
 * requires, which bypasses its page cache, and one for all other data, such as
 * that which arrives in one piece with its message.
 * Called through fsdriver.c, and by local-create.c, from any thread.
 */
#include "fsdev/core/p9-osdep.h"
#include "fsdev/local/local-int.h"

#ifndef RWF_NOWAIT
#define RWF_NOWAIT 0x00000008
#endif

/* Every host requires this; one that requires more returns EINVAL. */
#define DIRECT_ALIGN 512

/*
 * Flags of the guest that apply to a descriptor of the host; the others only
 * concern the guest's kernel and its programs.
 */
#define FLAGS_KEPT \
    (O_ACCMODE | O_APPEND | O_DSYNC | O_SYNC | O_NOATIME | O_DIRECTORY)

/* ---- open ------------------------------------------------------------- */

static int open_direct(LocalExport *export, int fd, int flags)
{
    int direct;

    if (node_fd_account(export->table, false) < 0) {
        return -1;
    }
    direct = host_reopen_brief(fd, (flags & FLAGS_KEPT) | O_DIRECT);
    if (direct < 0) {
        node_fd_unaccount(export->table);
        return -1;
    }
    return direct;
}

FsFile *local_file_new(LocalExport *export, Name *name, int fd, int flags)
{
    Node *node = name_node(name);
    LocalFile *file = g_new0(LocalFile, 1);

    file->base.node = fs_node_ref(name_to_fs(name));
    file->base.is_dir = node_type(node) == S_IFDIR;
    file->base.dev = node_dev(node);
    file->base.ino = node_ino(node);
    file->base.twin = node_identity(node).twin;
    if (!local_never_hangs(export, node)) {
        /* This may hang, but so may the open before it. */
        file->base.remote = !host_fs_is_local(fd);
        file->devs = file->base.is_dir ? host_fs_devs(fd) : HOST_DEVS_ANY;
    }
    file->fd = fd;
    file->direct_fd = -1;
    if ((flags & O_DIRECT) && !file->base.is_dir) {
        file->direct_fd = open_direct(export, fd, flags);
    }
    file->flags = flags & (O_ACCMODE | O_APPEND);
    file->base.appends = flags & O_APPEND;
    file->setid_seen = -1;
    if (node_dev(node) == export->root_dev) {
        file->nowait = g_atomic_int_get(&export->nowait);
    }
    if (file->base.is_dir) {
        file->dir = local_dir_new();
    }
    node_open_inc(node);
    return &file->base;
}

int local_file_fd(FsFile *file)
{
    return local_file(file)->fd;
}

int local_file_attr(const FsCall *call, FsFile *file, FsAttr *attr)
{
    return local_name_attr(call, name_from_fs(file->node), local_file(file), 0,
                           attr);
}

void local_release(FsFile *base)
{
    LocalExport *export = local_export(base->node->export);
    LocalFile *file = local_file(base);
    Node *node = name_node(name_from_fs(base->node));

    close(file->fd);
    node_fd_unaccount(export->table);
    if (file->direct_fd >= 0) {
        close(file->direct_fd);
        node_fd_unaccount(export->table);
    }
    node_open_dec(node);
    local_dir_free(export, file->dir);
    fs_node_unref(base->node);
    g_free(file);
}

static int check_type(uint32_t type, int flags)
{
    bool writes = (flags & O_ACCMODE) != O_RDONLY || (flags & O_TRUNC);

    if ((flags & O_ACCMODE) == O_ACCMODE) {
        return -EINVAL;
    }
    if (S_ISLNK(type)) {
        return -ELOOP;
    }
    if (S_ISDIR(type)) {
        return writes || (flags & O_CREAT) ? -EISDIR : 0;
    }
    if (flags & O_DIRECTORY) {
        return -ENOTDIR;
    }
    return S_ISREG(type) ? 0 : -ENXIO;
}

static int check_readonly(const LocalExport *export, int flags)
{
    const int writing = O_WRONLY | O_RDWR | O_TRUNC | O_APPEND;

    return (flags & writing) && fs_export_is_readonly(&export->base)
           ? -EROFS : 0;
}

int local_check_open(const LocalExport *export, uint32_t type, int flags,
                     int *host_flags)
{
    int ret = check_readonly(export, flags);

    if (ret == 0) {
        ret = check_type(type, flags);
    }
    if (ret < 0) {
        return ret;
    }
    *host_flags = S_ISDIR(type)
                  ? O_RDONLY | O_DIRECTORY | (flags & O_NOATIME)
                  : flags & FLAGS_KEPT;
    if (fs_export_is_readonly(&export->base)) {
        /* Reading should not update access times on the disk. */
        *host_flags |= O_NOATIME;
    }
    return 0;
}

/* A real descriptor of @name, which the node table counts on success. */
static int open_fd(const FsCall *call, LocalExport *export, Name *name,
                   int flags)
{
    LOCAL_PIN pin = { 0 };
    int ret = node_fd_account(export->table, flags & O_DIRECTORY);
    int fd;

    if (ret < 0) {
        return ret;
    }
    fd = local_pin(call, &pin, name);
    if (fd == 0) {
        fd = local_reopen(call, pin.fd, flags);
        if ((fd == -EMFILE || fd == -ENFILE) &&
            node_fd_reclaim(export->table)) {
            fd = local_reopen(call, pin.fd, flags);
        }
    }
    if (fd < 0) {
        node_fd_unaccount(export->table);
    }
    return fd;
}

/*
 * Set-id bits must be cleared before the data, so open(2) does not truncate.
 * *@attr is what the guest sees of the file then.
 */
static int truncate_opened(const FsCall *call, LocalExport *export, Name *name,
                           LocalFile *file, FsAttr *attr)
{
    LOCAL_OBJECT obj = { 0 };
    bool writable = (file->flags & O_ACCMODE) != O_RDONLY;
    int ret = local_object_get(call, name, file, LOCAL_WRITE, &obj);
    FsAttr before;
    HostStat st;

    if (ret == 0) {
        ret = local_truncate(call, export, &obj, writable ? file->fd : -1,
                             &before);
    }
    /* The data are gone, so nothing that follows can fail the open. */
    if (ret == 0 && local_object_attr(call, export, &obj, &st, attr) < 0) {
        *attr = before;
        attr->size = attr->blocks = 0;
    }
    return ret;
}

/*
 * Where a model stores other types as regular files, only the attributes of
 * @name say whether it is a regular file for the guest.  *@known: they were
 * read to find out.
 */
static int type_before_open(const FsCall *call, LocalExport *export, Name *name,
                            uint32_t *type, FsAttr *attr, bool *known)
{
    int ret;

    *type = node_type(name_node(name));
    *known = export->policy->fake_special && *type == S_IFREG;
    if (!*known) {
        return 0;
    }
    ret = local_name_attr(call, name, NULL, 0, attr);
    if (ret == 0) {
        *type = attr->mode & S_IFMT;
    }
    return ret;
}

int local_open_name(const FsCall *call, LocalExport *export, Name *name,
                    int flags, LocalFile **file, FsAttr *attr)
{
    LocalFile *opened;
    FsAttr seen;
    bool known;
    uint32_t type;
    int open_flags;
    int fd;
    int ret = type_before_open(call, export, name, &type, &seen, &known);

    if (ret == 0) {
        ret = local_check_open(export, type, flags, &open_flags);
    }
    if (ret < 0) {
        return ret;
    }
    fd = open_fd(call, export, name, open_flags);
    if (fd < 0) {
        return fd;
    }
    opened = local_file(local_file_new(export, name, fd,
                                       open_flags | (flags & O_DIRECT)));
    if (flags & O_TRUNC) {
        ret = truncate_opened(call, export, name, opened, &seen);
    } else if (attr && !known) {
        ret = local_name_attr(call, name, opened, 0, &seen);
    }
    if (ret < 0) {
        local_release(&opened->base);
        return ret;
    }
    if (attr) {
        *attr = seen;
    }
    *file = opened;
    return 0;
}

int local_open_attr(const FsCall *call, FsNode *node, int flags, FsFile **file,
                    FsAttr *attr)
{
    LocalFile *opened;
    int ret = local_open_name(call, local_export(node->export),
                              name_from_fs(node), flags, &opened, attr);

    if (ret == 0) {
        *file = &opened->base;
    }
    return ret;
}

int local_open(const FsCall *call, FsNode *node, int flags, FsFile **file)
{
    return local_open_attr(call, node, flags, file, NULL);
}

/* ---- read ------------------------------------------------------------- */

static int check_io(const FsFile *file, uint64_t offset)
{
    if (file->is_dir) {
        return -EISDIR;
    }
    return offset > INT64_MAX ? -EINVAL : 0;
}

/* A host that requires more than this for direct I/O returns EINVAL. */
static bool goes_direct(const LocalFile *file, const struct iovec *iov,
                        int iovcnt, uint64_t offset)
{
    uint64_t bits = offset;

    if (file->direct_fd < 0) {
        return false;
    }
    for (int i = 0; i < iovcnt; i++) {
        bits |= (uintptr_t)iov[i].iov_base | iov[i].iov_len;
    }
    return bits % DIRECT_ALIGN == 0;
}

/* preadv(2) or pwritev(2). */
typedef ssize_t TransferFn(int fd, const struct iovec *iov, int iovcnt,
                           off_t offset);

static ssize_t transfer(LocalFile *file, TransferFn *fn,
                        const struct iovec *iov, int iovcnt, uint64_t offset)
{
    if (goes_direct(file, iov, iovcnt, offset)) {
        ssize_t ret = NEG_ERRNO(fn(file->direct_fd, iov, iovcnt, offset));

        if (ret != -EINVAL) {
            return ret;
        }
    }
    return NEG_ERRNO(fn(file->fd, iov, iovcnt, offset));
}

/*
 * The file system does not support RWF_NOWAIT, either because its reads never
 * wait or because it was not implemented.
 */
static int learn_nowait(LocalExport *export, LocalFile *file)
{
    int known = host_fs_is_in_memory(file->fd) ? LOCAL_NOWAIT_NEEDLESS
                                               : LOCAL_NOWAIT_NEVER;

    g_atomic_int_set(&file->nowait, known);
    if (file->base.dev == export->root_dev) {
        g_atomic_int_set(&export->nowait, known);
    }
    return known;
}

static ssize_t read_trying(LocalFile *file, const struct iovec *iov,
                           int iovcnt, uint64_t offset)
{
    int nowait = g_atomic_int_get(&file->nowait);
    ssize_t ret;

    if (file->direct_fd >= 0) {
        return -EAGAIN;
    }
    if (nowait == LOCAL_NOWAIT_YES) {
        ret = preadv2(file->fd, iov, iovcnt, offset, RWF_NOWAIT);
        if (ret >= 0) {
            return ret;
        }
        if (errno == EINTR) {
            return -EAGAIN;
        }
        /* A container's filter refuses an unknown call with EPERM. */
        if (errno != EOPNOTSUPP && errno != ENOSYS && errno != EPERM) {
            return -errno;
        }
        nowait = learn_nowait(local_export(file->base.node->export), file);
    }
    return nowait == LOCAL_NOWAIT_NEEDLESS
           ? transfer(file, preadv, iov, iovcnt, offset) : -EAGAIN;
}

ssize_t local_read(const FsCall *call, FsFile *base, const struct iovec *iov,
                   int iovcnt, uint64_t offset)
{
    LocalFile *file = local_file(base);
    int ret = check_io(base, offset);

    if (ret < 0) {
        return ret;
    }
    iovcnt = MIN(iovcnt, IOV_MAX);
    if (!fs_call_may_block(call) && base->remote) {
        return -EAGAIN;
    }
    if (!fs_call_may_wait(call, FS_WAIT_STORAGE)) {
        return read_trying(file, iov, iovcnt, offset);
    }
    return transfer(file, preadv, iov, iovcnt, offset);
}

/* ---- write ------------------------------------------------------------ */

/*
 * The host's mode is read for each write, as other programs may change it.  A
 * stored mode or capability is more expensive to read.  These are read again
 * only after a set-id bit or a capability was stored through this export.  One
 * that another program stores while the file is open is therefore not dropped
 * before the file is opened again.
 */
static int drop_setid_to_write(const FsCall *call, LocalExport *export,
                               LocalFile *file)
{
    int count = g_atomic_int_get(&export->setid_count);
    LOCAL_OBJECT obj = { 0 };
    struct stat st_now;
    HostStat st;
    FsAttr attr;
    int ret;

    if (fstat(file->fd, &st_now) < 0) {
        return -errno;
    }
    if (!(st_now.st_mode & (S_ISUID | S_ISGID)) &&
        (!export->tracks_setid ||
         g_atomic_int_get(&file->setid_seen) == count)) {
        return 0;
    }
    ret = local_object_get(call, name_from_fs(file->base.node), file,
                           LOCAL_WRITE, &obj);
    if (ret == 0) {
        ret = local_object_attr(call, export, &obj, &st, &attr);
    }
    if (ret == 0) {
        ret = local_drop_setid(export, &obj, &st, &attr);
    }
    if (ret == 0) {
        g_atomic_int_set(&file->setid_seen, count);
    }
    return ret;
}

static void start_writeout(const LocalFile *file, uint64_t offset, size_t len)
{
    /* The position of an appending write is not known: take all. */
    bool append = file->flags & O_APPEND;

    sync_file_range(file->fd, append ? 0 : offset, append ? 0 : len,
                    SYNC_FILE_RANGE_WAIT_BEFORE | SYNC_FILE_RANGE_WRITE);
}

ssize_t local_write(const FsCall *call, FsFile *base, const struct iovec *iov,
                    int iovcnt, uint64_t offset)
{
    LocalExport *export = local_export(base->node->export);
    LocalFile *file = local_file(base);
    ssize_t done;
    int ret = check_io(base, offset);

    if (ret < 0) {
        return ret;
    }
    if ((file->flags & O_ACCMODE) == O_RDONLY) {
        return -EBADF;
    }
    if (!fs_call_may_wait(call, base->remote ? FS_WAIT_ANYTHING
                                             : FS_WAIT_STORAGE)) {
        return -EAGAIN;
    }
    ret = drop_setid_to_write(call, export, file);
    if (ret < 0) {
        return ret;
    }
    done = transfer(file, pwritev, iov, MIN(iovcnt, IOV_MAX), offset);
    if (done > 0 && export->base.config.writeout_immediate) {
        start_writeout(file, offset, done);
    }
    return done;
}

int local_fsync(const FsCall *call, FsFile *base, bool datasync)
{
    LocalFile *file = local_file(base);

    if (!fs_call_may_block(call) && base->remote) {
        return -EAGAIN;
    }
    return NEG_ERRNO(datasync ? fdatasync(file->fd) : fsync(file->fd));
}

int local_length(FsFile *base, uint64_t *length)
{
    struct stat st;

    if (fstat(local_file(base)->fd, &st) < 0) {
        return -errno;
    }
    *length = st.st_size;
    return 0;
}
