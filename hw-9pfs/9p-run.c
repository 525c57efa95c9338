/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The run() of a request: see 9p-run.h.
 *
 * Context: event loop, except run_on_worker() and run_yielding().
 */
#include "fsdev/core/p9-osdep.h"
#include "9p-run.h"

/* ---- jobs ---- */

/*
 * What is created belongs to the user who attached; .L messages name a group.
 * Context: any that the request is run in; with @yield a coroutine.
 */
static int call_run(P9Request *req, FsWait wait, const FsYield *yield)
{
    const FsCall call = {
        .wait = wait, .yield = yield,
        .cred = {
            .uid = req->nfids ? req->fid[0]->uid : UINT32_MAX,
            .gid = UINT32_MAX,
        },
    };

    return p9_request_ops(req)->run(req, &call);
}

static void run_on_worker(P9Job *job)
{
    P9Request *req = container_of(job, P9Request, kept.job);
    uint64_t begun = p9_policy_now();

    req->result = call_run(req, FS_WAIT_ANYTHING, NULL);
    req->ran_ns = p9_policy_now() - begun;
}

/* In a coroutine, for which the loop must not wait for long either. */
static void run_yielding(P9Job *job)
{
    P9Request *req = container_of(job, P9Request, kept.job);

    req->result = call_run(req, FS_WAIT_STORAGE, req->session->exec->yield);
}

static void job_prepare(P9Request *req, void (*run)(P9Job *job))
{
    req->state = P9_REQ_WORKER;
    req->kept.job.run = run;
    req->kept.job.started = 0;
    req->session->jobs++;
}

static void send_to_worker(P9Request *req)
{
    P9Session *s = req->session;

    job_prepare(req, run_on_worker);
    s->exec->submit(s->exec, &req->kept.job);
}

/* Can a coroutine wait for what the loop itself could not wait for? */
static bool may_yield(const P9Request *req)
{
    const P9Session *s = req->session;

    return s->limits.own_loop && s->exec->submit_yielding &&
           (req->info->flags & P9_F_YIELDS) && s->export->driver->asks;
}

static void send_off(P9Request *req)
{
    P9Session *s = req->session;

    if (!may_yield(req)) {
        send_to_worker(req);
        return;
    }
    job_prepare(req, run_yielding);
    s->exec->submit_yielding(s->exec, &req->kept.job);
}

bool p9_run_ended(P9Request *req)
{
    P9Session *s = req->session;

    s->jobs--;
    if (req->state != P9_REQ_WORKER) {
        return true;            /* stopped before it began */
    }
    if (req->kept.job.run == run_on_worker) {
        p9_policy_learn(&s->policy, req->info->number, req->ran_ns);
    } else if (req->result == -EAGAIN && !req->orphan) {
        send_to_worker(req);
        return false;
    }
    return true;
}

bool p9_run_stop(P9Request *req)
{
    return !(req->info->flags & P9_F_MUST_RUN) &&
           p9_job_claim(&req->kept.job);
}

void p9_run_forget(P9Request *req)
{
    P9Session *s = req->session;

    s->exec->cancel(s->exec, &req->kept.job);
}

/* ---- where to run ---- */

/* Do more requests want the loop than this one? */
static bool others_wait(const P9Session *s)
{
    return s->jobs || (s->ops->more && s->ops->more(s->opaque));
}

static bool may_wait_here(const P9Request *req)
{
    const P9Session *s = req->session;

    return s->limits.own_loop && req->info->inl != P9_INLINE_NEVER &&
           p9_policy_may_wait(&s->policy, req->info->number, others_wait(s));
}

/* Payload whose copying holds others up for longer than a worker costs. */
static bool is_long_copy(const P9Request *req)
{
    return (req->info->flags & P9_F_GATED) && req->file[0] &&
           req->ticket.bytes >= P9_POLICY_LONG_COPY &&
           others_wait(req->session);
}

static int run_waiting(P9Request *req)
{
    uint64_t begun = p9_policy_now();
    int result = call_run(req, FS_WAIT_STORAGE, NULL);

    if (result != -EAGAIN) {
        p9_policy_learn(&req->session->policy, req->info->number,
                        p9_policy_now() - begun);
    }
    return result;
}

/* All that can be done on the event loop.  -EAGAIN: the rest is a job. */
static int run_on_loop(P9Request *req)
{
    bool wait = may_wait_here(req);
    int result = -EAGAIN;

    if (is_long_copy(req)) {
        return result;
    }
    if (req->info->inl < P9_INLINE_BRIEF &&
        (!wait || (req->info->flags & P9_F_TRY_FIRST))) {
        result = call_run(req, FS_WAIT_NEVER, NULL);
    }
    return result == -EAGAIN && wait ? run_waiting(req) : result;
}

int p9_run(P9Request *req, void (*done)(P9Job *job))
{
    int result;

    if (!p9_request_ops(req)->run) {
        return 0;
    }
    result = run_on_loop(req);
    if (result != -EAGAIN) {
        return result;
    }
    req->kept.job.done = done;
    send_off(req);
    return P9_LATER;
}
