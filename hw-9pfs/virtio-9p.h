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
    struct IOThread *iothread;      /* counted by the property; NULL: none */
    bool own_thread;

    /* From realize to unrealize; used with the BQL held */
    VirtQueue *vq;
    struct FsExport *export;        /* counted */
    struct P9Loop *loop;            /* counted */
    struct P9Ring *ring;            /* counted */
    struct P9Server *server;        /* owned; NULL: not realized */
    bool started;                   /* the loop has the host's notifier */
    bool paused;                    /* with the VM */
};

#endif
