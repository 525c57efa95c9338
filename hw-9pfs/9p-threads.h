/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Threads for tasks that block.
 *
 * A task that hangs in a system call occupies its thread until the storage
 * answers, and a few such tasks would keep all others from being run.  If tasks
 * may never end, each gets a thread at once: an idle one, or a new one.  It
 * then waits for the end of another task only when there are as many threads
 * as are allowed, or when the host does not let the process start more.
 *
 * Tasks that end soon are cheaper on fewer threads, which need not be woken for
 * each task: then a new thread is started only when none is idle.
 */
#ifndef HW_9PFS_9P_THREADS_H
#define HW_9PFS_9P_THREADS_H

#include "fsdev/core/p9-osdep.h"

typedef struct P9Threads P9Threads;
typedef struct P9Task P9Task;

struct P9Task {
    /* The task may be freed in here.  Context: a thread of P9Threads. */
    void (*run)(P9Task *task);
    GList link;                 /* private: in the queue … */
    bool queued;                /* … if this is set */
};

/**
 * p9_threads_new: at most @max threads; none is started yet.
 *
 * @at_once: tasks may never end, so none may wait for another one.
 * A thread that has been idle for @idle_us microseconds ends, unless it is the
 * last one.
 */
P9Threads *p9_threads_new(unsigned max, gint64 idle_us, bool at_once);
/**
 * p9_threads_free: when no task is left.  Waits for the threads to end, which
 * they do at once.
 */
void p9_threads_free(P9Threads *threads);

/**
 * p9_threads_run: have @task run.  It is borrowed until it runs.
 *
 * @threads must not be freed before this has returned.  Returns false if there
 * is no thread and none can be started.  This does not happen after a task has
 * been run, because the last thread does not end.  Context: any thread.
 */
bool p9_threads_run(P9Threads *threads, P9Task *task);
/**
 * p9_threads_cancel: true if @task had not begun to run, and now never will.
 *
 * @task was passed to p9_threads_run() and has not been freed.
 * Context: any thread.
 */
bool p9_threads_cancel(P9Threads *threads, P9Task *task);

/** p9_threads_count: the number of threads, for tests. */
unsigned p9_threads_count(P9Threads *threads);

#endif
