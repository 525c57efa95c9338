/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * virtfs-proxy-helper: opens files for a QEMU process without the privilege.
 *
 * It parses the options, creates its socket, sets up the sandbox, accepts one
 * client, and serves it (proxy-server.c) until the connection ends.  If a part
 * of the sandbox cannot be set up, it does not start.  The manual is
 * docs/tools/virtfs-proxy-helper.rst.
 */
#include "fsdev/core/p9-osdep.h"
#include <getopt.h>
#include <signal.h>
#include "fsdev/core/fsdriver.h"
#include "fsdev/core/version.h"
#include "fsdev/helper/helper-messages.h"
#include "fsdev/helper/helper-socket.h"
#include "fsdev/helper/helper-start.h"
#include "fsdev/helper/proxy-server.h"

/* The version of the QEMU that it was built with; the tests have none. */
#ifndef HELPER_VERSION
#define HELPER_VERSION "unknown"
#endif

enum {
    EXIT_USAGE = 2,
    FIRST_ACTIVATED_FD = 3,     /* sd_listen_fds(3) */
};

typedef struct Options {
    HelperStart start;
    const char *socket;
    uint32_t uid;
    uint32_t gid;
    uint32_t fd;
    bool has_uid;
    bool has_gid;
    bool has_fd;
    bool nodaemon;
    bool verbose;
    const char *uidmap;
    const char *gidmap;
} Options;

/* ---- options ---------------------------------------------------------- */

enum {
    OPT_ALLOW_SUID = 256,
    OPT_ALLOW_DEVICES,
    OPT_NESTED_EXPORT,
    OPT_ALLOW_XATTRS,
    OPT_UIDMAP,
    OPT_GIDMAP,
    OPT_VERSION,
};

typedef struct OptionRow {
    struct option option;
    const char *value;          /* NULL: takes none */
    const char *help;
} OptionRow;

static const OptionRow option_rows[] = {
    { { "path", 1, NULL, 'p' }, "DIR", "the directory to export" },
    { { "socket", 1, NULL, 's' }, "PATH", "create this socket and listen" },
    { { "uid", 1, NULL, 'u' }, "UID", "the user who may connect" },
    { { "gid", 1, NULL, 'g' }, "GID", "the group of the socket" },
    { { "fd", 1, NULL, 'f' }, "N", "serve this inherited connection" },
    { { "readonly", 0, NULL, 'r' }, NULL, "refuse all changes" },
    { { "nodaemon", 0, NULL, 'n' }, NULL, "stay in the foreground" },
    { { "verbose", 0, NULL, 'v' }, NULL, "report events on stderr" },
    { { "allow-suid", 0, NULL, OPT_ALLOW_SUID }, NULL,
      "allow the guest to create set-uid and set-gid programs" },
    { { "allow-devices", 0, NULL, OPT_ALLOW_DEVICES }, NULL,
      "allow the guest to create device nodes" },
    { { "nested-export", 0, NULL, OPT_NESTED_EXPORT }, NULL,
      "allow the guest to set user.virtfs.* attributes" },
    { { "allow-xattrs", 1, NULL, OPT_ALLOW_XATTRS }, "RULES",
      "allow the guest attributes in security.* and trusted.*" },
    { { "uidmap", 1, NULL, OPT_UIDMAP }, "MAP",
      "map user ids of the guest: GUEST:HOST:COUNT+…" },
    { { "gidmap", 1, NULL, OPT_GIDMAP }, "MAP", "map group ids of the guest" },
    { { "version", 0, NULL, OPT_VERSION }, NULL, "print the version" },
    { { "help", 0, NULL, 'h' }, NULL, "print this text" },
};

static void print_help(void)
{
    printf("virtfs-proxy-helper " VIRTFS_VERSION "\n"
           "usage: virtfs-proxy-helper -p DIR -s PATH -u UID -g GID "
           "[options]\n"
           "       virtfs-proxy-helper -p DIR -f N [options]\n"
           "Opens the files of DIR for one QEMU process with -fsdev proxy."
           "\n\n");
    for (size_t i = 0; i < ARRAY_SIZE(option_rows); i++) {
        const OptionRow *row = &option_rows[i];
        g_autofree char *letter = row->option.val < 256
            ? g_strdup_printf("-%c, ", row->option.val) : g_strdup("    ");
        g_autofree char *usage = g_strdup_printf("%s--%s%s%s", letter,
            row->option.name, row->value ? " " : "", row->value ?: "");

        printf("  %-22s %s\n", usage, row->help);
    }
    printf("\nWithout -s and -f, the helper uses the socket that systemd "
           "passes (LISTEN_FDS).\n");
}

static bool parse_number(char option, const char *text, uint32_t max,
                         uint32_t *value)
{
    uint64_t parsed;

    if (!g_ascii_string_to_unsigned(text, 10, 0, max, &parsed, NULL)) {
        helper_say("-%c '%s' is not a number from 0 to %u", option, text, max);
        return false;
    }
    *value = parsed;
    return true;
}

static bool parse_map(const char *option, const char *spec, IdMap **map)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(IdMap) guest = id_map_new(spec, &error);

    if (!guest) {
        helper_say("%s: %s", option, error->message);
        return false;
    }
    id_map_unref(*map);
    *map = id_map_new_host(guest);
    return true;
}

static bool parse_xattrs(const char *spec, FsXattrRules **rules)
{
    g_autoptr(GError) error = NULL;

    fs_xattr_rules_unref(*rules);
    *rules = fs_xattr_rules_new(spec, &error);
    if (!*rules) {
        helper_say("--allow-xattrs: %s", error->message);
        return false;
    }
    return true;
}

/* False when the option is unknown or its value is invalid. */
static bool take_option(int option, Options *o)
{
    switch (option) {
    case 'p':
        o->start.path = optarg;
        return true;
    case 's':
        o->socket = optarg;
        return true;
    case 'u':
        o->has_uid = true;
        return parse_number('u', optarg, UINT32_MAX - 1, &o->uid);
    case 'g':
        o->has_gid = true;
        return parse_number('g', optarg, UINT32_MAX - 1, &o->gid);
    case 'f':
        o->has_fd = true;
        return parse_number('f', optarg, INT_MAX, &o->fd);
    case 'r':
        o->start.readonly = true;
        return true;
    case 'n':
        o->nodaemon = true;
        return true;
    case 'v':
        o->verbose = true;
        return true;
    case OPT_ALLOW_SUID:
        o->start.allow_suid = true;
        return true;
    case OPT_ALLOW_DEVICES:
        o->start.allow_devices = true;
        return true;
    case OPT_NESTED_EXPORT:
        o->start.nested_export = true;
        return true;
    case OPT_ALLOW_XATTRS:
        return parse_xattrs(optarg, &o->start.xattrs);
    case OPT_UIDMAP:
        o->uidmap = optarg;
        return parse_map("--uidmap", optarg, &o->start.users);
    case OPT_GIDMAP:
        o->gidmap = optarg;
        return parse_map("--gidmap", optarg, &o->start.groups);
    case OPT_VERSION:
        printf("virtfs-proxy-helper " VIRTFS_VERSION " (QEMU "
               HELPER_VERSION ")\n");
        exit(EXIT_SUCCESS);
    case 'h':
        print_help();
        exit(EXIT_SUCCESS);
    default:
        /* getopt_long() has printed an error. */
        return false;
    }
}

/* The descriptor that systemd passed, 0 if there is none, -1 on error. */
static int activated_fd(void)
{
    const char *pid = g_getenv("LISTEN_PID");
    const char *fds = g_getenv("LISTEN_FDS");
    uint32_t value;

    if (!pid || !fds || !g_ascii_string_to_unsigned(pid, 10, 0, INT_MAX,
                                                    &(uint64_t) { 0 }, NULL) ||
        (pid_t)g_ascii_strtoull(pid, NULL, 10) != getpid()) {
        return 0;
    }
    value = g_ascii_strtoull(fds, NULL, 10);
    if (value != 1) {
        helper_say("LISTEN_FDS is '%s', but the helper serves one socket",
                   fds);
        return -1;
    }
    return FIRST_ACTIVATED_FD;
}

static const char *usage_problem(const Options *o, int activated)
{
    bool listens = o->socket || (activated && !o->has_fd);

    if (!o->start.path) {
        return "the directory to export is missing; add -p DIR";
    }
    if (o->socket && o->has_fd) {
        return "-s and -f exclude each other";
    }
    if (!o->socket && !o->has_fd && !activated) {
        return "the socket is missing; add -s PATH -u UID -g GID, or -f N";
    }
    if (o->socket && (!o->has_uid || !o->has_gid)) {
        return "-s needs -u UID and -g GID, the owner of the socket";
    }
    if (listens && !o->has_uid) {
        return "a listening socket needs -u UID, the user who may connect";
    }
    if (o->has_gid && !o->socket) {
        return "-g needs -s, which creates a socket";
    }
    return NULL;
}

static void parse_options(int argc, char **argv, Options *o)
{
    struct option options[ARRAY_SIZE(option_rows) + 1] = { 0 };
    g_autoptr(GString) letters = g_string_new(NULL);
    const char *problem;
    int activated = activated_fd();
    int option;

    for (size_t i = 0; i < ARRAY_SIZE(option_rows); i++) {
        options[i] = option_rows[i].option;
        if (options[i].val < 256) {
            g_string_append_c(letters, options[i].val);
            g_string_append(letters, options[i].has_arg ? ":" : "");
        }
    }
    while ((option = getopt_long(argc, argv, letters->str, options,
                                 NULL)) != -1) {
        if (!take_option(option, o)) {
            exit(EXIT_USAGE);
        }
    }
    if (activated < 0) {
        exit(EXIT_USAGE);
    }
    if (optind < argc) {
        helper_say("unexpected argument '%s'; see --help", argv[optind]);
        exit(EXIT_USAGE);
    }
    problem = usage_problem(o, activated);
    if (problem) {
        helper_say("%s", problem);
        exit(EXIT_USAGE);
    }
    if (!o->socket && !o->has_fd) {
        o->has_fd = true;
        o->fd = activated;
        o->nodaemon = true;
    }
}

/* ---- start ------------------------------------------------------------ */

/* Close all other descriptors: an inherited one may lead out of the export. */
static void close_others(const HelperSocket *sock)
{
    g_autoptr(GDir) dir = g_dir_open("/proc/self/fd", 0, NULL);
    g_autoptr(GArray) fds = g_array_new(false, false, sizeof(int));
    const char *name;

    while (dir && (name = g_dir_read_name(dir))) {
        int fd = atoi(name);

        if (fd > STDERR_FILENO && fd != sock->fd && fd != sock->dirfd) {
            g_array_append_val(fds, fd);
        }
    }
    g_clear_pointer(&dir, g_dir_close);
    for (guint i = 0; i < fds->len; i++) {
        close(g_array_index(fds, int, i));
    }
}

/*
 * Go on in a child process in the background.  The parent exits with success
 * when the child writes a byte to the descriptor that is returned, and with
 * failure when the child exits before.
 */
static int become_daemon(void)
{
    int ready[2];
    char byte;
    pid_t pid;

    pid = pipe2(ready, O_CLOEXEC) < 0 ? -1 : fork();
    if (pid < 0) {
        helper_say("cannot start a process: %s", strerror(errno));
        exit(EXIT_FAILURE);
    }
    if (pid > 0) {
        close(ready[1]);
        _exit(read(ready[0], &byte, 1) == 1 ? EXIT_SUCCESS : EXIT_FAILURE);
    }
    close(ready[0]);
    setsid();
    return ready[1];
}

static int serve(const Options *o, FsExport *export, bool no_mounts, int fd)
{
    ProxyServerOptions options = {
        .allow_suid = o->start.allow_suid,
        .allow_devices = o->start.allow_devices,
        .no_mounts = no_mounts,
        .uidmap = o->uidmap,
        .gidmap = o->gidmap,
        .workers = PROXY_SERVER_WORKERS,
        .max_ids = PROXY_SERVER_MAX_IDS,
    };
    ProxyServer *server;
    int ret;

    helper_start_connected();
    server = proxy_server_new(fd, export, &options);
    helper_start_filter(&o->start);
    ret = proxy_server_run(server);
    if (ret < 0) {
        helper_say("the client violated the protocol");
    } else if (o->verbose) {
        helper_say("the client has closed the connection");
    }
    proxy_server_free(server);
    return ret < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}

int main(int argc, char **argv)
{
    Options o = { 0 };
    HelperSocket sock;
    FsExport *export;
    bool no_mounts;
    int ready = -1;
    int fd;
    int ret;

    parse_options(argc, argv, &o);
    signal(SIGPIPE, SIG_IGN);
    if (!(o.socket ? helper_socket_listen(o.socket, o.uid, o.gid, &sock)
                   : helper_socket_given(o.fd, &sock))) {
        return EXIT_FAILURE;
    }
    close_others(&sock);
    if (!o.nodaemon) {
        ready = become_daemon();
    }
    export = helper_start_locked(&o.start, &no_mounts);
    if (o.verbose) {
        helper_say("ready to export '%s'", o.start.path);
    }
    if (ready >= 0) {
        if (write(ready, "", 1) < 0) {
            return EXIT_FAILURE;
        }
        close(ready);
    }
    fd = helper_socket_client(&sock, o.has_uid ? o.uid : HELPER_NO_UID);
    if (fd < 0) {
        return EXIT_FAILURE;
    }
    ret = serve(&o, export, no_mounts, fd);
    fs_export_unref(export);
    helper_messages_end();
    return ret;
}
