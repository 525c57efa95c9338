/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Counts and times of requests: see 9p-stats.h.
 */
#include "fsdev/core/p9-osdep.h"
#include "9p-stats.h"

static void add(size_t *counter, size_t n)
{
    __atomic_store_n(counter, *counter + n, __ATOMIC_RELAXED);
}

uint64_t p9_stats_now(void)
{
    struct timespec ts;

    clock_gettime(CLOCK_MONOTONIC, &ts);
    return (uint64_t)ts.tv_sec * 1000000000u + ts.tv_nsec;
}

void p9_stats_leave(P9StatsClock *clock)
{
    clock->left = p9_stats_now();
    if (!clock->came) {
        clock->came = clock->left;
    }
}

/* The element of P9StatsRow.times that counts @ns. */
static unsigned bucket_of(uint64_t ns)
{
    uint64_t us = ns / 1000;
    unsigned bits = us ? 64 - __builtin_clzll(us) : 0;

    return MIN(bits, P9_STATS_BUCKETS - 1);
}

static void add_times(P9StatsRow *row, const P9StatsClock *clock,
                      uint64_t ran_ns)
{
    size_t weight = clock->left ? 1 : P9_STATS_SAMPLE;
    uint64_t now = p9_stats_now();
    uint64_t total = now - clock->came;
    uint64_t running = ran_ns ?: clock->began ? now - clock->began : 0;

    running = MIN(running, total);
    add(&row->times[P9_STATS_TOTAL][bucket_of(total)], weight);
    add(&row->times[P9_STATS_RUNNING][bucket_of(running)], weight);
    add(&row->times[P9_STATS_QUEUED][bucket_of(total - running)], weight);
}

void p9_stats_end(P9Stats *stats, uint8_t type, const P9StatsClock *clock,
                  int result, size_t in, size_t out, uint64_t ran_ns)
{
    P9StatsRow *row = p9_stats_row(stats, type);

    add(&row->requests, 1);
    add(&row->bytes_in, in);
    add(&row->bytes_out, out);
    if (result < 0) {
        add(&row->failed, 1);
        add(&stats->errors[-result < P9_STATS_ERRNOS ? -result : 0], 1);
    }
    if (clock->came) {
        add_times(row, clock, ran_ns);
    }
}

void p9_stats_flush(P9Stats *stats)
{
    add(&stats->flushed, 1);
}

uint64_t p9_stats_percentile(const size_t times[P9_STATS_BUCKETS],
                             unsigned percent)
{
    uint64_t all = 0, seen = 0, wanted;
    unsigned i;

    for (i = 0; i < P9_STATS_BUCKETS; i++) {
        all += p9_stats_read(&times[i]);
    }
    if (!all) {
        return 0;
    }
    wanted = (all * percent + 99) / 100;
    for (i = 0; i < P9_STATS_BUCKETS - 1; i++) {
        seen += p9_stats_read(&times[i]);
        if (seen >= wanted) {
            break;
        }
    }
    return UINT64_C(1) << i;
}
