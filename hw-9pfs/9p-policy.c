/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Where a request runs: see 9p-policy.h.
 */
#include "fsdev/core/p9-osdep.h"
#include "9p-policy.h"

/*
 * A trip to a worker is some 10 µs of CPU time and 40 µs of waiting.  Alone, a
 * request may take several times that on the loop before the trip pays, since
 * nobody is held up; with others behind it, it pays as soon as the work is
 * long enough to be worth a second CPU.
 */
#define ALONE_NS        200000u
#define CROWDED_NS      60000u
/* One sample weighs 1/8: a single slow call decides nothing for long. */
#define WEIGHT_SHIFT    3
/* Longer runs all say the same, and the sum must not overflow. */
#define SAMPLE_MAX      (1u << 26)

bool p9_policy_may_wait(const P9Policy *policy, uint8_t type, bool others)
{
    return policy->cost[type] < (others ? CROWDED_NS : ALONE_NS);
}

void p9_policy_learn(P9Policy *policy, uint8_t type, uint64_t ns)
{
    uint32_t old = policy->cost[type];
    uint32_t sample = MIN(ns, SAMPLE_MAX);

    policy->cost[type] = old - (old >> WEIGHT_SHIFT) +
                         (sample >> WEIGHT_SHIFT);
}

uint64_t p9_policy_now(void)
{
    struct timespec ts;

    clock_gettime(CLOCK_MONOTONIC, &ts);
    return (uint64_t)ts.tv_sec * 1000000000u + ts.tv_nsec;
}
