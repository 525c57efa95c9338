/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Finds and duplicates another process's eventfds.  Single thread; called by
 * guest.c while it starts.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "ioeventfd.h"

static bool contains(const GArray *array, int fd)
{
    unsigned i;

    for (i = 0; array && i < array->len; i++) {
        if (g_array_index(array, int, i) == fd) {
            return true;
        }
    }
    return false;
}

GArray *ioeventfd_new_ones(pid_t pid, const GArray *known)
{
    g_autofree char *folder = g_strdup_printf("/proc/%d/fd", pid);
    g_autoptr(GDir) dir = g_dir_open(folder, 0, NULL);
    GArray *found = g_array_new(false, false, sizeof(int));
    const char *name;

    if (!dir) {
        die_errno("cannot read %s", folder);
    }
    while ((name = g_dir_read_name(dir))) {
        g_autofree char *path = g_build_filename(folder, name, NULL);
        g_autofree char *target = g_file_read_link(path, NULL);
        int fd = atoi(name);

        if (target && !strcmp(target, "anon_inode:[eventfd]") &&
            !contains(known, fd)) {
            g_array_append_val(found, fd);
        }
    }
    return found;
}

static int take(pid_t pid, int fd)
{
    int pidfd = syscall(SYS_pidfd_open, pid, 0);
    int ours = pidfd < 0 ? -1 : syscall(SYS_pidfd_getfd, pidfd, fd, 0);

    if (pidfd >= 0) {
        close(pidfd);
    }
    return ours;
}

bool ioeventfd_allowed(void)
{
    int fd = take(getpid(), STDERR_FILENO);

    if (fd >= 0) {
        close(fd);
    }
    return fd >= 0;
}

int ioeventfd_take(pid_t pid, int fd)
{
    int ours = take(pid, fd);

    if (ours < 0) {
        die_errno("cannot take eventfd %d from QEMU", fd);
    }
    return ours;
}
