/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Starts virtfs-proxy-helper as users do; see helper-run.h.
 */
#include "fsdev/core/p9-osdep.h"
#include <ftw.h>
#include <sched.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include "helper-run.h"

const char *helper_run_program(void)
{
    static char *path;
    g_autofree char *self = NULL;
    g_autofree char *dir = NULL;

    if (!path && g_getenv("P9_HELPER")) {
        path = g_strdup(g_getenv("P9_HELPER"));
    } else if (!path) {
        self = g_file_read_link("/proc/self/exe", NULL);
        dir = g_path_get_dirname(self);
        path = g_build_filename(dir, "../../plain/bin/virtfs-proxy-helper",
                                NULL);
    }
    return path;
}

/* Tried in a child process, since it cannot be undone. */
static bool can_separate_mounts(void)
{
    int status;
    pid_t pid = fork();

    if (pid == 0) {
        _exit(unshare(CLONE_NEWNS) < 0);
    }
    g_assert_cmpint(waitpid(pid, &status, 0), ==, pid);
    return status == 0;
}

bool helper_run_possible(void)
{
    static int possible = -1;

    if (possible < 0) {
        possible = geteuid() == 0 && can_separate_mounts();
    }
    if (!possible) {
        g_test_skip("needs root and the right to mount");
    }
    return possible;
}

void helper_run_init(HelperRun *run)
{
    g_autoptr(GError) error = NULL;

    *run = (HelperRun) { 0 };
    run->base = g_dir_make_tmp("p9-helper-XXXXXX", &error);
    g_assert_no_error(error);
    run->dir = g_build_filename(run->base, "export", NULL);
    run->socket = g_build_filename(run->base, "socket", NULL);
    run->errors = g_build_filename(run->base, "stderr", NULL);
    g_assert_cmpint(chmod(run->base, 0755), ==, 0);
    g_assert_cmpint(mkdir(run->dir, 0755), ==, 0);
}

static int remove_one(const char *path, const struct stat *st, int type,
                      struct FTW *ftw)
{
    return remove(path);
}

void helper_run_clear(HelperRun *run)
{
    if (run->fd > 0) {
        close(run->fd);
    }
    if (run->pid) {
        kill(run->pid, SIGKILL);
        waitpid(run->pid, NULL, 0);
    }
    if (run->base) {
        nftw(run->base, remove_one, 16, FTW_DEPTH | FTW_PHYS);
    }
    g_free(run->base);
    g_free(run->dir);
    g_free(run->socket);
    g_free(run->errors);
}

void helper_run_start(HelperRun *run, const char *const *words, int fd3)
{
    helper_run_other(run, helper_run_program(), words, fd3);
}

void helper_run_other(HelperRun *run, const char *program,
                      const char *const *words, int fd3)
{
    g_autoptr(GPtrArray) argv = g_ptr_array_new();
    int errors = open(run->errors, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC,
                      0600);

    g_ptr_array_add(argv, (char *)program);
    for (; *words; words++) {
        g_ptr_array_add(argv, (char *)*words);
    }
    g_ptr_array_add(argv, NULL);
    run->pid = fork();
    g_assert_cmpint(run->pid, >=, 0);
    if (run->pid == 0) {
        if (run->before) {
            run->before();
        }
        dup2(errors, STDERR_FILENO);
        if (fd3 == 3) {
            fcntl(3, F_SETFD, 0);
        } else if (fd3 >= 0) {
            dup2(fd3, 3);
        }
        execv(program, (char **)argv->pdata);
        _exit(127);
    }
    close(errors);
}

void helper_run_fd(HelperRun *run, const char *word)
{
    const char *words[] = { "-p", run->dir, "-f", "3", "-n", word, NULL };
    int fds[2];

    g_assert_cmpint(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fds),
                    ==, 0);
    run->fd = fds[0];
    helper_run_start(run, words, fds[1]);
    close(fds[1]);
}

int helper_run_wait(HelperRun *run)
{
    int status;

    g_assert_cmpint(waitpid(run->pid, &status, 0), ==, run->pid);
    run->pid = 0;
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

bool helper_run_said(const HelperRun *run, const char *text)
{
    g_autofree char *said = NULL;

    g_assert_true(g_file_get_contents(run->errors, &said, NULL, NULL));
    if (!strstr(said, text)) {
        g_printerr("expected '%s' in the helper's output: %s\n", text, said);
    }
    return strstr(said, text);
}

char *helper_run_proc(const HelperRun *run, const char *name)
{
    g_autofree char *path = g_strdup_printf("/proc/%d/%s", run->pid, name);
    char *text = NULL;

    g_assert_true(g_file_get_contents(path, &text, NULL, NULL));
    return text;
}

unsigned helper_run_count_fds(const HelperRun *run)
{
    g_autofree char *path = g_strdup_printf("/proc/%d/fd", run->pid);
    g_autoptr(GDir) dir = g_dir_open(path, 0, NULL);
    unsigned count = 0;

    g_assert_nonnull(dir);
    while (g_dir_read_name(dir)) {
        count++;
    }
    return count;
}

char *helper_run_path(const HelperRun *run, const char *name)
{
    return g_build_filename(run->dir, name, NULL);
}

/* ---- requests --------------------------------------------------------- */

static void take_fds(struct msghdr *msg, int *fds)
{
    struct cmsghdr *c = CMSG_FIRSTHDR(msg);

    for (unsigned i = 0; i < PROXY_FDS_MAX; i++) {
        fds[i] = -1;
    }
    if (c) {
        size_t bytes = c->cmsg_len - CMSG_LEN(0);

        g_assert_cmpint(c->cmsg_type, ==, SCM_RIGHTS);
        g_assert_cmpuint(bytes, <=, PROXY_FDS_MAX * sizeof(int));
        memcpy(fds, CMSG_DATA(c), bytes);
    }
}

int helper_ask(int fd, ProxyType type, const ProxyRequest *t, ProxyReply *r,
               int fds[PROXY_FDS_MAX])
{
    static char buf[PROXY_MESSAGE_MAX];
    ssize_t len = proxy_encode_request(buf, sizeof(buf), 1, type, t);
    union {
        struct cmsghdr header;
        char room[CMSG_SPACE(PROXY_FDS_MAX * sizeof(int))];
    } control;
    struct iovec iov = { buf, sizeof(buf) };
    struct msghdr msg = {
        .msg_iov = &iov, .msg_iovlen = 1,
        .msg_control = &control, .msg_controllen = sizeof(control),
    };
    uint32_t error;
    uint32_t tag;

    g_assert_cmpint(len, >, 0);
    if (send(fd, buf, len, MSG_NOSIGNAL) != len) {
        return -EPIPE;
    }
    len = recvmsg(fd, &msg, MSG_CMSG_CLOEXEC);
    if (len <= 0) {
        return -EPIPE;
    }
    take_fds(&msg, fds);
    g_assert_cmpint(proxy_decode_tag(buf, len, &tag), ==, 0);
    g_assert_cmpuint(tag, ==, 1);
    g_assert_cmpint(proxy_decode_reply(buf, len, type, &error, r), ==, 0);
    return -(int)error;
}

int helper_greet(int fd)
{
    const ProxyRequest t = { .hello = { .version = PROXY_VERSION } };
    int fds[PROXY_FDS_MAX];
    ProxyReply r;

    g_assert_cmpint(helper_ask(fd, PROXY_HELLO, &t, &r, fds), ==, 0);
    g_assert_cmpuint(r.hello.version, ==, PROXY_VERSION);
    g_assert_cmpint(fds[0], >=, 0);
    return fds[0];
}

ProxyText helper_text(const char *s)
{
    return (ProxyText) { s, strlen(s) };
}
