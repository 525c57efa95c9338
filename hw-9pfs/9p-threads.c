/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Threads for tasks that block: see 9p-threads.h.
 */
#include "fsdev/core/p9-osdep.h"
#include <pthread.h>
#include <signal.h>
#include "9p-threads.h"

/*
 * QEMU's coroutines, in which drivers run as well, have stacks of this size.
 * The default is 8 MiB, which counts if all memory of the process is locked.
 */
#define STACK_SIZE (1024 * 1024)

struct P9Threads {
    GMutex lock;                /* guards the rest */
    GCond more;                 /* a task was queued, or quit is set */
    GCond fewer;                /* a thread has ended */
    GQueue tasks;               /* of P9Task; not begun */
    gint64 idle_us;             /* constant */
    unsigned max;               /* constant */
    bool at_once;               /* constant */
    unsigned count;
    unsigned idle;              /* threads that wait for a task */
    bool quit;
};

P9Threads *p9_threads_new(unsigned max, gint64 idle_us, bool at_once)
{
    P9Threads *threads = g_new0(P9Threads, 1);

    g_mutex_init(&threads->lock);
    g_cond_init(&threads->more);
    g_cond_init(&threads->fewer);
    g_queue_init(&threads->tasks);
    threads->idle_us = idle_us;
    threads->max = max;
    threads->at_once = at_once;
    return threads;
}

void p9_threads_free(P9Threads *threads)
{
    g_mutex_lock(&threads->lock);
    assert(g_queue_is_empty(&threads->tasks));
    threads->quit = true;
    g_cond_broadcast(&threads->more);
    while (threads->count) {
        g_cond_wait(&threads->fewer, &threads->lock);
    }
    g_mutex_unlock(&threads->lock);
    g_mutex_clear(&threads->lock);
    g_cond_clear(&threads->more);
    g_cond_clear(&threads->fewer);
    g_free(threads);
}

static void push_task(P9Threads *threads, P9Task *task)
{
    task->link = (GList) { .data = task };
    task->queued = true;
    g_queue_push_tail_link(&threads->tasks, &task->link);
}

/* The oldest task, or NULL. */
static P9Task *pop_task(P9Threads *threads)
{
    GList *link = g_queue_pop_head_link(&threads->tasks);
    P9Task *task = link ? link->data : NULL;

    if (task) {
        task->queued = false;
    }
    return task;
}

/*
 * Wait for a task, but not for ever unless this is the last thread.  NULL: the
 * thread has to end.  Context: lock held.
 */
static P9Task *next_task(P9Threads *threads)
{
    gint64 end = g_get_monotonic_time() + threads->idle_us;
    bool in_time = true;

    threads->idle++;
    while (g_queue_is_empty(&threads->tasks) && !threads->quit) {
        if (threads->count == 1) {
            g_cond_wait(&threads->more, &threads->lock);
        } else if (in_time) {
            in_time = g_cond_wait_until(&threads->more, &threads->lock, end);
        } else {
            break;
        }
    }
    threads->idle--;
    return pop_task(threads);
}

static void *thread_main(void *opaque)
{
    P9Threads *threads = opaque;
    P9Task *task;

    pthread_setname_np(pthread_self(), threads->at_once ? "9p-apart"
                                                        : "9p-worker");
    g_mutex_lock(&threads->lock);
    while ((task = next_task(threads))) {
        g_mutex_unlock(&threads->lock);
        task->run(task);
        g_mutex_lock(&threads->lock);
    }
    threads->count--;
    g_cond_signal(&threads->fewer);
    g_mutex_unlock(&threads->lock);
    return NULL;
}

/*
 * The thread receives no signals that are sent to the process.  Without a
 * thread, for example because of RLIMIT_NPROC, nothing changes.
 * Context: lock held.
 */
static void start_thread(P9Threads *threads)
{
    pthread_attr_t attr;
    pthread_t thread;
    sigset_t all, old;

    sigfillset(&all);
    sigdelset(&all, SIGSEGV);
    sigdelset(&all, SIGFPE);
    sigdelset(&all, SIGILL);
    sigdelset(&all, SIGBUS);
    if (pthread_attr_init(&attr)) {
        return;
    }
    pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
    pthread_attr_setstacksize(&attr, STACK_SIZE);
    pthread_sigmask(SIG_SETMASK, &all, &old);
    if (!pthread_create(&thread, &attr, thread_main, threads)) {
        threads->count++;
    }
    pthread_sigmask(SIG_SETMASK, &old, NULL);
    pthread_attr_destroy(&attr);
}

/* Context: lock held. */
static bool needs_thread(const P9Threads *threads)
{
    unsigned waiting = threads->at_once ? threads->tasks.length : 0;

    return threads->idle <= waiting && threads->count < threads->max;
}

bool p9_threads_run(P9Threads *threads, P9Task *task)
{
    bool taken, wake;

    g_mutex_lock(&threads->lock);
    if (needs_thread(threads)) {
        start_thread(threads);
    }
    taken = threads->count;
    /* A signal is a system call even if no thread waits. */
    wake = taken && threads->idle;
    if (taken) {
        push_task(threads, task);
    }
    g_mutex_unlock(&threads->lock);
    if (wake) {
        g_cond_signal(&threads->more);
    }
    return taken;
}

bool p9_threads_cancel(P9Threads *threads, P9Task *task)
{
    bool queued;

    g_mutex_lock(&threads->lock);
    queued = task->queued;
    if (queued) {
        g_queue_unlink(&threads->tasks, &task->link);
        task->queued = false;
    }
    g_mutex_unlock(&threads->lock);
    return queued;
}

unsigned p9_threads_count(P9Threads *threads)
{
    unsigned count;

    g_mutex_lock(&threads->lock);
    count = threads->count;
    g_mutex_unlock(&threads->lock);
    return count;
}
