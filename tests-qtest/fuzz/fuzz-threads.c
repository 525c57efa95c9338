/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Fuzz program for the threads of a device (9p-threads.h): tasks that end at
 * once and tasks that hang, in any order, with some of them cancelled.
 *
 * The first byte holds the number of threads and THREADS_*.  Each further byte
 * is an action and, above it, a number.  For any input, each task runs once
 * unless it was cancelled before, and no task waits for another one if threads
 * are to be started at once and there may be more.
 */
#include "fsdev/core/p9-osdep.h"
#include "hw/9pfs/9p-threads.h"
#include "lib/input.h"
#include "fuzz.h"
#include "must.h"

#define MAX_TASKS 40

enum { THREADS_MAX = 7, THREADS_AT_ONCE = 8, THREADS_IDLE = 16 };
enum { RUN_QUICK, RUN_HANGING, CANCEL, LET_GO, N_ACTIONS };

typedef struct Tasks Tasks;

typedef struct Task {
    P9Task base;
    Tasks *all;
    bool hangs;
    bool cancelled;
    bool begun, ended;          /* guarded by Tasks.lock */
} Task;

struct Tasks {
    GMutex lock;
    GCond changed;
    Task task[MAX_TASKS];
    unsigned n;
    bool let_go;                /* guarded by lock */
};

static void run_task(P9Task *base)
{
    Task *task = container_of(base, Task, base);
    Tasks *all = task->all;

    g_mutex_lock(&all->lock);
    MUST(!task->begun && !task->cancelled);
    task->begun = true;
    g_cond_broadcast(&all->changed);
    while (task->hangs && !all->let_go) {
        g_cond_wait(&all->changed, &all->lock);
    }
    task->ended = true;
    g_cond_broadcast(&all->changed);
    g_mutex_unlock(&all->lock);
}

static void await(Tasks *all, const bool *what)
{
    g_mutex_lock(&all->lock);
    while (!*what) {
        g_cond_wait(&all->changed, &all->lock);
    }
    g_mutex_unlock(&all->lock);
}

static unsigned count_running(Tasks *all)
{
    unsigned n = 0;

    g_mutex_lock(&all->lock);
    for (unsigned i = 0; i < all->n; i++) {
        n += !all->task[i].ended && !all->task[i].cancelled;
    }
    g_mutex_unlock(&all->lock);
    return n;
}

static void start_task(P9Threads *threads, Tasks *all, bool hangs,
                       unsigned free_for)
{
    Task *task = &all->task[all->n];
    bool has_room = count_running(all) < free_for;

    *task = (Task) { .base.run = run_task, .all = all, .hangs = hangs };
    all->n++;
    if (!p9_threads_run(threads, &task->base)) {
        task->cancelled = true;
    } else if (has_room) {
        await(all, &task->begun);
    }
}

static void let_go(Tasks *all)
{
    g_mutex_lock(&all->lock);
    all->let_go = true;
    g_cond_broadcast(&all->changed);
    g_mutex_unlock(&all->lock);
    for (unsigned i = 0; i < all->n; i++) {
        if (!all->task[i].cancelled) {
            await(all, &all->task[i].ended);
        }
    }
    all->let_go = false;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    Input in = { data, size };
    uint8_t flags = input_byte(&in);
    unsigned max = 1 + (flags & THREADS_MAX) % 5;
    Tasks all = { .n = 0 };
    P9Threads *threads = p9_threads_new(max, flags & THREADS_IDLE ? 1 : 1000000,
                                        flags & THREADS_AT_ONCE);

    g_mutex_init(&all.lock);
    g_cond_init(&all.changed);
    while (in.size && all.n < MAX_TASKS) {
        uint8_t action = input_byte(&in);
        Task *task = all.n ? &all.task[action / N_ACTIONS % all.n] : NULL;

        switch (action % N_ACTIONS) {
        case RUN_QUICK:
        case RUN_HANGING:
            start_task(threads, &all, action % N_ACTIONS == RUN_HANGING,
                       flags & THREADS_AT_ONCE ? max : 0);
            break;
        case CANCEL:
            if (task && !task->cancelled) {
                task->cancelled = p9_threads_cancel(threads, &task->base);
            }
            break;
        default:
            let_go(&all);
        }
        MUST(p9_threads_count(threads) <= max);
    }
    let_go(&all);
    p9_threads_free(threads);
    g_mutex_clear(&all.lock);
    g_cond_clear(&all.changed);
    return 0;
}
