/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * virtfs-proxy-helper as a program: its options and its socket.
 */
#include "fsdev/core/p9-osdep.h"
#include <sys/socket.h>
#include <sys/un.h>
#include "helper-run.h"
#include "proxy/proxy-fixture.h"
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

static void test_datagram_socket(void)
{
    HELPER_RUN run;
    const char *words[] = { "-p", "/tmp", "-f", "3", "-n", NULL };
    int fds[2];

    helper_run_init(&run);
    g_assert_cmpint(socketpair(AF_UNIX, SOCK_DGRAM, 0, fds), ==, 0);
    helper_run_start(&run, words, fds[1]);
    g_assert_cmpint(helper_run_wait(&run), ==, 1);
    g_assert_true(helper_run_said(&run, "SOCK_SEQPACKET or SOCK_STREAM"));
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

/* The program that passes the socket on may have made it non-blocking. */
static void test_socket_activation(gconstpointer opaque)
{
    int type = GPOINTER_TO_INT(opaque);
    struct sockaddr_un addr = { .sun_family = AF_UNIX };
    HELPER_RUN run;
    int listener;

    if (!helper_run_possible()) {
        return;
    }
    helper_run_init(&run);
    listener = socket(AF_UNIX, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
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
    if (type == SOCK_STREAM) {
        g_autoptr(GError) error = NULL;
        FsExport *export = proxy_open_export(0, run.socket, &error);

        g_assert_no_error(error);
        fs_export_unref(export);
    } else {
        int client = connect_when_ready(run.socket);

        close(helper_greet(client));
        close(client);
    }
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
    g_test_add_func("/helper/bad-use/datagram-socket", test_datagram_socket);
    g_test_add_func("/helper/manual", test_manual);
    g_test_add_func("/helper/socket/one-client", test_one_client);
    g_test_add_func("/helper/socket/owner-and-peer", test_socket_owner);
    g_test_add_data_func("/helper/socket/name-taken", GINT_TO_POINTER(false),
                         test_socket_name_taken);
    g_test_add_data_func("/helper/socket/name-is-link", GINT_TO_POINTER(true),
                         test_socket_name_taken);
    g_test_add_func("/helper/socket/daemon", test_daemon);
    g_test_add_data_func("/helper/socket/activation",
                         GINT_TO_POINTER(SOCK_SEQPACKET),
                         test_socket_activation);
    g_test_add_data_func("/helper/socket/activation-stream",
                         GINT_TO_POINTER(SOCK_STREAM), test_socket_activation);
    return g_test_run();
}
