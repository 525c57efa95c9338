/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One request at the serving end of a proxy connection.
 *
 * Private to proxy-server.c, which takes requests and sends replies, and
 * proxy-serve.c, which does what they ask for.  Context: one worker.
 */
#ifndef FSDEV_PROXY_SERVER_INT_H
#define FSDEV_PROXY_SERVER_INT_H

#include "fsdev/local/local.h"
#include "fsdev/helper/proxy-ids.h"
#include "fsdev/proxy/proxy-proto.h"
#include "fsdev/helper/proxy-server.h"

/* One request under way; a worker has one for all of its life. */
typedef struct ProxyWork {
    /* Of the server; borrowed. */
    FsExport *export;
    const ProxyServerOptions *options;
    ProxyIds *ids;
    ProxyType type;
    ProxyRequest t;
    ProxyReply r;
    int in_fd;                  /* owned; came with it, or -1 */
    bool fd_lost;               /* there was no descriptor free for it */
    /* What the reply sends: borrowed from what is below. */
    int fds[PROXY_FDS_MAX];
    unsigned n_fds;
    Name *pinned;               /* counted and pinned */
    FsFile *file;               /* owned */
    char in[PROXY_MESSAGE_MAX];
    char out[PROXY_MESSAGE_MAX];
    char value[PROXY_XATTR_MAX];
} ProxyWork;

/**
 * proxy_work_serve: do what work->t asks for.
 *
 * Returns 0 with work->r filled in, or -errno.  proxy_work_clear() is due once
 * the reply is sent.
 */
int proxy_work_serve(ProxyWork *work);
/** proxy_work_clear: give up what the reply has borrowed. */
void proxy_work_clear(ProxyWork *work);

#endif
