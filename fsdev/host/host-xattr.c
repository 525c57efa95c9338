/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The host's calls for extended attributes.
 *
 * None of them works on a path fd itself, even in Linux 6.18.  They start at
 * the open /proc/self/fd where *xattrat(2) exist, else use the absolute path.
 * If that does not exist, after a chroot(), the object is opened, which
 * is possible for regular files and directories only.  Because of the absolute
 * path, guests must not be able to write the directory given to
 * -run-with chroot=.
 * Used by local*.c and cred-*.c.  Context: any thread.
 */
#include "fsdev/core/p9-osdep.h"
#include "fsdev/host/host.h"
#include "fsdev/host/host-call.h"

#include <sys/xattr.h>

static int xattr_real_fd(int pathfd)
{
    HostStat st;
    int ret = host_stat(pathfd, &st);

    if (ret < 0) {
        return ret;
    }
    if (!S_ISREG(st.mode) && !S_ISDIR(st.mode)) {
        return -EOPNOTSUPP;
    }
    return host_reopen(pathfd, O_RDONLY);
}

ssize_t host_getxattr(int pathfd, const char *name, void *buf, size_t size)
{
    XattrArgs args = { (uintptr_t)buf, MIN(size, INT_MAX), 0 };
    HOST_FD fd = -1;
    ProcName proc;
    ssize_t ret;

    proc_name(&proc, pathfd);
    if (host_features()->xattrat) {
        return NEG_ERRNO(syscall(NR_getxattrat, host_proc_fd(), proc.entry, 0,
                                 name, &args, sizeof(args)));
    }
    ret = NEG_ERRNO(getxattr(proc.path, name, buf, size));
    if (ret != -ENOENT) {
        return ret;
    }
    fd = xattr_real_fd(pathfd);
    return fd < 0 ? fd : NEG_ERRNO(fgetxattr(fd, name, buf, size));
}

ssize_t host_listxattr(int pathfd, char *buf, size_t size)
{
    HOST_FD fd = -1;
    ProcName proc;
    ssize_t ret;

    proc_name(&proc, pathfd);
    if (host_features()->xattrat) {
        return NEG_ERRNO(syscall(NR_listxattrat, host_proc_fd(), proc.entry, 0,
                                 buf, size));
    }
    ret = NEG_ERRNO(listxattr(proc.path, buf, size));
    if (ret != -ENOENT) {
        return ret;
    }
    fd = xattr_real_fd(pathfd);
    return fd < 0 ? fd : NEG_ERRNO(flistxattr(fd, buf, size));
}

int host_setxattr(int pathfd, const char *name, const void *value,
                  size_t size, int flags)
{
    XattrArgs args = { (uintptr_t)value, MIN(size, INT_MAX), flags };
    HOST_FD fd = -1;
    ProcName proc;
    int ret;

    proc_name(&proc, pathfd);
    if (host_features()->xattrat) {
        return NEG_ERRNO(syscall(NR_setxattrat, host_proc_fd(), proc.entry, 0,
                                 name, &args, sizeof(args)));
    }
    ret = NEG_ERRNO(setxattr(proc.path, name, value, size, flags));
    if (ret != -ENOENT) {
        return ret;
    }
    fd = xattr_real_fd(pathfd);
    return fd < 0 ? fd : NEG_ERRNO(fsetxattr(fd, name, value, size, flags));
}

int host_removexattr(int pathfd, const char *name)
{
    HOST_FD fd = -1;
    ProcName proc;
    int ret;

    proc_name(&proc, pathfd);
    if (host_features()->xattrat) {
        return NEG_ERRNO(syscall(NR_removexattrat, host_proc_fd(), proc.entry,
                                 0, name));
    }
    ret = NEG_ERRNO(removexattr(proc.path, name));
    if (ret != -ENOENT) {
        return ret;
    }
    fd = xattr_real_fd(pathfd);
    return fd < 0 ? fd : NEG_ERRNO(fremovexattr(fd, name));
}
