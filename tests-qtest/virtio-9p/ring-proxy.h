/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A virtfs-proxy-helper for the ring tests.
 *
 * The environment names it in VIRTFS_PROXY_HELPER; tests that need it are
 * skipped without, and where they are not run by root.  Single thread.
 */
#ifndef VIRTIO_9P_RING_PROXY_H
#define VIRTIO_9P_RING_PROXY_H

#include "ring-client.h"

/* Starts one that exports the scratch directory; it is ready on return. */
GPid ring_helper_start(void);
/* Where it listens; valid for the whole test */
const char *ring_helper_socket(void);
/* A pc with one proxy export of the scratch directory, mounted */
RingDev *ring_proxy(void);

#endif
