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

int proxy_packet_send(int sock, const void *buf, size_t len, const int *fds,
                      unsigned n, int flags)
{
    size_t bytes = n * sizeof(int);
    struct iovec iov = { (void *)buf, len };
    struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1 };
    Control control = { 0 };
    ssize_t ret;

    assert(n <= PROXY_FDS_MAX);
    if (n) {
        control.header.cmsg_level = SOL_SOCKET;
        control.header.cmsg_type = SCM_RIGHTS;
        control.header.cmsg_len = CMSG_LEN(bytes);
        memcpy(CMSG_DATA(&control.header), fds, bytes);
        msg.msg_control = &control;
        msg.msg_controllen = CMSG_SPACE(bytes);
    }
    ret = NEG_ERRNO(sendmsg(sock, &msg, MSG_NOSIGNAL | flags));
    return ret < 0 ? ret : 0;
}

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
 * MSG_CTRUNC.
 */
ssize_t proxy_packet_receive(int sock, void *buf, size_t size,
                             unsigned max_fds, ProxyFds *fds, int flags)
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
    len = NEG_ERRNO(recvmsg(sock, &msg, MSG_CMSG_CLOEXEC | flags));
    if (len < 0) {
        return len;
    }
    take_fds(&msg, fds);
    if (len == 0 || (msg.msg_flags & MSG_TRUNC)) {
        /* An empty packet may carry descriptors; it counts as the end. */
        proxy_fds_close(fds);
        return len ? -EMSGSIZE : 0;
    }
    return len;
}

void proxy_fds_close(ProxyFds *fds)
{
    while (fds->n > 0) {
        close(fds->fd[--fds->n]);
    }
}
