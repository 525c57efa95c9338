/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The gate that limits an export to the rates of its throttling.* options.
 */
#ifndef FSDEV_QEMU_FSDEV_THROTTLE_H
#define FSDEV_QEMU_FSDEV_THROTTLE_H

#include "qemu/throttle.h"
#include "fsdev/core/fsdriver.h"

typedef struct FsdevLimits {
    ThrottleConfig data;        /* reads and writes */
    ThrottleConfig meta;        /* of which iops-total is used */
} FsdevLimits;

/** qemu_fsdev_limits_init: no limits. */
void qemu_fsdev_limits_init(FsdevLimits *limits);
/**
 * qemu_fsdev_limits_parse: change @limits by the throttling.* options.
 *
 * Returns false with *@errp set, and @limits unchanged, if the result would
 * contradict itself.
 */
bool qemu_fsdev_limits_parse(FsdevLimits *limits, QemuOpts *opts, Error **errp);
bool qemu_fsdev_limits_any(FsdevLimits *limits);
bool qemu_fsdev_limits_equal(const FsdevLimits *a, const FsdevLimits *b);

/**
 * qemu_fsdev_gate_new: a new gate for @limits, counted; @group is its name, or
 * NULL.
 *
 * The timers of the gate run in the main loop.  Context: BQL held.
 */
FsGate *qemu_fsdev_gate_new(FsdevLimits *limits, const char *group);
/**
 * qemu_fsdev_gate_set: limit @gate by @limits from now on.
 *
 * Its buckets are empty then.  Requests that wait go on as soon as the new
 * limits allow.  Context: BQL held.
 */
void qemu_fsdev_gate_set(FsGate *gate, FsdevLimits *limits);
FsGate *qemu_fsdev_gate_ref(FsGate *gate);
/** qemu_fsdev_gate_unref: no ticket waits any more.  Context: any thread. */
void qemu_fsdev_gate_unref(FsGate *gate);

#endif
