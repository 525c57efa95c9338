/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The proxy driver: connecting, and requests to the helper.
 *
 * Replies are checked here before they are used: each descriptor must be of the
 * expected kind, and an open file must be the file that was requested.  Called
 * by the other files of this folder, from any thread that may block and in
 * coroutines.
 */
#include "fsdev/core/p9-osdep.h"
#include <sys/socket.h>
#include <sys/un.h>
#include "fsdev/core/fs-warn.h"
#include "fsdev/proxy/proxy-int.h"

/* How long the helper may take to answer the first request. */
#define HELLO_SECONDS 10

/* ---- the connection --------------------------------------------------- */

static int connect_as(const char *path, int type)
{
    struct sockaddr_un addr = { .sun_family = AF_UNIX };
    HOST_FD fd = socket(AF_UNIX, type | SOCK_CLOEXEC, 0);
    int ret;

    if (fd < 0) {
        return -errno;
    }
    if (strlen(path) >= sizeof(addr.sun_path)) {
        return -ENAMETOOLONG;
    }
    memcpy(addr.sun_path, path, strlen(path));
    ret = NEG_ERRNO(connect(fd, (struct sockaddr *)&addr, sizeof(addr)));
    return ret < 0 ? ret : host_fd_steal(&fd);
}

/* Some management programs give the helper a stream to listen on. */
static int connect_path(const char *path)
{
    int ret = connect_as(path, SOCK_SEQPACKET);

    return ret == -EPROTOTYPE ? connect_as(path, SOCK_STREAM) : ret;
}

/*
 * Duplicates @sock_fd, so that the share can be unplugged and plugged again.
 * What a program in Go passes on is non-blocking.
 */
static int connect_fd(int sock_fd)
{
    int value;
    socklen_t len = sizeof(value);

    if (getsockopt(sock_fd, SOL_SOCKET, SO_DOMAIN, &value, &len) < 0) {
        return -errno;
    }
    if (value != AF_UNIX ||
        getsockopt(sock_fd, SOL_SOCKET, SO_TYPE, &value, &len) < 0 ||
        (value != SOCK_SEQPACKET && value != SOCK_STREAM)) {
        return -EPROTOTYPE;
    }
    fcntl(sock_fd, F_SETFD, FD_CLOEXEC);
    fcntl(sock_fd, F_SETFL, fcntl(sock_fd, F_GETFL) & ~O_NONBLOCK);
    value = fcntl(sock_fd, F_DUPFD_CLOEXEC, 0);
    return value < 0 ? -errno : value;
}

/* Limit the time to wait for a reply; 0: no limit. */
static void set_patience(int fd, unsigned seconds)
{
    struct timeval patience = { .tv_sec = seconds };

    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
    setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience));
}

void proxy_hello_clear(ProxyHello *hello)
{
    id_map_unref(hello->users);
    id_map_unref(hello->groups);
}

static int take_map(ProxyText spec, IdMap **map)
{
    *map = spec.len ? id_map_new(spec.s, NULL) : NULL;
    return spec.len && !*map ? -EPROTO : 0;
}

/* Returns the path fd of the exported directory. */
static int say_hello(ProxyConn *conn, ProxyHello *hello)
{
    const FsCall call = { .wait = FS_WAIT_ANYTHING };
    ProxyRequest t = { .hello = { .version = PROXY_VERSION } };
    PROXY_ANSWER answer;
    int ret = proxy_conn_call(&call, conn, PROXY_HELLO, &t, -1, &answer);

    if (ret == 0 && answer.r.hello.version != PROXY_VERSION) {
        ret = -EPROTONOSUPPORT;
    }
    if (ret == 0) {
        ret = fcntl(answer.fds[0], F_GETFL);
        ret = ret < 0 || !(ret & O_PATH) ? -EPROTO : 0;
    }
    if (ret == 0) {
        ret = host_stat(answer.fds[0], &hello->st);
    }
    if (ret == 0 && !S_ISDIR(hello->st.mode)) {
        ret = -EPROTO;
    }
    if (ret == 0) {
        ret = take_map(answer.r.hello.uidmap, &hello->users);
    }
    if (ret == 0) {
        ret = take_map(answer.r.hello.gidmap, &hello->groups);
    }
    hello->flags = answer.r.hello.flags;
    return ret < 0 ? ret : host_fd_steal(&answer.fds[0]);
}

int proxy_connect(const FsConfig *config, ProxyConn **out, ProxyHello *hello)
{
    int fd = config->socket ? connect_path(config->socket)
                            : connect_fd(config->sock_fd);
    ProxyConn *conn;
    int root;

    if (fd < 0) {
        return fd;
    }
    set_patience(fd, HELLO_SECONDS);
    conn = proxy_conn_new(fd);
    root = say_hello(conn, hello);
    if (root == -EIO && proxy_conn_is_ended(conn)) {
        root = -ECONNRESET;
    }
    if (root < 0) {
        proxy_conn_unref(conn);
        return root;
    }
    set_patience(fd, 0);
    *out = conn;
    return root;
}

ProxyConn *proxy_current_conn(ProxyExport *export, uint32_t *epoch)
{
    ProxyConn *conn;

    g_mutex_lock(&export->lock);
    conn = proxy_conn_ref(export->conn);
    *epoch = export->epoch;
    g_mutex_unlock(&export->lock);
    return conn;
}

/* Connect to another helper, unless another thread has just done so. */
static void reconnect(ProxyExport *export)
{
    const FsConfig *config = &export->local.base.config;
    ProxyConn *old;
    PROXY_GREETING hello = { 0 };
    ProxyConn *conn;
    uint32_t epoch;
    Name *root = node_table_root(local_table(&export->local.base));
    int fd;

    g_mutex_lock(&export->reconnecting);
    old = proxy_current_conn(export, &epoch);
    fd = proxy_conn_is_broken(old) ? proxy_connect(config, &conn, &hello)
                                   : -EALREADY;
    proxy_conn_unref(old);
    if (fd >= 0) {
        close(fd);
        if (hello.st.dev == node_dev(name_node(root)) &&
            hello.st.ino == node_ino(name_node(root))) {
            g_mutex_lock(&export->lock);
            old = export->conn;
            export->conn = conn;
            export->epoch++;
            g_atomic_int_set(&export->no_mounts,
                             hello.flags & PROXY_HELLO_NO_MOUNTS);
            g_mutex_unlock(&export->lock);
            proxy_conn_unref(old);
        } else {
            fs_warn(&export->local.base, FS_WARN_HELPER, "the helper at '%s' "
                    "exports another directory now, and guests get EIO; start "
                    "one for the former directory", config->socket);
            proxy_conn_unref(conn);
        }
    }
    g_mutex_unlock(&export->reconnecting);
    name_unref(root);
}

/* ---- requests --------------------------------------------------------- */

void proxy_ask_clear(ProxyAsk *ask)
{
    if (ask->conn) {
        proxy_answer_clear(&ask->answer);
        proxy_conn_unref(ask->conn);
        ask->conn = NULL;
    }
}

int proxy_ask_begin(const FsCall *call, ProxyAsk *ask, FsExport *base)
{
    ProxyExport *export = proxy_export(base);

    *ask = (ProxyAsk) {
        .call = call,
        .export = export,
        .fd = -1,
        .answer = { .fds = { -1, -1 } },
    };
    if (!fs_call_may_ask(call)) {
        return -EAGAIN;
    }
    ask->conn = proxy_current_conn(export, &ask->epoch);
    if (base->config.socket && proxy_conn_is_broken(ask->conn)) {
        if (fs_call_yield(call)) {
            return -EAGAIN;
        }
        reconnect(export);
        proxy_conn_unref(ask->conn);
        ask->conn = proxy_current_conn(export, &ask->epoch);
    }
    return 0;
}

static void warn_of_death(const FsExport *export)
{
    if (fs_warn_due(export, FS_WARN_HELPER)) {
        fs_warn(export, FS_WARN_HELPER, "virtfs-proxy-helper has gone, and "
                "guests get EIO; %s", export->config.socket
                ? "start another one on the same socket"
                : "restart QEMU and the helper, as sock_fd cannot be opened "
                  "again");
    }
}

int proxy_ask(ProxyAsk *ask, ProxyType type)
{
    int ret;

    proxy_answer_clear(&ask->answer);
    ret = proxy_conn_call(ask->call, ask->conn, type, &ask->t, ask->fd,
                          &ask->answer);
    if (ret == -EIO && proxy_conn_is_broken(ask->conn)) {
        warn_of_death(&ask->export->local.base);
    }
    return ret;
}

int proxy_ask_refuse(ProxyAsk *ask)
{
    proxy_conn_break(ask->conn);
    return -EIO;
}

int proxy_ask_take_fd(ProxyAsk *ask, unsigned n)
{
    return host_fd_steal(&ask->answer.fds[n]);
}

bool proxy_is_path_fd(int fd)
{
    int flags = fcntl(fd, F_GETFL);

    return flags >= 0 && (flags & O_PATH);
}

int proxy_ask_insert(ProxyAsk *ask, FsNode *dir, const char *component,
                     unsigned n, uint64_t id, HostStat *st, Name **name)
{
    int fd = ask->answer.fds[n];
    int ret;

    if (!proxy_is_path_fd(fd)) {
        return proxy_ask_refuse(ask);
    }
    ret = host_stat(fd, st);
    if (ret == 0) {
        ret = local_meet_dev(dir->export, st->dev, fd);
    }
    if (ret == 0) {
        ret = name_insert(name_from_fs(dir), component,
                          proxy_ask_take_fd(ask, n), st, name);
    }
    if (ret < 0) {
        proxy_conn_forget(ask->conn, id, 1, true);
        return ret;
    }
    name_remote_received(*name, id, ask->epoch);
    return 0;
}

int proxy_ask_check_file(ProxyAsk *ask, Name *name, unsigned n, int flags)
{
    int fd = ask->answer.fds[n];
    int has = fcntl(fd, F_GETFL);
    uint32_t type;
    int ret;

    if (has < 0 || (has & O_PATH) ||
        (has & O_ACCMODE) != (flags & O_ACCMODE)) {
        return proxy_ask_refuse(ask);
    }
    ret = name_check_object(name, fd, &type);
    if (ret == -ESTALE ||
        (ret == 0 && type != S_IFREG && type != S_IFDIR)) {
        return proxy_ask_refuse(ask);
    }
    return ret;
}

int proxy_ask_file(ProxyAsk *ask, Name *name, unsigned n, int flags,
                   FsFile **file)
{
    int ret = proxy_ask_check_file(ask, name, n, flags);

    if (ret < 0) {
        return ret;
    }
    *file = local_file_new(&ask->export->local, name,
                           proxy_ask_take_fd(ask, n), flags);
    return 0;
}
