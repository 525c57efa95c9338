/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The gate that keeps an export to the rates of its throttling.* options.
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
 * qemu_fsdev_gate_new: a gate for @config, or NULL when it limits nothing.
 *
 * The gate has its timers in the main loop and is never freed: it remembers
 * what was used while devices come and go.  Context: BQL held.
 */
FsGate *qemu_fsdev_gate_new(ThrottleConfig *config);

#endif
