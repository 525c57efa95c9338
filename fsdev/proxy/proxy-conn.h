/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The client end of a proxy connection.
 *
 * Any number of threads may have requests in flight.  The connection has no
 * thread of its own: one of the threads that wait for a reply reads the socket,
 * delivers replies to the others, and leaves the reading to another one when it
 * has its own reply.  When the helper has gone or violates the protocol, the
 * connection is broken for good: all requests in flight and all later ones fail
 * with -EIO.
 */
#ifndef FSDEV_PROXY_CONN_H
#define FSDEV_PROXY_CONN_H

#include "fsdev/core/waiting.h"
#include "fsdev/proxy/proxy-proto.h"

typedef struct ProxyConn ProxyConn;

/* A reply; the receiver owns the contents until proxy_answer_clear(). */
typedef struct ProxyAnswer {
    ProxyReply r;               /* points into buf */
    int fds[PROXY_FDS_MAX];     /* -1: none, or taken */
    bool fds_lost;              /* this process had no free descriptors */
    char *buf;
} ProxyAnswer;

/** proxy_conn_new: use the connected @fd (taken over): proxy-packet.h. */
ProxyConn *proxy_conn_new(int fd);
ProxyConn *proxy_conn_ref(ProxyConn *conn);
void proxy_conn_unref(ProxyConn *conn);
bool proxy_conn_is_broken(ProxyConn *conn);
/** proxy_conn_is_ended: has a call found out that the helper closed it? */
bool proxy_conn_is_ended(ProxyConn *conn);
/** proxy_conn_break: give up the connection after a protocol violation. */
void proxy_conn_break(ProxyConn *conn);

/**
 * proxy_conn_call: send a request and wait for the reply; a coroutine yields
 * meanwhile.
 *
 * @fd is sent along if the row of @type says so, and stays the caller's.
 * Returns 0 when the reply carries exactly the descriptors of its row, or
 * -errno: the helper's, or -EIO when the connection is broken, or -EAGAIN when
 * the socket is full (in a coroutine only), or -EMFILE with @answer->fds_lost
 * set when this process had no free descriptors; @answer->r is valid then too.
 * The caller clears @answer in any case.
 */
int proxy_conn_call(const FsCall *call, ProxyConn *conn, ProxyType type,
                    const ProxyRequest *t, int fd, ProxyAnswer *answer);
/**
 * proxy_conn_leave_loop: stop watching the socket on this thread's event loop,
 * unless a coroutine of that loop still waits for a reply.
 */
void proxy_conn_leave_loop(ProxyConn *conn, const FsYield *yield);
/**
 * proxy_conn_forget: release @count references to the helper's number @id.
 *
 * Several calls share a packet.  With @gone it is sent at once, as the object
 * has lost its name and its space is only freed when the helper closes it.
 * Never blocks: whatever the socket does not accept is sent later.
 */
void proxy_conn_forget(ProxyConn *conn, uint64_t id, uint32_t count,
                       bool gone);

void proxy_answer_clear(ProxyAnswer *answer);
#define PROXY_ANSWER __attribute__((cleanup(proxy_answer_clear))) ProxyAnswer

#endif
