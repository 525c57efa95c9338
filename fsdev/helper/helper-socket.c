/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The socket of virtfs-proxy-helper: see helper-socket.h.
 *
 * Other users may have access to the directory of the socket.  Therefore the
 * socket has mode 0 until it has its owner, and the owner is changed through a
 * descriptor of the socket itself.  The uid of a client is checked with
 * SO_PEERCRED, even though the mode has let it connect.
 */
#include "fsdev/core/p9-osdep.h"
#include <stdarg.h>
#include <sys/socket.h>
#include <sys/un.h>
#include "fsdev/helper/helper-socket.h"

void helper_say(const char *format, ...)
{
    g_autofree char *text = NULL;
    va_list args;

    va_start(args, format);
    text = g_strdup_vprintf(format, args);
    va_end(args);
    fprintf(stderr, "virtfs-proxy-helper: %s\n", text);
}

/* Returns a path fd of the directory of @path, and its last component. */
static int open_directory_of(const char *path, char **name)
{
    g_autofree char *dir = g_path_get_dirname(path);

    *name = g_path_get_basename(path);
    return open(dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
}

/* The owner is set first, so that the mode lets no other user in. */
static int give_socket(const HelperSocket *sock, uid_t uid, gid_t gid)
{
    int fd = openat(sock->dirfd, sock->name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
    g_autofree char *entry = g_strdup_printf("/proc/self/fd/%d", fd);
    struct stat st;
    int ret = fd < 0 ? -1 : fstat(fd, &st);

    if (ret == 0 && !S_ISSOCK(st.st_mode)) {
        errno = ENOTSOCK;
        ret = -1;
    }
    if (ret == 0) {
        ret = fchownat(fd, "", uid, gid, AT_EMPTY_PATH);
    }
    if (ret == 0) {
        ret = chmod(entry, 0660);
    }
    if (fd >= 0) {
        close(fd);
    }
    return ret;
}

bool helper_socket_listen(const char *path, uid_t uid, gid_t gid,
                          HelperSocket *out)
{
    struct sockaddr_un addr = { .sun_family = AF_UNIX };
    HelperSocket sock = { .listens = true };
    mode_t mask;
    int ret;

    if (strlen(path) >= sizeof(addr.sun_path)) {
        helper_say("the path of socket '%s' is longer than %zu bytes", path,
                   sizeof(addr.sun_path) - 1);
        return false;
    }
    memcpy(addr.sun_path, path, strlen(path));
    sock.dirfd = open_directory_of(path, &sock.name);
    sock.fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
    mask = umask(0777);
    ret = sock.dirfd < 0 || sock.fd < 0
          ? -1 : bind(sock.fd, (struct sockaddr *)&addr, sizeof(addr));
    if (ret == 0) {
        ret = listen(sock.fd, 1);
    }
    umask(mask);
    if (ret < 0) {
        helper_say("cannot create socket '%s': %s%s", path, strerror(errno),
                   errno == EADDRINUSE ? "; remove it if no helper uses it"
                                       : "");
        return false;
    }
    if (give_socket(&sock, uid, gid) < 0) {
        helper_say("cannot change the owner of socket '%s' to uid %u, gid %u: "
                   "%s", path, uid, gid, strerror(errno));
        unlinkat(sock.dirfd, sock.name, 0);
        return false;
    }
    *out = sock;
    return true;
}

static int socket_option(int fd, int option)
{
    int value = 0;
    socklen_t len = sizeof(value);

    return getsockopt(fd, SOL_SOCKET, option, &value, &len) < 0 ? -1 : value;
}

bool helper_socket_given(int fd, HelperSocket *out)
{
    int type = socket_option(fd, SO_TYPE);

    if (socket_option(fd, SO_DOMAIN) != AF_UNIX ||
        (type != SOCK_SEQPACKET && type != SOCK_STREAM)) {
        helper_say("descriptor %d is not a unix socket of the type "
                   "SOCK_SEQPACKET or SOCK_STREAM", fd);
        return false;
    }
    fcntl(fd, F_SETFD, FD_CLOEXEC);
    /* What a program in Go passes on is non-blocking. */
    fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) & ~O_NONBLOCK);
    *out = (HelperSocket) {
        .fd = fd, .dirfd = -1, .listens = socket_option(fd, SO_ACCEPTCONN) > 0,
    };
    return true;
}

static bool is_client(int fd, uid_t uid)
{
    struct ucred peer;
    socklen_t len = sizeof(peer);

    if (uid == HELPER_NO_UID) {
        return true;
    }
    if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &len) < 0) {
        return false;
    }
    if (peer.uid != uid) {
        helper_say("refused a client of uid %u, process %d; only uid %u may "
                   "connect", peer.uid, peer.pid, uid);
    }
    return peer.uid == uid;
}

static int accept_client(const HelperSocket *sock, uid_t uid)
{
    while (true) {
        int fd = accept4(sock->fd, NULL, NULL, SOCK_CLOEXEC);

        if (fd >= 0 && is_client(fd, uid)) {
            return fd;
        }
        if (fd >= 0) {
            close(fd);
        } else if (errno != EINTR && errno != ECONNABORTED) {
            helper_say("cannot accept a client: %s", strerror(errno));
            return -1;
        }
    }
}

int helper_socket_client(HelperSocket *sock, uid_t uid)
{
    int fd = sock->fd;

    if (sock->listens) {
        fd = accept_client(sock, uid);
        close(sock->fd);
    } else if (!is_client(fd, uid)) {
        close(fd);
        fd = -1;
    }
    if (sock->dirfd >= 0) {
        unlinkat(sock->dirfd, sock->name, 0);
        close(sock->dirfd);
    }
    g_free(sock->name);
    return fd;
}
