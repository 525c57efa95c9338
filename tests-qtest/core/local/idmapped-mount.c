/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A tmpfs mounted with a map of ids; see idmapped-mount.h. */
#include "fsdev/core/p9-osdep.h"
#include <sched.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include "idmapped-mount.h"
#include "local-fixture.h"

/* From linux/mount.h, for C libraries and headers that lack it. */
#ifndef SYS_open_tree
#define SYS_open_tree 428
#endif
#ifndef SYS_mount_setattr
#define SYS_mount_setattr 442
#endif
#define TREE_CLONE 1
#define ATTR_IDMAP 0x00100000

typedef struct MountAttr {
    uint64_t attr_set;
    uint64_t attr_clr;
    uint64_t propagation;
    uint64_t userns_fd;
} MountAttr;

static uint32_t first_id;

/* Returns the process that keeps a new user name space, or -1. */
static pid_t new_user_space(void)
{
    int ready[2];
    char byte;
    pid_t pid;
    bool ok;

    g_assert_cmpint(pipe(ready), ==, 0);
    pid = fork();
    g_assert_cmpint(pid, >=, 0);
    if (pid == 0) {
        byte = unshare(CLONE_NEWUSER) == 0;
        ok = write(ready[1], &byte, 1) == 1;
        while (ok && byte) {
            pause();
        }
        _exit(0);
    }
    ok = read(ready[0], &byte, 1) == 1 && byte;
    close(ready[0]);
    close(ready[1]);
    if (!ok) {
        waitpid(pid, NULL, 0);
    }
    return ok ? pid : -1;
}

static bool write_map(pid_t pid, const char *which, const char *map)
{
    g_autofree char *path = g_strdup_printf("/proc/%d/%s", (int)pid, which);
    int fd = open(path, O_WRONLY | O_CLOEXEC);
    bool ok = fd >= 0 && write(fd, map, strlen(map)) == (ssize_t)strlen(map);

    if (fd >= 0) {
        close(fd);
    }
    return ok;
}

/* A copy of the mount at @path with the map of the name space of @pid. */
static int clone_mount(const char *path, pid_t pid)
{
    g_autofree char *space = g_strdup_printf("/proc/%d/ns/user", (int)pid);
    int user = open(space, O_RDONLY | O_CLOEXEC);
    const MountAttr attr = { .attr_set = ATTR_IDMAP, .userns_fd = user };
    int fd = syscall(SYS_open_tree, AT_FDCWD, path, TREE_CLONE | O_CLOEXEC);

    if (fd >= 0 && syscall(SYS_mount_setattr, fd, "", AT_EMPTY_PATH, &attr,
                           sizeof(attr)) < 0) {
        close(fd);
        fd = -1;
    }
    if (user >= 0) {
        close(user);
    }
    return fd;
}

bool idmapped_mount_open(IdmappedMount *m, uint32_t base, uint32_t count)
{
    g_autofree char *map = g_strdup_printf("%u 0 %u", base, count);

    *m = (IdmappedMount) { .fd = -1, .pid = -1 };
    first_id = base;
    m->plain = g_dir_make_tmp("p9-idmapped-XXXXXX", NULL);
    g_assert_nonnull(m->plain);
    if (geteuid() == 0 && local_mount_tmpfs(m->plain, "")) {
        m->pid = new_user_space();
    }
    if (m->pid > 0 && write_map(m->pid, "uid_map", map) &&
        write_map(m->pid, "gid_map", map) &&
        chown(m->plain, base, base) == 0) {
        m->fd = clone_mount(m->plain, m->pid);
    }
    if (m->fd < 0) {
        g_test_skip("mounts with a map of ids are not possible here");
        idmapped_mount_close(m);
    }
    return m->plain;
}

void idmapped_mount_close(IdmappedMount *m)
{
    if (m->fd >= 0) {
        close(m->fd);
    }
    if (m->pid > 0) {
        kill(m->pid, SIGKILL);
        waitpid(m->pid, NULL, 0);
    }
    umount2(m->plain, MNT_DETACH);
    rmdir(m->plain);
    g_clear_pointer(&m->plain, g_free);
}

void idmapped_mount_put(IdmappedMount *m, const char *name, uint32_t id,
                        mode_t mode)
{
    g_autofree char *path = g_build_filename(m->plain, name, NULL);
    g_autofree char *in = g_build_filename(path, "in", NULL);
    const char *file = S_ISDIR(mode) ? in : path;

    g_assert_true(!S_ISDIR(mode) || mkdir(path, 0755) == 0);
    g_assert_true(g_file_set_contents(file, "text", 4, NULL));
    g_assert_cmpint(chown(file, first_id, first_id), ==, 0);
    g_assert_cmpint(chown(path, id, id), ==, 0);
    g_assert_cmpint(chmod(path, mode & 07777), ==, 0);
}
