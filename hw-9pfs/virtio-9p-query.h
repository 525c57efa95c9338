/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a virtio-9p device tells a monitor about itself.
 */
#ifndef HW_9PFS_VIRTIO_9P_QUERY_H
#define HW_9PFS_VIRTIO_9P_QUERY_H

#include "qom/object.h"

/**
 * virtio_9p_add_queries: add the properties "share", "session", "statistics",
 * "requests", "fids" and "locks", which qom-get reads, to the class of the
 * device.  docs/devel/9pfs-monitor.rst describes their members.
 */
void virtio_9p_add_queries(ObjectClass *klass);

#endif
