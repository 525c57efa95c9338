/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Packets of a proxy connection, and the descriptors that go with them.
 *
 * Both ends of a SOCK_SEQPACKET socket send and receive with these two
 * functions; proxy-proto.h defines the contents.  Context: any thread; they
 * block unless MSG_DONTWAIT is among the flags.
 */
#ifndef FSDEV_PROXY_PACKET_H
#define FSDEV_PROXY_PACKET_H

#include "fsdev/proxy/proxy-proto.h"

/* Descriptors that came with a packet; the receiver owns them. */
typedef struct ProxyFds {
    int fd[PROXY_FDS_MAX];
    unsigned n;
    /*
     * The peer sent more: there was no room for them, or this process had no
     * free descriptors.
     */
    bool lost;
} ProxyFds;

/**
 * proxy_packet_send: send @len bytes at @buf and @n descriptors, which stay the
 * caller's.
 *
 * @flags: MSG_DONTWAIT or 0.  Returns 0 or -errno.
 */
int proxy_packet_send(int sock, const void *buf, size_t len, const int *fds,
                      unsigned n, int flags);

/**
 * proxy_packet_receive: receive one packet of at most @size bytes into @buf and
 * at most @max_fds descriptors into *@fds.
 *
 * @flags: MSG_DONTWAIT or 0.  Returns the length, 0 when the peer has closed
 * the connection, -EMSGSIZE for a longer packet, or another -errno.  *@fds is
 * empty unless a length is returned.
 */
ssize_t proxy_packet_receive(int sock, void *buf, size_t size,
                             unsigned max_fds, ProxyFds *fds, int flags);

/** proxy_fds_close: close all descriptors and empty @fds. */
void proxy_fds_close(ProxyFds *fds);

#endif
