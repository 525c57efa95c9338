/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the kernel says about objects that are not mapped: owners-kernel.h. */
#include "fsdev/core/p9-osdep.h"
#include <sys/xattr.h>
#include "idmapped-mount.h"
#include "owners-kernel.h"
#include "owners-world.h"

/* In the directory @dirfd, as the root of this process. */
typedef int KernelAct(int dirfd, const char *name);

#define KERNEL(function, call) \
    static int function(int dirfd, const char *name) \
    { \
        return NEG_ERRNO(call); \
    }

static int open_close(int dirfd, const char *name, int flags)
{
    int fd = openat(dirfd, name, flags | O_CLOEXEC, 0600);

    return fd < 0 ? -errno : close(fd);
}

static int path_call(int dirfd, const char *name,
                     int (*call)(const char *path))
{
    g_autofree char *path = g_strdup_printf("/proc/self/fd/%d/%s", dirfd,
                                            name);

    return call(path) < 0 ? -errno : 0;
}

static int call_setxattr(const char *path)
{
    return setxattr(path, "user.x", "y", 1, 0);
}

static int call_removexattr(const char *path)
{
    return removexattr(path, "user.x");
}

static int call_truncate(const char *path)
{
    return truncate(path, 1);
}

static int call_getxattr(const char *path)
{
    return getxattr(path, "user.x", NULL, 0) < 0 && errno != ENODATA ? -1 : 0;
}

static const struct timespec long_ago[2] = { { 1, 0 }, { 1, 0 } };

KERNEL(kernel_chmod, fchmodat(dirfd, name, 06755, 0))
KERNEL(kernel_times, utimensat(dirfd, name, long_ago, 0))
KERNEL(kernel_touch, utimensat(dirfd, name, NULL, 0))
KERNEL(kernel_link, linkat(dirfd, name, dirfd, "new", 0))
KERNEL(kernel_rename, renameat(dirfd, name, dirfd, "new"))
KERNEL(kernel_rename_over, renameat(dirfd, "mine", dirfd, name))
KERNEL(kernel_unlink, unlinkat(dirfd, name, 0))
KERNEL(kernel_search, faccessat(dirfd, "o/in", F_OK, 0))
KERNEL(kernel_mkdir, mkdirat(dirfd, "o/new", 0700))
KERNEL(kernel_mknod, mknodat(dirfd, "o/new", S_IFIFO | 0600, 0))
KERNEL(kernel_symlink, symlinkat("x", dirfd, "o/new"))
KERNEL(kernel_link_into, linkat(dirfd, "mine", dirfd, "o/new", 0))
KERNEL(kernel_rename_into, renameat(dirfd, "mine", dirfd, "o/new"))
KERNEL(kernel_rename_out, renameat(dirfd, "o/in", dirfd, "new"))
KERNEL(kernel_unlink_in, unlinkat(dirfd, "o/in", 0))

static int kernel_size(int dirfd, const char *name)
{
    return path_call(dirfd, name, call_truncate);
}

static int kernel_setxattr(int dirfd, const char *name)
{
    return path_call(dirfd, name, call_setxattr);
}

static int kernel_removexattr(int dirfd, const char *name)
{
    return path_call(dirfd, name, call_removexattr);
}

static int kernel_getxattr(int dirfd, const char *name)
{
    return path_call(dirfd, name, call_getxattr);
}

static int kernel_read(int dirfd, const char *name)
{
    return open_close(dirfd, name, O_RDONLY);
}

static int kernel_write(int dirfd, const char *name)
{
    return open_close(dirfd, name, O_WRONLY);
}

static int kernel_append(int dirfd, const char *name)
{
    return open_close(dirfd, name, O_RDWR | O_APPEND);
}

static int kernel_truncate(int dirfd, const char *name)
{
    return open_close(dirfd, name, O_RDONLY | O_TRUNC);
}

static int kernel_create_over(int dirfd, const char *name)
{
    return open_close(dirfd, name, O_RDWR | O_CREAT | O_TRUNC);
}

static int kernel_create(int dirfd, const char *name)
{
    return open_close(dirfd, "o/new", O_RDWR | O_CREAT);
}

static const struct {
    const char *name;
    KernelAct *act;
} acts[] = {
    { "chmod", kernel_chmod },
    { "size", kernel_size },
    { "times", kernel_times },
    { "touch", kernel_touch },
    { "read", kernel_read },
    { "read-public", kernel_read },
    { "write", kernel_write },
    { "append", kernel_append },
    { "truncate", kernel_truncate },
    { "create-over", kernel_create_over },
    { "setxattr", kernel_setxattr },
    { "removexattr", kernel_removexattr },
    { "getxattr", kernel_getxattr },
    { "getxattr-public", kernel_getxattr },
    { "link", kernel_link },
    { "rename", kernel_rename },
    { "renameat", kernel_rename },
    { "rename-over", kernel_rename_over },
    { "unlink", kernel_unlink },
    { "remove", kernel_unlink },
    { "dir-search", kernel_search },
    { "dir-search-public", kernel_search },
    { "dir-read", kernel_read },
    { "dir-read-public", kernel_read },
    { "dir-create", kernel_create },
    { "dir-mkdir", kernel_mkdir },
    { "dir-mknod", kernel_mknod },
    { "dir-symlink", kernel_symlink },
    { "dir-link", kernel_link_into },
    { "dir-rename-into", kernel_rename_into },
    { "dir-rename-out", kernel_rename_out },
    { "dir-unlink-in", kernel_unlink_in },
    { "dir-rename", kernel_rename },
    { "dir-chmod", kernel_chmod },
};

static KernelAct *find(const char *name)
{
    for (size_t i = 0; i < ARRAY_SIZE(acts); i++) {
        if (!strcmp(acts[i].name, name)) {
            return acts[i].act;
        }
    }
    return NULL;
}

bool owners_kernel_try(const char *name, uint32_t mode, int *ret)
{
    KernelAct *act = find(name);
    IdmappedMount m;

    if (!act || !idmapped_mount_open(&m, OWNERS_BASE, OWNERS_COUNT)) {
        return false;
    }
    idmapped_mount_put(&m, "mine", OWNERS_BASE, S_IFREG | 0600);
    idmapped_mount_put(&m, "o", OWNERS_NOT_HOST, mode);
    *ret = act(m.fd, "o");
    idmapped_mount_close(&m);
    /* A tmpfs may have no user attributes (Linux before 6.6). */
    return *ret != -EOPNOTSUPP;
}
