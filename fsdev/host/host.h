/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The host's system calls for the local driver: one function for each call,
 * with its fallback beside the fast path.
 *
 * host_init() finds out once what the kernel supports, and what the seccomp
 * filter of a container permits, and stores it in a struct of booleans.  Tests
 * can override these, so that both branches of every fallback are run.  All
 * functions return ≥ 0 or -errno, repeat a call after EINTR, open with
 * O_CLOEXEC | O_NOCTTY and never follow a symbolic link.  A "path fd" is an
 * O_PATH descriptor.  Nothing here depends on nodes, security models or 9P.
 * Context: any thread.
 */
#ifndef FSDEV_HOST_H
#define FSDEV_HOST_H

#include "fsdev/core/p9-osdep.h"

typedef struct HostFeatures {
    bool openat2;           /* 5.6; ENOSYS and EPERM count as absent */
    bool resolve_cached;    /* 5.12; needs openat2 */
    bool statx;             /* 4.11; without it no btime and no mnt_id */
    bool statx_mnt_id;      /* 5.8; needs statx */
    bool fchmodat2;         /* 6.6 */
    bool utimens_empty;     /* utimensat(fd, "", …, AT_EMPTY_PATH), 5.8 */
    bool xattrat;           /* 6.13: getxattrat(2) and friends */
    bool link_empty;        /* linkat(AT_EMPTY_PATH): CAP_DAC_READ_SEARCH */
    bool mountinfo;         /* /proc/self/mountinfo; needs statx_mnt_id */
    bool fd_count;          /* the size of /proc/self/fd, 6.2 */
} HostFeatures;

/* The results of statx(2) that identity and attributes need. */
typedef struct HostStat {
    uint64_t dev;
    uint64_t ino;
    uint64_t mnt_id;        /* 0 if the kernel does not provide it */
    uint32_t mode;
    uint32_t uid;
    uint32_t gid;
    uint64_t nlink;
    uint64_t rdev;
    uint64_t size;
    uint64_t blocks;
    uint32_t blksize;
    bool has_btime;
    struct timespec atime;
    struct timespec mtime;
    struct timespec ctime;
    struct timespec btime;
} HostStat;

enum {
    HOST_CACHED = 1u << 0,  /* resolve from the dentry cache or -EAGAIN */
    /*
     * -EXDEV instead of crossing a mount point.  With openat2(2) the file
     * system that is mounted there is not asked, and nothing is automounted.
     */
    HOST_NO_XDEV = 1u << 1,
    HOST_DIRECTORY = 1u << 2, /* -ENOTDIR for all other types, also links */
};

/**
 * host_init: probe the kernel once and open /proc/self/fd.
 *
 * The descriptor is kept and no absolute path is used after a chroot(), so that
 * it has no effect, even if guests can write the new root directory.
 * Returns 0, or -errno with *@what set to the missing path if there is no
 * /proc, which is the only way to open the object of a path fd.  Idempotent.
 * Context: any thread, after the last fork() of the process.
 */
int host_init(const char **what);
/** host_features: the features in use. */
const HostFeatures *host_features(void);
/**
 * host_override_features: use other features than those probed, while no other
 * thread calls functions of this file; NULL restores them.  For tests, and for
 * a process that does without a feature.
 */
void host_override_features(const HostFeatures *features);
/**
 * host_count_fds: how many descriptors the process has open.
 *
 * Without fd_count, this takes a system call for each number below the limit on
 * descriptors, of which it looks at no more than HOST_FDS_LOOKED_AT.
 */
int host_count_fds(void);
#define HOST_FDS_LOOKED_AT 4096
/** host_forget_mounts: close the list of mounts, for good; see host-fs.h. */
void host_forget_mounts(void);

/** host_mountinfo_fd: for host-*.c; -1 if there is none. */
int host_mountinfo_fd(void);
/** host_root_is_kept: is "/" what it was in host_init()?  Never hangs. */
bool host_root_is_kept(void);

/**
 * host_lookup: open a path fd of @name (a legal component) in @dirfd.
 *
 * For a symbolic link it is one of the link itself.  -EAGAIN only with
 * HOST_CACHED.
 */
int host_lookup(int dirfd, const char *name, unsigned flags);
/**
 * host_lookup_below: the same for @name in the directory @dir in @dirfd.
 * -ELOOP or -ENOTDIR if @dir is a symbolic link, -ENOTDIR if it is another
 * object that is not a directory.
 */
int host_lookup_below(int dirfd, const char *dir, const char *name,
                      unsigned flags);
/** host_stat: of any descriptor, also a path fd. */
int host_stat(int fd, HostStat *st);
/**
 * host_stat_at: lstat of @name in @dirfd.  May hang if a file system that does
 * not respond is mounted there.
 */
int host_stat_at(int dirfd, const char *name, HostStat *st);
/** host_stat_id_at: the same, for identity and type only. */
int host_stat_id_at(int dirfd, const char *name, HostStat *st);
/** host_stat_here: the same after host_lookup() with HOST_NO_XDEV. */
int host_stat_here(int dirfd, const char *name, HostStat *st);
/**
 * host_has_name: does @name exist in @dirfd?  Neither the object nor a file
 * system that is mounted on it is asked.  False also if the directory cannot be
 * written.
 */
bool host_has_name(int dirfd, const char *name);
/**
 * host_reopen: real descriptor of the very object of @pathfd.
 *
 * It must be a regular file or directory.  O_CREAT, O_EXCL, O_NOFOLLOW, O_PATH
 * and O_TMPFILE in @flags are ignored; O_NOATIME is ignored if the kernel
 * refuses it.  May wait until another process gives up a lease.
 */
int host_reopen(int pathfd, int flags);
/** host_reopen_brief: the same, but -EAGAIN if there is a lease on the file. */
int host_reopen_brief(int pathfd, int flags);
/** host_path_fd: a path fd of the very object of @fd, any descriptor. */
int host_path_fd(int fd);
/**
 * host_create: openat(O_CREAT | O_EXCL | O_NOFOLLOW); the umask applies.  If a
 * file system is mounted on @name, it is not asked: -EEXIST.
 */
int host_create(int dirfd, const char *name, int flags, mode_t mode);

/** host_chmod: -EOPNOTSUPP for a symbolic link. */
int host_chmod(int pathfd, mode_t mode);
/** host_chown: UINT32_MAX does not change that id. */
int host_chown(int pathfd, uint32_t uid, uint32_t gid);
/** host_utimens: also of a symbolic link; UTIME_NOW and UTIME_OMIT allowed. */
int host_utimens(int pathfd, const struct timespec times[2]);
/** host_readlink: as readlink(2); -EINVAL if it is not a symbolic link. */
ssize_t host_readlink(int pathfd, char *buf, size_t size);
/** host_link: create another name for the object of @pathfd. */
int host_link(int pathfd, int dirfd, const char *name);

/*
 * Extended attributes of the object of @pathfd (a path fd or a real one), as
 * getxattr(2) and related calls.
 *
 * Without xattrat, a regular file or directory is opened for the call.  For
 * other objects, and if that fails, a thread is created for it; in a process
 * with a seccomp filter the result is -EOPNOTSUPP or the error of opening
 * instead, which is -EBUSY if there is a lease on the file.
 */
ssize_t host_getxattr(int pathfd, const char *name, void *buf, size_t size);
ssize_t host_listxattr(int pathfd, char *buf, size_t size);
int host_setxattr(int pathfd, const char *name, const void *value,
                  size_t size, int flags);
int host_removexattr(int pathfd, const char *name);
/**
 * host_enter_proc_fd: from now on, this thread makes these calls in one step
 * and for all types of objects.
 *
 * Its working directory is separated from that of the process and becomes the
 * open /proc/self/fd.  So this is only for threads that never use another
 * relative path.  Returns 0 or -errno.  Idempotent.
 */
int host_enter_proc_fd(void);

/* HOST_FD declares a descriptor that is closed at the end of its scope. */
static inline void host_fd_cleanup(int *fd)
{
    if (*fd >= 0) {
        int saved = errno;

        close(*fd);
        errno = saved;
    }
}
#define HOST_FD __attribute__((cleanup(host_fd_cleanup))) int

static inline int host_fd_steal(int *fd)
{
    int ret = *fd;

    *fd = -1;
    return ret;
}

#endif
