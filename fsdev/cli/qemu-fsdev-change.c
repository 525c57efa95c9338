/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The commands of monitors that add, change and remove fsdevs.
 *
 * Their options are those of -fsdev and go through the same checks.  Context:
 * main loop, BQL held.
 */
#include "qemu/osdep.h"
#include "monitor/hmp.h"
#include "monitor/monitor.h"
#include "qapi/error.h"
#include "qapi/qapi-commands-qdev.h"
#include "qemu/config-file.h"
#include "qemu/cutils.h"
#include "qemu/module.h"
#include "qemu/option.h"
#include "qemu/throttle-options.h"
#include "fsdev/core/qemu-compat.h"
#include "fsdev/qemu-fsdev.h"
#include "fsdev/cli/qemu-fsdev-entry.h"

/* ---- QMP ---- */

void qmp_x_fsdev_add(const char *options, Error **errp)
{
    QemuOpts *opts;

    if (!qemu_fsdev_check_text("fsdev", options, errp)) {
        return;
    }
    opts = qemu_opts_parse(qemu_find_opts("fsdev"), options, true, errp);
    if (opts && qemu_fsdev_add(opts, errp) < 0) {
        qemu_opts_del(opts);
    }
}

void qmp_x_fsdev_del(const char *id, Error **errp)
{
    FsdevEntry *entry = qemu_fsdev_get(id, errp);
    QemuOpts *opts;

    if (!entry || !qemu_fsdev_remove(entry, errp)) {
        return;
    }
    opts = qemu_opts_find(qemu_find_opts("fsdev"), id);
    if (opts) {
        qemu_opts_del(opts);
    }
}

static int check_changeable(void *opaque, const char *name, const char *value,
                            Error **errp)
{
    static const char *const changeable[] = {
        "readonly", "locks", "max_bytes", "max_files", "max_fids", "max_locks",
        "max_memory", "max_xattr", "path", NULL,
    };

    if (g_strv_contains(changeable, name) ||
        (strstart(name, THROTTLE_OPT_PREFIX, NULL) &&
         strcmp(name, "throttling.group"))) {
        return 0;
    }
    error_setg(errp, "option '%s' cannot be changed; those that can are: "
               "readonly, locks, max_*, the limits of " THROTTLE_OPT_PREFIX
               "*, and path while no device uses the fsdev", name);
    return -1;
}

void qmp_x_fsdev_set(const char *id, const char *options, Error **errp)
{
    FsdevEntry *entry = qemu_fsdev_get(id, errp);
    QemuOpts *opts;

    if (!entry) {
        return;
    }
    opts = qemu_opts_parse(qemu_find_opts("fsdev"), options, false, errp);
    if (!opts) {
        return;
    }
    if (qemu_opts_id(opts)) {
        error_setg(errp, "the id of an fsdev cannot be changed");
    } else if (!qemu_opt_foreach(opts, check_changeable, NULL, errp)) {
        qemu_fsdev_change(entry, opts, errp);
    }
    qemu_opts_del(opts);
}

/* ---- the human monitor ---- */

static void hmp_fsdev_add(Monitor *mon, const QDict *qdict)
{
    Error *error = NULL;

    qmp_x_fsdev_add(qdict_get_str(qdict, "options"), &error);
    hmp_handle_error(mon, error);
}

static void hmp_fsdev_del(Monitor *mon, const QDict *qdict)
{
    Error *error = NULL;

    qmp_x_fsdev_del(qdict_get_str(qdict, "id"), &error);
    hmp_handle_error(mon, error);
}

static void hmp_fsdev_set(Monitor *mon, const QDict *qdict)
{
    Error *error = NULL;

    qmp_x_fsdev_set(qdict_get_str(qdict, "id"), qdict_get_str(qdict, "options"),
                    &error);
    hmp_handle_error(mon, error);
}

static void register_commands(void)
{
    monitor_register_hmp("fsdev_add", false, hmp_fsdev_add);
    monitor_register_hmp("fsdev_del", false, hmp_fsdev_del);
    monitor_register_hmp("fsdev_set", false, hmp_fsdev_set);
}

type_init(register_commands)
