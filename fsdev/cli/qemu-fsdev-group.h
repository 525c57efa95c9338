/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Throttle groups: fsdevs that share their limits, and one gate.
 *
 * An fsdev without throttling.group= is a group of its own.  Context: main
 * loop, BQL held.
 */
#ifndef FSDEV_QEMU_FSDEV_GROUP_H
#define FSDEV_QEMU_FSDEV_GROUP_H

#include "fsdev/cli/qemu-fsdev-throttle.h"

typedef struct FsdevGroup FsdevGroup;

/**
 * qemu_fsdev_group_get: the group for the throttling.* options of a new fsdev,
 * counted.
 *
 * A group that exists gets the limits in @opts if it has none; otherwise these
 * must be the same, or none.  Returns NULL with *@errp set if they are not, or
 * contradict themselves.
 */
FsdevGroup *qemu_fsdev_group_get(QemuOpts *opts, Error **errp);
/** qemu_fsdev_group_put: NULL is allowed. */
void qemu_fsdev_group_put(FsdevGroup *group);
/**
 * qemu_fsdev_group_change: change the limits of all members by the throttling.*
 * options in @opts.  False, and nothing is changed, with *@errp set.
 */
bool qemu_fsdev_group_change(FsdevGroup *group, QemuOpts *opts, Error **errp);
/**
 * qemu_fsdev_group_gate: the gate, counted, which exists from the first limit
 * on; NULL: there was none.  Needs the main loop.
 */
FsGate *qemu_fsdev_group_gate(FsdevGroup *group);

#endif
