/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The sandbox of virtfs-proxy-helper, which is examined from outside while the
 * helper runs.
 */
#include "fsdev/core/p9-osdep.h"
#include <linux/capability.h>
#include <seccomp.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include "fsdev/helper/helper-sandbox.h"
#include "fsdev/host/host-call.h"
#include "helper-run.h"
#include "local/local-fixture.h"

static uint64_t status_number(const char *status, const char *key)
{
    const char *at = strstr(status, key);

    g_assert_nonnull(at);
    return g_ascii_strtoull(at + strlen(key), NULL, 16);
}

#define CAP(name) (UINT64_C(1) << CAP_##name)

static void check_status(const char *word, uint64_t more)
{
    const uint64_t caps = CAP(CHOWN) | CAP(DAC_OVERRIDE) | CAP(FOWNER) |
                          CAP(FSETID) | CAP(SETGID) | CAP(SETUID) | more;
    g_autofree char *status = NULL;
    HELPER_RUN run;

    helper_run_init(&run);
    helper_run_fd(&run, word);
    close(helper_greet(run.fd));
    status = helper_run_proc(&run, "status");
    g_assert_cmphex(status_number(status, "CapEff:\t"), ==, caps);
    g_assert_cmphex(status_number(status, "CapPrm:\t"), ==, caps);
    g_assert_cmphex(status_number(status, "CapBnd:\t"), ==, caps);
    g_assert_cmphex(status_number(status, "CapInh:\t"), ==, 0);
    g_assert_cmphex(status_number(status, "CapAmb:\t"), ==, 0);
    g_assert_cmpuint(status_number(status, "NoNewPrivs:\t"), ==, 1);
    g_assert_cmpuint(status_number(status, "Seccomp:\t"), ==, 2);
}

static void test_status(void)
{
    if (helper_run_possible()) {
        check_status(NULL, 0);
    }
}

static void test_status_with_devices(void)
{
    if (helper_run_possible()) {
        check_status("--allow-devices", CAP(MKNOD));
    }
}

/* Every line of mountinfo is a mount that the helper can see. */
static void check_mounts(const char *text, unsigned count, const char *more)
{
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
    unsigned seen = 0;

    for (char **line = lines; **line; line++) {
        g_auto(GStrv) words = g_strsplit(*line, " ", -1);

        if (!seen) {
            g_assert_cmpstr(words[4], ==, "/");
        }
        g_assert_nonnull(strstr(words[5], "nosuid"));
        g_assert_nonnull(strstr(words[5], "nodev"));
        g_assert_nonnull(strstr(words[5], "noexec"));
        g_assert_nonnull(strstr(words[5], more));
        /* Without a peer group, later mounts outside do not appear here. */
        g_assert_null(strstr(*line, "shared:"));
        g_assert_null(strstr(*line, "master:"));
        seen++;
    }
    g_assert_cmpuint(seen, ==, count);
}

/* The flags in the answer to HELLO, which may be sent more than once. */
static uint32_t hello_flags(HelperRun *run)
{
    const ProxyRequest t = { .hello = { .version = PROXY_VERSION } };
    int fds[PROXY_FDS_MAX];
    ProxyReply r;

    g_assert_cmpint(helper_ask(run->fd, PROXY_HELLO, &t, &r, fds), ==, 0);
    close(fds[0]);
    return r.hello.flags;
}

static void test_no_mounts(void)
{
    HELPER_RUN run;

    if (!helper_run_possible()) {
        return;
    }
    helper_run_init(&run);
    helper_run_fd(&run, NULL);
    g_assert_cmphex(hello_flags(&run), ==, PROXY_HELLO_NO_MOUNTS);
}

static void test_mounts(gconstpointer opaque)
{
    bool readonly = GPOINTER_TO_INT(opaque);
    g_autofree char *below = NULL;
    g_autofree char *mounts = NULL;
    struct stat ours;
    struct stat its;
    g_autofree char *ns = NULL;
    HELPER_RUN run;
    bool mounted;

    if (!helper_run_possible()) {
        return;
    }
    helper_run_init(&run);
    below = helper_run_path(&run, "below");
    g_assert_cmpint(mkdir(below, 0755), ==, 0);
    mounted = mount("tmpfs", below, "tmpfs", 0, NULL) == 0;
    helper_run_fd(&run, readonly ? "-r" : NULL);
    close(helper_greet(run.fd));
    g_assert_cmphex(hello_flags(&run), ==, mounted ? 0 : PROXY_HELLO_NO_MOUNTS);
    mounts = helper_run_proc(&run, "mountinfo");
    ns = g_strdup_printf("/proc/%d/ns/mnt", run.pid);
    g_assert_cmpint(stat(ns, &its), ==, 0);
    g_assert_cmpint(stat("/proc/self/ns/mnt", &ours), ==, 0);
    if (mounted) {
        umount2(below, MNT_DETACH);
    }
    g_assert_cmpuint(its.st_ino, !=, ours.st_ino);
    check_mounts(mounts, 1 + mounted, readonly ? "ro," : "rw,");
}

static void test_limits(void)
{
    g_autofree char *limits = NULL;
    HELPER_RUN run;

    if (!helper_run_possible()) {
        return;
    }
    helper_run_init(&run);
    helper_run_fd(&run, NULL);
    close(helper_greet(run.fd));
    limits = helper_run_proc(&run, "limits");
    g_assert_true(g_regex_match_simple("Max core file size +0 +0 ", limits, 0,
                                       0));
    g_assert_true(g_regex_match_simple("Max locked memory +0 +0 ", limits, 0,
                                       0));
}

/* The helper closes descriptors that it inherits. */
static void test_inherits_nothing(void)
{
    unsigned before, after;
    HELPER_RUN run;
    int other;

    if (!helper_run_possible()) {
        return;
    }
    helper_run_init(&run);
    helper_run_fd(&run, NULL);
    close(helper_greet(run.fd));
    before = helper_run_count_fds(&run);
    helper_run_clear(&run);

    other = open("/", O_RDONLY);
    g_assert_cmpint(other, >=, 0);
    helper_run_init(&run);
    helper_run_fd(&run, NULL);
    close(helper_greet(run.fd));
    after = helper_run_count_fds(&run);
    close(other);
    g_assert_cmpuint(before, ==, after);
}

/*
 * Fork a child process with the seccomp filter; returns 0 in the child.  What
 * the filter says about arguments is tested by test-helper-attack.c.
 */
static pid_t fork_filtered(void)
{
    pid_t pid = fork();

    if (pid == 0 && helper_sandbox_filter(true) < 0) {
        _exit(99);
    }
    return pid;
}

static int status_of(pid_t pid)
{
    int status;

    g_assert_cmpint(waitpid(pid, &status, 0), ==, pid);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

/* The status of a child process that makes @call under the filter. */
static int status_after(void (*call)(void))
{
    pid_t pid = fork_filtered();

    if (pid == 0) {
        call();
        _exit(0);
    }
    return status_of(pid);
}

/* The same for system call @number, with invalid arguments. */
static int status_after_number(int number)
{
    pid_t pid = fork_filtered();

    if (pid == 0) {
        syscall(number, -1L, -1L, -1L, -1L, -1L, -1L);
        _exit(0);
    }
    return status_of(pid);
}

static void call_getpid(void)
{
    getpid();
}

static void call_socket(void)
{
    close(socket(AF_INET, SOCK_STREAM, 0));
}

static void call_exec(void)
{
    execl("/bin/true", "true", NULL);
}

static void call_mount(void)
{
    mount("none", "/", "tmpfs", 0, NULL);
}

static void call_fork(void)
{
    fork();
}

static void call_open(void)
{
    syscall(SYS_open, "/", O_RDONLY);
}

static void test_filter_kills(void)
{
    static void (*const calls[])(void) = {
        call_socket, call_exec, call_mount, call_fork, call_open,
    };

#ifdef __SANITIZE_ADDRESS__
    g_test_skip("the sanitizer makes additional system calls");
    return;
#endif
    g_assert_cmpint(status_after(call_getpid), ==, 0);
    for (size_t i = 0; i < ARRAY_SIZE(calls); i++) {
        g_assert_cmpint(status_after(calls[i]), ==, 128 + SIGSYS);
    }
}

typedef struct Call {
    const char *name;
    int number;
    unsigned users;
} Call;

static const Call calls_of_table[] = {
#define HOST_CALL(name_, users_) { #name_, -1, users_ },
#define HOST_CALL_SINCE_OPENAT2(name_, offset_, users_) \
    { #name_, NR_##name_, users_ },
#include "fsdev/host/host-calls.def"
};

/* The filter allows the drivers' calls, except those that only QEMU makes. */
static void test_filter_follows_table(void)
{
    unsigned allowed = 0, killed = 0;

#ifdef __SANITIZE_ADDRESS__
    g_test_skip("the sanitizer makes additional system calls");
    return;
#endif
    for (size_t i = 0; i < ARRAY_SIZE(calls_of_table); i++) {
        const Call *call = &calls_of_table[i];
        int number = call->number >= 0
                     ? call->number : seccomp_syscall_resolve_name(call->name);

        if (number < 0 || (call->users & (BY_HELPER | BY_LIBRARY))) {
            continue;
        }
        g_test_message("%s", call->name);
        if (!(call->users & (BY_HOST | BY_NAMES))) {
            killed++;
            g_assert_cmpint(status_after_number(number), ==, 128 + SIGSYS);
        } else {
            allowed++;
            g_assert_cmpint(status_after_number(number), ==, 0);
        }
    }
    g_assert_cmpuint(allowed, >, 30);
    g_assert_cmpuint(killed, >, 5);
}

static void test_dies_with_peer(void)
{
    HELPER_RUN run;

    if (!helper_run_possible()) {
        return;
    }
    helper_run_init(&run);
    helper_run_fd(&run, NULL);
    close(helper_greet(run.fd));
    close(run.fd);
    run.fd = 0;
    g_assert_cmpint(helper_run_wait(&run), ==, 0);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    umask(022);
    local_separate_mounts();
    g_test_add_func("/helper-walls/status", test_status);
    g_test_add_func("/helper-walls/status-with-devices",
                    test_status_with_devices);
    g_test_add_data_func("/helper-walls/mounts", GINT_TO_POINTER(false),
                         test_mounts);
    g_test_add_data_func("/helper-walls/mounts-readonly",
                         GINT_TO_POINTER(true), test_mounts);
    g_test_add_func("/helper-walls/no-mounts", test_no_mounts);
    g_test_add_func("/helper-walls/limits", test_limits);
    g_test_add_func("/helper-walls/inherits-nothing", test_inherits_nothing);
    g_test_add_func("/helper-walls/filter-kills", test_filter_kills);
    g_test_add_func("/helper-walls/filter-follows-table",
                    test_filter_follows_table);
    g_test_add_func("/helper-walls/dies-with-peer", test_dies_with_peer);
    return g_test_run();
}
