/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Where a request runs: on the event loop, or as a job of a worker.
 *
 * A trip to a worker and back costs ten times what most requests take, so a
 * session whose event loop serves nobody else lets requests wait for the
 * host's storage right there, as long as requests of that kind have proved to
 * be quick.  What they cost is learnt by doing, on the loop and on workers
 * alike.  Belongs to the event loop.
 */
#ifndef HW_9PFS_9P_POLICY_H
#define HW_9PFS_9P_POLICY_H

#include "fsdev/core/p9-osdep.h"

/* Bytes whose copying is worth a second CPU when there is other work. */
#define P9_POLICY_LONG_COPY (256 * 1024)

typedef struct P9Policy {
    uint32_t cost[UINT8_MAX + 1];   /* ns a run, by message type; 0: unknown */
} P9Policy;

/**
 * p9_policy_may_wait: shall a request of @type run on the loop although it
 * may have to wait for storage?  @others: more requests want the loop.
 */
bool p9_policy_may_wait(const P9Policy *policy, uint8_t type, bool others);
/** p9_policy_learn: a run of @type that was allowed to wait took @ns. */
void p9_policy_learn(P9Policy *policy, uint8_t type, uint64_t ns);
/** p9_policy_now: ns on the clock that runs are measured with. */
uint64_t p9_policy_now(void);

#endif
