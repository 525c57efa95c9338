/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The threads of a proxy server: see proxy-crew.h.
 *
 * One mutex guards everything.  Time is counted in ticks, which pass only while
 * no thread receives: a request that began before the current tick is held up.
 */
#include "fsdev/core/p9-osdep.h"
#include "fsdev/helper/proxy-crew.h"

/* How long a tick takes, at first and at most. */
#define TICK_MIN_US 5000
#define TICK_MAX_US 40000

typedef struct Member {
    bool busy;
    ProxyTarget target;
    uint64_t since;             /* the tick in which its request began */
} Member;

typedef struct Waiting {
    ProxyTarget target;
    void *work;
} Waiting;

struct ProxyCrew {
    GMutex lock;
    GCond reserve;              /* threads that do not receive */
    GCond watch;                /* the watching thread */
    Member *members;
    unsigned threads;
    unsigned receivers;         /* as many receive or make progress */
    unsigned per_dev;           /* threads for requests on one file system */
    unsigned idle;              /* threads that receive */
    bool is_watching;           /* ticks pass */
    bool stop;
    uint64_t tick;
    GQueue waiting;             /* of Waiting, in the order of arrival */
};

ProxyCrew *proxy_crew_new(unsigned threads)
{
    ProxyCrew *crew = g_new0(ProxyCrew, 1);

    g_mutex_init(&crew->lock);
    g_cond_init(&crew->reserve);
    g_cond_init(&crew->watch);
    g_queue_init(&crew->waiting);
    crew->members = g_new0(Member, threads);
    crew->threads = threads;
    crew->receivers = MIN(threads, PROXY_CREW_RECEIVERS);
    crew->per_dev = MAX(threads / 2, 1);
    return crew;
}

void proxy_crew_free(ProxyCrew *crew)
{
    g_mutex_clear(&crew->lock);
    g_cond_clear(&crew->reserve);
    g_cond_clear(&crew->watch);
    g_free(crew->members);
    g_free(crew);
}

/* ---- limits ----------------------------------------------------------- */

/* Locked. */
static bool has_room(const ProxyCrew *crew, const ProxyTarget *target)
{
    unsigned same_object = 0, same_dev = 0;

    if (!target->known) {
        return true;
    }
    for (unsigned i = 0; i < crew->threads; i++) {
        const Member *m = &crew->members[i];

        if (m->busy && m->target.known) {
            same_object += m->target.object == target->object;
            same_dev += m->target.dev == target->dev;
        }
    }
    return same_object < PROXY_CREW_PER_OBJECT && same_dev < crew->per_dev;
}

/* Locked. */
static void take(ProxyCrew *crew, unsigned me, ProxyTarget target)
{
    crew->members[me] = (Member) {
        .busy = true, .target = target, .since = crew->tick,
    };
}

/* ---- the threads ------------------------------------------------------ */

bool proxy_crew_await(ProxyCrew *crew)
{
    bool receive;

    g_mutex_lock(&crew->lock);
    while (!crew->stop && crew->idle >= crew->receivers) {
        g_cond_wait(&crew->reserve, &crew->lock);
    }
    receive = !crew->stop;
    crew->idle += receive;
    g_mutex_unlock(&crew->lock);
    return receive;
}

bool proxy_crew_begin(ProxyCrew *crew, unsigned me, ProxyTarget target,
                      void *work)
{
    bool now;

    g_mutex_lock(&crew->lock);
    crew->idle--;
    now = has_room(crew, &target) ||
          crew->waiting.length >= PROXY_CREW_WAITING_MAX;
    if (now) {
        take(crew, me, target);
    } else {
        Waiting *waiting = g_new(Waiting, 1);

        *waiting = (Waiting) { target, work };
        g_queue_push_tail(&crew->waiting, waiting);
    }
    if (now && !crew->idle && !crew->is_watching) {
        crew->is_watching = true;
        g_cond_signal(&crew->watch);
    }
    g_mutex_unlock(&crew->lock);
    return now;
}

void *proxy_crew_end(ProxyCrew *crew, unsigned me)
{
    void *work = NULL;

    g_mutex_lock(&crew->lock);
    crew->members[me].busy = false;
    for (GList *at = crew->waiting.head; at && !work; at = at->next) {
        Waiting *waiting = at->data;

        if (has_room(crew, &waiting->target)) {
            work = waiting->work;
            take(crew, me, waiting->target);
            g_free(waiting);
            g_queue_delete_link(&crew->waiting, at);
            break;
        }
    }
    g_mutex_unlock(&crew->lock);
    return work;
}

/* ---- the watch -------------------------------------------------------- */

/* Locked.  Busy threads that are not held up. */
static unsigned count_moving(const ProxyCrew *crew)
{
    unsigned count = 0;

    for (unsigned i = 0; i < crew->threads; i++) {
        const Member *m = &crew->members[i];

        count += m->busy && m->since == crew->tick;
    }
    return count;
}

/* Locked.  Let ticks pass while no thread receives. */
static void watch_busy(ProxyCrew *crew)
{
    gint64 length = TICK_MIN_US;

    while (!crew->stop && !crew->idle) {
        gint64 end = g_get_monotonic_time() + length;

        crew->tick++;
        while (!crew->stop &&
               g_cond_wait_until(&crew->watch, &crew->lock, end)) {
            /* Woken by chance. */
        }
        for (unsigned i = count_moving(crew);
             !crew->idle && i < crew->receivers; i++) {
            g_cond_signal(&crew->reserve);
        }
        length = MIN(length * 2, TICK_MAX_US);
    }
}

void proxy_crew_watch(ProxyCrew *crew)
{
    g_mutex_lock(&crew->lock);
    while (!crew->stop) {
        if (crew->is_watching) {
            watch_busy(crew);
            crew->is_watching = false;
        } else {
            g_cond_wait(&crew->watch, &crew->lock);
        }
    }
    g_mutex_unlock(&crew->lock);
}

void proxy_crew_stop(ProxyCrew *crew)
{
    g_mutex_lock(&crew->lock);
    crew->stop = true;
    g_cond_broadcast(&crew->reserve);
    g_cond_signal(&crew->watch);
    g_mutex_unlock(&crew->lock);
}

void *proxy_crew_left(ProxyCrew *crew)
{
    Waiting *waiting = g_queue_pop_head(&crew->waiting);
    void *work = waiting ? waiting->work : NULL;

    g_free(waiting);
    return work;
}
