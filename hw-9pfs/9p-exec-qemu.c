/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The executor of a device: see 9p-exec.h.
 *
 * Jobs run in the thread pool of the AioContext.  The pool reports the end of
 * jobs from a bottom half of the context that submitted them, inside a
 * defer_call section, so replies that are ready at the same time share one
 * interrupt.  The pool has few threads, so jobs that may never end have threads
 * that belong to the executor alone (9p-threads.h).  A job that yields is a
 * coroutine of the context, which exists until the job is done.
 * Context: the home thread of an AioContext.
 */
#include "qemu/osdep.h"
#include "block/block-io.h"
#include "block/thread-pool.h"
#include "qemu/coroutine.h"
#include "qemu/defer-call.h"
#include "9p-exec.h"
#include "9p-threads.h"

/* As in QEMU's pool: how long an idle thread waits for another job. */
#define APART_IDLE_US   (10 * G_TIME_SPAN_SECOND)

typedef struct QemuExec {
    P9Exec base;
    P9Threads *apart;           /* owned: for jobs that may never end */
} QemuExec;

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

/* ---- jobs that may never end ---- */

typedef struct ApartJob {
    P9Task task;
    P9Job *job;
    /* Borrowed: p9_exec_qemu_free() waits until no thread uses it any more. */
    AioContext *ctx;
} ApartJob;

static void apart_done_bh(void *opaque)
{
    g_autofree ApartJob *apart = opaque;

    defer_call_begin();
    apart->job->done(apart->job);
    defer_call_end();
}

static void apart_done(ApartJob *apart)
{
    aio_bh_schedule_oneshot(apart->ctx, apart_done_bh, apart);
}

/* Context: a thread of QemuExec.apart. */
static void apart_run(P9Task *task)
{
    ApartJob *apart = container_of(task, ApartJob, task);

    exec_worker(apart->job);
    apart_done(apart);
}

static void submit_apart(P9Exec *base, P9Job *job)
{
    QemuExec *exec = container_of(base, QemuExec, base);
    ApartJob *apart = g_new0(ApartJob, 1);

    apart->task.run = apart_run;
    apart->job = job;
    apart->ctx = qemu_get_current_aio_context();
    job->handle = apart;
    if (!p9_threads_run(exec->apart, &apart->task)) {
        job->refused = p9_job_claim(job);
        apart_done(apart);
    }
}

static void cancel_apart(P9Exec *base, P9Job *job)
{
    QemuExec *exec = container_of(base, QemuExec, base);
    ApartJob *apart = job->handle;

    /* If a thread has just taken the job, it finds the job claimed. */
    if (p9_threads_cancel(exec->apart, &apart->task)) {
        apart_done(apart);
    }
}

/* ---- all jobs ---- */

static void exec_submit(P9Exec *exec, P9Job *job)
{
    if (job->apart) {
        submit_apart(exec, job);
    } else {
        job->handle = thread_pool_submit_aio(exec_worker, job, exec_complete,
                                             job);
    }
}

static void exec_cancel(P9Exec *exec, P9Job *job)
{
    if (job->apart) {
        cancel_apart(exec, job);
    } else {
        /* Removes the job from the queue, unless a worker has taken it. */
        bdrv_aio_cancel_async(job->handle);
    }
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
    defer_call_begin();
    yielding_enter(opaque);
    defer_call_end();
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

static const FsYield yield_qemu = {
    .self = yield_self,
    .yield = yield_yield,
    .wake = yield_wake,
    .resume = yield_resume,
    .loop = yield_loop,
    .watch = yield_watch,
};

P9Exec *p9_exec_qemu_new(unsigned max_apart)
{
    QemuExec *exec = g_new(QemuExec, 1);

    *exec = (QemuExec) {
        .base = {
            .submit = exec_submit,
            .cancel = exec_cancel,
            .submit_yielding = exec_submit_yielding,
            .yield = &yield_qemu,
        },
        .apart = p9_threads_new(max_apart, APART_IDLE_US),
    };
    return &exec->base;
}

void p9_exec_qemu_free(P9Exec *base)
{
    QemuExec *exec = container_of(base, QemuExec, base);

    p9_threads_free(exec->apart);
    g_free(exec);
}
