/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The executor: how work that may block leaves the event loop and comes back.
 *
 * A P9Job goes to a worker once, and its end is reported on the event loop
 * that submitted it.  The session knows only this interface; QEMU's thread
 * pool is behind it in 9p-exec-qemu.c, and tests put executors of their own
 * there (inline, stepped by hand, plain threads).
 */
#ifndef HW_9PFS_9P_EXEC_H
#define HW_9PFS_9P_EXEC_H

#include "fsdev/core/p9-osdep.h"
#include "fsdev/core/waiting.h"

typedef struct P9Job P9Job;
typedef struct P9Exec P9Exec;

struct P9Job {
    void (*run)(P9Job *job);    /* context: worker, or a coroutine */
    void (*done)(P9Job *job);   /* context: event loop, exactly once */
    gint started;               /* atomic: 1 once run() or cancel() won */
    void *handle;               /* the executor's own */
};

struct P9Exec {
    /* Have job->run called once, then job->done.  Context: event loop. */
    void (*submit)(P9Exec *exec, P9Job *job);
    /*
     * Give up a job whose p9_job_claim() the caller has won: the executor
     * forgets it as soon as it can and calls only job->done, later, from the
     * event loop.  Context: event loop.
     */
    void (*cancel)(P9Exec *exec, P9Job *job);
    /*
     * As submit(), but job->run is called at once, here, in a coroutine that
     * yields where it waits.  NULL where there are none.
     */
    void (*submit_yielding)(P9Exec *exec, P9Job *job);
    /* Those coroutines; borrowed. */
    const FsYield *yield;
};

/* The one who gets true decides the job's fate: run it, or cancel it. */
static inline bool p9_job_claim(P9Job *job)
{
    return g_atomic_int_compare_and_exchange(&job->started, 0, 1);
}

#ifndef P9_STANDALONE
/** p9_exec_qemu: on the thread pool of the calling AioContext.  Static. */
P9Exec *p9_exec_qemu(void);
#endif

#endif
