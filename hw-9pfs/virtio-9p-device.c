/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The virtio-9p device: a virtqueue in front of a 9P session.
 *
 * Each element of the queue is one request: device-readable descriptors hold
 * the T-message, device-writable ones take the R-message.  Elements are handed
 * to the session with their buffers and come back, in any order, through the
 * transport operations below.  The guest is notified once for all replies of
 * one turn of the event loop.  Context: main loop, BQL held.
 */
#include "qemu/osdep.h"
#include "qapi/error.h"
#include "hw/virtio/virtio.h"
#include "hw/virtio/virtio-access.h"
#include "hw/qdev-properties.h"
#include "migration/blocker.h"
#include "qemu/defer-call.h"
#include "qemu/main-loop.h"
#include "qemu/module.h"
#include "qemu/timer.h"
#include "standard-headers/linux/virtio_9p.h"
#include "standard-headers/linux/virtio_ids.h"
#include "fsdev/qemu-fsdev.h"
#include "9p-session.h"
#include "virtio-9p.h"
#include "trace.h"

#define QUEUE_SIZE      128
/* Clients keep the tag in a 32-byte buffer. */
#define MOUNT_TAG_MAX   31
/*
 * A reply takes one descriptor for the header and one a page of payload, and
 * a request one more: what the longest chain can carry.
 */
#define MSIZE_MAX       ((VIRTQUEUE_MAX_SIZE - 2) * 4096)
/* Requests taken from the queue before others get their turn. */
#define BATCH_MAX       VIRTQUEUE_MAX_SIZE

/* ---- what the session asks of us ---- */

static void virtio_9p_notify(void *opaque)
{
    V9fsVirtioState *v = opaque;

    virtio_notify(VIRTIO_DEVICE(v), v->vq);
}

static void virtio_9p_push(void *opaque, P9Request *req, size_t len)
{
    V9fsVirtioState *v = opaque;

    virtqueue_push(v->vq, req->element, len);
    g_clear_pointer(&req->element, g_free);
    defer_call(virtio_9p_notify, v);
}

static void virtio_9p_drop(void *opaque, P9Request *req)
{
    V9fsVirtioState *v = opaque;

    virtqueue_detach_element(v->vq, req->element, 0);
    g_clear_pointer(&req->element, g_free);
}

static void virtio_9p_broken(void *opaque, P9Request *req, const char *why)
{
    V9fsVirtioState *v = opaque;

    virtio_error(VIRTIO_DEVICE(v), "9p mount tag '%s': %s", v->mount_tag,
                 why);
    virtio_9p_drop(v, req);
}

/* Fids cannot be migrated: keep the VM here while the guest holds any. */
static int virtio_9p_set_busy(void *opaque, bool busy)
{
    V9fsVirtioState *v = opaque;

    if (!busy) {
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

static void virtio_9p_trace_request(void *opaque, const P9Request *req)
{
    g_autoptr(GString) fields = NULL;

    if (!trace_event_get_state_backends(TRACE_P9_REQUEST)) {
        return;
    }
    fields = g_string_new(NULL);
    p9_print_request(fields, req->info->number, &req->t);
    trace_p9_request(opaque, req->header.tag, req->info->name, fields->str);
}

static void virtio_9p_trace_reply(void *opaque, const P9Request *req,
                                  int result)
{
    g_autoptr(GString) fields = NULL;

    if (!trace_event_get_state_backends(TRACE_P9_REPLY)) {
        return;
    }
    fields = g_string_new(NULL);
    if (result < 0) {
        g_string_printf(fields, " error %d (%s)", -result, strerror(-result));
    } else {
        p9_print_reply(fields, req->info->number, &req->r);
    }
    trace_p9_reply(opaque, req->header.tag,
                   req->info ? req->info->name : "unknown", fields->str);
}

static const P9TransportOps virtio_9p_transport = {
    .push = virtio_9p_push,
    .drop = virtio_9p_drop,
    .broken = virtio_9p_broken,
    .set_busy = virtio_9p_set_busy,
    .set_timer = virtio_9p_set_timer,
    .trace_request = virtio_9p_trace_request,
    .trace_reply = virtio_9p_trace_reply,
};

/* ---- the queue ---- */

/* Returns false when the queue is empty, or broken. */
static bool virtio_9p_take_one(V9fsVirtioState *v)
{
    VirtQueueElement *elem = virtqueue_pop(v->vq, sizeof(*elem));
    P9Request *req;

    if (!elem) {
        return false;
    }
    req = p9_request_new(v->session);
    req->element = elem;
    p9_request_submit(req, elem->out_sg, elem->out_num,
                      elem->in_sg, elem->in_num);
    return true;
}

static void virtio_9p_drain_queue(V9fsVirtioState *v)
{
    unsigned taken = 0;

    defer_call_begin();
    do {
        virtio_queue_set_notification(v->vq, 0);
        while (taken < BATCH_MAX && virtio_9p_take_one(v)) {
            taken++;
        }
        virtio_queue_set_notification(v->vq, 1);
    } while (taken < BATCH_MAX && !virtio_queue_empty(v->vq));
    defer_call_end();

    if (taken == BATCH_MAX) {
        qemu_bh_schedule(v->again);
    }
}

static void virtio_9p_again(void *opaque)
{
    virtio_9p_drain_queue(opaque);
}

static void virtio_9p_handle_output(VirtIODevice *vdev, VirtQueue *vq)
{
    virtio_9p_drain_queue(VIRTIO_9P(vdev));
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

static void virtio_9p_reset(VirtIODevice *vdev)
{
    V9fsVirtioState *v = VIRTIO_9P(vdev);

    qemu_bh_cancel(v->again);
    timer_del(v->timer);
    p9_session_reset(v->session);
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

static void virtio_9p_device_realize(DeviceState *dev, Error **errp)
{
    static const P9Limits limits = { .max_msize = MSIZE_MAX };
    VirtIODevice *vdev = VIRTIO_DEVICE(dev);
    V9fsVirtioState *v = VIRTIO_9P(dev);

    if (!virtio_9p_check_properties(v, errp)) {
        return;
    }
    v->export = qemu_fsdev_open(v->fsdev, errp);
    if (!v->export) {
        return;
    }
    v->session = p9_session_new(v->export, p9_exec_qemu(),
                                &virtio_9p_transport, v, &limits);
    v->timer = timer_new_ms(QEMU_CLOCK_REALTIME, virtio_9p_tick, v);
    v->again = virtio_bh_new_guarded(dev, virtio_9p_again, v);
    virtio_init(vdev, VIRTIO_ID_9P,
                sizeof(struct virtio_9p_config) + strlen(v->mount_tag));
    v->vq = virtio_add_queue(vdev, QUEUE_SIZE, virtio_9p_handle_output);
}

static void virtio_9p_device_unrealize(DeviceState *dev)
{
    VirtIODevice *vdev = VIRTIO_DEVICE(dev);
    V9fsVirtioState *v = VIRTIO_9P(dev);

    g_clear_pointer(&v->again, qemu_bh_delete);
    g_clear_pointer(&v->session, p9_session_free);
    g_clear_pointer(&v->timer, timer_free);
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
