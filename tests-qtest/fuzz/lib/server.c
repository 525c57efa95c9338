/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The server of virtfs-proxy-helper in this process: see server.h. */
#include "fsdev/core/p9-osdep.h"
#include <sys/socket.h>
#include "fuzz/must.h"
#include "server.h"

static gpointer serve(gpointer server)
{
    proxy_server_run(server);
    proxy_server_free(server);
    return NULL;
}

GThread *server_start(const World *world, const FsConfig *config,
                      const ProxyServerOptions *options, int *fd)
{
    g_autoptr(IdMap) users = id_map_new_host(config->users);
    g_autoptr(IdMap) groups = id_map_new_host(config->groups);
    FsConfig own = *config;
    FsExport *export;
    GThread *thread;
    int fds[2];

    own.driver = &fs_local_driver;
    own.path = world->path;
    own.model = FS_SM_PASSTHROUGH;
    own.users = users;
    own.groups = groups;
    export = fs_export_open(&own, NULL);
    if (!export) {
        return NULL;
    }
    MUST(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fds) == 0);
    *fd = fds[0];
    thread = g_thread_new("helper", serve,
                          proxy_server_new(fds[1], export, options));
    fs_export_unref(export);
    return thread;
}
