/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Eventfds of another process.  With KVM, the kernel signals a kick on the
 * device's ioeventfd; the benchmark duplicates that descriptor and signals it
 * itself.  Needs pidfd_getfd (Linux 5.6) and permission to trace QEMU.
 */
#ifndef BENCH_IOEVENTFD_H
#define BENCH_IOEVENTFD_H

#include <sys/types.h>
#include "util.h"

/* Whether the kernel (or a sandbox) allows this process to do that. */
bool ioeventfd_allowed(void);

/* The eventfds of @pid, as int, except those in @known (may be NULL). */
GArray *ioeventfd_new_ones(pid_t pid, const GArray *known);

/* Returns a duplicate of @pid's eventfd @fd. */
int ioeventfd_take(pid_t pid, int fd);

#endif
