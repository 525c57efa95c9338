/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Starts and stops virtfs-proxy-helper.  Single thread; called by machine.c.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>
#include "helper.h"
#include "util.h"

#define STREAM "stream:"

static G_GNUC_NORETURN void run_helper(const char *program, const char *path,
                                       int sock)
{
    g_autofree char *number = g_strdup_printf("%d", sock);

    prctl(PR_SET_PDEATHSIG, SIGKILL);
    prctl(PR_SET_PTRACER, PR_SET_PTRACER_ANY);
    fcntl(sock, F_SETFD, 0);
    execl(program, program, "-n", "-p", path, "-f", number, NULL);
    fprintf(stderr, "bench: cannot run %s: %s\n", program, strerror(errno));
    _exit(127);
}

void helper_start(Helper *h, const char *spec, const char *path)
{
    bool stream = g_str_has_prefix(spec, STREAM);
    int fd[2];

    if (socketpair(AF_UNIX, (stream ? SOCK_STREAM : SOCK_SEQPACKET) |
                   SOCK_CLOEXEC, 0, fd) < 0) {
        die_errno("socketpair");
    }
    h->sock = fd[0];
    h->pid = fork();
    if (h->pid < 0) {
        die_errno("fork");
    }
    if (h->pid == 0) {
        run_helper(spec + (stream ? strlen(STREAM) : 0), path, fd[1]);
    }
    close(fd[1]);
}

void helper_stop(Helper *h)
{
    kill(h->pid, SIGKILL);
    while (waitpid(h->pid, NULL, 0) < 0 && errno == EINTR) {
        continue;
    }
}
