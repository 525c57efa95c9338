/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The virtio-9p device: a virtqueue in front of a 9P session.
 *
 * This file holds what QEMU calls, with the BQL held: properties, configuration
 * and changes of state, which it passes on to the ring (virtio-9p-ring.h) and
 * the server (virtio-9p-server.h).  None of these functions waits for the loop
 * that they work in, or releases the BQL.
 */
#include "qemu/osdep.h"
#include "qapi/error.h"
#include "hw/virtio/virtio.h"
#include "hw/virtio/virtio-access.h"
#include "hw/virtio/virtio-bus.h"
#include "qemu/error-report.h"
#include "qemu/module.h"
#include "standard-headers/linux/virtio_9p.h"
#include "standard-headers/linux/virtio_ids.h"
#include "fsdev/core/qemu-compat.h"
#include "fsdev/qemu-fsdev.h"
#include "virtio-9p.h"
#include "virtio-9p-migrate.h"
#include "virtio-9p-query.h"
#include "virtio-9p-server.h"

/* Clients keep the tag in a 32-byte buffer. */
#define MOUNT_TAG_MAX   31

static const VirtioDeviceClass *virtio_9p_base_class;

/* ---- the queue ---- */

static void virtio_9p_enable(V9fsVirtioState *v)
{
    if (p9_ring_enable(v->ring)) {
        p9_server_resume(v->server);
    }
}

/*
 * Called for kicks that do not come through p9_server_listen().  Legacy
 * drivers may kick before they set DRIVER_OK.
 */
static void virtio_9p_handle_output(VirtIODevice *vdev, VirtQueue *vq)
{
    V9fsVirtioState *v = VIRTIO_9P(vdev);

    if (v->server) {
        virtio_9p_enable(v);
        p9_server_look(v->server);
    }
}

/* ---- watching the queue ---- */

/*
 * A guest notifier is worth using if KVM injects the interrupt.  Otherwise the
 * interrupt would take a detour through the main loop.
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

static int virtio_9p_start_ioeventfd(VirtIODevice *vdev)
{
    V9fsVirtioState *v = VIRTIO_9P(vdev);
    VirtioBusState *bus = VIRTIO_BUS(qdev_get_parent_bus(DEVICE(v)));
    int ret;

    if (p9_loop_is_main(v->loop)) {
        return virtio_9p_base_class->start_ioeventfd(vdev);
    }
    if (!v->server || v->started) {
        return 0;
    }
    ret = virtio_9p_set_guest_notifiers(v, true);
    if (ret < 0) {
        return ret;
    }
    ret = virtio_bus_set_host_notifier(bus, 0, true);
    if (ret < 0) {
        virtio_9p_set_guest_notifiers(v, false);
        return ret;
    }
    ret = p9_server_listen(v->server, virtio_queue_get_host_notifier(v->vq));
    if (ret < 0) {
        virtio_bus_set_host_notifier(bus, 0, false);
        virtio_bus_cleanup_host_notifier(bus, 0);
        virtio_9p_set_guest_notifiers(v, false);
        return ret;
    }
    v->started = true;
    if (virtio_9p_has_irqfd()) {
        p9_ring_set_irqfd(v->ring);
    }
    return 0;
}

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
    p9_ring_unset_irqfd(v->ring);
    p9_server_ignore(v->server);
    virtio_bus_set_host_notifier(bus, 0, false);
    virtio_bus_cleanup_host_notifier(bus, 0);
    virtio_9p_set_guest_notifiers(v, false);
}

/*
 * This is also called when the VM stops and when it goes on.  The memory of a
 * stopped VM must not change.
 */
static void virtio_9p_follow_status(VirtIODevice *vdev, uint8_t status)
{
    V9fsVirtioState *v = VIRTIO_9P(vdev);
    bool paused = !vdev->vm_running;

    if (!v->server) {
        return;
    }
    if (status & VIRTIO_CONFIG_S_DRIVER_OK) {
        virtio_9p_enable(v);
    }
    if (paused == v->paused) {
        return;
    }
    v->paused = paused;
    if (paused) {
        p9_ring_pause(v->ring);
    } else if (p9_migrate_resume(v->migrate)) {
        p9_ring_resume(v->ring);
        p9_server_resume(v->server);
    }
}

static P9StatusResult virtio_9p_set_status(VirtIODevice *vdev, uint8_t status)
{
    virtio_9p_follow_status(vdev, status);
    return P9_STATUS_SET;
}

static void virtio_9p_reset(VirtIODevice *vdev)
{
    V9fsVirtioState *v = VIRTIO_9P(vdev);

    if (v->server) {
        p9_ring_reset(v->ring);
        p9_server_reset(v->server);
        p9_migrate_reset(v->migrate);
    }
}

/*
 * The session ends with the device's only queue.  The driver may name queues
 * that do not exist.
 */
static void virtio_9p_queue_reset(VirtIODevice *vdev, uint32_t index)
{
    if (index == 0) {
        virtio_9p_reset(vdev);
    }
}

static void virtio_9p_queue_enable(VirtIODevice *vdev, uint32_t index)
{
    V9fsVirtioState *v = VIRTIO_9P(vdev);

    if (v->server && (vdev->status & VIRTIO_CONFIG_S_DRIVER_OK)) {
        virtio_9p_enable(v);    /* after a reset of the queue */
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
    return p9_migrate_check(v->migration, v->on_lost, errp);
}

/* What contradicts iothread= is an error, as in other virtio devices. */
static bool virtio_9p_check_iothread(V9fsVirtioState *v, Error **errp)
{
    if (!v->iothread) {
        return true;
    }
    if (v->own_thread_given && v->own_thread) {
        error_setg(errp, "own-thread=on and iothread= exclude each other: give "
                   "one of them");
        return false;
    }
    if (!virtio_device_ioeventfd_enabled(VIRTIO_DEVICE(v))) {
        error_setg(errp, "iothread= needs ioeventfd=on, by which the guest "
                   "wakes that thread");
        return false;
    }
    return true;
}

static int virtio_9p_has_tag(Object *obj, void *opaque)
{
    V9fsVirtioState *v =
        (V9fsVirtioState *)object_dynamic_cast(obj, TYPE_VIRTIO_9P);

    return v && v->server && !strcmp(v->mount_tag, opaque);
}

/* This is not an error, as such command lines have always been accepted. */
static void virtio_9p_warn_of_same_tag(V9fsVirtioState *v)
{
    if (object_child_foreach_recursive(object_get_root(), virtio_9p_has_tag,
                                       v->mount_tag)) {
        warn_report("9p mount tag '%s' is that of another device as well, and "
                    "a guest cannot tell which of them it mounts; give each a "
                    "mount_tag of its own", v->mount_tag);
    }
}

/*
 * Behind an IOMMU of the VM any access to the queue may need the BQL, because
 * it can end at registers of a device or raise an interrupt for a fault.  Only
 * the main loop always holds it.
 */
static P9Loop *virtio_9p_find_loop(V9fsVirtioState *v, Error **errp)
{
    if (!virtio_host_has_feature(VIRTIO_DEVICE(v), VIRTIO_F_IOMMU_PLATFORM)) {
        return p9_loop_new(v->iothread, v->own_thread, errp);
    }
    if (v->iothread) {
        warn_report("9p mount tag '%s': with iommu_platform=on the device "
                    "works in the main loop, not in an iothread",
                    v->mount_tag);
    }
    return p9_loop_new(NULL, false, errp);
}

static void virtio_9p_device_realize(DeviceState *dev, Error **errp)
{
    VirtIODevice *vdev = VIRTIO_DEVICE(dev);
    V9fsVirtioState *v = VIRTIO_9P(dev);

    if (!virtio_9p_check_properties(v, errp) ||
        !virtio_9p_check_iothread(v, errp)) {
        return;
    }
    v->loop = virtio_9p_find_loop(v, errp);
    if (!v->loop) {
        return;
    }
    v->user = g_strdup_printf("the device with mount tag '%s'", v->mount_tag);
    v->export = qemu_fsdev_open(v->fsdev, v->user, errp);
    if (!v->export) {
        g_clear_pointer(&v->user, g_free);
        g_clear_pointer(&v->loop, p9_loop_unref);
        return;
    }
    virtio_9p_warn_of_same_tag(v);
    virtio_init(vdev, VIRTIO_ID_9P,
                sizeof(struct virtio_9p_config) + strlen(v->mount_tag));
    vdev->ram_only = !p9_loop_is_main(v->loop);
    v->vq = virtio_add_queue(vdev, P9_QUEUE_SIZE, virtio_9p_handle_output);
    v->ring = p9_ring_new(vdev, v->vq, v->loop, v->mount_tag);
    v->server = p9_server_new(v->export, v->ring, v->loop, v->mount_tag,
                              p9_migrate_is_allowed(v->migration));
    v->migrate = p9_migrate_new(vdev, v->export, v->loop, v->ring, v->server,
                                v->mount_tag, v->migration, v->on_lost);
}

static void virtio_9p_device_unrealize(DeviceState *dev)
{
    VirtIODevice *vdev = VIRTIO_DEVICE(dev);
    V9fsVirtioState *v = VIRTIO_9P(dev);

    p9_ring_end(v->ring);
    g_clear_pointer(&v->migrate, p9_migrate_end);
    g_clear_pointer(&v->server, p9_server_end);
    g_clear_pointer(&v->ring, p9_ring_unref);
    g_clear_pointer(&v->loop, p9_loop_unref);
    qemu_fsdev_close(g_steal_pointer(&v->export), v->user);
    g_clear_pointer(&v->user, g_free);
    virtio_delete_queue(v->vq);
    virtio_cleanup(vdev);
}

/* A bool that also tells that it was set; made from QEMU's own. */
static PropertyInfo virtio_9p_own_thread_info;

static void virtio_9p_set_own_thread(Object *obj, Visitor *visitor,
                                     const char *name, void *opaque,
                                     Error **errp)
{
    VIRTIO_9P(obj)->own_thread_given = true;
    qdev_prop_bool.set(obj, visitor, name, opaque, errp);
}

/* By then, the properties have their defaults, but no other values. */
static void virtio_9p_instance_init(Object *obj)
{
    VIRTIO_9P(obj)->own_thread_given = false;
}

static P9_PROPERTIES virtio_9p_properties[] = {
    DEFINE_PROP_STRING("fsdev", V9fsVirtioState, fsdev),
    DEFINE_PROP_STRING("mount_tag", V9fsVirtioState, mount_tag),
    DEFINE_PROP_LINK("iothread", V9fsVirtioState, iothread, TYPE_IOTHREAD,
                     IOThread *),
    DEFINE_PROP("own-thread", V9fsVirtioState, own_thread,
                virtio_9p_own_thread_info, bool,
                .set_default = true, .defval.u = true),
    DEFINE_PROP_STRING("migration", V9fsVirtioState, migration),
    DEFINE_PROP_STRING("on-lost", V9fsVirtioState, on_lost),
    P9_PROPERTIES_END
};

static void virtio_9p_device_class_init(ObjectClass *klass, P9ClassData *data)
{
    DeviceClass *dc = DEVICE_CLASS(klass);
    VirtioDeviceClass *vdc = VIRTIO_DEVICE_CLASS(klass);

    dc->desc = "9P file system shared with the host";
    dc->vmsd = &p9_vmstate_device;
    virtio_9p_own_thread_info = qdev_prop_bool;
    virtio_9p_own_thread_info.set = virtio_9p_set_own_thread;
    device_class_set_props(dc, virtio_9p_properties);
    set_bit(DEVICE_CATEGORY_STORAGE, dc->categories);
    vdc->vmsd = &p9_vmstate_inner;
    vdc->realize = virtio_9p_device_realize;
    vdc->unrealize = virtio_9p_device_unrealize;
    vdc->reset = virtio_9p_reset;
    vdc->queue_reset = virtio_9p_queue_reset;
    vdc->queue_enable = virtio_9p_queue_enable;
    virtio_9p_base_class =
        VIRTIO_DEVICE_CLASS(object_class_get_parent(klass));
    vdc->start_ioeventfd = virtio_9p_start_ioeventfd;
    vdc->stop_ioeventfd = virtio_9p_stop_ioeventfd;
    vdc->set_status = virtio_9p_set_status;
    vdc->get_features = virtio_9p_get_features;
    vdc->get_config = virtio_9p_get_config;
    virtio_9p_add_queries(klass);
}

static const TypeInfo virtio_9p_types[] = {
    {
        .name = TYPE_VIRTIO_9P,
        .parent = TYPE_VIRTIO_DEVICE,
        .instance_size = sizeof(V9fsVirtioState),
        .instance_init = virtio_9p_instance_init,
        .class_init = virtio_9p_device_class_init,
    },
};

DEFINE_TYPES(virtio_9p_types)
