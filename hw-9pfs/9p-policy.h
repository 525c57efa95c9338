/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Where a request runs: on the event loop, or as a job on a worker.
 *
 * Giving a request to a worker costs ten times as much as most requests take.
 * So a session that has an event loop of its own lets requests wait there for
 * the host's storage, as long as requests of the same type have been quick.
 * Their cost is measured whenever one of them runs, on the event loop and on
 * workers.  Context: event loop.
 */
#ifndef HW_9PFS_9P_POLICY_H
#define HW_9PFS_9P_POLICY_H

#include "fsdev/core/p9-osdep.h"

/* A copy of this many bytes is worth a second CPU if others wait. */
#define P9_POLICY_LONG_COPY (256 * 1024)

typedef struct P9Policy {
    uint32_t cost[UINT8_MAX + 1];   /* ns, by message type; 0: unknown */
} P9Policy;

/**
 * p9_policy_may_wait: may a request of @type run on the event loop although it
 * may have to wait for storage?  @others: other requests wait for the loop.
 */
bool p9_policy_may_wait(const P9Policy *policy, uint8_t type, bool others);
/** p9_policy_learn: a run of @type that could wait has taken @ns. */
void p9_policy_learn(P9Policy *policy, uint8_t type, uint64_t ns);
/** p9_policy_now: the time in ns of the clock that measures runs. */
uint64_t p9_policy_now(void);

#endif
