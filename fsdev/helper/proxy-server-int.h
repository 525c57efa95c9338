/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One request at the server end of a proxy connection.
 *
 * Private to proxy-server.c, which receives requests and sends replies, and
 * proxy-serve.c, which performs them.  Context: one worker at a time.
 */
#ifndef FSDEV_PROXY_SERVER_INT_H
#define FSDEV_PROXY_SERVER_INT_H

#include "fsdev/local/local.h"
#include "fsdev/helper/proxy-crew.h"
#include "fsdev/helper/proxy-ids.h"
#include "fsdev/proxy/proxy-proto.h"
#include "fsdev/helper/proxy-server.h"

/* A request, and its reply later. */
typedef struct ProxyWork {
    /* Borrowed from the server. */
    FsExport *export;
    const ProxyServerOptions *options;
    ProxyIds *ids;
    uint32_t tag;
    int error;                  /* of decoding; then it is not performed */
    ProxyType type;
    ProxyRequest t;
    ProxyReply r;
    int in_fd;                  /* owned; received with the request, or -1 */
    bool fd_lost;               /* in_fd is -1 as no descriptor was free */
    /* Descriptors of the reply, borrowed from the fields below. */
    int fds[PROXY_FDS_MAX];
    unsigned n_fds;
    Name *pinned;               /* counted and pinned */
    FsFile *file;               /* owned */
    char in[PROXY_MESSAGE_MAX];
    char out[PROXY_MESSAGE_MAX];
    char value[PROXY_XATTR_MAX];
} ProxyWork;

/**
 * proxy_work_serve: perform the request work->t.
 *
 * Returns 0 with work->r filled in, or -errno.  The caller calls
 * proxy_work_clear() after it has sent the reply.
 */
int proxy_work_serve(ProxyWork *work);
/** proxy_work_target: what the request is about, for its turn. */
ProxyTarget proxy_work_target(const ProxyWork *work);
/** proxy_work_clear: release what the reply borrowed. */
void proxy_work_clear(ProxyWork *work);

#endif
