/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * virtfs-proxy-helper as a program: its options, its socket, and its sandbox,
 * which is examined from outside while it runs.
 */
#include "fsdev/core/p9-osdep.h"
#include <linux/capability.h>
#include <seccomp.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include "fsdev/helper/helper-sandbox.h"
#include "fsdev/host/host-call.h"
#include "helper-run.h"
#include "local/local-fixture.h"

/* ---- options ---------------------------------------------------------- */

typedef struct BadUse {
    const char *name;
    const char *words[10];
    int status;
    const char *says;
} BadUse;

static const BadUse bad_uses[] = {
    { "nothing", { NULL }, 2, "add -p DIR" },
    { "no-socket", { "-p", "/tmp" }, 2, "the socket is missing" },
    { "both-sockets", { "-p", "/tmp", "-s", "x", "-f", "3" }, 2,
      "-s and -f exclude each other" },
    { "socket-for-nobody", { "-p", "/tmp", "-s", "x" }, 2,
      "-s needs -u UID and -g GID" },
    { "bad-uid", { "-p", "/tmp", "-s", "x", "-u", "root", "-g", "0" }, 2,
      "-u 'root' is not a number" },
    { "uid-minus-one", { "-p", "/tmp", "-s", "x", "-u", "4294967295" }, 2,
      "-u '4294967295' is not a number" },
    { "bad-fd", { "-p", "/tmp", "-f", "-1" }, 2, "-f '-1' is not a number" },
    { "group-without-socket", { "-p", "/tmp", "-f", "3", "-g", "5" }, 2,
      "-g needs -s" },
    { "unknown-option", { "--chroot" }, 2, "--chroot" },
    { "bad-uidmap", { "-p", "/tmp", "-f", "3", "--uidmap", "0:1000" }, 2,
      "--uidmap: '0:1000' is neither a range nor squash; allowed: GUEST:" },
    { "bad-gidmap", { "-p", "/tmp", "-f", "3", "--gidmap=0:1:1+1:1:1" }, 2,
      "--gidmap: '1:1:1' has host ids" },
    { "word-too-many", { "-p", "/tmp", "-f", "3", "more" }, 2,
      "unexpected argument 'more'" },
    { "closed-fd", { "-p", "/tmp", "-f", "77", "-n" }, 1,
      "descriptor 77 is not a unix socket" },
};

static void test_bad_use(gconstpointer opaque)
{
    const BadUse *use = opaque;
    HELPER_RUN run;

    helper_run_init(&run);
    helper_run_start(&run, use->words, -1);
    g_assert_cmpint(helper_run_wait(&run), ==, use->status);
    g_assert_true(helper_run_said(&run, use->says));
}

static void test_not_a_directory(void)
{
    HELPER_RUN run;

    if (!helper_run_possible()) {
        return;
    }
    helper_run_init(&run);
    g_assert_cmpint(rmdir(run.dir), ==, 0);
    g_assert_true(g_file_set_contents(run.dir, "", 0, NULL));
    helper_run_fd(&run, NULL);
    g_assert_cmpint(helper_run_wait(&run), ==, 1);
    g_assert_true(helper_run_said(&run, "it is not a directory"));
}

static void test_no_root(void)
{
    HELPER_RUN run;
    const char *words[] = { "-p", "/", "-f", "3", "-n", NULL };
    int fds[2];

    helper_run_init(&run);
    g_assert_cmpint(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, fds), ==, 0);
    helper_run_start(&run, words, fds[1]);
    g_assert_cmpint(helper_run_wait(&run), ==, 1);
    g_assert_true(helper_run_said(&run, "name a directory below it"));
    close(fds[0]);
    close(fds[1]);
}

static void test_stream_socket(void)
{
    HELPER_RUN run;
    const char *words[] = { "-p", "/tmp", "-f", "3", "-n", NULL };
    int fds[2];

    helper_run_init(&run);
    g_assert_cmpint(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), ==, 0);
    helper_run_start(&run, words, fds[1]);
    g_assert_cmpint(helper_run_wait(&run), ==, 1);
    g_assert_true(helper_run_said(&run, "SOCK_SEQPACKET"));
    close(fds[0]);
    close(fds[1]);
}

/* The manual page has exactly the options that --help lists. */
static void test_manual(void)
{
    g_autofree char *page = g_build_filename(
        g_getenv("G_TEST_SRCDIR") ?: ".", "fsdev/helper/virtfs-proxy-helper.1",
        NULL);
    g_autofree char *program = g_strdup_printf("'%s' --help",
                                               helper_run_program());
    g_autofree char *manual = NULL;
    g_autofree char *help = NULL;
    g_auto(GStrv) words = NULL;
    g_autoptr(GError) error = NULL;
    unsigned listed = 0, described = 0;
    int status;

    if (!g_file_get_contents(page, &manual, NULL, NULL)) {
        g_test_skip("the source of the manual page is not available");
        return;
    }
    g_spawn_command_line_sync(program, &help, NULL, &status, &error);
    g_assert_no_error(error);
    g_assert_cmpint(status, ==, 0);
    words = g_strsplit_set(help, " \n", -1);
    for (char **word = words; *word; word++) {
        g_auto(GStrv) parts = NULL;
        g_autofree char *escaped = NULL;

        if (!g_str_has_prefix(*word, "--")) {
            continue;
        }
        parts = g_strsplit(*word, "-", -1);
        escaped = g_strjoinv("\\-", parts);
        if (!strstr(manual, escaped)) {
            g_error("the manual page does not describe %s", escaped);
        }
        listed++;
    }
    for (const char *at = manual; (at = strstr(at, "\n.TP\n.B")); at++) {
        described++;
    }
    g_assert_cmpuint(described, ==, listed);
}

/* ---- the socket ------------------------------------------------------- */

static int connect_to(const char *path)
{
    struct sockaddr_un addr = { .sun_family = AF_UNIX };
    int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);

    g_assert_cmpint(fd, >=, 0);
    g_strlcpy(addr.sun_path, path, sizeof(addr.sun_path));
    if (connect(fd, (struct sockaddr *)&addr, sizeof(addr)) < 0) {
        int error = errno;

        close(fd);
        return -error;
    }
    return fd;
}

/* Retry for up to ten seconds, as there is nothing to wait for. */
static int connect_when_ready(const char *path)
{
    gint64 deadline = g_get_monotonic_time() + 10 * G_TIME_SPAN_SECOND;
    int fd;

    do {
        fd = connect_to(path);
    } while (fd < 0 && g_get_monotonic_time() < deadline);
    g_assert_cmpint(fd, >=, 0);
    return fd;
}

static void start_listening(HelperRun *run, const char *uid)
{
    const char *words[] = {
        "-p", run->dir, "-s", run->socket, "-u", uid, "-g", "4321", "-n", NULL,
    };

    helper_run_start(run, words, -1);
}

static void test_one_client(void)
{
    HELPER_RUN run;
    struct stat st;
    int fd;
    int client;

    if (!helper_run_possible()) {
        return;
    }
    helper_run_init(&run);
    start_listening(&run, "0");
    client = connect_when_ready(run.socket);
    fd = helper_greet(client);
    g_assert_cmpint(fstat(fd, &st), ==, 0);
    g_assert_true(S_ISDIR(st.st_mode));
    close(fd);
    /* There is no second client, as the socket's name has been removed. */
    g_assert_cmpint(connect_to(run.socket), ==, -ENOENT);
    close(client);
    g_assert_cmpint(helper_run_wait(&run), ==, 0);
}

static void test_socket_owner(void)
{
    HELPER_RUN run;
    struct stat st;
    int client;

    if (!helper_run_possible()) {
        return;
    }
    helper_run_init(&run);
    start_listening(&run, "1234");
    /* A client that is root is refused. */
    client = connect_when_ready(run.socket);
    g_assert_cmpint(recv(client, &st, sizeof(st), 0), ==, 0);
    g_assert_true(helper_run_said(&run, "refused a client of uid 0"));
    g_assert_cmpint(lstat(run.socket, &st), ==, 0);
    g_assert_cmphex(st.st_mode, ==, S_IFSOCK | 0660);
    g_assert_cmpuint(st.st_uid, ==, 1234);
    g_assert_cmpuint(st.st_gid, ==, 4321);
    close(client);
}

static void test_socket_name_taken(gconstpointer opaque)
{
    bool is_link = GPOINTER_TO_INT(opaque);
    HELPER_RUN run;
    g_autofree char *elsewhere = NULL;

    if (!helper_run_possible()) {
        return;
    }
    helper_run_init(&run);
    elsewhere = g_build_filename(run.base, "elsewhere", NULL);
    g_assert_cmpint(is_link ? symlink(elsewhere, run.socket)
                            : mknod(run.socket, S_IFREG | 0600, 0), ==, 0);
    start_listening(&run, "0");
    g_assert_cmpint(helper_run_wait(&run), ==, 1);
    g_assert_true(helper_run_said(&run, "cannot create socket"));
    g_assert_false(g_file_test(elsewhere, G_FILE_TEST_EXISTS));
}

static void test_daemon(void)
{
    HELPER_RUN run;
    int client;

    if (!helper_run_possible()) {
        return;
    }
    helper_run_init(&run);
    {
        const char *words[] = {
            "-p", run.dir, "-s", run.socket, "-u", "0", "-g", "0", NULL,
        };

        helper_run_start(&run, words, -1);
    }
    /* The socket is ready when the parent process exits. */
    g_assert_cmpint(helper_run_wait(&run), ==, 0);
    client = connect_to(run.socket);
    g_assert_cmpint(client, >=, 0);
    close(helper_greet(client));
    close(client);
}

static void test_socket_activation(void)
{
    struct sockaddr_un addr = { .sun_family = AF_UNIX };
    HELPER_RUN run;
    int listener;
    int client;

    if (!helper_run_possible()) {
        return;
    }
    helper_run_init(&run);
    listener = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
    g_strlcpy(addr.sun_path, run.socket, sizeof(addr.sun_path));
    g_assert_cmpint(bind(listener, (struct sockaddr *)&addr, sizeof(addr)),
                    ==, 0);
    g_assert_cmpint(listen(listener, 1), ==, 0);
    {
        /* As systemd does; the shell knows the helper's process id. */
        g_autofree char *script = g_strdup_printf(
            "LISTEN_PID=$$ LISTEN_FDS=1 exec '%s' -p '%s' -u 0",
            helper_run_program(), run.dir);
        const char *words[] = { "-c", script, NULL };

        helper_run_other(&run, "/bin/sh", words, listener);
    }
    close(listener);
    client = connect_when_ready(run.socket);
    close(helper_greet(client));
    close(client);
    g_assert_cmpint(helper_run_wait(&run), ==, 0);
}

/* ---- the sandbox ------------------------------------------------------ */

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
static uint32_t told_flags(HelperRun *run)
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
    g_assert_cmphex(told_flags(&run), ==, PROXY_HELLO_NO_MOUNTS);
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
    g_assert_cmphex(told_flags(&run), ==, mounted ? 0 : PROXY_HELLO_NO_MOUNTS);
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
    for (size_t i = 0; i < ARRAY_SIZE(bad_uses); i++) {
        g_autofree char *path = g_strdup_printf("/helper/bad-use/%s",
                                                bad_uses[i].name);

        g_test_add_data_func(path, &bad_uses[i], test_bad_use);
    }
    g_test_add_func("/helper/bad-use/no-directory", test_not_a_directory);
    g_test_add_func("/helper/bad-use/root-directory", test_no_root);
    g_test_add_func("/helper/bad-use/stream-socket", test_stream_socket);
    g_test_add_func("/helper/manual", test_manual);
    g_test_add_func("/helper/socket/one-client", test_one_client);
    g_test_add_func("/helper/socket/owner-and-peer", test_socket_owner);
    g_test_add_data_func("/helper/socket/name-taken", GINT_TO_POINTER(false),
                         test_socket_name_taken);
    g_test_add_data_func("/helper/socket/name-is-link", GINT_TO_POINTER(true),
                         test_socket_name_taken);
    g_test_add_func("/helper/socket/daemon", test_daemon);
    g_test_add_func("/helper/socket/activation", test_socket_activation);
    g_test_add_func("/helper/walls/status", test_status);
    g_test_add_func("/helper/walls/status-with-devices",
                    test_status_with_devices);
    g_test_add_data_func("/helper/walls/mounts", GINT_TO_POINTER(false),
                         test_mounts);
    g_test_add_data_func("/helper/walls/mounts-readonly",
                         GINT_TO_POINTER(true), test_mounts);
    g_test_add_func("/helper/walls/no-mounts", test_no_mounts);
    g_test_add_func("/helper/walls/limits", test_limits);
    g_test_add_func("/helper/walls/inherits-nothing", test_inherits_nothing);
    g_test_add_func("/helper/walls/filter-kills", test_filter_kills);
    g_test_add_func("/helper/walls/filter-follows-table",
                    test_filter_follows_table);
    g_test_add_func("/helper/walls/dies-with-peer", test_dies_with_peer);
    return g_test_run();
}
