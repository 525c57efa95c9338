/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The messages of virtfs-proxy-helper: see helper-messages.h.
 *
 * With a descriptor of a file, even of /dev/null, an attacker in the helper
 * could change its owner and mode, and overwrite it if it is a log.
 */
#include "fsdev/core/p9-osdep.h"
#include <cap-ng.h>
#include <seccomp.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include "fsdev/helper/helper-messages.h"

static pid_t writer;                /* 0: not running */

/* Terminals would obey control characters. */
static void make_printable(char *text, ssize_t len)
{
    for (ssize_t i = 0; i < len; i++) {
        if ((unsigned char)text[i] < ' ' && text[i] != '\n') {
            text[i] = '?';
        }
    }
}

static int write_all(const char *text, ssize_t len)
{
    while (len > 0) {
        ssize_t done = RETRY_ON_EINTR(write(STDERR_FILENO, text, len));

        if (done < 0) {
            return -errno;
        }
        text += done;
        len -= done;
    }
    return 0;
}

static int restrict_writer(void)
{
    const int allowed[] = {
        SCMP_SYS(read), SCMP_SYS(write), SCMP_SYS(exit_group),
        SCMP_SYS(restart_syscall), SCMP_SYS(rt_sigreturn),
    };
    scmp_filter_ctx filter = seccomp_init(SCMP_ACT_KILL_PROCESS);
    int ret = filter ? 0 : -ENOMEM;

    capng_clear(CAPNG_SELECT_CAPS);
    if (capng_apply(CAPNG_SELECT_CAPS) < 0) {
        ret = -EPERM;
    }
    for (size_t i = 0; ret == 0 && i < ARRAY_SIZE(allowed); i++) {
        ret = seccomp_rule_add(filter, SCMP_ACT_ALLOW, allowed[i], 0);
    }
    return ret == 0 ? seccomp_load(filter) : ret;
}

/* Nothing of the helper stays open here, least of all its connection. */
static void close_all_above(int last)
{
    struct rlimit limit;

    if (getrlimit(RLIMIT_NOFILE, &limit) < 0) {
        return;
    }
    for (rlim_t fd = last + 1; fd < limit.rlim_cur; fd++) {
        close(fd);
    }
}

static G_NORETURN void write_messages(int from)
{
    char text[512];
    ssize_t len;

    dup2(from, STDIN_FILENO);
    close(STDOUT_FILENO);
    close_all_above(STDERR_FILENO);
    if (restrict_writer() < 0) {
        _exit(EXIT_FAILURE);
    }
    do {
        len = RETRY_ON_EINTR(read(STDIN_FILENO, text, sizeof(text)));
        make_printable(text, len);
    } while (len > 0 && write_all(text, len) == 0);
    _exit(EXIT_SUCCESS);
}

int helper_messages_begin(void)
{
    int ends[2];

    if (pipe2(ends, O_CLOEXEC) < 0) {
        return -errno;
    }
    writer = fork();
    if (writer < 0) {
        return -errno;
    }
    if (writer == 0) {
        write_messages(ends[0]);
    }
    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++) {
        if (dup2(ends[1], fd) < 0) {
            return -errno;
        }
    }
    close(ends[0]);
    close(ends[1]);
    return 0;
}

void helper_messages_end(void)
{
    if (writer > 0) {
        for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++) {
            close(fd);
        }
        waitpid(writer, NULL, 0);
        writer = 0;
    }
}
