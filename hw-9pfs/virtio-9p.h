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

    VirtQueue *vq;                  /* used in the loop */
    struct FsExport *export;        /* counted, NULL until realized */
    struct P9Loop *loop;            /* counted */

    /* Used in the loop */
    struct P9Session *session;      /* owned */
    QEMUBH *again;                  /* takes what is in the queue */
    QEMUTimer *timer;               /* p9_session_tick() */
    QEMUBH *hold_done;              /* tells the session hold_result */
    bool irqfd;                     /* KVM raises the interrupt */
    bool stopped;                   /* as paused */
    bool missed;                    /* the queue was not looked at: stopped */
    size_t batch_bytes;             /* of replies, this turn */

    /* Used with the BQL held */
    QEMUBH *notify;                 /* virtio_notify(), for a loop without */
    QEMUBH *hold;                   /* brings migration_blocker up to date */
    Error *migration_blocker;       /* set while the guest holds fids */
    bool started;                   /* the loop has the host's notifier */
    bool paused;                    /* with the VM */
    bool unplugged;                 /* from here on no more work for the loop */

    /* Atomic: questions to the main loop are numbered in steps of 2 */
    unsigned hold_wanted;           /* the last; | 1: the guest holds fids */
    unsigned hold_answered;         /* the last one answered */
    int hold_result;                /* of hold_answered: 0 or -errno */
};

#endif
