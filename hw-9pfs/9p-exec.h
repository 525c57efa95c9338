/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The executor: runs work that may block outside of the event loop.
 *
 * A P9Job is given to a worker once, and its end is reported on the event loop
 * that submitted it.  The session knows only this interface.  In QEMU it is
 * implemented by 9p-exec-qemu.c, on threads of the device; the tests have
 * executors of their own (inline, stepped by the test, plain threads).
 */
#ifndef HW_9PFS_9P_EXEC_H
#define HW_9PFS_9P_EXEC_H

#include "fsdev/core/p9-osdep.h"
#include "fsdev/core/waiting.h"

typedef struct P9Job P9Job;
typedef struct P9Exec P9Exec;

struct P9Job {
    void (*run)(P9Job *job);    /* context: worker or coroutine */
    void (*done)(P9Job *job);   /* context: event loop, exactly once */
    gint started;               /* atomic; 1 after p9_job_claim() */
    /*
     * run() may never return, for example because it waits for a network, so
     * it must not take the place of jobs that do.
     */
    bool apart;
    /* Set by submit() if run() is not called, for want of a thread. */
    bool refused;
    void *handle;               /* belongs to the executor */
};

struct P9Exec {
    /*
     * Call job->run once, then job->done.  Only job->done is called if there is
     * no thread for the job.  Context: event loop.
     */
    void (*submit)(P9Exec *exec, P9Job *job);
    /*
     * Cancel a job that the caller has claimed with p9_job_claim().  job->run
     * is not called; job->done is called later, from the event loop.
     * Context: event loop.
     */
    void (*cancel)(P9Exec *exec, P9Job *job);
    /*
     * Like submit(), but job->run is called at once by this function, in a
     * coroutine that yields where it has to wait.  NULL without coroutines.
     */
    void (*submit_yielding)(P9Exec *exec, P9Job *job);
    /* How these coroutines yield; borrowed. */
    const FsYield *yield;
};

/*
 * Claim a job, in order to run it or to cancel it.  Returns true to the first
 * caller only.
 */
static inline bool p9_job_claim(P9Job *job)
{
    return g_atomic_int_compare_and_exchange(&job->started, 0, 1);
}

#ifndef P9_STANDALONE
/**
 * p9_exec_qemu_new: an executor for the event loop of @ctx, with at most
 * @max_apart threads for jobs that are apart.
 */
P9Exec *p9_exec_qemu_new(AioContext *ctx, unsigned max_apart);
/** p9_exec_qemu_free: when no job is left.  Context: event loop. */
void p9_exec_qemu_free(P9Exec *exec);
#endif

#endif
