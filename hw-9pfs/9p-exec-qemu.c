/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The executor on QEMU's AioContext thread pool: see 9p-exec.h.
 *
 * The pool reports the end of jobs from a bottom half of the context that
 * submitted them, inside a defer_call section, so replies that are ready at the
 * same time share one interrupt.  A job that yields is a coroutine of that
 * context, which exists until the job is done.
 * Context: the home thread of an AioContext.
 */
#include "qemu/osdep.h"
#include "block/block-io.h"
#include "block/thread-pool.h"
#include "qemu/coroutine.h"
#include "qemu/defer-call.h"
#include "9p-exec.h"

static int exec_worker(void *opaque)
{
    P9Job *job = opaque;

    if (p9_job_claim(job)) {
        job->run(job);
    }
    return 0;
}

static void exec_complete(void *opaque, int ret)
{
    P9Job *job = opaque;

    job->done(job);
}

static void exec_submit(P9Exec *exec, P9Job *job)
{
    job->handle = thread_pool_submit_aio(exec_worker, job, exec_complete, job);
}

static void exec_cancel(P9Exec *exec, P9Job *job)
{
    /* Removes the job from the queue, unless a worker has taken it. */
    bdrv_aio_cancel_async(job->handle);
}

/* ---- jobs that yield ---- */

typedef struct YieldingJob {
    P9Job *job;
    Coroutine *co;
    AioContext *ctx;
    bool ran;
} YieldingJob;

/*
 * The job whose coroutine runs in this thread.  qemu_coroutine_self() is not
 * the same, because requests that job->done() begins do not belong to the job.
 */
static __thread YieldingJob *inside;

static void coroutine_fn yielding_entry(void *opaque)
{
    YieldingJob *y = opaque;

    if (p9_job_claim(y->job)) {
        y->job->run(y->job);
    }
    y->ran = true;
}

/* Run it until it yields or ends.  Context: home thread, in no coroutine. */
static void yielding_enter(YieldingJob *y)
{
    inside = y;
    qemu_coroutine_enter(y->co);
    inside = NULL;
    if (y->ran) {
        y->job->done(y->job);
        g_free(y);
    }
}

static void exec_submit_yielding(P9Exec *exec, P9Job *job)
{
    YieldingJob *y = g_new(YieldingJob, 1);

    *y = (YieldingJob) {
        .job = job,
        .co = qemu_coroutine_create(yielding_entry, y),
        .ctx = qemu_get_current_aio_context(),
    };
    yielding_enter(y);
}

static void *yield_self(void)
{
    return inside;
}

static void yield_yield(void)
{
    qemu_coroutine_yield();
}

static void yield_wake_bh(void *opaque)
{
    yielding_enter(opaque);
}

static void yield_wake(void *self)
{
    YieldingJob *y = self;

    aio_bh_schedule_oneshot(y->ctx, yield_wake_bh, y);
}

static void yield_resume(void *const *selves, unsigned n)
{
    defer_call_begin();
    for (unsigned i = 0; i < n; i++) {
        yielding_enter(selves[i]);
    }
    defer_call_end();
}

static void *yield_loop(void)
{
    return qemu_get_current_aio_context();
}

static void yield_watch(int fd, void (*ready)(void *opaque), void *opaque)
{
    aio_set_fd_handler(qemu_get_current_aio_context(), fd, ready, NULL, NULL,
                       NULL, opaque);
}

P9Exec *p9_exec_qemu(void)
{
    static const FsYield yield = {
        .self = yield_self,
        .yield = yield_yield,
        .wake = yield_wake,
        .resume = yield_resume,
        .loop = yield_loop,
        .watch = yield_watch,
    };
    static P9Exec exec = {
        .submit = exec_submit,
        .cancel = exec_cancel,
        .submit_yielding = exec_submit_yielding,
        .yield = &yield,
    };

    return &exec;
}
