/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The serving end of a proxy connection: what virtfs-proxy-helper does once
 * it is locked up.
 *
 * A fixed number of threads take requests from the socket, each the next one
 * there is, do them with the local driver and answer, so answers come in any
 * order and never more requests are under way than there are threads.  No
 * file stays open here: its descriptor goes with the answer.  A peer that
 * breaks the protocol is a peer that has gone.
 */
#ifndef FSDEV_PROXY_SERVER_H
#define FSDEV_PROXY_SERVER_H

#include "fsdev/core/fsdriver.h"

enum {
    PROXY_SERVER_WORKERS = 8,
    PROXY_SERVER_MAX_IDS = 1 << 20,
};

typedef struct ProxyServerOptions {
    bool allow_suid;            /* guests may make set-id programs */
    bool allow_devices;         /* … and device nodes */
    bool no_mounts;             /* nothing is mounted below, for good */
    /*
     * Ids that things may be made for or given to, and the same as text, for
     * the peer to hear.  NULL: any.  Borrowed for the life of the server.
     */
    IdMap *users;
    IdMap *groups;
    const char *uidmap;
    const char *gidmap;
    unsigned workers;
    uint32_t max_ids;
} ProxyServerOptions;

typedef struct ProxyServer ProxyServer;

/**
 * proxy_server_new: serve @export, one of the local driver with the model
 * passthrough, on the connected SOCK_SEQPACKET @fd (taken over).
 *
 * The threads are made here and begin in proxy_server_run(): what concerns
 * the whole process can be set between the two.  helper_cred_init() was
 * called.
 */
ProxyServer *proxy_server_new(int fd, FsExport *export,
                              const ProxyServerOptions *options);
/**
 * proxy_server_run: until the peer has gone.  Returns 0 when it closed the
 * connection, -EPROTO when it broke the protocol.
 */
int proxy_server_run(ProxyServer *server);
void proxy_server_free(ProxyServer *server);

#endif
