/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The server end of a proxy connection: what virtfs-proxy-helper does once its
 * sandbox is set up.
 *
 * Threads receive requests from the socket, perform them with the local driver
 * and reply, in any order.  Their number is fixed, but only some of them are in
 * use unless system calls hang; see proxy-crew.h.  No file stays open in the
 * server: its descriptor is sent with the reply.  The connection is closed when
 * the client violates the protocol.
 */
#ifndef FSDEV_PROXY_SERVER_H
#define FSDEV_PROXY_SERVER_H

#include "fsdev/core/fsdriver.h"

enum {
    PROXY_SERVER_WORKERS = 64,
    PROXY_SERVER_MAX_IDS = 1 << 20,
};

typedef struct ProxyServerOptions {
    bool allow_suid;            /* guests may create set-id programs */
    bool allow_devices;         /* guests may create device nodes */
    bool no_mounts;             /* nothing will ever be mounted below */
    /*
     * For HELLO, borrowed for the life of the server.  The maps are enforced by
     * those of the export, see id_map_new_host().  NULL: none.
     */
    const char *uidmap;
    const char *gidmap;
    unsigned workers;
    uint32_t max_ids;
} ProxyServerOptions;

typedef struct ProxyServer ProxyServer;

/**
 * proxy_server_new: serve @export, which uses the local driver with the model
 * passthrough, on the connected @fd (taken over; proxy-packet.h).
 *
 * The threads are created here but wait until proxy_server_run(), so that the
 * caller can install a filter for all of them in between.  The caller has
 * called helper_cred_init().
 */
ProxyServer *proxy_server_new(int fd, FsExport *export,
                              const ProxyServerOptions *options);
/**
 * proxy_server_run: serve until the connection ends.  Returns 0 when the client
 * closed it, -EPROTO when the client violated the protocol.
 */
int proxy_server_run(ProxyServer *server);
void proxy_server_free(ProxyServer *server);

#endif
