/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The host's calls for extended attributes.
 *
 * None of them works on a path fd itself, even in Linux 6.18, and before Linux
 * 6.13 those that take a path begin at the root or at the working directory of
 * the process.  The root may be a directory that guests write, after chroot()
 * in QEMU and always in the helper, so a path that begins there may lead
 * anywhere.  The object is reached in the first of these ways that is possible:
 *
 * - *xattrat(2) from the open /proc/self/fd (Linux 6.13).
 * - In a thread whose working directory is /proc/self/fd: by the name of the
 *   descriptor there.  The helper's workers are such threads.
 * - Regular files and directories are opened for the call.  Other objects must
 *   not be opened, as this may have effects on them, or cannot be.
 * - A thread with that working directory is created for the call.  This is
 *   rare, so it does not have to be fast, and if a file system does not
 *   respond, no other call waits.  A process with a seccomp filter does without
 *   it: the filter of "-sandbox on,spawn=deny" kills a thread that separates
 *   its working directory from that of the process.
 *
 * Used by local*.c and cred-*.c.  Context: any thread.
 */
#include "fsdev/core/p9-osdep.h"
#include "fsdev/host/host.h"
#include "fsdev/host/host-call.h"

#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/xattr.h>

typedef enum XattrKind {
    XATTR_KIND_GET,
    XATTR_KIND_LIST,
    XATTR_KIND_SET,
    XATTR_KIND_REMOVE,
} XattrKind;

typedef struct XattrCall {
    XattrKind kind;
    int pathfd;
    const char *name;           /* not for LIST */
    void *buf;                  /* for GET and LIST */
    const void *value;          /* for SET */
    size_t size;
    int flags;                  /* for SET */
} XattrCall;

/* The working directory of this thread is /proc/self/fd. */
static __thread bool in_proc_fd;

/* ---- ways ------------------------------------------------------------- */

static ssize_t call_at(const XattrCall *c)
{
    XattrArgs args = {
        .value = c->kind == XATTR_KIND_SET ? (uintptr_t)c->value
                                           : (uintptr_t)c->buf,
        .size = MIN(c->size, INT_MAX),
        .flags = c->flags,
    };
    int dir = host_proc_fd();
    ProcName proc;

    proc_name(&proc, c->pathfd);
    switch (c->kind) {
    case XATTR_KIND_GET:
        return NEG_ERRNO(syscall(NR_getxattrat, dir, proc.entry, 0, c->name,
                                 &args, sizeof(args)));
    case XATTR_KIND_LIST:
        return NEG_ERRNO(syscall(NR_listxattrat, dir, proc.entry, 0, c->buf,
                                 c->size));
    case XATTR_KIND_SET:
        return NEG_ERRNO(syscall(NR_setxattrat, dir, proc.entry, 0, c->name,
                                 &args, sizeof(args)));
    case XATTR_KIND_REMOVE:
        return NEG_ERRNO(syscall(NR_removexattrat, dir, proc.entry, 0,
                                 c->name));
    }
    g_assert_not_reached();
}

/* In a thread with in_proc_fd. */
static ssize_t call_entry(const XattrCall *c)
{
    ProcName proc;

    proc_name(&proc, c->pathfd);
    switch (c->kind) {
    case XATTR_KIND_GET:
        return NEG_ERRNO(getxattr(proc.entry, c->name, c->buf, c->size));
    case XATTR_KIND_LIST:
        return NEG_ERRNO(listxattr(proc.entry, c->buf, c->size));
    case XATTR_KIND_SET:
        return NEG_ERRNO(setxattr(proc.entry, c->name, c->value, c->size,
                                  c->flags));
    case XATTR_KIND_REMOVE:
        return NEG_ERRNO(removexattr(proc.entry, c->name));
    }
    g_assert_not_reached();
}

static ssize_t call_open(const XattrCall *c, int fd)
{
    switch (c->kind) {
    case XATTR_KIND_GET:
        return NEG_ERRNO(fgetxattr(fd, c->name, c->buf, c->size));
    case XATTR_KIND_LIST:
        return NEG_ERRNO(flistxattr(fd, c->buf, c->size));
    case XATTR_KIND_SET:
        return NEG_ERRNO(fsetxattr(fd, c->name, c->value, c->size, c->flags));
    case XATTR_KIND_REMOVE:
        return NEG_ERRNO(fremovexattr(fd, c->name));
    }
    g_assert_not_reached();
}

/* ---- a thread for one call -------------------------------------------- */

int host_enter_proc_fd(void)
{
    if (!in_proc_fd) {
        if (unshare(CLONE_FS) < 0 || fchdir(host_proc_fd()) < 0) {
            return -errno;
        }
        in_proc_fd = true;
    }
    return 0;
}

typedef struct XattrJob {
    const XattrCall *call;
    ssize_t ret;
    bool done;                  /* otherwise the call was not made */
} XattrJob;

static void *run_job(void *opaque)
{
    XattrJob *job = opaque;

    if (host_enter_proc_fd() == 0) {
        job->ret = call_entry(job->call);
        job->done = true;
    }
    return NULL;
}

/* False if the call was not made. */
static bool call_in_thread(const XattrCall *c, ssize_t *ret)
{
    XattrJob job = { .call = c };
    pthread_t thread;
    sigset_t all, old;
    int error;

    if (prctl(PR_GET_SECCOMP, 0, 0, 0, 0) != 0) {
        return false;
    }
    /* The process's signals are for its other threads. */
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &old);
    error = pthread_create(&thread, NULL, run_job, &job);
    pthread_sigmask(SIG_SETMASK, &old, NULL);
    if (error) {
        return false;
    }
    pthread_join(thread, NULL);
    *ret = job.ret;
    return job.done;
}

/* ---- the choice ------------------------------------------------------- */

/*
 * The kernel gives user attributes to regular files and directories only, and
 * lets only those who may read a file read them.
 */
static bool is_refused(const XattrCall *c, int open_error, ssize_t *ret)
{
    if (c->kind == XATTR_KIND_LIST || !g_str_has_prefix(c->name, "user.")) {
        return false;
    }
    if (open_error == -EOPNOTSUPP) {
        *ret = c->kind == XATTR_KIND_GET ? -ENODATA : -EPERM;
        return true;
    }
    *ret = open_error;
    return c->kind == XATTR_KIND_GET && open_error == -EACCES;
}

/* -EOPNOTSUPP for an object that must not be opened. */
static int open_for_call(int pathfd)
{
    HostStat st;
    int ret = host_stat(pathfd, &st);

    if (ret < 0) {
        return ret;
    }
    return S_ISREG(st.mode) || S_ISDIR(st.mode)
           ? host_reopen_brief(pathfd, O_RDONLY) : -EOPNOTSUPP;
}

static ssize_t call_before_xattrat(const XattrCall *c)
{
    HOST_FD fd = -1;
    ssize_t ret;

    if (in_proc_fd) {
        return call_entry(c);
    }
    fd = open_for_call(c->pathfd);
    if (fd >= 0) {
        return call_open(c, fd);
    }
    if (is_refused(c, fd, &ret) || call_in_thread(c, &ret)) {
        return ret;
    }
    /* For the caller, EAGAIN would mean that a call that may wait succeeds. */
    return fd == -EAGAIN ? -EBUSY : fd;
}

static ssize_t xattr_call(const XattrCall *c)
{
    return host_features()->xattrat ? call_at(c) : call_before_xattrat(c);
}

ssize_t host_getxattr(int pathfd, const char *name, void *buf, size_t size)
{
    const XattrCall c = {
        .kind = XATTR_KIND_GET, .pathfd = pathfd, .name = name,
        .buf = buf, .size = size,
    };

    return xattr_call(&c);
}

ssize_t host_listxattr(int pathfd, char *buf, size_t size)
{
    const XattrCall c = {
        .kind = XATTR_KIND_LIST, .pathfd = pathfd, .buf = buf, .size = size,
    };

    return xattr_call(&c);
}

int host_setxattr(int pathfd, const char *name, const void *value,
                  size_t size, int flags)
{
    const XattrCall c = {
        .kind = XATTR_KIND_SET, .pathfd = pathfd, .name = name,
        .value = value, .size = size, .flags = flags,
    };

    return xattr_call(&c);
}

int host_removexattr(int pathfd, const char *name)
{
    const XattrCall c = {
        .kind = XATTR_KIND_REMOVE, .pathfd = pathfd, .name = name,
    };

    return xattr_call(&c);
}
