/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The executor on QEMU's AioContext thread pool: see 9p-exec.h.
 *
 * The pool reports completions from a bottom half of the submitting context,
 * inside a defer_call section, so replies that become ready together share
 * one interrupt.  Context: an AioContext's home thread.
 */
#include "qemu/osdep.h"
#include "block/block-io.h"
#include "block/thread-pool.h"
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
    /* Takes it out of the queue if no worker has picked it up yet. */
    bdrv_aio_cancel_async(job->handle);
}

P9Exec *p9_exec_qemu(void)
{
    static P9Exec exec = {
        .submit = exec_submit,
        .cancel = exec_cancel,
    };

    return &exec;
}
