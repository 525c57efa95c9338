/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The executor of a device: see 9p-exec.h.
 *
 * Jobs run in threads that belong to the executor alone (9p-threads.h): a few
 * for jobs that use the host's storage, and many for jobs that may never end.
 * QEMU's thread pool is not suitable, because it aborts QEMU if the host does
 * not let it start a thread.  A bottom half of the loop reports the ends of
 * jobs inside a defer_call section, so replies that are ready at the same time
 * share one interrupt.  A job that yields is a coroutine of the AioContext,
 * which exists until the job is done.
 *
 * Context: the home thread of an AioContext.
 */
#include "qemu/osdep.h"
#include "qemu/coroutine.h"
#include "fsdev/core/qemu-compat.h"
#include "9p-exec.h"
#include "9p-threads.h"

/* As in QEMU's thread pool: how many threads use the host's storage … */
#define STORAGE_MAX     64
/* … and how long an idle thread waits for another job. */
#define IDLE_US         (10 * G_TIME_SPAN_SECOND)

typedef struct ThreadJob ThreadJob;

typedef struct QemuExec {
    P9Exec base;
    P9Threads *storage;         /* owned */
    P9Threads *apart;           /* owned: for jobs that may never end */
    QEMUBH *report;             /* owned */
    QSLIST_HEAD(, ThreadJob) ended; /* atomic; to be reported */
} QemuExec;

/* ---- jobs in threads ---- */

struct ThreadJob {
    P9Task task;
    P9Job *job;
    /* Borrowed: p9_exec_qemu_free() waits until no thread uses it any more. */
    QemuExec *exec;
    QSLIST_ENTRY(ThreadJob) next;
};

static P9Threads *threads_for(QemuExec *exec, const P9Job *job)
{
    return job->apart ? exec->apart : exec->storage;
}

/* The executor may be freed by the last job->done(). */
static void report_bh(void *opaque)
{
    QemuExec *exec = opaque;
    QSLIST_HEAD(, ThreadJob) latest, oldest = QSLIST_HEAD_INITIALIZER(oldest);
    ThreadJob *t;

    QSLIST_MOVE_ATOMIC(&latest, &exec->ended);
    while ((t = QSLIST_FIRST(&latest))) {
        QSLIST_REMOVE_HEAD(&latest, next);
        QSLIST_INSERT_HEAD(&oldest, t, next);
    }
    defer_call_begin();
    while ((t = QSLIST_FIRST(&oldest))) {
        P9Job *job = t->job;

        QSLIST_REMOVE_HEAD(&oldest, next);
        g_free(t);
        job->done(job);
    }
    defer_call_end();
}

static void thread_job_ended(ThreadJob *t)
{
    QemuExec *exec = t->exec;

    QSLIST_INSERT_HEAD_ATOMIC(&exec->ended, t, next);
    qemu_bh_schedule(exec->report);
}

/* Context: a thread of the executor. */
static void thread_job_run(P9Task *task)
{
    ThreadJob *t = container_of(task, ThreadJob, task);

    if (p9_job_claim(t->job)) {
        t->job->run(t->job);
    }
    thread_job_ended(t);
}

static void exec_submit(P9Exec *base, P9Job *job)
{
    QemuExec *exec = container_of(base, QemuExec, base);
    ThreadJob *t = g_new0(ThreadJob, 1);

    t->task.run = thread_job_run;
    t->job = job;
    t->exec = exec;
    job->handle = t;
    if (!p9_threads_run(threads_for(exec, job), &t->task)) {
        job->refused = p9_job_claim(job);
        thread_job_ended(t);
    }
}

static void exec_cancel(P9Exec *base, P9Job *job)
{
    QemuExec *exec = container_of(base, QemuExec, base);
    ThreadJob *t = job->handle;

    /* If a thread has just taken the job, it finds the job claimed. */
    if (p9_threads_cancel(threads_for(exec, job), &t->task)) {
        thread_job_ended(t);
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

P9Exec *p9_exec_qemu_new(AioContext *ctx, unsigned max_apart)
{
    QemuExec *exec = g_new(QemuExec, 1);

    *exec = (QemuExec) {
        .base = {
            .submit = exec_submit,
            .cancel = exec_cancel,
            .submit_yielding = exec_submit_yielding,
            .yield = &yield_qemu,
        },
        .storage = p9_threads_new(STORAGE_MAX, IDLE_US, false),
        .apart = p9_threads_new(max_apart, IDLE_US, true),
        .report = aio_bh_new(ctx, report_bh, exec),
    };
    return &exec->base;
}

void p9_exec_qemu_free(P9Exec *base)
{
    QemuExec *exec = container_of(base, QemuExec, base);

    p9_threads_free(exec->storage);
    p9_threads_free(exec->apart);
    qemu_bh_delete(exec->report);
    g_free(exec);
}
