/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The option groups "fsdev" and "virtfs".
 *
 * They exist in all builds, even if no target has virtio-9p, because management
 * tools query them.  They are registered before main() parses options; nothing
 * in this file is called afterwards.
 */
#include "qemu/osdep.h"
#include "qemu/config-file.h"
#include "qemu/module.h"
#include "qemu/option.h"
#include "qemu/throttle-options.h"

#define FSDEV_DESC(name_, type_, help_) \
    { .name = name_, .type = QEMU_OPT_##type_, .help = help_ },
#define FSDEV_DESC_THROTTLE(suffix_, help_) \
    FSDEV_DESC(THROTTLE_OPT_PREFIX suffix_, NUMBER, help_)

static QemuOptsList qemu_fsdev_opts = {
    .name = "fsdev",
    .implied_opt_name = "fsdriver",
    .head = QTAILQ_HEAD_INITIALIZER(qemu_fsdev_opts.head),
    .desc = {
#define FSDEV_OPT(name, type, drivers, def, help) FSDEV_DESC(name, type, help)
#define FSDEV_THROTTLE(suffix, bucket, field, def, help) \
        FSDEV_DESC_THROTTLE(suffix, help)
#include "qemu-fsdev-options.def"
        { /* end of list */ }
    },
};

static QemuOptsList qemu_virtfs_opts = {
    .name = "virtfs",
    .implied_opt_name = "fsdriver",
    .head = QTAILQ_HEAD_INITIALIZER(qemu_virtfs_opts.head),
    .desc = {
        FSDEV_DESC("mount_tag", STRING, "name by which the guest mounts it")
        FSDEV_DESC("mnt_tag", STRING, "the same as mount_tag")
#define FSDEV_OPT(name, type, drivers, def, help) FSDEV_DESC(name, type, help)
#define FSDEV_THROTTLE(suffix, bucket, field, def, help) \
        FSDEV_DESC_THROTTLE(suffix, help)
#include "qemu-fsdev-options.def"
        { /* end of list */ }
    },
};

static void fsdev_opts_register(void)
{
    qemu_add_opts(&qemu_fsdev_opts);
    qemu_add_opts(&qemu_virtfs_opts);
}

opts_init(fsdev_opts_register);
