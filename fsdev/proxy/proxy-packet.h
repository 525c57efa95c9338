/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Packets of a proxy connection, and the descriptors that go with them.
 *
 * Both ends send and receive with these functions; proxy-proto.h defines the
 * contents.  On a SOCK_SEQPACKET socket a packet is one of the socket's.  On a
 * SOCK_STREAM socket it has its length before it, as a u32 in little endian,
 * and its descriptors come with the first byte of that.  Context: any thread;
 * they block unless MSG_DONTWAIT is among the flags.
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

/* A connected socket.  The fields are private, except fd. */
typedef struct ProxySocket {
    int fd;                     /* owned */
    bool stream;                /* SOCK_STREAM; the rest is for that */
    GMutex sending;
    GMutex receiving;           /* guards what has come of a packet so far: */
    uint32_t length;            /* little endian */
    size_t have;                /* bytes, including those of the length */
    ProxyFds fds;
} ProxySocket;

/** proxy_socket_init: take over the connected @fd, of either type. */
void proxy_socket_init(ProxySocket *sock, int fd);
/** proxy_socket_exit: close it. */
void proxy_socket_exit(ProxySocket *sock);

/**
 * proxy_packet_send: send @len bytes at @buf and @n descriptors, which stay the
 * caller's.
 *
 * @flags: MSG_DONTWAIT or 0.  Returns 0 or -errno.  With MSG_DONTWAIT, packets
 * of more than PROXY_SMALL_MAX bytes are refused by a stream with -EAGAIN.
 */
int proxy_packet_send(ProxySocket *sock, const void *buf, size_t len,
                      const int *fds, unsigned n, int flags);

/**
 * proxy_packet_receive: receive one packet of at most @size bytes into @buf and
 * at most @max_fds descriptors into *@fds.
 *
 * @flags: MSG_DONTWAIT or 0.  Returns the length, 0 when the peer has closed
 * the connection, -EMSGSIZE for a longer packet, or another -errno.  *@fds is
 * empty unless a length is returned.  After -EAGAIN, @buf may have a part of
 * the packet, and the next call has to have the same @buf.
 */
ssize_t proxy_packet_receive(ProxySocket *sock, void *buf, size_t size,
                             unsigned max_fds, ProxyFds *fds, int flags);

/** proxy_fds_close: close all descriptors and empty @fds. */
void proxy_fds_close(ProxyFds *fds);

#endif
