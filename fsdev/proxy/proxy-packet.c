/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Packets with descriptors; see proxy-packet.h. */
#include "fsdev/core/p9-osdep.h"
#include <sys/socket.h>
#include "fsdev/proxy/proxy-packet.h"

/* An aligned buffer for a header and descriptors. */
typedef union Control {
    struct cmsghdr header;
    char room[CMSG_SPACE(PROXY_FDS_MAX * sizeof(int))];
} Control;

void proxy_socket_init(ProxySocket *sock, int fd)
{
    int type = 0;
    socklen_t len = sizeof(type);

    *sock = (ProxySocket) { .fd = fd };
    getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &len);
    sock->stream = type == SOCK_STREAM;
    g_mutex_init(&sock->sending);
    g_mutex_init(&sock->receiving);
}

void proxy_socket_exit(ProxySocket *sock)
{
    proxy_fds_close(&sock->fds);
    close(sock->fd);
    g_mutex_clear(&sock->sending);
    g_mutex_clear(&sock->receiving);
}

static bool lock_unless_busy(GMutex *mutex, int flags)
{
    if (flags & MSG_DONTWAIT) {
        return g_mutex_trylock(mutex);
    }
    g_mutex_lock(mutex);
    return true;
}

/* ---- sending ---------------------------------------------------------- */

/* Returns the number of bytes that were sent, or -errno. */
static ssize_t send_some(int fd, struct iovec *iov, size_t iovs,
                         const int *fds, unsigned n, int flags)
{
    size_t bytes = n * sizeof(int);
    struct msghdr msg = { .msg_iov = iov, .msg_iovlen = iovs };
    Control control = { 0 };

    assert(n <= PROXY_FDS_MAX);
    if (n) {
        control.header.cmsg_level = SOL_SOCKET;
        control.header.cmsg_type = SCM_RIGHTS;
        control.header.cmsg_len = CMSG_LEN(bytes);
        memcpy(CMSG_DATA(&control.header), fds, bytes);
        msg.msg_control = &control;
        msg.msg_controllen = CMSG_SPACE(bytes);
    }
    return NEG_ERRNO(sendmsg(fd, &msg, MSG_NOSIGNAL | flags));
}

/*
 * Linux takes a small packet as a whole or not at all.  Whatever may be taken
 * in part is left to threads that can wait for the rest.
 */
static int send_to_stream(ProxySocket *sock, const void *buf, size_t len,
                          const int *fds, unsigned n, int flags)
{
    uint32_t length = cpu_to_le32(len);
    struct iovec iov[] = { { &length, sizeof(length) }, { (void *)buf, len } };
    size_t sent;
    ssize_t ret;

    if ((flags & MSG_DONTWAIT) && len > PROXY_SMALL_MAX) {
        return -EAGAIN;
    }
    ret = send_some(sock->fd, iov, ARRAY_SIZE(iov), fds, n, flags);
    for (sent = 0; ret >= 0; ) {
        sent += ret;
        if (sent == sizeof(length) + len) {
            return 0;
        }
        iov[0] = sent < sizeof(length)
            ? (struct iovec) { (char *)&length + sent, sizeof(length) - sent }
            : (struct iovec) { (char *)buf + sent - sizeof(length),
                               sizeof(length) + len - sent };
        ret = send_some(sock->fd, iov, 1, NULL, 0, flags & ~MSG_DONTWAIT);
    }
    return ret;
}

int proxy_packet_send(ProxySocket *sock, const void *buf, size_t len,
                      const int *fds, unsigned n, int flags)
{
    struct iovec iov = { (void *)buf, len };
    int ret;

    if (!sock->stream) {
        ret = send_some(sock->fd, &iov, 1, fds, n, flags);
        return MIN(ret, 0);
    }
    if (!lock_unless_busy(&sock->sending, flags)) {
        return -EAGAIN;
    }
    ret = send_to_stream(sock, buf, len, fds, n, flags);
    g_mutex_unlock(&sock->sending);
    return ret;
}

/* ---- receiving -------------------------------------------------------- */

static void take_fds(struct msghdr *msg, ProxyFds *fds)
{
    const struct cmsghdr *header = CMSG_FIRSTHDR(msg);

    *fds = (ProxyFds) { .lost = msg->msg_flags & MSG_CTRUNC };
    if (header && header->cmsg_level == SOL_SOCKET &&
        header->cmsg_type == SCM_RIGHTS) {
        size_t bytes = header->cmsg_len - CMSG_LEN(0);

        fds->n = bytes / sizeof(int);
        memcpy(fds->fd, CMSG_DATA(header), bytes);
    }
}

/*
 * The length passed is CMSG_LEN() of @max_fds, not CMSG_SPACE(), whose padding
 * may hold one more.  The kernel closes those that do not fit and reports
 * MSG_CTRUNC.  Sets *@msg_flags to what it reported.
 */
static ssize_t receive_some(int fd, void *buf, size_t size, unsigned max_fds,
                            ProxyFds *fds, int flags, int *msg_flags)
{
    struct iovec iov = { buf, size };
    Control control;
    struct msghdr msg = {
        .msg_iov = &iov, .msg_iovlen = 1, .msg_control = &control,
        .msg_controllen = CMSG_LEN(max_fds * sizeof(int)),
    };
    ssize_t len;

    assert(max_fds <= PROXY_FDS_MAX);
    *fds = (ProxyFds) { 0 };
    len = NEG_ERRNO(recvmsg(fd, &msg, MSG_CMSG_CLOEXEC | flags));
    *msg_flags = msg.msg_flags;
    if (len >= 0) {
        take_fds(&msg, fds);
    }
    return len;
}

static ssize_t receive_packet(int fd, void *buf, size_t size, unsigned max_fds,
                              ProxyFds *fds, int flags)
{
    int msg_flags;
    ssize_t len = receive_some(fd, buf, size, max_fds, fds, flags, &msg_flags);

    if (len == 0 || (len > 0 && (msg_flags & MSG_TRUNC))) {
        /* An empty packet may carry descriptors; it counts as the end. */
        proxy_fds_close(fds);
        return len ? -EMSGSIZE : 0;
    }
    return len;
}

/*
 * Receive the next bytes of a packet: of its length, then of itself.  Returns
 * how many there were, 0 at the end of the connection, or -errno.
 */
static ssize_t receive_part(ProxySocket *sock, void *buf, size_t len,
                            unsigned max_fds, int flags)
{
    bool first = sock->have == 0;
    ProxyFds fds;
    int msg_flags;
    ssize_t ret;

    if (sock->have < sizeof(sock->length)) {
        buf = (char *)&sock->length + sock->have;
        len = sizeof(sock->length) - sock->have;
    } else {
        buf = (char *)buf + sock->have - sizeof(sock->length);
        len -= sock->have - sizeof(sock->length);
    }
    ret = receive_some(sock->fd, buf, len, first ? max_fds : 0, &fds, flags,
                       &msg_flags);
    if (ret > 0 && first) {
        sock->fds = fds;
    } else if (ret > 0 && (msg_flags & MSG_CTRUNC)) {
        return -EBADMSG;        /* descriptors inside of a packet */
    } else if (ret == 0) {
        proxy_fds_close(&fds);
    }
    sock->have += MAX(ret, 0);
    return ret;
}

static ssize_t receive_from_stream(ProxySocket *sock, void *buf, size_t size,
                                   unsigned max_fds, ProxyFds *fds, int flags)
{
    const size_t head = sizeof(sock->length);
    size_t len = size;
    ssize_t ret;

    do {
        if (sock->have >= head) {
            len = le32_to_cpu(sock->length);
            if (len == 0 || len > size) {
                return -EMSGSIZE;
            }
        }
        ret = receive_part(sock, buf, len, max_fds, flags);
    } while (ret > 0 && (sock->have <= head || sock->have < head + len));
    if (ret <= 0) {
        return ret;
    }
    *fds = sock->fds;
    sock->fds = (ProxyFds) { 0 };
    sock->have = 0;
    return len;
}

ssize_t proxy_packet_receive(ProxySocket *sock, void *buf, size_t size,
                             unsigned max_fds, ProxyFds *fds, int flags)
{
    ssize_t ret;

    *fds = (ProxyFds) { 0 };
    if (!sock->stream) {
        return receive_packet(sock->fd, buf, size, max_fds, fds, flags);
    }
    if (!lock_unless_busy(&sock->receiving, flags)) {
        return -EAGAIN;
    }
    ret = receive_from_stream(sock, buf, size, max_fds, fds, flags);
    g_mutex_unlock(&sock->receiving);
    return ret;
}

void proxy_fds_close(ProxyFds *fds)
{
    while (fds->n > 0) {
        close(fds->fd[--fds->n]);
    }
}
