/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A helper for tests of the proxy; see proxy-fixture.h.
 */
#include "fsdev/core/p9-osdep.h"
#include <sys/socket.h>
#include <sys/wait.h>
#include "fsdev/helper/helper-cred.h"
#include "helper/helper-run.h"
#include "proxy-fixture.h"

/* The first argument of a test program that is executed as the helper. */
#define HELPER_ARG "proxy-fixture-helper"

static IdMap *host_map(const char *spec)
{
    g_autoptr(IdMap) map = spec ? id_map_new(spec, NULL) : NULL;

    return id_map_new_host(map);
}

static ProxyServer *make_server(const ProxyFixture *fixture, const char *path,
                                int fd)
{
    ProxyServerOptions options = fixture->options;
    g_autoptr(IdMap) users = host_map(options.uidmap);
    g_autoptr(IdMap) groups = host_map(options.gidmap);
    g_autoptr(FsXattrRules) xattrs = fixture->xattrs
        ? fs_xattr_rules_new(fixture->xattrs, NULL) : NULL;
    FsConfig config = {
        .driver = &fs_local_driver, .path = (char *)path,
        .model = FS_SM_PASSTHROUGH, .readonly = fixture->readonly,
        .nested_export = true,
        .users = users, .groups = groups, .xattrs = xattrs,
    };
    g_autoptr(GError) error = NULL;
    FsExport *export = fs_export_open(&config, &error);
    ProxyServer *server;

    g_assert_no_error(error);
    options.workers = options.workers ?: PROXY_SERVER_WORKERS;
    options.max_ids = options.max_ids ?: PROXY_SERVER_MAX_IDS;
    server = proxy_server_new(fd, export, &options);
    fs_export_unref(export);
    return server;
}

static int run_server(ProxyServer *server)
{
    int ret = proxy_server_run(server);

    proxy_server_free(server);
    return ret;
}

/*
 * The child executes the test program again, because the local driver must be
 * initialized after the fork.
 */
static void exec_helper(const ProxyFixture *fixture, const char *path, int fd)
{
    g_autofree char *words = g_strdup_printf("%d %d %d %d %u %u", fd,
        fixture->readonly, fixture->options.allow_suid,
        fixture->options.allow_devices, fixture->options.workers,
        fixture->options.max_ids);

    fcntl(fd, F_SETFD, 0);
    execl("/proc/self/exe", "helper", HELPER_ARG, words, path, NULL);
    _exit(127);
}

static void exec_program(const ProxyFixture *fixture, const char *path, int fd)
{
    g_autofree char *number = g_strdup_printf("%d", fd);
    const char *words[12] = {
        "virtfs-proxy-helper", "-n", "-p", path, "-f", number,
        "--nested-export",
    };
    unsigned n = 7;

    if (fixture->options.allow_suid) {
        words[n++] = "--allow-suid";
    }
    if (fixture->options.allow_devices) {
        words[n++] = "--allow-devices";
    }
    if (fixture->xattrs) {
        words[n++] = "--allow-xattrs";
        words[n++] = fixture->xattrs;
    }
    fcntl(fd, F_SETFD, 0);
    execv(helper_run_program(), (char **)words);
    _exit(127);
}

void proxy_fixture_main(int argc, char **argv)
{
    ProxyFixture fixture = { 0 };
    int readonly, suid, devices;
    int fd;

    if (argc != 4 || strcmp(argv[1], HELPER_ARG)) {
        return;
    }
    g_assert_cmpint(sscanf(argv[2], "%d %d %d %d %u %u", &fd, &readonly, &suid,
                           &devices, &fixture.options.workers,
                           &fixture.options.max_ids), ==, 6);
    fixture.readonly = readonly;
    fixture.options.allow_suid = suid;
    fixture.options.allow_devices = devices;
    helper_cred_init();
    exit(run_server(make_server(&fixture, argv[3], fd)) < 0);
}

static gpointer run_thread(gpointer server)
{
    return GINT_TO_POINTER(run_server(server));
}

void proxy_fixture_start(ProxyFixture *fixture, const char *path)
{
    static bool initialized;
    int type = fixture->stream ? SOCK_STREAM : SOCK_SEQPACKET;
    int fds[2];

    g_assert_cmpint(socketpair(AF_UNIX, type | SOCK_CLOEXEC, 0, fds), ==, 0);
    fixture->fd = fds[0];
    if (fixture->in_thread) {
        if (!initialized) {
            helper_cred_init();
            initialized = true;
        }
        fixture->thread = g_thread_new("helper", run_thread,
                                       make_server(fixture, path, fds[1]));
        return;
    }
    fixture->pid = fork();
    g_assert_cmpint(fixture->pid, >=, 0);
    if (fixture->pid == 0) {
        (fixture->program ? exec_program : exec_helper)(fixture, path, fds[1]);
    }
    close(fds[1]);
}

void proxy_fixture_stop(ProxyFixture *fixture)
{
    int status;

    if (fixture->fd) {
        close(fixture->fd);
        fixture->fd = 0;
    }
    if (fixture->thread) {
        g_assert_cmpint(GPOINTER_TO_INT(g_thread_join(fixture->thread)),
                        ==, 0);
        fixture->thread = NULL;
    }
    if (fixture->pid) {
        g_assert_cmpint(waitpid(fixture->pid, &status, 0), ==, fixture->pid);
        g_assert_true(WIFEXITED(status));
        g_assert_cmpint(WEXITSTATUS(status), ==, 0);
        fixture->pid = 0;
    }
}

void proxy_make_tree(const char *dir)
{
    int dirfd = open(dir, O_PATH | O_DIRECTORY);

    g_assert_cmpint(dirfd, >=, 0);
    g_assert_cmpint(mknodat(dirfd, "f", S_IFREG | 0600, 0), ==, 0);
    g_assert_cmpint(mknodat(dirfd, "other", S_IFREG | 0600, 0), ==, 0);
    g_assert_cmpint(mknodat(dirfd, "fifo", S_IFIFO | 0600, 0), ==, 0);
    close(dirfd);
}

FsExport *proxy_open_export(int fd, const char *path, GError **error)
{
    FsConfig config = {
        .driver = &fs_proxy_driver, .sock_fd = fd, .socket = (char *)path,
    };

    return fs_export_open(&config, error);
}
