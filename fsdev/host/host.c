/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The host's system calls, each with its fallback in the same function.
 *
 * Not all operations are possible on a path fd.  Those that the running kernel
 * does not support use the descriptor's entry in /proc/self/fd, "N" below.
 * That directory is opened once and lookups start from it.  No absolute path is
 * used after host_init(): after a chroot(), guests may write the root directory
 * and what is below it.  The entries are magic links: following one leads to
 * the object itself, not through its path, and ends there even if the object is
 * a symbolic link.
 *
 * Used by node*.c, local*.c and cred-*.c.  Context: any thread.
 */
#include "fsdev/core/p9-osdep.h"
#include "fsdev/core/p9-wire.h"
#include "fsdev/host/host.h"
#include "fsdev/host/host-call.h"
#include "fsdev/host/host-fs.h"

#include <linux/magic.h>
#include <pthread.h>
#include <sys/resource.h>

#define PROC_MOUNTINFO "/proc/self/mountinfo"
#define STAT_MASK_ID (STATX_TYPE | STATX_INO)
/* Limit of attempts of a lookup that races with renames on the host. */
#define LOOKUP_TRIES 32

static pthread_once_t host_once = PTHREAD_ONCE_INIT;
static int host_init_error;
static int proc_fd = -1;            /* path fd of /proc/self/fd, kept */
static int mountinfo_fd = -1;       /* of /proc/self/mountinfo, kept */
static HostStat root;               /* of "/", identity only */
static HostFeatures probed;
static HostFeatures active;         /* what is used: probed, or a test's */

static int stat_root(HostStat *st);

static int sys_openat2(int dirfd, const char *name, const OpenHow *how)
{
    return syscall(NR_openat2, dirfd, name, how, sizeof(*how));
}

/*
 * Calls the kernel directly.  With some seccomp filters the C library uses its
 * emulation of statx(), which refuses flags that the kernel supports.
 */
static int sys_statx(int dirfd, const char *name, int flags, unsigned mask,
                     struct statx *stx)
{
    return syscall(__NR_statx, dirfd, name, flags, mask, stx);
}

/* A second check of names, after that of the session. */
static bool is_component(const char *name)
{
    return name[0] && !strchr(name, '/') && strcmp(name, ".") &&
           strcmp(name, "..");
}

/*
 * Probing.  A call is considered as supported only if it returns exactly what
 * the kernel returns: seccomp filters return ENOSYS or EPERM.
 */

static bool probe_openat2(uint64_t resolve)
{
    OpenHow how = {
        .flags = O_PATH | O_CLOEXEC,
        .resolve = OPEN_BENEATH | OPEN_NO_SYMLINKS | OPEN_NO_MAGICLINKS |
                   resolve,
    };
    HOST_FD fd = RETRY_ON_EINTR(sys_openat2(proc_fd, ".", &how));

    return fd >= 0 || ((resolve & OPEN_CACHED) && errno == EAGAIN);
}

static bool probe_fchmodat2(void)
{
    return syscall(NR_fchmodat2, -1, "", 0, AT_EMPTY_PATH) < 0 &&
           errno == EBADF;
}

static bool probe_xattrat(void)
{
    char value[1];
    XattrArgs args = { (uintptr_t)value, sizeof(value), 0 };

    return syscall(NR_getxattrat, -1, "x", 0, "user.x", &args,
                   sizeof(args)) < 0 && errno == EBADF;
}

static bool probe_utimens_empty(void)
{
    const struct timespec omit[2] = {
        { .tv_nsec = UTIME_OMIT }, { .tv_nsec = UTIME_NOW },
    };

    return utimensat(-1, "", omit, AT_EMPTY_PATH) < 0 && errno == EBADF;
}

/*
 * The kernel checks the privilege when it looks up the old path, before the new
 * name.  The name "." can never be created, so that no link is left.
 */
static bool probe_link_empty(void)
{
    return linkat(proc_fd, "", proc_fd, ".", AT_EMPTY_PATH) < 0 &&
           errno == EEXIST;
}

static void probe_statx(void)
{
    struct statx stx;

    if (sys_statx(proc_fd, "", AT_EMPTY_PATH,
                  STATX_BASIC_STATS | STATX_MNT_ID, &stx) < 0) {
        return;
    }
    probed.statx = true;
    probed.statx_mnt_id = stx.stx_mask & STATX_MNT_ID;
}

/* From Linux 6.2 on the number of descriptors; before, it was 0. */
static off_t size_of_proc_fd(void)
{
    struct stat st;

    return fstat(proc_fd, &st) < 0 ? 0 : st.st_size;
}

static void host_probe(void)
{
    struct statfs st;
    int fd = RETRY_ON_EINTR(open(PROC_FD_DIR,
                                 O_PATH | O_DIRECTORY | O_CLOEXEC));

    if (fd < 0) {
        host_init_error = -errno;
        return;
    }
    if (fstatfs(fd, &st) < 0 || st.f_type != PROC_SUPER_MAGIC) {
        host_init_error = -ENOTSUP;
        close(fd);
        return;
    }
    proc_fd = fd;
    probed.openat2 = probe_openat2(0);
    probed.resolve_cached = probed.openat2 && probe_openat2(OPEN_CACHED);
    probe_statx();
    probed.fchmodat2 = probe_fchmodat2();
    probed.utimens_empty = probe_utimens_empty();
    probed.xattrat = probe_xattrat();
    probed.link_empty = probe_link_empty();
    mountinfo_fd = RETRY_ON_EINTR(open(PROC_MOUNTINFO, O_RDONLY | O_CLOEXEC));
    probed.fd_count = size_of_proc_fd() > 0;
    probed.mountinfo = mountinfo_fd >= 0 && probed.statx_mnt_id;
    active = probed;
    if (stat_root(&root) < 0) {
        root.ino = 0;
    }
}

int host_init(const char **what)
{
    pthread_once(&host_once, host_probe);
    if (host_init_error) {
        *what = PROC_FD_DIR;
    }
    return host_init_error;
}

const HostFeatures *host_features(void)
{
    return &active;
}

void host_override_features(const HostFeatures *features)
{
    active = features ? *features : probed;
}

int host_count_fds(void)
{
    struct rlimit rlim = { .rlim_cur = HOST_FDS_LOOKED_AT };
    int count = 0;

    if (active.fd_count) {
        return size_of_proc_fd();
    }
    getrlimit(RLIMIT_NOFILE, &rlim);
    for (int fd = 0; fd < MIN(rlim.rlim_cur, HOST_FDS_LOOKED_AT); fd++) {
        count += fcntl(fd, F_GETFD) >= 0;
    }
    return count;
}

void host_forget_mounts(void)
{
    if (mountinfo_fd >= 0) {
        close(mountinfo_fd);
    }
    mountinfo_fd = -1;
    probed.mountinfo = active.mountinfo = false;
}

int host_proc_fd(void)
{
    return proc_fd;
}

int host_mountinfo_fd(void)
{
    return active.mountinfo ? mountinfo_fd : -1;
}

/* Looking */

static struct timespec from_statx_time(struct statx_timestamp time)
{
    return (struct timespec) {
        .tv_sec = p9_seconds(time.tv_sec), .tv_nsec = time.tv_nsec,
    };
}

static void from_statx(HostStat *st, const struct statx *stx)
{
    *st = (HostStat) {
        .dev = makedev(stx->stx_dev_major, stx->stx_dev_minor),
        .ino = stx->stx_ino,
        .mnt_id = active.statx_mnt_id && (stx->stx_mask & STATX_MNT_ID) ?
                  stx->stx_mnt_id : 0,
        .mode = stx->stx_mode,
        .uid = stx->stx_uid,
        .gid = stx->stx_gid,
        .nlink = stx->stx_nlink,
        .rdev = makedev(stx->stx_rdev_major, stx->stx_rdev_minor),
        .size = stx->stx_size,
        .blocks = stx->stx_blocks,
        .blksize = stx->stx_blksize,
        .has_btime = stx->stx_mask & STATX_BTIME,
        .atime = from_statx_time(stx->stx_atime),
        .mtime = from_statx_time(stx->stx_mtime),
        .ctime = from_statx_time(stx->stx_ctime),
        .btime = from_statx_time(stx->stx_btime),
    };
}

static void from_stat(HostStat *st, const struct stat *stbuf)
{
    *st = (HostStat) {
        .dev = stbuf->st_dev,
        .ino = stbuf->st_ino,
        .mode = stbuf->st_mode,
        .uid = stbuf->st_uid,
        .gid = stbuf->st_gid,
        .nlink = stbuf->st_nlink,
        .rdev = stbuf->st_rdev,
        .size = stbuf->st_size,
        .blocks = stbuf->st_blocks,
        .blksize = stbuf->st_blksize,
        .atime = stbuf->st_atim,
        .mtime = stbuf->st_mtim,
        .ctime = stbuf->st_ctim,
    };
}

int host_stat(int fd, HostStat *st)
{
    struct stat stbuf;
    struct statx stx;
    int ret;

    if (active.statx) {
        ret = NEG_ERRNO(sys_statx(fd, "", AT_EMPTY_PATH, STATX_BASIC_STATS |
                                  STATX_BTIME | STATX_MNT_ID, &stx));
        if (ret == 0) {
            from_statx(st, &stx);
        }
    } else {
        ret = NEG_ERRNO(fstat(fd, &stbuf));
        if (ret == 0) {
            from_stat(st, &stbuf);
        }
    }
    if (ret == 0 && host_fs_invents_size(fd, st)) {
        st->size = 0;
    }
    return ret;
}

/* @path is one component, or empty with AT_EMPTY_PATH. */
static int stat_at(int dirfd, const char *path, int flags, unsigned mask,
                   HostStat *st)
{
    struct stat stbuf;
    struct statx stx;
    int ret;

    flags |= AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT;
    if (active.statx) {
        ret = NEG_ERRNO(sys_statx(dirfd, path, flags,
                                  mask | STATX_BTIME | STATX_MNT_ID, &stx));
        if (ret == 0) {
            from_statx(st, &stx);
        }
        return ret;
    }
    ret = NEG_ERRNO(fstatat(dirfd, path, &stbuf,
                            flags & ~AT_STATX_DONT_SYNC));
    if (ret == 0) {
        from_stat(st, &stbuf);
    }
    return ret;
}

static int stat_root(HostStat *st)
{
    return stat_at(AT_FDCWD, "/", AT_STATX_DONT_SYNC, STAT_MASK_ID, st);
}

bool host_root_is_kept(void)
{
    HostStat st;

    return root.ino && stat_root(&st) == 0 && st.ino == root.ino &&
           st.dev == root.dev && st.mnt_id == root.mnt_id;
}

/* This needs only what the kernel has in memory: no server is asked. */
static bool same_mount(int fd, int other)
{
    const int flags = AT_EMPTY_PATH | AT_STATX_DONT_SYNC;
    HostStat a, b;

    return stat_at(fd, "", flags, STAT_MASK_ID, &a) == 0 &&
           stat_at(other, "", flags, STAT_MASK_ID, &b) == 0 &&
           a.dev == b.dev && a.mnt_id == b.mnt_id;
}

static int lookup_flags(unsigned flags)
{
    return O_PATH | O_NOFOLLOW | O_CLOEXEC |
           (flags & HOST_DIRECTORY ? O_DIRECTORY : 0);
}

/* @path has one component or two. */
static int lookup_openat2(int dirfd, const char *path, unsigned flags)
{
    OpenHow how = {
        .flags = lookup_flags(flags),
        .resolve = OPEN_BENEATH | OPEN_NO_SYMLINKS | OPEN_NO_MAGICLINKS,
    };
    int tries = flags & HOST_CACHED ? 1 : LOOKUP_TRIES;
    int fd;

    if (flags & HOST_CACHED) {
        how.resolve |= OPEN_CACHED;
    }
    if (flags & HOST_NO_XDEV) {
        how.resolve |= OPEN_NO_XDEV;
    }
    /* With BENEATH, EAGAIN means that something was renamed meanwhile. */
    do {
        fd = NEG_ERRNO(sys_openat2(dirfd, path, &how));
    } while (fd == -EAGAIN && --tries > 0);
    return fd;
}

int host_lookup(int dirfd, const char *name, unsigned flags)
{
    HOST_FD fd = -1;

    if (!is_component(name)) {
        return -EINVAL;
    }
    if ((flags & HOST_CACHED) && !active.resolve_cached) {
        return -EAGAIN;
    }
    if (active.openat2) {
        fd = lookup_openat2(dirfd, name, flags);
        if (fd != -EAGAIN || (flags & (HOST_CACHED | HOST_NO_XDEV))) {
            return host_fd_steal(&fd);
        }
    }
    /* This cannot leave the directory either, as no link is followed. */
    fd = NEG_ERRNO(openat(dirfd, name, lookup_flags(flags)));
    if (fd >= 0 && (flags & HOST_NO_XDEV) && !same_mount(dirfd, fd)) {
        return -EXDEV;
    }
    return host_fd_steal(&fd);
}

int host_lookup_below(int dirfd, const char *dir, const char *name,
                      unsigned flags)
{
    char path[2 * NAME_MAX + 2];
    size_t len = strlen(dir);
    size_t name_len = strlen(name);
    HOST_FD fd = -1;

    if (!is_component(dir) || !is_component(name) || len > NAME_MAX ||
        name_len > NAME_MAX) {
        return -EINVAL;
    }
    if (active.openat2) {
        memcpy(path, dir, len);
        path[len] = '/';
        memcpy(path + len + 1, name, name_len + 1);
        return lookup_openat2(dirfd, path, flags);
    }
    fd = host_lookup(dirfd, dir, flags);
    return fd < 0 ? fd : host_lookup(fd, name, flags);
}

int host_stat_at(int dirfd, const char *name, HostStat *st)
{
    return is_component(name) ? stat_at(dirfd, name, 0, STATX_BASIC_STATS, st)
                              : -EINVAL;
}

int host_stat_id_at(int dirfd, const char *name, HostStat *st)
{
    /* The identity does not change, so a file server need not be queried. */
    return is_component(name) ? stat_at(dirfd, name, AT_STATX_DONT_SYNC,
                                        STAT_MASK_ID, st)
                              : -EINVAL;
}

int host_stat_here(int dirfd, const char *name, HostStat *st)
{
    HOST_FD fd = host_lookup(dirfd, name, HOST_NO_XDEV);

    return fd < 0 ? fd : host_stat(fd, st);
}

bool host_has_name(int dirfd, const char *name)
{
    HOST_FD fd = -1;
    int ret;

    if (!is_component(name)) {
        return false;
    }
    /* Renaming an object to itself fails because the new name exists. */
    ret = NEG_ERRNO(renameat2(dirfd, name, dirfd, name, RENAME_NOREPLACE));
    if (ret == -EPERM || ret == -ENOSYS || ret == -EINVAL) {
        /*
         * A container's filter refuses the call; the C library turns ENOSYS
         * into EINVAL.
         */
        fd = host_lookup(dirfd, name, HOST_NO_XDEV);
        ret = fd >= 0 || fd == -EXDEV ? -EEXIST : fd;
    }
    return ret == -EEXIST;
}

ssize_t host_readlink(int pathfd, char *buf, size_t size)
{
    ssize_t ret = NEG_ERRNO(readlinkat(pathfd, "", buf, MIN(size, INT_MAX)));

    /* With an empty path the kernel returns ENOENT if it is not a link. */
    return ret == -ENOENT ? -EINVAL : ret;
}

/* Opening and creating */

static int reopen(int pathfd, int flags)
{
    const int drop = O_CREAT | O_EXCL | O_NOFOLLOW | O_PATH |
                     (O_TMPFILE & ~O_DIRECTORY);
    ProcName name;
    int fd;

    proc_name(&name, pathfd);
    flags = (flags & ~drop) | O_CLOEXEC | O_NOCTTY;
    fd = NEG_ERRNO(openat(proc_fd, name.entry, flags));
    if (fd == -EPERM && (flags & O_NOATIME)) {
        /* O_NOATIME requires ownership, but it is only a hint. */
        fd = NEG_ERRNO(openat(proc_fd, name.entry, flags & ~O_NOATIME));
    }
    return fd;
}

int host_path_fd(int fd)
{
    ProcName name;

    proc_name(&name, fd);
    return NEG_ERRNO(openat(proc_fd, name.entry, O_PATH | O_CLOEXEC));
}

int host_reopen_brief(int pathfd, int flags)
{
    return reopen(pathfd, flags | O_NONBLOCK);
}

int host_reopen(int pathfd, int flags)
{
    int fd = host_reopen_brief(pathfd, flags);

    /* The file has a lease: wait until its holder gives it up. */
    return fd == -EAGAIN ? reopen(pathfd, flags & ~O_NONBLOCK) : fd;
}

/* openat(2) would automount on @name before it returns EEXIST. */
static int create_openat2(int dirfd, const char *name, int flags, mode_t mode)
{
    OpenHow how = {
        .flags = flags,
        .mode = mode,
        .resolve = OPEN_BENEATH | OPEN_NO_SYMLINKS | OPEN_NO_MAGICLINKS |
                   OPEN_NO_XDEV,
    };
    int fd = NEG_ERRNO(sys_openat2(dirfd, name, &how));

    /* A mount point or a symbolic link: the name exists. */
    return fd == -EXDEV || fd == -ELOOP ? -EEXIST : fd;
}

int host_create(int dirfd, const char *name, int flags, mode_t mode)
{
    const int drop = O_PATH | (O_TMPFILE & ~O_DIRECTORY);

    if (!is_component(name)) {
        return -EINVAL;
    }
    flags = (flags & ~drop) | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC |
            O_NOCTTY | O_NONBLOCK;
    mode &= 07777;
    return active.openat2 ? create_openat2(dirfd, name, flags, mode)
                          : NEG_ERRNO(openat(dirfd, name, flags, mode));
}

int host_link(int pathfd, int dirfd, const char *name)
{
    ProcName old;
    int ret;

    if (!is_component(name)) {
        return -EINVAL;
    }
    if (active.link_empty) {
        ret = NEG_ERRNO(linkat(pathfd, "", dirfd, name, AT_EMPTY_PATH));
        /* ENOENT also means that the privilege was dropped since the probe. */
        if (ret != -ENOENT) {
            return ret;
        }
    }
    proc_name(&old, pathfd);
    return NEG_ERRNO(linkat(proc_fd, old.entry, dirfd, name,
                            AT_SYMLINK_FOLLOW));
}

/* Changing attributes */

int host_chmod(int pathfd, mode_t mode)
{
    ProcName name;
    HostStat st;
    int ret;

    mode &= 07777;
    if (active.fchmodat2) {
        return NEG_ERRNO(syscall(NR_fchmodat2, pathfd, "", mode,
                                 AT_EMPTY_PATH));
    }
    /*
     * Before 6.6, some file systems change the mode of a link itself, and may
     * report an error nevertheless.
     */
    ret = host_stat(pathfd, &st);
    if (ret < 0) {
        return ret;
    }
    if (S_ISLNK(st.mode)) {
        return -EOPNOTSUPP;
    }
    proc_name(&name, pathfd);
    return NEG_ERRNO(fchmodat(proc_fd, name.entry, mode, 0));
}

int host_chown(int pathfd, uint32_t uid, uint32_t gid)
{
    return NEG_ERRNO(fchownat(pathfd, "", uid, gid, AT_EMPTY_PATH));
}

int host_utimens(int pathfd, const struct timespec times[2])
{
    ProcName name;

    if (active.utimens_empty) {
        return NEG_ERRNO(utimensat(pathfd, "", times, AT_EMPTY_PATH));
    }
    proc_name(&name, pathfd);
    return NEG_ERRNO(utimensat(proc_fd, name.entry, times, 0));
}
