/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The run() of a request: see 9p-run.h.
 *
 * Context: event loop, except run_on_worker(), which is called in a worker or
 * in a thread for jobs that are apart.
 */
#include "fsdev/core/p9-osdep.h"
#include "9p-request-watch.h"
#include "9p-run.h"

/* ---- jobs ---- */

/*
 * Call run().  What it creates belongs to the user who attached; messages of
 * 9P2000.L name the group.  Context: the thread, or with @yield the coroutine,
 * that the request runs in.
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

/* A call that may never return must not occupy a worker. */
static void run_on_worker(P9Job *job)
{
    P9Request *req = container_of(job, P9Request, kept.job);
    FsWait wait = job->apart ? FS_WAIT_ANYTHING : FS_WAIT_STORAGE;

    req->clock.began = p9_stats_now();
    req->result = call_run(req, wait, NULL);
    req->ran_ns = p9_stats_now() - req->clock.began;
}

/* A coroutine runs on the event loop, so it must not block for long either. */
static void run_yielding(P9Job *job)
{
    P9Request *req = container_of(job, P9Request, kept.job);

    req->clock.began = p9_stats_now();
    req->result = call_run(req, FS_WAIT_STORAGE, req->session->exec->yield);
    req->ran_ns = p9_stats_now() - req->clock.began;
}

static P9StatsRow *stats_row(P9Request *req)
{
    return p9_stats_row(&req->session->stats, req->info->number);
}

static void job_prepare(P9Request *req, void (*run)(P9Job *job), bool apart)
{
    p9_stats_leave(&req->clock);
    req->state = P9_REQ_WORKER;
    req->kept.job.run = run;
    req->kept.job.started = 0;
    req->kept.job.apart = apart;
    req->kept.job.refused = false;
    p9_request_watch(req);
    req->session->jobs++;
}

static void send_to_worker(P9Request *req, bool apart)
{
    P9Session *s = req->session;

    p9_stats_place(stats_row(req), apart ? P9_STATS_APART : P9_STATS_WORKER);
    job_prepare(req, run_on_worker, apart);
    s->exec->submit(s->exec, &req->kept.job);
}

static void send_to_coroutine(P9Request *req)
{
    P9Session *s = req->session;

    p9_stats_place(stats_row(req), P9_STATS_COROUTINE);
    job_prepare(req, run_yielding, false);
    s->exec->submit_yielding(s->exec, &req->kept.job);
}

/*
 * The policy is about requests that wait for the host's storage only, so it
 * does not learn from those that wait for more, or would have had to.
 */
static void learn(P9Request *req)
{
    const P9Job *job = &req->kept.job;

    if (job->run == run_on_worker && !job->apart && req->result != -EAGAIN) {
        p9_policy_learn(&req->session->policy, req->info->number, req->ran_ns);
    }
}

bool p9_run_ended(P9Request *req)
{
    const P9Job *job = &req->kept.job;

    req->session->jobs--;
    if (req->state != P9_REQ_WORKER) {
        return true;            /* stopped before it began */
    }
    if (job->refused) {
        req->result = -ENOMEM;
        return true;
    }
    learn(req);
    if (req->result == -EAGAIN && !job->apart && !req->orphan) {
        send_to_worker(req, true);
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

/* Whether other requests wait for the loop */
static bool others_wait(const P9Session *s)
{
    return s->jobs || (s->ops->more && s->ops->more(s->opaque));
}

/* Whether run() can be expected to wait for more than the host's storage. */
static bool reaches_far(const P9Request *req)
{
    for (unsigned i = 0; i < req->nfids; i++) {
        if (fs_node_reach(req->node[i]) == FS_WAIT_ANYTHING ||
            (req->file[i] && req->file[i]->remote)) {
            return true;
        }
    }
    return false;
}

static unsigned ways_to_run(const P9Request *req)
{
    const P9Session *s = req->session;
    bool own_loop = s->limits.own_loop;
    bool long_copy = req->ticket.bytes >= P9_POLICY_LONG_COPY;
    const P9Work work = {
        .info = req->info,
        .own_loop = own_loop,
        .asks = s->export->driver->asks,
        .can_yield = s->exec->submit_yielding,
        .others = (own_loop || long_copy) && others_wait(s),
        .for_worker = req->for_worker,
        .long_copy = long_copy,
    };

    return p9_policy_ways(&s->policy, &work);
}

static int run_waiting(P9Request *req)
{
    uint64_t begun = p9_stats_now();
    int result = call_run(req, FS_WAIT_STORAGE, NULL);

    if (result != -EAGAIN) {
        p9_policy_learn(&req->session->policy, req->info->number,
                        p9_stats_now() - begun);
    }
    return result;
}

int p9_run(P9Request *req, void (*done)(P9Job *job))
{
    int result = -EAGAIN;
    unsigned ways;

    if (!p9_request_ops(req)->run) {
        p9_stats_place(stats_row(req), P9_STATS_INLINE);
        return 0;
    }
    req->ran_ns = 0;
    p9_stats_begin(&req->clock);
    ways = ways_to_run(req);
    if (ways & P9_WAY_AT_ONCE) {
        result = call_run(req, FS_WAIT_NEVER, NULL);
    }
    if (result == -EAGAIN && (ways & P9_WAY_WAIT)) {
        result = run_waiting(req);
    }
    if (result != -EAGAIN) {
        p9_stats_place(stats_row(req), P9_STATS_INLINE);
        return result;
    }
    req->kept.job.done = done;
    if (ways & P9_WAY_YIELD) {
        send_to_coroutine(req);
    } else {
        send_to_worker(req, !(ways & P9_WAY_WORKER) || reaches_far(req));
    }
    return P9_LATER;
}
