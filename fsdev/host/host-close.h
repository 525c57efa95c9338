/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Closing descriptors of files that have no name any more.
 *
 * With the last descriptor of such a file the kernel frees its blocks, before
 * close(2) returns.  For hundreds of gigabytes that takes seconds, in which an
 * event loop must not wait.
 */
#ifndef FSDEV_HOST_CLOSE_H
#define FSDEV_HOST_CLOSE_H

#include "fsdev/core/p9-osdep.h"

/**
 * host_close_removed: close @fd, of a regular file that may have no name left.
 *
 * If that would free at least HOST_CLOSE_BIG bytes, a thread of its own closes
 * it, soon after the return; without a thread, or with HOST_CLOSE_THREADS at
 * work, the caller's does.  Never asks a file server for the attributes.
 * Context: any thread.
 */
void host_close_removed(int fd);
#define HOST_CLOSE_BIG (16 * 1024 * 1024)
#define HOST_CLOSE_THREADS 8

/** host_close_count: how many files were given to threads, for tests. */
unsigned host_close_count(void);

#endif
