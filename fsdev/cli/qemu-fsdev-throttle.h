/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The gate that limits an export to the rates of its throttling.* options.
 */
#ifndef FSDEV_QEMU_FSDEV_THROTTLE_H
#define FSDEV_QEMU_FSDEV_THROTTLE_H

#include "qemu/throttle.h"
#include "fsdev/core/fsdriver.h"

/**
 * qemu_fsdev_throttle_parse: fill @config from the throttling.* options.
 *
 * Returns false with *@errp set when they contradict each other.
 */
bool qemu_fsdev_throttle_parse(ThrottleConfig *config, QemuOpts *opts,
                               Error **errp);

/**
 * qemu_fsdev_gate_new: a new gate for @config, or NULL when it has no limits.
 *
 * The timers of the gate run in the main loop.  It is never freed, so that the
 * limits still hold when a device is unplugged and plugged again.  Context: BQL
 * held.
 */
FsGate *qemu_fsdev_gate_new(ThrottleConfig *config);

#endif
