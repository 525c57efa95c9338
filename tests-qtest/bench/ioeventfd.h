/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Eventfds of another process.  With KVM a kick is a signal on the device's
 * ioeventfd that the kernel gives; here we take that descriptor out of QEMU.
 * Needs pidfd_getfd (Linux 5.6) and the right to trace QEMU.
 */
#ifndef BENCH_IOEVENTFD_H
#define BENCH_IOEVENTFD_H

#include <sys/types.h>
#include "util.h"

/* Whether the kernel and the sandbox we are in let us do that at all. */
bool ioeventfd_allowed(void);

/* The eventfds of @pid, as int, without those in @known (may be NULL). */
GArray *ioeventfd_new_ones(pid_t pid, const GArray *known);

/* A descriptor of ours for the eventfd @fd of @pid. */
int ioeventfd_take(pid_t pid, int fd);

#endif
