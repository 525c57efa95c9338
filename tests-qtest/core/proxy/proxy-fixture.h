/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A helper for tests of the proxy: the serving end in a child process or in a
 * thread of this one, without walls round it, or the real program.
 */
#ifndef TESTS_CORE_PROXY_FIXTURE_H
#define TESTS_CORE_PROXY_FIXTURE_H

#include "fsdev/core/fsdriver.h"
#include "fsdev/helper/proxy-server.h"

typedef struct ProxyFixture {
    bool in_thread;             /* else a process of its own, or … */
    bool program;               /* … virtfs-proxy-helper itself */
    bool readonly;
    ProxyServerOptions options; /* zeroes: what the helper takes */
    FsCred owner;               /* of the exported directory */
    /* Filled in by proxy_fixture_start() */
    int fd;                     /* owned; our end */
    pid_t pid;
    GThread *thread;
} ProxyFixture;

/**
 * proxy_fixture_main: first thing in main() of a program that uses this.
 * Does not return in the child process.
 */
void proxy_fixture_main(int argc, char **argv);
/** proxy_fixture_start: @path is the directory to export. */
void proxy_fixture_start(ProxyFixture *fixture, const char *path);
/** proxy_fixture_stop: closes our end, and it has to end by that. */
void proxy_fixture_stop(ProxyFixture *fixture);

#endif
