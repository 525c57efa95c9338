/* SPDX-License-Identifier: GPL-2.0-or-later */
/* An imitation of /proc/self/fd: see planted.h. */
#include "fsdev/core/p9-osdep.h"
#include <sys/xattr.h>
#include "planted.h"

#define N_LINKS 128

static const char *const dirs[] = { "proc", "proc/self", "proc/self/fd" };

const PlantedObject planted_objects[] = {
    { "file", S_IFREG | 0644, .takes_user = true, .takes_acl = true },
    { "unreadable", S_IFREG | 0000, .takes_user = true, .takes_acl = true },
    { "dir", S_IFDIR | 0755, .takes_user = true, .takes_acl = true },
    { "link", S_IFLNK | 0777 },
    { "fifo", S_IFIFO | 0644, .takes_acl = true },
    { "socket", S_IFSOCK | 0644, .takes_acl = true },
    { "device", S_IFCHR | 0644, .takes_acl = true },
    { NULL },
};

/* user::rw-, user:1000:r--, group::r--, mask::r--, other::--- */
const uint8_t planted_acl[44] = {
    2, 0, 0, 0,
    0x01, 0, 6, 0, 0xff, 0xff, 0xff, 0xff,
    0x02, 0, 4, 0, 0xe8, 0x03, 0, 0,
    0x04, 0, 4, 0, 0xff, 0xff, 0xff, 0xff,
    0x10, 0, 4, 0, 0xff, 0xff, 0xff, 0xff,
    0x20, 0, 0, 0, 0xff, 0xff, 0xff, 0xff,
};

static int open_victim(int dirfd)
{
    int fd = openat(dirfd, "victim", O_RDONLY | O_NOFOLLOW | O_CLOEXEC);

    g_assert_cmpint(fd, >=, 0);
    return fd;
}

static bool make_victim(int dirfd)
{
    bool made;
    int fd;

    g_assert_cmpint(mknodat(dirfd, "victim", S_IFREG | 0600, 0), ==, 0);
    fd = open_victim(dirfd);
    made = fsetxattr(fd, "system.posix_acl_access", planted_acl,
                     sizeof(planted_acl), 0) == 0 &&
           fremovexattr(fd, "system.posix_acl_access") == 0 &&
           fsetxattr(fd, PLANTED_ATTR, "secret", 6, 0) == 0;
    close(fd);
    if (!made) {
        unlinkat(dirfd, "victim", 0);
    }
    return made;
}

static void make_object(int dirfd, const PlantedObject *object)
{
    int ret = S_ISDIR(object->mode) ? mkdirat(dirfd, object->name, 0755)
            : S_ISLNK(object->mode) ? symlinkat("victim", dirfd, object->name)
            : mknodat(dirfd, object->name, object->mode, 0);

    g_assert_cmpint(ret, ==, 0);
}

bool planted_make(int dirfd)
{
    if (!make_victim(dirfd)) {
        return false;
    }
    for (size_t i = 0; i < ARRAY_SIZE(dirs); i++) {
        g_assert_cmpint(mkdirat(dirfd, dirs[i], 0755), ==, 0);
    }
    for (int i = 0; i < N_LINKS; i++) {
        g_autofree char *name = g_strdup_printf("proc/self/fd/%d", i);

        g_assert_cmpint(symlinkat("/victim", dirfd, name), ==, 0);
    }
    for (const PlantedObject *o = planted_objects; o->name; o++) {
        make_object(dirfd, o);
    }
    return true;
}

void planted_check(int dirfd)
{
    char buf[64];
    int fd = open_victim(dirfd);

    g_assert_cmpint(flistxattr(fd, buf, sizeof(buf)), ==,
                    sizeof(PLANTED_ATTR));
    g_assert_cmpstr(buf, ==, PLANTED_ATTR);
    g_assert_cmpint(fgetxattr(fd, PLANTED_ATTR, buf, sizeof(buf)), ==, 6);
    g_assert_cmpmem(buf, 6, "secret", 6);
    close(fd);
}

void planted_remove(int dirfd)
{
    for (const PlantedObject *o = planted_objects; o->name; o++) {
        unlinkat(dirfd, o->name, S_ISDIR(o->mode) ? AT_REMOVEDIR : 0);
    }
    for (int i = 0; i < N_LINKS; i++) {
        g_autofree char *name = g_strdup_printf("proc/self/fd/%d", i);

        unlinkat(dirfd, name, 0);
    }
    for (size_t i = ARRAY_SIZE(dirs); i > 0; i--) {
        unlinkat(dirfd, dirs[i - 1], AT_REMOVEDIR);
    }
    unlinkat(dirfd, "victim", 0);
}
