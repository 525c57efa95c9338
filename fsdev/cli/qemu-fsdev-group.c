/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Throttle groups: see qemu-fsdev-group.h.
 */
#include "qemu/osdep.h"
#include "qapi/error.h"
#include "qemu/option.h"
#include "qemu/queue.h"
#include "fsdev/cli/qemu-fsdev-group.h"

struct FsdevGroup {
    char *name;                 /* owned; NULL: for one fsdev only */
    unsigned refs;
    FsdevLimits limits;
    FsGate *gate;               /* counted; NULL: there were no limits yet */
    QTAILQ_ENTRY(FsdevGroup) next;
};

static QTAILQ_HEAD(, FsdevGroup) groups = QTAILQ_HEAD_INITIALIZER(groups);

static FsdevGroup *group_find(const char *name)
{
    FsdevGroup *group;

    QTAILQ_FOREACH(group, &groups, next) {
        if (name && group->name && !strcmp(group->name, name)) {
            return group;
        }
    }
    return NULL;
}

static void group_set(FsdevGroup *group, const FsdevLimits *limits)
{
    group->limits = *limits;
    if (group->gate) {
        qemu_fsdev_gate_set(group->gate, &group->limits);
    }
}

/* Called for a group that exists. */
static bool group_join(FsdevGroup *group, FsdevLimits *limits, Error **errp)
{
    if (!qemu_fsdev_limits_any(limits) ||
        qemu_fsdev_limits_equal(limits, &group->limits)) {
        return true;
    }
    if (qemu_fsdev_limits_any(&group->limits)) {
        error_setg(errp, "throttling.group '%s' has other limits already; "
                   "allowed: the same ones, or none", group->name);
        return false;
    }
    group_set(group, limits);
    return true;
}

FsdevGroup *qemu_fsdev_group_get(QemuOpts *opts, Error **errp)
{
    const char *name = qemu_opt_get(opts, "throttling.group");
    FsdevGroup *group = group_find(name);
    FsdevLimits limits;

    qemu_fsdev_limits_init(&limits);
    if (!qemu_fsdev_limits_parse(&limits, opts, errp) ||
        (group && !group_join(group, &limits, errp))) {
        return NULL;
    }
    if (!group) {
        group = g_new0(FsdevGroup, 1);
        group->name = g_strdup(name);
        group->limits = limits;
        QTAILQ_INSERT_TAIL(&groups, group, next);
    }
    group->refs++;
    return group;
}

void qemu_fsdev_group_put(FsdevGroup *group)
{
    if (group && !--group->refs) {
        QTAILQ_REMOVE(&groups, group, next);
        g_clear_pointer(&group->gate, qemu_fsdev_gate_unref);
        g_free(group->name);
        g_free(group);
    }
}

bool qemu_fsdev_group_change(FsdevGroup *group, QemuOpts *opts, Error **errp)
{
    FsdevLimits limits = group->limits;

    if (!qemu_fsdev_limits_parse(&limits, opts, errp)) {
        return false;
    }
    if (!qemu_fsdev_limits_equal(&limits, &group->limits)) {
        group_set(group, &limits);
    }
    return true;
}

FsGate *qemu_fsdev_group_gate(FsdevGroup *group)
{
    if (!group->gate && qemu_fsdev_limits_any(&group->limits)) {
        group->gate = qemu_fsdev_gate_new(&group->limits, group->name);
    }
    return group->gate ? qemu_fsdev_gate_ref(group->gate) : NULL;
}
