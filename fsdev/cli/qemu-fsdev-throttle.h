/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The gate that limits an export to the rates of its throttling.* options.
 */
#ifndef FSDEV_QEMU_FSDEV_THROTTLE_H
#define FSDEV_QEMU_FSDEV_THROTTLE_H

#include "qemu/throttle.h"
#include "fsdev/core/fsdriver.h"

/**
 * qemu_fsdev_throttle_parse: change @config by the throttling.* options.
 *
 * Returns false with *@errp set, and @config unchanged, if the result would
 * contradict itself.
 */
bool qemu_fsdev_throttle_parse(ThrottleConfig *config, QemuOpts *opts,
                               Error **errp);

/**
 * qemu_fsdev_gate_new: a new gate for @config, counted.
 *
 * The timers of the gate run in the main loop.  Context: BQL held.
 */
FsGate *qemu_fsdev_gate_new(ThrottleConfig *config);
/**
 * qemu_fsdev_gate_set: limit @gate by @config from now on.
 *
 * Its buckets are empty then.  Requests that wait go on as soon as the new
 * limits allow.  Context: BQL held.
 */
void qemu_fsdev_gate_set(FsGate *gate, ThrottleConfig *config);
FsGate *qemu_fsdev_gate_ref(FsGate *gate);
/** qemu_fsdev_gate_unref: no ticket waits any more.  Context: any thread. */
void qemu_fsdev_gate_unref(FsGate *gate);

#endif
