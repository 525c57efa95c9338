/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A helper for tests of the proxy: the helper's server without its sandbox, in
 * a child process or in a thread of the test, or the real program.
 */
#ifndef TESTS_CORE_PROXY_FIXTURE_H
#define TESTS_CORE_PROXY_FIXTURE_H

#include "fsdev/core/fsdriver.h"
#include "fsdev/helper/proxy-server.h"

typedef struct ProxyFixture {
    bool in_thread;             /* a thread of the test; else a child process */
    bool program;               /* the child runs virtfs-proxy-helper */
    bool stream;                /* the connection is a SOCK_STREAM socket */
    bool readonly;
    ProxyServerOptions options; /* 0: the defaults of the helper */
    FsCred owner;               /* of the exported directory */
    const char *xattrs;         /* --allow-xattrs of the helper, or NULL */
    /* Filled in by proxy_fixture_start() */
    int fd;                     /* owned; QEMU's end of the socket */
    pid_t pid;
    GThread *thread;
} ProxyFixture;

/**
 * proxy_fixture_main: to be called first in main() of a program that uses this.
 * Does not return in the child process.
 */
void proxy_fixture_main(int argc, char **argv);
/** proxy_fixture_start: @path is the directory to export. */
void proxy_fixture_start(ProxyFixture *fixture, const char *path);
/**
 * proxy_fixture_stop: closes @fd and waits for the helper, which must end
 * without an error.
 */
void proxy_fixture_stop(ProxyFixture *fixture);

/** proxy_make_tree: make the files "f", "other" and "fifo" in @dir. */
void proxy_make_tree(const char *dir);
/** proxy_open_export: with the connection @fd, or the socket @path. */
FsExport *proxy_open_export(int fd, const char *path, GError **error);

#endif
