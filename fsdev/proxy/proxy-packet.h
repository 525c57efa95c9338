/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Packets of a proxy connection, and the descriptors that go with them.
 *
 * Both ends of a SOCK_SEQPACKET socket send and receive by these two functions.
 * What the bytes mean is the business of proxy-proto.h.  Context: any thread,
 * which blocks unless MSG_DONTWAIT is among the flags.
 */
#ifndef FSDEV_PROXY_PACKET_H
#define FSDEV_PROXY_PACKET_H

#include "fsdev/proxy/proxy-proto.h"

/* Descriptors that came with a packet; the receiver owns them. */
typedef struct ProxyFds {
    int fd[PROXY_FDS_MAX];
    unsigned n;
    /*
     * More were sent: than there was room for, or than this process had
     * descriptors free for.
     */
    bool lost;
} ProxyFds;

/**
 * proxy_packet_send: the @len bytes at @buf and @n descriptors, which stay the
 * caller's.
 *
 * @flags: MSG_DONTWAIT or 0.  Returns 0 or -errno.
 */
int proxy_packet_send(int sock, const void *buf, size_t len, const int *fds,
                      unsigned n, int flags);

/**
 * proxy_packet_receive: one packet into @size bytes at @buf, with at most
 * @max_fds descriptors in *@fds.
 *
 * @flags: MSG_DONTWAIT or 0.  Returns the length, 0 when the peer has closed
 * the connection, -EMSGSIZE for a longer packet, or another -errno.  *@fds is
 * empty unless a length is returned.
 */
ssize_t proxy_packet_receive(int sock, void *buf, size_t size,
                             unsigned max_fds, ProxyFds *fds, int flags);

/** proxy_fds_close: and forget them. */
void proxy_fds_close(ProxyFds *fds);

#endif
