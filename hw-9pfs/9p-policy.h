/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Where a request runs, and how long it may wait there.
 *
 * Giving a request to a worker costs ten times as much as most requests take.
 * So a session that has an event loop of its own lets requests wait there for
 * the host's storage, as long as requests of the same type have been quick.
 * Their cost is measured whenever one of them runs, on the event loop and on
 * workers.  Context: event loop.
 */
#ifndef HW_9PFS_9P_POLICY_H
#define HW_9PFS_9P_POLICY_H

#include "9p-codec.h"

/* A copy of this many bytes is worth a second CPU if others wait. */
#define P9_POLICY_LONG_COPY (256 * 1024)

typedef struct P9Policy {
    uint32_t cost[UINT8_MAX + 1];   /* ns, by message type; 0: unknown */
} P9Policy;

/* The ways to call run(), in the order in which they are used. */
enum {
    /* On the event loop, with FS_WAIT_NEVER */
    P9_WAY_AT_ONCE = 1u << 0,
    /* On the event loop, with FS_WAIT_STORAGE */
    P9_WAY_WAIT = 1u << 1,
    /* In a coroutine of the event loop: as before, and yields to ask */
    P9_WAY_YIELD = 1u << 2,
    /* On a worker, with FS_WAIT_STORAGE */
    P9_WAY_WORKER = 1u << 3,
    /* On a thread that no other request needs, with FS_WAIT_ANYTHING */
    P9_WAY_APART = 1u << 4,
};

/* What decides about the ways to run a request. */
typedef struct P9Work {
    const P9MessageInfo *info;
    bool own_loop;              /* the event loop serves this session only */
    bool asks;                  /* FsDriver.asks */
    bool can_yield;             /* the event loop has coroutines */
    bool others;                /* other requests wait for that loop */
    bool for_worker;            /* P9Request.for_worker */
    bool long_copy;             /* of P9_POLICY_LONG_COPY bytes or more */
} P9Work;

/**
 * p9_policy_ways: how run() is to be called, as a set of P9_WAY_*.
 *
 * The next way is used if run() returns -EAGAIN, which it does when the driver
 * would have to wait longer.  P9_WAY_APART is always among the ways.
 */
unsigned p9_policy_ways(const P9Policy *policy, const P9Work *work);
/**
 * p9_policy_may_wait: may a request of @type run on the event loop although it
 * may have to wait for storage?  @others: other requests wait for the loop.
 */
bool p9_policy_may_wait(const P9Policy *policy, uint8_t type, bool others);
/** p9_policy_learn: a run of @type that could wait has taken @ns. */
void p9_policy_learn(P9Policy *policy, uint8_t type, uint64_t ns);

#endif
