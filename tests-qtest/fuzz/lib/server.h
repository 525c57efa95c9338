/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The server of virtfs-proxy-helper in threads of this process, without its
 * sandbox.
 */
#ifndef TESTS_FUZZ_SERVER_H
#define TESTS_FUZZ_SERVER_H

#include "fsdev/helper/proxy-server.h"
#include "fuzz/lib/world.h"

/**
 * server_start: serve the export of @world with the options @config.
 *
 * Sets *@fd to the client's end of the connection, to be closed by the caller
 * before it joins the thread that is returned.  NULL if that is not possible.
 * The caller has called helper_cred_init().
 */
GThread *server_start(const World *world, const FsConfig *config,
                      const ProxyServerOptions *options, int *fd);

#endif
