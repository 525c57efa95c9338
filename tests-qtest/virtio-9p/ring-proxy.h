/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A virtfs-proxy-helper for the ring tests.
 *
 * The environment variable VIRTFS_PROXY_HELPER holds its path; tests that need
 * it are skipped without this variable, or if they are not run by root.  Single
 * thread.
 */
#ifndef VIRTIO_9P_RING_PROXY_H
#define VIRTIO_9P_RING_PROXY_H

#include "ring-client.h"

/* Starts a helper that exports the scratch directory and waits for it. */
GPid ring_helper_start(void);
/* The path of the helper's socket; valid for the whole test */
const char *ring_helper_socket(void);
/* A pc with one proxy export of the scratch directory, mounted */
RingDev *ring_proxy(void);

#endif
