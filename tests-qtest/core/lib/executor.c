/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Executors of tests: see executor.h. */
#include "fsdev/core/p9-osdep.h"
#include "executor.h"

struct TestExec {
    P9Exec base;
    unsigned n_threads;
    GThread **threads;
    GMutex lock;                /* guards the rest */
    GCond changed;
    GQueue waiting;             /* of P9Job: not started */
    GQueue ended;               /* of P9Job: run or cancelled, not reported */
    unsigned running;           /* on threads now */
    bool quit;
};

static TestExec *exec_of(P9Exec *base)
{
    return container_of(base, TestExec, base);
}

static void exec_submit(P9Exec *base, P9Job *job)
{
    TestExec *exec = exec_of(base);

    g_mutex_lock(&exec->lock);
    g_assert_cmpint(g_atomic_int_get(&job->started), ==, 0);
    g_queue_push_tail(&exec->waiting, job);
    g_cond_broadcast(&exec->changed);
    g_mutex_unlock(&exec->lock);
}

static void exec_cancel(P9Exec *base, P9Job *job)
{
    TestExec *exec = exec_of(base);

    g_mutex_lock(&exec->lock);
    g_assert_cmpint(g_atomic_int_get(&job->started), ==, 1);
    /* If a thread has just taken the job, it finds the job claimed. */
    if (g_queue_remove(&exec->waiting, job)) {
        g_queue_push_tail(&exec->ended, job);
        g_cond_broadcast(&exec->changed);
    }
    g_mutex_unlock(&exec->lock);
}

static void *exec_thread(void *opaque)
{
    TestExec *exec = opaque;
    P9Job *job;

    g_mutex_lock(&exec->lock);
    while (!exec->quit) {
        job = g_queue_pop_head(&exec->waiting);
        if (!job) {
            g_cond_wait(&exec->changed, &exec->lock);
            continue;
        }
        exec->running++;
        g_mutex_unlock(&exec->lock);
        if (p9_job_claim(job)) {
            job->run(job);
        }
        g_mutex_lock(&exec->lock);
        exec->running--;
        g_queue_push_tail(&exec->ended, job);
        g_cond_broadcast(&exec->changed);
    }
    g_mutex_unlock(&exec->lock);
    return NULL;
}

TestExec *test_exec_new(unsigned threads)
{
    TestExec *exec = g_new0(TestExec, 1);

    exec->base.submit = exec_submit;
    exec->base.cancel = exec_cancel;
    exec->n_threads = threads;
    exec->threads = g_new0(GThread *, threads);
    g_mutex_init(&exec->lock);
    g_cond_init(&exec->changed);
    g_queue_init(&exec->waiting);
    g_queue_init(&exec->ended);
    for (unsigned i = 0; i < threads; i++) {
        exec->threads[i] = g_thread_new("worker", exec_thread, exec);
    }
    return exec;
}

void test_exec_free(TestExec *exec)
{
    g_assert_cmpuint(test_exec_jobs(exec), ==, 0);
    g_mutex_lock(&exec->lock);
    exec->quit = true;
    g_cond_broadcast(&exec->changed);
    g_mutex_unlock(&exec->lock);
    for (unsigned i = 0; i < exec->n_threads; i++) {
        g_thread_join(exec->threads[i]);
    }
    g_mutex_clear(&exec->lock);
    g_cond_clear(&exec->changed);
    g_free(exec->threads);
    g_free(exec);
}

P9Exec *test_exec_base(TestExec *exec)
{
    return &exec->base;
}

static void exec_submit_yielding(P9Exec *base, P9Job *job)
{
    TestExec *exec = exec_of(base);

    g_assert_true(p9_job_claim(job));
    job->run(job);
    g_queue_push_tail(&exec->ended, job);
}

void test_exec_yield(TestExec *exec)
{
    g_assert_cmpuint(exec->n_threads, ==, 0);
    exec->base.submit_yielding = exec_submit_yielding;
}

unsigned test_exec_jobs(TestExec *exec)
{
    unsigned n;

    g_mutex_lock(&exec->lock);
    n = exec->waiting.length + exec->ended.length + exec->running;
    g_mutex_unlock(&exec->lock);
    return n;
}

unsigned test_exec_waiting(TestExec *exec)
{
    unsigned n;

    g_mutex_lock(&exec->lock);
    n = exec->waiting.length;
    g_mutex_unlock(&exec->lock);
    return n;
}

bool test_exec_run(TestExec *exec, P9Job *job)
{
    g_assert_cmpuint(exec->n_threads, ==, 0);
    if (!g_queue_remove(&exec->waiting, job)) {
        return false;
    }
    g_assert_true(p9_job_claim(job));
    job->run(job);
    g_queue_push_tail(&exec->ended, job);
    return true;
}

bool test_exec_report(TestExec *exec, P9Job *job)
{
    bool found;

    g_mutex_lock(&exec->lock);
    found = g_queue_remove(&exec->ended, job);
    g_mutex_unlock(&exec->lock);
    if (found) {
        job->done(job);
    }
    return found;
}

bool test_exec_refuse(TestExec *exec, P9Job *job)
{
    g_assert_cmpuint(exec->n_threads, ==, 0);
    if (!g_queue_remove(&exec->waiting, job)) {
        return false;
    }
    job->refused = p9_job_claim(job);
    job->done(job);
    return true;
}

P9Job *test_exec_nth(TestExec *exec, unsigned n)
{
    g_assert_cmpuint(exec->n_threads, ==, 0);
    if (n < exec->ended.length) {
        return g_queue_peek_nth(&exec->ended, n);
    }
    return g_queue_peek_nth(&exec->waiting, n - exec->ended.length);
}

/* A job that ended; a stepped executor runs the oldest one if none has. */
static P9Job *exec_next(TestExec *exec)
{
    P9Job *job;

    if (!exec->n_threads && !exec->ended.length && exec->waiting.length) {
        test_exec_run(exec, exec->waiting.head->data);
    }
    g_mutex_lock(&exec->lock);
    while (!exec->ended.length && (exec->waiting.length || exec->running)) {
        g_cond_wait(&exec->changed, &exec->lock);
    }
    job = g_queue_pop_head(&exec->ended);
    g_mutex_unlock(&exec->lock);
    return job;
}

bool test_exec_step(TestExec *exec)
{
    P9Job *job = exec_next(exec);

    if (job) {
        job->done(job);
    }
    return job;
}

void test_exec_drain(TestExec *exec)
{
    while (test_exec_step(exec)) {
        /* until nothing is left */
    }
}
