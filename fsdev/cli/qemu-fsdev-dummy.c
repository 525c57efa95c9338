/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * -fsdev and -virtfs for targets that have no virtio-9p device.
 *
 * Replaces the registry where CONFIG_FSDEV_9P is off, with the functions that
 * the command line code calls.  Context: main thread.
 */
#include "qemu/osdep.h"
#include "qapi/error.h"
#include "qapi/qapi-commands-qdev.h"
#include "qemu/error-report.h"
#include "qemu/option.h"
#include "fsdev/qemu-fsdev.h"

/* This is not an error, as such command lines have always been accepted. */
int qemu_fsdev_add(QemuOpts *opts, Error **errp)
{
    warn_report("fsdev '%s' is ignored: this QEMU has no device for it",
                qemu_opts_id(opts) ?: "");
    return 0;
}

int qemu_fsdev_from_virtfs(QemuOpts *virtfs, Error **errp)
{
    error_setg(errp, "virtfs: this QEMU has no virtio-9p-pci device");
    return -1;
}

bool qemu_fsdev_print_help(const char *optarg)
{
    if (!has_help_option(optarg)) {
        return false;
    }
    printf("This QEMU has no device for an fsdev and therefore no drivers.\n");
    return true;
}

/* See qemu_fsdev_add(). */
bool qemu_fsdev_check_text(const char *group, const char *optarg, Error **errp)
{
    return true;
}

static void set_no_device(Error **errp)
{
    error_setg(errp, "this QEMU has no device for an fsdev");
}

void qmp_x_fsdev_add(const char *options, Error **errp)
{
    set_no_device(errp);
}

void qmp_x_fsdev_del(const char *id, Error **errp)
{
    set_no_device(errp);
}

void qmp_x_fsdev_set(const char *id, const char *options, Error **errp)
{
    set_no_device(errp);
}
