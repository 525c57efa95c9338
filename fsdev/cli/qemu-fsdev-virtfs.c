/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * -virtfs: one option for an fsdev and the PCI device that uses it.
 *
 * Each entry of the group "virtfs" is turned into an entry of "fsdev" and one
 * of "device", as if the user had specified both.  Called by the command line
 * code, in the main thread, before either group is evaluated.
 */
#include "qemu/osdep.h"
#include "qapi/error.h"
#include "qemu/config-file.h"
#include "qemu/id.h"
#include "qemu/option.h"
#include "fsdev/qemu-fsdev.h"
#include "fsdev/cli/qemu-fsdev-options.h"

static const char *virtfs_mount_tag(QemuOpts *virtfs, Error **errp)
{
    const char *tag = qemu_opt_get(virtfs, "mount_tag");
    const char *other = qemu_opt_get(virtfs, "mnt_tag");

    if (!tag && !other) {
        error_setg(errp, "virtfs needs mount_tag=<name>, the name by which "
                   "the guest mounts it");
        return NULL;
    }
    if (tag && other && strcmp(tag, other)) {
        error_setg(errp, "mount_tag '%s' and mnt_tag '%s' differ, but are the "
                   "same option; give one", tag, other);
        return NULL;
    }
    return tag ?: other;
}

static int virtfs_copy_option(void *opaque, const char *name,
                              const char *value, Error **errp)
{
    QemuOpts *fsdev = opaque;

    if (!strcmp(name, "mount_tag") || !strcmp(name, "mnt_tag")) {
        return 0;
    }
    return qemu_opt_set(fsdev, name, value, errp) ? 0 : -1;
}

/* Copies all options but the tag; qemu_fsdev_add() checks them. */
static QemuOpts *virtfs_make_fsdev(QemuOpts *virtfs, const char *tag,
                                   Error **errp)
{
    const char *id = qemu_opts_id(virtfs) ?: tag;
    QemuOptsList *group = qemu_find_opts("fsdev");
    QemuOpts *fsdev;

    if (!id_wellformed(id)) {
        error_setg(errp, "mount_tag '%s' cannot be the id of an fsdev; add "
                   "id=<name> (a letter, then letters, digits, '-', '.', '_')",
                   id);
        return NULL;
    }
    if (qemu_opts_find(group, id)) {
        error_setg(errp, "there is an fsdev '%s' already; add id=<name>", id);
        return NULL;
    }
    fsdev = qemu_opts_create(group, id, 1, errp);
    if (fsdev && qemu_opt_foreach(virtfs, virtfs_copy_option, fsdev, errp)) {
        qemu_opts_del(fsdev);
        return NULL;
    }
    return fsdev;
}

int qemu_fsdev_from_virtfs(QemuOpts *virtfs, Error **errp)
{
    const char *tag;
    QemuOpts *fsdev;
    QemuOpts *device;

    if (!qemu_fsdev_check_driver(qemu_opt_get(virtfs, "fsdriver"), errp)) {
        return -1;
    }
    tag = virtfs_mount_tag(virtfs, errp);
    if (!tag) {
        return -1;
    }
    fsdev = virtfs_make_fsdev(virtfs, tag, errp);
    if (!fsdev) {
        return -1;
    }
    device = qemu_opts_create(qemu_find_opts("device"), NULL, 0, &error_abort);
    qemu_opt_set(device, "driver", "virtio-9p-pci", &error_abort);
    qemu_opt_set(device, "fsdev", qemu_opts_id(fsdev), &error_abort);
    qemu_opt_set(device, "mount_tag", tag, &error_abort);
    qemu_opts_del(virtfs);
    return 0;
}
