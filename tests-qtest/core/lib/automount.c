/* SPDX-License-Identifier: GPL-2.0-or-later */
/* An automount point whose daemon never answers; see automount.h. */
#include "fsdev/core/p9-osdep.h"
#include <linux/auto_fs.h>
#include <poll.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include "automount.h"

struct Automount {
    char *path;                 /* owned */
    int requests;               /* what the kernel asks the daemon */
    int end;                    /* closed: the daemon lets all go */
    pid_t daemon;               /* whose process group never waits */
};

/*
 * What the daemon does: nothing, until the test closes @end.  Then it makes the
 * automount point catatonic, which ends all waiting.  The daemon's own calls do
 * not trigger a mount.
 */
static void G_GNUC_NORETURN be_daemon(const char *path, int end)
{
    char byte;
    int root;

    prctl(PR_SET_PDEATHSIG, SIGKILL);
    while (read(end, &byte, 1) < 0 && errno == EINTR) {
        /* again */
    }
    root = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    _exit(root >= 0 && ioctl(root, AUTOFS_IOC_CATATONIC) == 0 ? 0 : 1);
}

static bool mount_for(const Automount *automount, int requests)
{
    g_autofree char *options = g_strdup_printf(
        "fd=%d,pgrp=%d,minproto=5,maxproto=5,direct", requests,
        (int)automount->daemon);

    return mount("p9-automount", automount->path, "autofs", 0, options) == 0;
}

Automount *automount_new(const char *path)
{
    Automount *automount = g_new0(Automount, 1);
    int requests[2], end[2];
    bool mounted;

    g_assert_cmpint(pipe2(requests, O_CLOEXEC), ==, 0);
    g_assert_cmpint(pipe2(end, O_CLOEXEC), ==, 0);
    automount->path = g_strdup(path);
    automount->requests = requests[0];
    automount->end = end[1];
    automount->daemon = fork();
    g_assert_cmpint(automount->daemon, >=, 0);
    if (automount->daemon == 0) {
        close(end[1]);
        close(requests[1]);
        be_daemon(path, end[0]);
    }
    g_assert_cmpint(setpgid(automount->daemon, 0), ==, 0);
    close(end[0]);
    mounted = mount_for(automount, requests[1]);
    close(requests[1]);
    if (!mounted) {
        g_clear_pointer(&automount->path, g_free);
        g_clear_pointer(&automount, automount_free);
    }
    return automount;
}

void automount_free(Automount *automount)
{
    if (!automount) {
        return;
    }
    close(automount->end);
    while (waitpid(automount->daemon, NULL, 0) < 0 && errno == EINTR) {
        /* again */
    }
    close(automount->requests);
    if (automount->path) {
        umount2(automount->path, MNT_DETACH);
    }
    g_free(automount->path);
    g_free(automount);
}

bool automount_triggered(Automount *automount)
{
    struct pollfd fd = { .fd = automount->requests, .events = POLLIN };

    return poll(&fd, 1, 0) > 0 && (fd.revents & POLLIN);
}
