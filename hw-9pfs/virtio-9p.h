/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The virtio-9p device as its bus front ends (PCI, CCW) embed it.
 *
 * Included outside this directory: nothing but the type name and a complete
 * V9fsVirtioState may be relied on there.  Target-independent.
 */
#ifndef HW_9PFS_VIRTIO_9P_H
#define HW_9PFS_VIRTIO_9P_H

#include "hw/virtio/virtio.h"
#include "qom/object.h"

#define TYPE_VIRTIO_9P "virtio-9p-device"
OBJECT_DECLARE_SIMPLE_TYPE(V9fsVirtioState, VIRTIO_9P)

struct V9fsVirtioState {
    VirtIODevice parent_obj;

    /* Properties */
    char *mount_tag;
    char *fsdev;

    VirtQueue *vq;
    struct FsExport *export;        /* counted, NULL until realized */
    struct P9Session *session;      /* owned */
    QEMUBH *again;                  /* goes on with a long queue */
    QEMUTimer *timer;               /* p9_session_tick() */
    Error *migration_blocker;       /* set while the guest holds fids */
};

#endif
