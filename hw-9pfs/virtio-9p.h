/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The virtio-9p device, which the devices of the buses (PCI, CCW) embed.
 *
 * Code outside this directory relies on the type name and on the size of
 * V9fsVirtioState, and on nothing else.  Target-independent.
 */
#ifndef HW_9PFS_VIRTIO_9P_H
#define HW_9PFS_VIRTIO_9P_H

#include "hw/virtio/virtio.h"
#include "qom/object.h"

#define TYPE_VIRTIO_9P "virtio-9p-device"
OBJECT_DECLARE_SIMPLE_TYPE(V9fsVirtioState, VIRTIO_9P)

/*
 * What outlives what: realize makes the objects below, and unrealize drops the
 * device's references to them without waiting.  The server, its session and
 * what they refer to live until the loop has followed the last order and the
 * last job of the session has ended.  A reset of the device ends all requests
 * and fids and the generation of guest memory, but none of these objects.
 */
struct V9fsVirtioState {
    VirtIODevice parent_obj;

    /* Properties */
    char *mount_tag;
    char *fsdev;
    struct IOThread *iothread;      /* counted by the property; NULL: none */
    bool own_thread;
    bool own_thread_given;          /* own_thread is not the default */
    char *migration;
    char *on_lost;

    /* Set from realize to unrealize; used with the BQL held */
    VirtQueue *vq;
    struct FsExport *export;        /* counted */
    char *user;                     /* owned: for qemu_fsdev_close() */
    struct P9Loop *loop;            /* counted */
    struct P9Ring *ring;            /* counted */
    struct P9Server *server;        /* owned; NULL: not realized */
    struct P9Migrate *migrate;      /* owned */
    bool started;                   /* the loop has the host's notifier */
    bool paused;                    /* with the VM */
};

#endif
