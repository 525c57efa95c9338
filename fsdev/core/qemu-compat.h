/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What differs between the versions of QEMU that this code is built with, and
 * nothing else: no other file asks for a version.
 *
 * Each entry names the version that changed the interface.  The code uses the
 * newest form, under QEMU's name where older versions lack it, and under a name
 * with p9_ or P9_ where they have something else by that name.
 */
#ifndef QEMU_COMPAT_H
#define QEMU_COMPAT_H

#include "qemu/osdep.h"

/*
 * Is this version newer than all releases MAJOR.MINOR.x?  The development tree
 * of the next release is: it has 50 or more as the third number.
 */
#define P9_QEMU_AFTER(major, minor) \
    (QEMU_VERSION_MAJOR > (major) || \
     (QEMU_VERSION_MAJOR == (major) && \
      (QEMU_VERSION_MINOR > (minor) || \
       (QEMU_VERSION_MINOR == (minor) && QEMU_VERSION_MICRO >= 50))))

/* 10.0: sysemu/ became system/, and qapi/qmp/ became qobject/. */
#if P9_QEMU_AFTER(9, 2)
# include "qobject/qdict.h"
# include "qobject/qlist.h"
# include "qobject/qnum.h"
# include "system/iothread.h"
# include "system/dma.h"
# include "system/kvm.h"
# include "system/qtest.h"
# include "system/runstate.h"
#else
# include "qapi/qmp/qdict.h"
# include "qapi/qmp/qlist.h"
# include "qapi/qmp/qnum.h"
# include "sysemu/iothread.h"
# include "sysemu/dma.h"
# include "sysemu/kvm.h"
# include "sysemu/qtest.h"
# include "sysemu/runstate.h"
#endif

/* 11.0: headers of other parts moved, too. */
#if P9_QEMU_AFTER(10, 2)
# include "hw/core/boards.h"
# include "hw/core/qdev-properties.h"
# include "qemu/aio.h"
#else
# include "block/aio.h"
# include "hw/boards.h"
# include "hw/qdev-properties.h"
#endif

#include "migration/blocker.h"
#include "migration/qemu-file-types.h"
#include "qapi/error.h"
#include "qemu/main-loop.h"

/* 8.1: aio_set_*() have no argument "is_external" any more. */
#if !P9_QEMU_AFTER(8, 0)
# define aio_set_fd_handler(ctx, fd, ...) \
    (aio_set_fd_handler)(ctx, fd, false, __VA_ARGS__)
# define aio_set_event_notifier(ctx, notifier, ...) \
    (aio_set_event_notifier)(ctx, notifier, false, __VA_ARGS__)
#endif

/*
 * 8.2: a thread can defer calls until the end of a section.  Before, they are
 * deferred until the event loop is done with the handler that it runs.
 */
#if P9_QEMU_AFTER(8, 1)
# include "qemu/defer-call.h"
#else
# define defer_call_begin() ((void)0)
# define defer_call_end()   ((void)0)
# define defer_call(fn, opaque) \
    aio_bh_schedule_oneshot(qemu_get_current_aio_context(), fn, opaque)
#endif

/* 8.2: throttling takes a direction in place of "is_write". */
#if !P9_QEMU_AFTER(8, 1)
typedef bool ThrottleDirection;
# define THROTTLE_READ  false
# define THROTTLE_WRITE true
# define THROTTLE_MAX   2
#endif

/* 8.2: the reason of a blocker is owned by the migration code once added. */
static inline int p9_migrate_add_blocker(Error **reason)
{
#if P9_QEMU_AFTER(8, 1)
    return migrate_add_blocker(reason, NULL);
#else
    int ret = migrate_add_blocker(*reason, NULL);

    if (ret < 0) {
        error_free(*reason);
        *reason = NULL;
    }
    return ret;
#endif
}

static inline void p9_migrate_del_blocker(Error **reason)
{
#if P9_QEMU_AFTER(8, 1)
    migrate_del_blocker(reason);
#else
    if (*reason) {
        migrate_del_blocker(*reason);
        error_free(*reason);
        *reason = NULL;
    }
#endif
}

/* 9.0: the big lock got a name of its own. */
#if !P9_QEMU_AFTER(8, 2)
# define bql_lock()   qemu_mutex_lock_iothread()
# define bql_unlock() qemu_mutex_unlock_iothread()
#endif

/* 10.0: tables of properties are constant and have no last entry. */
#if P9_QEMU_AFTER(9, 2)
# define P9_PROPERTIES const Property
# define P9_PROPERTIES_END
#else
# define P9_PROPERTIES Property
# define P9_PROPERTIES_END DEFINE_PROP_END_OF_LIST()
#endif

/* 10.1: the data of a class_init function is constant. */
#if P9_QEMU_AFTER(10, 0)
typedef const void P9ClassData;
#else
typedef void P9ClassData;
#endif

/* 10.2: VirtioDeviceClass.set_status can fail. */
#if P9_QEMU_AFTER(10, 1)
typedef int P9StatusResult;
# define P9_STATUS_SET 0
#else
typedef void P9StatusResult;
# define P9_STATUS_SET ((void)0)
#endif

/*
 * 10.2: virtio_notify_irqfd() is gone: in a thread with an event loop of its
 * own, virtio_notify() itself writes to the guest notifier, which is not in use
 * without irqfd.  So only the main loop can raise an interrupt by other means,
 * whoever holds the BQL.
 */
#if P9_QEMU_AFTER(10, 1)
# define p9_virtio_notify_irqfd(vdev, vq) virtio_notify(vdev, vq)
# define P9_NOTIFY_WITH_BQL false
#else
# define p9_virtio_notify_irqfd(vdev, vq) virtio_notify_irqfd(vdev, vq)
# define P9_NOTIFY_WITH_BQL true
#endif

#endif
