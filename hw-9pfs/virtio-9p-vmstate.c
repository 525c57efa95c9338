/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The state of a virtio-9p device for migration: see virtio-9p-migrate.h.
 *
 * QEMU's own device has the section "virtio-9p", in which VMSTATE_VIRTIO_DEVICE
 * writes the state that all virtio devices have.  In there is a place for what
 * a device adds (VirtioDeviceClass.vmsd), and there the session is a subsection
 * without anything around it.  It cannot be a subsection of "virtio-9p" itself:
 * the code that reads those of "virtio", which come before, would take it for
 * one of them because of its name.
 *
 * It is read before the queue is, and put to use after all the rest.
 *
 * length[8] and that many bytes; big-endian, as all of QEMU's states.
 */
#include "qemu/osdep.h"
#include "qemu/error-report.h"
#include "qemu/units.h"
#include "fsdev/core/qemu-compat.h"
#include "virtio-9p.h"
#include "virtio-9p-migrate.h"

/* For a device that may have millions of fids; see "max_fids" of -fsdev */
#define LENGTH_MAX  (2ULL * GiB)
/* No more is allocated at a time than has arrived. */
#define PIECE       (1 * MiB)

static bool session_needed(void *opaque)
{
    V9fsVirtioState *v = opaque;

    return v->migrate && p9_migrate_saved(v->migrate);
}

static int session_put(QEMUFile *f, void *pv, size_t size,
                       const VMStateField *field, JSONWriter *vmdesc)
{
    V9fsVirtioState *v = pv;
    const GByteArray *bytes = p9_migrate_saved(v->migrate);

    qemu_put_be64(f, bytes->len);
    qemu_put_buffer(f, bytes->data, bytes->len);
    return 0;
}

static int session_get(QEMUFile *f, void *pv, size_t size,
                       const VMStateField *field)
{
    g_autoptr(GByteArray) bytes = g_byte_array_new();
    V9fsVirtioState *v = pv;
    uint64_t length = qemu_get_be64(f);

    if (length > LENGTH_MAX) {
        error_report("9p mount tag '%s' cannot be loaded: %" PRIu64 " bytes of "
                     "state are too many", v->mount_tag, length);
        return -EINVAL;
    }
    while (bytes->len < length) {
        size_t piece = MIN(length - bytes->len, PIECE);
        guint at = bytes->len;

        g_byte_array_set_size(bytes, at + piece);
        if (qemu_get_buffer(f, bytes->data + at, piece) != piece) {
            error_report("9p mount tag '%s' cannot be loaded: its state ends "
                         "too early", v->mount_tag);
            return -EINVAL;
        }
    }
    p9_migrate_set_loaded(v->migrate, g_steal_pointer(&bytes));
    return 0;
}

static const VMStateInfo session_info = {
    .name = "9p session",
    .get = session_get,
    .put = session_put,
};

static const VMStateDescription vmstate_session = {
    .name = "virtio-9p/session",
    .version_id = 1,
    .minimum_version_id = 1,
    .needed = session_needed,
    .fields = (const VMStateField[]) {
        {
            .name = "state",
            .info = &session_info,
            .flags = VMS_SINGLE,
        },
        VMSTATE_END_OF_LIST()
    },
};

static const VMStateDescription *subsections[] = { &vmstate_session, NULL };

const VMStateDescription p9_vmstate_inner = {
    .name = "virtio-9p",
    .version_id = 1,
    .minimum_version_id = 1,
    .fields = (const VMStateField[]) {
        VMSTATE_END_OF_LIST()
    },
    .subsections = subsections,
};

/* ---- the section of the device ---- */

static int device_pre_save(void *opaque)
{
    V9fsVirtioState *v = opaque;

    return p9_migrate_save(v->migrate);
}

static int device_post_save(void *opaque)
{
    V9fsVirtioState *v = opaque;

    p9_migrate_forget(v->migrate);
    return 0;
}

static int device_pre_load(void *opaque)
{
    V9fsVirtioState *v = opaque;

    p9_migrate_forget(v->migrate);
    return 0;
}

static int device_post_load(void *opaque, int version_id)
{
    V9fsVirtioState *v = opaque;

    return p9_migrate_load(v->migrate);
}

const VMStateDescription p9_vmstate_device = {
    .name = "virtio-9p",
    .version_id = 1,
    .minimum_version_id = 1,
    .pre_save = device_pre_save,
    .post_save = device_post_save,
    .pre_load = device_pre_load,
    .post_load = device_post_load,
    .fields = (const VMStateField[]) {
        VMSTATE_VIRTIO_DEVICE,
        VMSTATE_END_OF_LIST()
    },
};
