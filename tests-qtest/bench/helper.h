/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A virtfs-proxy-helper process for a machine whose -fsdev is a proxy.
 */
#ifndef BENCH_HELPER_H
#define BENCH_HELPER_H

#include <sys/types.h>

typedef struct Helper {
    pid_t pid;
    int sock;               /* QEMU's end of the connection */
} Helper;

/*
 * Starts a helper that exports @path.  @spec is the path of the program, with
 * the prefix "stream:" if it is a helper of QEMU before 9.2, which uses a
 * stream socket.
 */
void helper_start(Helper *h, const char *spec, const char *path);

/* Kills it. */
void helper_stop(Helper *h);

#endif
