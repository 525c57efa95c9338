/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Where a request runs: see 9p-policy.h.
 */
#include "fsdev/core/p9-osdep.h"
#include "9p-policy.h"

/*
 * Giving a request to a worker costs about 10 µs of CPU time and 40 µs of
 * latency.  While no other request waits, a request may take several times as
 * long on the event loop before that is worth its cost.  While others wait, it
 * is worth its cost as soon as the work is long enough to use a second CPU.
 */
#define ALONE_NS        200000u
#define CROWDED_NS      60000u
/* One sample has a weight of 1/8, so a single slow call has little effect. */
#define WEIGHT_SHIFT    3
/* The limit of a sample, so that the mean cannot overflow. */
#define SAMPLE_MAX      (1u << 26)

bool p9_policy_may_wait(const P9Policy *policy, uint8_t type, bool others)
{
    return policy->cost[type] < (others ? CROWDED_NS : ALONE_NS);
}

unsigned p9_policy_ways(const P9Policy *policy, const P9Work *work)
{
    P9Least least = work->info->least;
    unsigned ways = P9_WAY_APART;

    if (least == P9_LEAST_WORKER || work->for_worker ||
        (work->others && work->long_copy)) {
        return ways | P9_WAY_WORKER;
    }
    if (work->own_loop &&
        p9_policy_may_wait(policy, work->info->number, work->others)) {
        ways |= P9_WAY_WAIT;
    }
    /* What can be done at once is done by P9_WAY_WAIT as well. */
    if (least == P9_LEAST_NEVER_FIRST ||
        (least == P9_LEAST_NEVER && !(ways & P9_WAY_WAIT))) {
        ways |= P9_WAY_AT_ONCE;
    }
    if (work->own_loop && work->can_yield && work->asks &&
        (work->info->flags & P9_F_YIELDS)) {
        ways |= P9_WAY_YIELD;
    }
    /* On a worker it would be refused as well, or would have to ask. */
    if (!(ways & (P9_WAY_WAIT | P9_WAY_YIELD)) && !work->asks) {
        ways |= P9_WAY_WORKER;
    }
    return ways;
}

void p9_policy_learn(P9Policy *policy, uint8_t type, uint64_t ns)
{
    uint32_t old = policy->cost[type];
    uint32_t sample = MIN(ns, SAMPLE_MAX);

    policy->cost[type] = old - (old >> WEIGHT_SHIFT) +
                         (sample >> WEIGHT_SHIFT);
}
