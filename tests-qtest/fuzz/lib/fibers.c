/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Coroutines for the executor of a stepped client: see fibers.h. */
#include "fsdev/core/p9-osdep.h"
#include "fibers.h"

typedef struct Fiber {
    GThread *thread;
    P9Job *job;
    enum { LOOPS_TURN, FIBERS_TURN, OVER } state;   /* guarded by lock */
} Fiber;

static GMutex lock;
static GCond turn;
static GPtrArray *fibers;       /* of Fiber */
static __thread Fiber *inside;

static void await(Fiber *fiber, int state)
{
    while (fiber->state != state) {
        g_cond_wait(&turn, &lock);
    }
}

static void enter(Fiber *fiber)
{
    g_mutex_lock(&lock);
    fiber->state = FIBERS_TURN;
    g_cond_broadcast(&turn);
    while (fiber->state == FIBERS_TURN) {
        g_cond_wait(&turn, &lock);
    }
    g_mutex_unlock(&lock);
}

static gpointer run(gpointer opaque)
{
    Fiber *fiber = opaque;

    inside = fiber;
    g_mutex_lock(&lock);
    await(fiber, FIBERS_TURN);
    g_mutex_unlock(&lock);
    fiber->job->run(fiber->job);
    g_mutex_lock(&lock);
    fiber->state = OVER;
    g_cond_broadcast(&turn);
    g_mutex_unlock(&lock);
    return NULL;
}

static void submit_yielding(P9Exec *base, P9Job *job)
{
    Fiber *fiber = g_new0(Fiber, 1);

    g_assert_true(p9_job_claim(job));
    fiber->job = job;
    fiber->thread = g_thread_new("fiber", run, fiber);
    g_ptr_array_add(fibers, fiber);
    enter(fiber);
}

void fibers_yield(void)
{
    Fiber *fiber = inside;

    if (fiber) {
        g_mutex_lock(&lock);
        fiber->state = LOOPS_TURN;
        g_cond_broadcast(&turn);
        await(fiber, FIBERS_TURN);
        g_mutex_unlock(&lock);
    }
}

/* The driver of these sessions compares it and calls nothing of it. */
static const FsYield yield;

void fibers_offer(TestExec *exec)
{
    fibers = fibers ?: g_ptr_array_new();
    test_exec_base(exec)->submit_yielding = submit_yielding;
    test_exec_base(exec)->yield = &yield;
}

bool fibers_step(unsigned n)
{
    Fiber *fiber;

    if (!fibers || !fibers->len) {
        return false;
    }
    fiber = fibers->pdata[n % fibers->len];
    if (fiber->state != OVER) {
        enter(fiber);
        return true;
    }
    g_ptr_array_remove(fibers, fiber);
    g_thread_join(fiber->thread);
    fiber->job->done(fiber->job);
    g_free(fiber);
    return true;
}

void fibers_drain(void)
{
    while (fibers_step(0)) {
        /* until there are none */
    }
}
