/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The asking end of a proxy connection.
 *
 * Any number of threads ask at the same time.  There is no thread of its own:
 * of those that wait for an answer one reads the socket, hands the others
 * theirs, and passes the reading on when it has its own.  When the helper has
 * gone, or says what it may not say, the connection is broken for good: all
 * who wait get -EIO and so does who comes later.
 */
#ifndef FSDEV_PROXY_CONN_H
#define FSDEV_PROXY_CONN_H

#include "fsdev/core/waiting.h"
#include "fsdev/proxy/proxy-proto.h"

typedef struct ProxyConn ProxyConn;

/* An answer; what it holds is its receiver's until proxy_answer_clear(). */
typedef struct ProxyAnswer {
    ProxyReply r;               /* points into buf */
    int fds[PROXY_FDS_MAX];     /* -1: none, or taken */
    bool fds_lost;              /* there was no descriptor free for them */
    char *buf;
} ProxyAnswer;

/** proxy_conn_new: on the connected SOCK_SEQPACKET @fd (taken over). */
ProxyConn *proxy_conn_new(int fd);
ProxyConn *proxy_conn_ref(ProxyConn *conn);
void proxy_conn_unref(ProxyConn *conn);
bool proxy_conn_is_broken(ProxyConn *conn);
/** proxy_conn_break: what the helper did is beyond the protocol. */
void proxy_conn_break(ProxyConn *conn);

/**
 * proxy_conn_call: ask and wait for the answer, in a coroutine by yielding;
 * -EAGAIN only there: the socket is full.
 *
 * @fd goes with the request where its row says so, and stays the caller's.
 * With 0 the answer has exactly the descriptors that its row says; -EMFILE
 * with @answer->fds_lost when it could not bring them, @answer->r is valid
 * then.  @answer is to be cleared in any case.
 */
int proxy_conn_call(const FsCall *call, ProxyConn *conn, ProxyType type,
                    const ProxyRequest *t, int fd, ProxyAnswer *answer);
/**
 * proxy_conn_leave_loop: whoever ran coroutines on this thread's loop does so
 * no more.  Others there may: then nothing happens.
 */
void proxy_conn_leave_loop(ProxyConn *conn, const FsYield *yield);
/**
 * proxy_conn_forget: tell the helper so, some together.
 *
 * At once with @gone: the object has lost its name, and its space is free only
 * when the helper does not hold it any more.  Never blocks: what the socket
 * does not take is sent later.
 */
void proxy_conn_forget(ProxyConn *conn, uint64_t id, uint32_t count,
                       bool gone);

void proxy_answer_clear(ProxyAnswer *answer);
#define PROXY_ANSWER __attribute__((cleanup(proxy_answer_clear))) ProxyAnswer

#endif
