/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a session has done: counts and times of its requests, by message.
 *
 * Only the event loop of the session writes; any thread may read at any time,
 * without a lock, and sees each value as it was a moment ago, though not all
 * of them at the same moment.  Values never decrease.
 *
 * A request that leaves the event loop (for a worker, a coroutine, the gate or
 * a lock) is always timed.  Of the others, which the loop answers at once, one
 * of P9_STATS_SAMPLE is timed and counted as that many, because two readings of
 * the clock for each would cost more than the counting itself.
 */
#ifndef HW_9PFS_9P_STATS_H
#define HW_9PFS_9P_STATS_H

#include "fsdev/core/p9-osdep.h"

enum {
    P9_STATS_SAMPLE = 16,
    P9_STATS_BUCKETS = 26,      /* see P9StatsRow.times */
    P9_STATS_ERRNOS = 134,      /* 0 is for those without a number here */
    P9_STATS_ROWS = UINT8_MAX / 2 + 1,  /* by number of the T-message / 2 */
};

/* The parts of the time from the arrival of a request to its reply. */
typedef enum P9StatsTime {
    P9_STATS_QUEUED,            /* until its work began for the last time */
    P9_STATS_RUNNING,           /* its work */
    P9_STATS_TOTAL,
    P9_STATS_TIMES,
} P9StatsTime;

/*
 * Where the work of a request is done.  One that is begun on a worker and then
 * has to wait for longer counts as APART, too.
 */
typedef enum P9StatsPlace {
    P9_STATS_INLINE,            /* by the event loop */
    P9_STATS_COROUTINE,
    P9_STATS_WORKER,
    P9_STATS_APART,             /* by a thread that no other request needs */
    P9_STATS_PLACES,
} P9StatsPlace;

/* Counters are atomic; they wrap around on hosts with 32 bits. */
typedef struct P9StatsRow {
    size_t requests;            /* answered */
    size_t failed;              /* answered with an error */
    size_t bytes_in;            /* of T-messages, by their size fields */
    size_t bytes_out;           /* of R-messages */
    size_t place[P9_STATS_PLACES];
    /*
     * Element n counts times of less than 2^n microseconds that are not in
     * element n - 1; the last one counts all that are longer.
     */
    size_t times[P9_STATS_TIMES][P9_STATS_BUCKETS];
} P9StatsRow;

typedef struct P9Stats {
    P9StatsRow row[P9_STATS_ROWS];
    P9StatsRow unknown;         /* messages of no known type */
    size_t errors[P9_STATS_ERRNOS];
    size_t flushed;             /* stopped by a flush or a reset */
    unsigned arrived;           /* loop only: for sampling */
} P9Stats;

/* The times of one request, in ns of p9_stats_now(); 0: not taken. */
typedef struct P9StatsClock {
    uint64_t came;
    uint64_t left;              /* the event loop, for the last time */
    uint64_t began;
} P9StatsClock;

/** p9_stats_now: a monotonic clock.  Context: any thread. */
uint64_t p9_stats_now(void);
/** p9_stats_row: the row of the T-message @type, 0: of no known type. */
static inline P9StatsRow *p9_stats_row(P9Stats *stats, uint8_t type)
{
    return type ? &stats->row[type / 2] : &stats->unknown;
}

/* Context of the following: the event loop of the session. */

/** p9_stats_arrive: a request was submitted. */
static inline void p9_stats_arrive(P9Stats *stats, P9StatsClock *clock)
{
    if (!(stats->arrived++ % P9_STATS_SAMPLE)) {
        clock->came = p9_stats_now();
    }
}

/** p9_stats_leave: it leaves the event loop, or waits there for something. */
void p9_stats_leave(P9StatsClock *clock);
/** p9_stats_begin: its work begins, perhaps once more. */
static inline void p9_stats_begin(P9StatsClock *clock)
{
    if (clock->came) {
        clock->began = p9_stats_now();
    }
}

/** p9_stats_place: its work is to be done at @place. */
static inline void p9_stats_place(P9StatsRow *row, P9StatsPlace place)
{
    __atomic_store_n(&row->place[place], row->place[place] + 1,
                     __ATOMIC_RELAXED);
}

/**
 * p9_stats_end: it was answered with @result, 0 or -errno.
 *
 * @in, @out: sizes of the messages.  @ran_ns: how long its work took outside
 * of the event loop, or 0.
 */
void p9_stats_end(P9Stats *stats, uint8_t type, const P9StatsClock *clock,
                  int result, size_t in, size_t out, uint64_t ran_ns);
/** p9_stats_flush: it has ended without an answer. */
void p9_stats_flush(P9Stats *stats);

/** p9_stats_read: a counter, from any thread. */
static inline size_t p9_stats_read(const size_t *counter)
{
    return __atomic_load_n(counter, __ATOMIC_RELAXED);
}

/**
 * p9_stats_percentile: the upper bound in microseconds of the @percent of the
 * times in @times that are shortest; 0 if there are none.  Context: any thread.
 */
uint64_t p9_stats_percentile(const size_t times[P9_STATS_BUCKETS],
                             unsigned percent);

#endif
