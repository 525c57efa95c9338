/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The virtio-9p device: a virtqueue in front of a 9P session.
 *
 * Each element of the queue is one request: device-readable descriptors hold
 * the T-message, device-writable ones take the R-message.  Elements are handed
 * to the session with their buffers and come back, in any order, through the
 * transport operations below.  The guest is notified once for all replies of
 * one turn of the event loop.
 *
 * Queue and session belong to the device's loop (virtio-9p-loop.h), mostly a
 * thread without the BQL; what may take long with the BQL held goes to the
 * main loop as a bottom half and is not waited for.
 */
#include "qemu/osdep.h"
#include "qapi/error.h"
#include "hw/virtio/virtio.h"
#include "hw/virtio/virtio-access.h"
#include "hw/virtio/virtio-bus.h"
#include "hw/qdev-properties.h"
#include "migration/blocker.h"
#include "qemu/defer-call.h"
#include "qemu/main-loop.h"
#include "qemu/module.h"
#include "qemu/timer.h"
#include "qemu/units.h"
#include "system/kvm.h"
#include "standard-headers/linux/virtio_9p.h"
#include "standard-headers/linux/virtio_ids.h"
#include "fsdev/qemu-fsdev.h"
#include "9p-session.h"
#include "9p-trace.h"
#include "virtio-9p.h"
#include "virtio-9p-loop.h"

#define QUEUE_SIZE      128
/* Clients keep the tag in a 32-byte buffer. */
#define MOUNT_TAG_MAX   31
/*
 * A reply takes one descriptor for the header and one a page of payload, and
 * a request one more: what the longest chain can carry.
 */
#define MSIZE_MAX       ((VIRTQUEUE_MAX_SIZE - 2) * 4096)
/*
 * Requests taken from the queue, and bytes of replies to them, before others
 * get their turn on the loop.
 */
#define BATCH_MAX       VIRTQUEUE_MAX_SIZE
#define BATCH_BYTES_MAX (4 * MiB)

static const VirtioDeviceClass *virtio_9p_base_class;

/* ---- what the session asks of us; context: the loop ---- */

/* Context: main loop. */
static void virtio_9p_notify_bh(void *opaque)
{
    V9fsVirtioState *v = opaque;

    virtio_notify(VIRTIO_DEVICE(v), v->vq);
}

static void virtio_9p_notify(void *opaque)
{
    V9fsVirtioState *v = opaque;

    if (p9_loop_is_main(v->loop)) {
        virtio_notify(VIRTIO_DEVICE(v), v->vq);
    } else if (v->irqfd) {
        virtio_notify_irqfd(VIRTIO_DEVICE(v), v->vq);
    } else if (p9_loop_lock_bql(v->loop)) {
        /* Quicker than to wake the main loop for it. */
        virtio_notify(VIRTIO_DEVICE(v), v->vq);
        bql_unlock();
    } else {
        qemu_bh_schedule(v->notify);
    }
}

static void virtio_9p_push(void *opaque, P9Request *req, size_t len)
{
    V9fsVirtioState *v = opaque;
    VirtQueueElement *elem = p9_request_element(req);

    virtqueue_push(v->vq, elem, len);
    g_free(elem);
    v->batch_bytes += len;
    defer_call(virtio_9p_notify, v);
}

static void virtio_9p_drop(void *opaque, P9Request *req)
{
    V9fsVirtioState *v = opaque;
    VirtQueueElement *elem = p9_request_element(req);

    virtqueue_detach_element(v->vq, elem, 0);
    g_free(elem);
}

static void virtio_9p_broken(void *opaque, P9Request *req, const char *why)
{
    V9fsVirtioState *v = opaque;

    virtio_error(VIRTIO_DEVICE(v), "9p mount tag '%s': %s", v->mount_tag,
                 why);
    virtio_9p_drop(v, req);
}

/*
 * Fids cannot be migrated: keep the VM here while the guest holds any.
 * Context: main loop, BQL held.
 */
static int virtio_9p_block_migration(V9fsVirtioState *v, bool block)
{
    if (!block) {
        migrate_del_blocker(&v->migration_blocker);
        return 0;
    }
    if (v->migration_blocker) {
        return 0;
    }
    error_setg(&v->migration_blocker,
               "the guest has mounted the 9p export with mount tag '%s'",
               v->mount_tag);
    return migrate_add_blocker(&v->migration_blocker, NULL);
}

/* Context: main loop.  Only what is wanted last counts. */
static void virtio_9p_hold_bh(void *opaque)
{
    V9fsVirtioState *v = opaque;
    unsigned wanted = qatomic_read(&v->hold_wanted);
    int ret = virtio_9p_block_migration(v, wanted & 1);

    if (wanted & 1) {
        qatomic_set(&v->hold_result, ret);
        qatomic_store_release(&v->hold_answered, wanted);
        qemu_bh_schedule(v->hold_done);
    }
}

static void virtio_9p_hold_done_bh(void *opaque)
{
    V9fsVirtioState *v = opaque;

    if (qatomic_load_acquire(&v->hold_answered) != v->hold_wanted) {
        return;         /* an answer to the last question is to come */
    }
    defer_call_begin();
    p9_session_busy_done(v->session, qatomic_read(&v->hold_result));
    defer_call_end();
}

static int virtio_9p_set_busy(void *opaque, bool busy)
{
    V9fsVirtioState *v = opaque;

    if (p9_loop_is_main(v->loop)) {
        return virtio_9p_block_migration(v, busy);
    }
    qatomic_set(&v->hold_wanted, (v->hold_wanted & ~1u) + 2 + busy);
    qemu_bh_schedule(v->hold);
    return busy ? -EINPROGRESS : 0;
}

static void virtio_9p_set_timer(void *opaque, unsigned ms)
{
    V9fsVirtioState *v = opaque;

    timer_mod_anticipate(v->timer,
                         qemu_clock_get_ms(QEMU_CLOCK_REALTIME) + ms);
}

static void virtio_9p_tick(void *opaque)
{
    V9fsVirtioState *v = opaque;

    defer_call_begin();
    p9_session_tick(v->session);
    defer_call_end();
}

static bool virtio_9p_more(void *opaque)
{
    V9fsVirtioState *v = opaque;

    return !virtio_queue_empty(v->vq);
}

static const P9TransportOps virtio_9p_transport = {
    .push = virtio_9p_push,
    .drop = virtio_9p_drop,
    .broken = virtio_9p_broken,
    .set_busy = virtio_9p_set_busy,
    .set_timer = virtio_9p_set_timer,
    .more = virtio_9p_more,
    .trace_request = p9_trace_request,
    .trace_reply = p9_trace_reply,
};

/* ---- the queue ---- */

/* Returns false when the queue is empty, or broken. */
static bool virtio_9p_take_one(V9fsVirtioState *v)
{
    VirtQueueElement *elem = virtqueue_pop(v->vq, sizeof(*elem));

    if (!elem) {
        return false;
    }
    p9_request_submit(p9_request_new(v->session, elem),
                      elem->out_sg, elem->out_num,
                      elem->in_sg, elem->in_num);
    return true;
}

static bool virtio_9p_batch_full(const V9fsVirtioState *v, unsigned taken)
{
    return taken >= BATCH_MAX || v->batch_bytes >= BATCH_BYTES_MAX;
}

static void virtio_9p_drain_queue(V9fsVirtioState *v)
{
    /* A loop that polls the queue keeps notifications off by itself. */
    bool suppress = virtio_queue_get_notification(v->vq);
    unsigned taken = 0;

    if (v->stopped) {
        v->missed = true;
        return;
    }
    v->batch_bytes = 0;
    defer_call_begin();
    do {
        if (suppress) {
            virtio_queue_set_notification(v->vq, 0);
        }
        while (!virtio_9p_batch_full(v, taken) && virtio_9p_take_one(v)) {
            taken++;
        }
        if (suppress) {
            virtio_queue_set_notification(v->vq, 1);
        }
    } while (!virtio_9p_batch_full(v, taken) && !virtio_queue_empty(v->vq));
    defer_call_end();

    if (virtio_9p_batch_full(v, taken)) {
        qemu_bh_schedule(v->again);
    }
}

static void virtio_9p_again(void *opaque)
{
    virtio_9p_drain_queue(opaque);
}

/* Context: the loop, or BQL held when the bus has no ioeventfd for us. */
static void virtio_9p_handle_output(VirtIODevice *vdev, VirtQueue *vq)
{
    V9fsVirtioState *v = VIRTIO_9P(vdev);

    if (v->unplugged) {
        return;
    }
    if (p9_loop_is_here(v->loop)) {
        virtio_9p_drain_queue(v);
    } else {
        qemu_bh_schedule(v->again);
    }
}

/* ---- the loop comes and goes ---- */

/*
 * Notifiers of the guest's interrupts are for KVM to inject them; without, they
 * would be a way through the main loop.
 */
static bool virtio_9p_has_irqfd(void)
{
    return kvm_msi_via_irqfd_enabled();
}

static int virtio_9p_set_guest_notifiers(V9fsVirtioState *v, bool assign)
{
    BusState *bus = qdev_get_parent_bus(DEVICE(v));
    VirtioBusClass *k = VIRTIO_BUS_GET_CLASS(bus);

    if (!virtio_9p_has_irqfd()) {
        return 0;
    }
    return k->set_guest_notifiers
           ? k->set_guest_notifiers(bus->parent, 1, assign) : -ENOSYS;
}

static void virtio_9p_attach_notifier(void *opaque)
{
    V9fsVirtioState *v = opaque;

    v->irqfd = virtio_9p_has_irqfd();
    virtio_queue_aio_attach_host_notifier(v->vq, p9_loop_context(v->loop));
}

static void virtio_9p_detach_notifier(void *opaque)
{
    V9fsVirtioState *v = opaque;

    virtio_queue_aio_detach_host_notifier(v->vq, p9_loop_context(v->loop));
    /* A kick that came before is not lost: the queue is looked at again. */
    virtio_queue_host_notifier_read(virtio_queue_get_host_notifier(v->vq));
    v->irqfd = false;
}

/* Context: BQL held. */
static int virtio_9p_start_ioeventfd(VirtIODevice *vdev)
{
    V9fsVirtioState *v = VIRTIO_9P(vdev);
    VirtioBusState *bus = VIRTIO_BUS(qdev_get_parent_bus(DEVICE(v)));
    int ret;

    if (p9_loop_is_main(v->loop)) {
        return virtio_9p_base_class->start_ioeventfd(vdev);
    }
    if (v->unplugged || v->started) {
        return 0;
    }
    ret = virtio_9p_set_guest_notifiers(v, true);
    if (ret < 0) {
        return ret;
    }
    ret = virtio_bus_set_host_notifier(bus, 0, true);
    if (ret < 0) {
        virtio_bus_cleanup_host_notifier(bus, 0);
        virtio_9p_set_guest_notifiers(v, false);
        return ret;
    }
    v->started = true;
    p9_loop_call(v->loop, virtio_9p_attach_notifier, v);
    return 0;
}

/* Context: BQL held. */
static void virtio_9p_stop_ioeventfd(VirtIODevice *vdev)
{
    V9fsVirtioState *v = VIRTIO_9P(vdev);
    VirtioBusState *bus = VIRTIO_BUS(qdev_get_parent_bus(DEVICE(v)));

    if (p9_loop_is_main(v->loop)) {
        virtio_9p_base_class->stop_ioeventfd(vdev);
        return;
    }
    if (!v->started) {
        return;
    }
    v->started = false;
    p9_loop_call(v->loop, virtio_9p_detach_notifier, v);
    virtio_bus_set_host_notifier(bus, 0, false);
    virtio_bus_cleanup_host_notifier(bus, 0);
    virtio_9p_set_guest_notifiers(v, false);
}

static void virtio_9p_pause(void *opaque)
{
    V9fsVirtioState *v = opaque;

    if (v->session) {
        v->stopped = true;
        p9_session_pause(v->session);
    }
}

static void virtio_9p_resume(void *opaque)
{
    V9fsVirtioState *v = opaque;

    if (!v->session) {
        return;
    }
    v->stopped = false;
    if (v->missed) {
        v->missed = false;
        qemu_bh_schedule(v->again);
    }
    defer_call_begin();
    p9_session_resume(v->session);
    defer_call_end();
}

/*
 * Called when the VM stops and goes on, too: while it stands still, its memory
 * must not change.
 */
static void virtio_9p_set_status(VirtIODevice *vdev, uint8_t status)
{
    V9fsVirtioState *v = VIRTIO_9P(vdev);
    bool paused = !vdev->vm_running;

    if (!v->unplugged && paused != v->paused) {
        v->paused = paused;
        p9_loop_call(v->loop, paused ? virtio_9p_pause : virtio_9p_resume, v);
    }
}

/* ---- the device ---- */

static uint64_t virtio_9p_get_features(VirtIODevice *vdev, uint64_t features,
                                       Error **errp)
{
    virtio_add_feature(&features, VIRTIO_9P_MOUNT_TAG);
    return features;
}

/* virtio 1.2, 5.14.4: le16 length, then the tag without a NUL. */
static void virtio_9p_get_config(VirtIODevice *vdev, uint8_t *config)
{
    V9fsVirtioState *v = VIRTIO_9P(vdev);
    size_t len = strlen(v->mount_tag);

    virtio_stw_p(vdev, config, len);
    memcpy(config + offsetof(struct virtio_9p_config, tag), v->mount_tag, len);
}

static void virtio_9p_reset_in_loop(void *opaque)
{
    V9fsVirtioState *v = opaque;

    if (!v->session) {
        return;
    }
    qemu_bh_cancel(v->again);
    v->missed = false;
    timer_del(v->timer);
    p9_session_reset(v->session);
}

static void virtio_9p_reset(VirtIODevice *vdev)
{
    V9fsVirtioState *v = VIRTIO_9P(vdev);

    if (!v->unplugged) {
        p9_loop_call(v->loop, virtio_9p_reset_in_loop, v);
    }
}

static bool virtio_9p_check_properties(V9fsVirtioState *v, Error **errp)
{
    g_autofree char *ids = NULL;
    size_t len;

    if (!v->fsdev || !qemu_fsdev_exists(v->fsdev)) {
        ids = qemu_fsdev_list_ids();
        error_setg(errp, "%s '%s'; available: %s",
                   v->fsdev ? "there is no fsdev" : "property 'fsdev' is not"
                   " set to the id of an -fsdev",
                   v->fsdev ?: "", *ids ? ids : "none (see -fsdev help)");
        return false;
    }
    len = v->mount_tag ? strlen(v->mount_tag) : 0;
    if (!len) {
        error_setg(errp, "property 'mount_tag' is not set: the guest mounts "
                   "fsdev '%s' by it", v->fsdev);
        return false;
    }
    if (len > MOUNT_TAG_MAX) {
        error_setg(errp, "mount_tag '%s' has %zu bytes; at most %d are "
                   "allowed", v->mount_tag, len, MOUNT_TAG_MAX);
        return false;
    }
    return true;
}

static void virtio_9p_begin_in_loop(void *opaque)
{
    V9fsVirtioState *v = opaque;
    AioContext *ctx = p9_loop_context(v->loop);
    P9Limits limits = {
        .max_msize = MSIZE_MAX,
        .own_loop = !p9_loop_is_main(v->loop),
    };

    v->session = p9_session_new(v->export, p9_exec_qemu(),
                                &virtio_9p_transport, v, &limits);
    v->timer = aio_timer_new(ctx, QEMU_CLOCK_REALTIME, SCALE_MS,
                             virtio_9p_tick, v);
    /*
     * The guard against a device that calls itself is for code with the BQL:
     * in another thread it would mistake the guest's accesses for that.
     */
    v->again = p9_loop_is_main(v->loop)
               ? virtio_bh_new_guarded(DEVICE(v), virtio_9p_again, v)
               : aio_bh_new(ctx, virtio_9p_again, v);
    v->hold_done = aio_bh_new(ctx, virtio_9p_hold_done_bh, v);
}

static void virtio_9p_session_gone(void *opaque)
{
    p9_loop_unref(opaque);
}

static void virtio_9p_end_in_loop(void *opaque)
{
    V9fsVirtioState *v = opaque;

    g_clear_pointer(&v->again, qemu_bh_delete);
    p9_session_free(g_steal_pointer(&v->session), virtio_9p_session_gone,
                    p9_loop_ref(v->loop));
    g_clear_pointer(&v->timer, timer_free);
    g_clear_pointer(&v->hold_done, qemu_bh_delete);
}

static void virtio_9p_device_realize(DeviceState *dev, Error **errp)
{
    VirtIODevice *vdev = VIRTIO_DEVICE(dev);
    V9fsVirtioState *v = VIRTIO_9P(dev);

    if (!virtio_9p_check_properties(v, errp)) {
        return;
    }
    v->loop = p9_loop_new(v->iothread, v->own_thread, errp);
    if (!v->loop) {
        return;
    }
    v->export = qemu_fsdev_open(v->fsdev, errp);
    if (!v->export) {
        g_clear_pointer(&v->loop, p9_loop_unref);
        return;
    }
    v->unplugged = false;
    v->notify = virtio_bh_new_guarded(dev, virtio_9p_notify_bh, v);
    v->hold = virtio_bh_new_guarded(dev, virtio_9p_hold_bh, v);
    p9_loop_call(v->loop, virtio_9p_begin_in_loop, v);
    virtio_init(vdev, VIRTIO_ID_9P,
                sizeof(struct virtio_9p_config) + strlen(v->mount_tag));
    v->vq = virtio_add_queue(vdev, QUEUE_SIZE, virtio_9p_handle_output);
}

static void virtio_9p_device_unrealize(DeviceState *dev)
{
    VirtIODevice *vdev = VIRTIO_DEVICE(dev);
    V9fsVirtioState *v = VIRTIO_9P(dev);

    v->unplugged = true;
    p9_loop_call(v->loop, virtio_9p_end_in_loop, v);
    g_clear_pointer(&v->notify, qemu_bh_delete);
    g_clear_pointer(&v->hold, qemu_bh_delete);
    virtio_9p_block_migration(v, false);
    g_clear_pointer(&v->loop, p9_loop_unref);
    g_clear_pointer(&v->export, qemu_fsdev_close);
    virtio_delete_queue(v->vq);
    virtio_cleanup(vdev);
}

static const VMStateDescription vmstate_virtio_9p = {
    .name = "virtio-9p",
    .version_id = 1,
    .minimum_version_id = 1,
    .fields = (const VMStateField[]) {
        VMSTATE_VIRTIO_DEVICE,
        VMSTATE_END_OF_LIST()
    },
};

static const Property virtio_9p_properties[] = {
    DEFINE_PROP_STRING("fsdev", V9fsVirtioState, fsdev),
    DEFINE_PROP_STRING("mount_tag", V9fsVirtioState, mount_tag),
    DEFINE_PROP_LINK("iothread", V9fsVirtioState, iothread, TYPE_IOTHREAD,
                     IOThread *),
    DEFINE_PROP_BOOL("own-thread", V9fsVirtioState, own_thread, true),
};

static void virtio_9p_device_class_init(ObjectClass *klass, void *data)
{
    DeviceClass *dc = DEVICE_CLASS(klass);
    VirtioDeviceClass *vdc = VIRTIO_DEVICE_CLASS(klass);

    dc->desc = "9P file system shared with the host";
    dc->vmsd = &vmstate_virtio_9p;
    device_class_set_props(dc, virtio_9p_properties);
    set_bit(DEVICE_CATEGORY_STORAGE, dc->categories);
    vdc->realize = virtio_9p_device_realize;
    vdc->unrealize = virtio_9p_device_unrealize;
    vdc->reset = virtio_9p_reset;
    virtio_9p_base_class =
        VIRTIO_DEVICE_CLASS(object_class_get_parent(klass));
    vdc->start_ioeventfd = virtio_9p_start_ioeventfd;
    vdc->stop_ioeventfd = virtio_9p_stop_ioeventfd;
    vdc->set_status = virtio_9p_set_status;
    vdc->get_features = virtio_9p_get_features;
    vdc->get_config = virtio_9p_get_config;
}

static const TypeInfo virtio_9p_types[] = {
    {
        .name = TYPE_VIRTIO_9P,
        .parent = TYPE_VIRTIO_DEVICE,
        .instance_size = sizeof(V9fsVirtioState),
        .class_init = virtio_9p_device_class_init,
    },
};

DEFINE_TYPES(virtio_9p_types)
