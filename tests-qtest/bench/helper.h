/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A virtfs-proxy-helper, for a machine whose -fsdev is a proxy.
 */
#ifndef BENCH_HELPER_H
#define BENCH_HELPER_H

#include <sys/types.h>

typedef struct Helper {
    pid_t pid;
    int sock;               /* the end of the connection that is for QEMU */
} Helper;

/*
 * Starts @spec for @path: a program, or "stream:" and one that speaks over a
 * byte stream, as those of QEMU's versions before 9.2 do.
 */
void helper_start(Helper *h, const char *spec, const char *path);

/* Ends it. */
void helper_stop(Helper *h);

#endif
