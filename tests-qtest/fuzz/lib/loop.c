/* SPDX-License-Identifier: GPL-2.0-or-later */
/* An event loop with one coroutine: see loop.h. */
#include "fsdev/core/p9-osdep.h"
#include <poll.h>
#include <sys/eventfd.h>
#include "fuzz/must.h"
#include "loop.h"

/* A driver that connects again watches two sockets for a while. */
#define MAX_WATCHES 8

typedef struct Watch {
    int fd;
    void (*ready)(void *opaque);
    void *opaque;
} Watch;

static struct {
    GMutex lock;                /* guards state and woken */
    GCond turn;
    enum { LOOPS_TURN, COS_TURN, OVER } state;
    bool woken;
    int wakeup;                 /* eventfd */
    Watch watches[MAX_WATCHES];
    unsigned n;
    void (*run)(void *opaque);
    void *opaque;
} loop;

static void enter(void)
{
    g_mutex_lock(&loop.lock);
    loop.state = COS_TURN;
    g_cond_broadcast(&loop.turn);
    while (loop.state == COS_TURN) {
        g_cond_wait(&loop.turn, &loop.lock);
    }
    g_mutex_unlock(&loop.lock);
}

static void leave(int state)
{
    g_mutex_lock(&loop.lock);
    loop.state = state;
    g_cond_broadcast(&loop.turn);
    while (loop.state == LOOPS_TURN) {
        g_cond_wait(&loop.turn, &loop.lock);
    }
    g_mutex_unlock(&loop.lock);
}

static gpointer co_thread(gpointer unused)
{
    g_mutex_lock(&loop.lock);
    while (loop.state != COS_TURN) {
        g_cond_wait(&loop.turn, &loop.lock);
    }
    g_mutex_unlock(&loop.lock);
    loop.run(loop.opaque);
    leave(OVER);
    return NULL;
}

static void *yield_self(void)
{
    return &loop;
}

static void yield_yield(void)
{
    leave(LOOPS_TURN);
}

static void yield_wake(void *self)
{
    uint64_t one = 1;

    g_mutex_lock(&loop.lock);
    loop.woken = true;
    g_mutex_unlock(&loop.lock);
    MUST(write(loop.wakeup, &one, sizeof(one)) == sizeof(one));
}

static void yield_resume(void *const *selves, unsigned n)
{
    MUST(n <= 1);
    if (n) {
        enter();
    }
}

static void *yield_loop(void)
{
    return &loop;
}

static void yield_watch(int fd, void (*ready)(void *opaque), void *opaque)
{
    unsigned i = 0;

    while (i < loop.n && loop.watches[i].fd != fd) {
        i++;
    }
    if (ready) {
        MUST(i == loop.n && i < MAX_WATCHES);
        loop.watches[loop.n++] = (Watch) { fd, ready, opaque };
    } else {
        MUST(i < loop.n);
        loop.watches[i] = loop.watches[--loop.n];
    }
}

const FsYield loop_yield = {
    .self = yield_self,
    .yield = yield_yield,
    .wake = yield_wake,
    .resume = yield_resume,
    .loop = yield_loop,
    .watch = yield_watch,
};

/* Wait for an event and handle it; false if there is none after @ms. */
static bool turn(int ms)
{
    struct pollfd fds[1 + MAX_WATCHES] = {
        { .fd = loop.wakeup, .events = POLLIN },
    };
    uint64_t count;
    bool woken;

    for (unsigned i = 0; i < loop.n; i++) {
        fds[i + 1] = (struct pollfd) { loop.watches[i].fd, POLLIN };
    }
    if (poll(fds, loop.n + 1, ms) == 0) {
        return false;
    }
    if (fds[0].revents) {
        MUST(read(loop.wakeup, &count, sizeof(count)) == sizeof(count));
        g_mutex_lock(&loop.lock);
        woken = loop.woken;
        loop.woken = false;
        g_mutex_unlock(&loop.lock);
        if (woken) {
            enter();
        }
        return true;
    }
    for (unsigned i = 0; i < loop.n; i++) {
        if (fds[i + 1].revents) {
            loop.watches[i].ready(loop.watches[i].opaque);
            break;
        }
    }
    return true;
}

void loop_run(void (*run)(void *opaque), void *opaque)
{
    GThread *thread;

    loop.state = LOOPS_TURN;
    loop.run = run;
    loop.opaque = opaque;
    loop.n = 0;
    loop.wakeup = eventfd(0, EFD_CLOEXEC);
    MUST(loop.wakeup >= 0);
    thread = g_thread_new("coroutine", co_thread, NULL);
    enter();
    while (loop.state != OVER) {
        turn(-1);
    }
    g_thread_join(thread);
    while (turn(0)) {
        /* Connections that are broken are left here. */
    }
    close(loop.wakeup);
}
