/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The life of a request: decode, pin, prepare, run, finish, reply.
 *
 * This file drives every message through the same steps, reading what differs
 * from the rows of the table; it knows no message by name.  A request is on
 * the session's active list from submit to its reply.  It leaves the event
 * loop at most once, as a P9Job; before that it may have been one that yields.
 * Context: event loop, except run_on_worker().
 */
#include "fsdev/core/p9-osdep.h"
#include "9p-errno.h"
#include "9p-session.h"

static void send_to_worker(P9Request *req);
static void worker_done(P9Job *job);
static void gate_opened(FsTicket *ticket);
static void execute(P9Request *req);

P9Request *p9_request_new(P9Session *s)
{
    GList *link = g_queue_pop_head_link(&s->idle);
    P9Request *req;

    if (link) {
        return link->data;
    }
    req = g_new0(P9Request, 1);
    req->session = s;
    req->link.data = req;
    req->job.done = worker_done;
    req->ticket.admitted = gate_opened;
    return req;
}

void p9_request_free(P9Request *req)
{
    g_queue_push_head_link(&req->session->idle, &req->link);
}

/* Forget the message, keep the memory for the next one. */
static void request_clear(P9Request *req)
{
    P9Session *s = req->session;

    for (unsigned i = 0; i < req->nfids; i++) {
        fs_node_unref(req->node[i]);
        p9_fid_unpin(req->fid[i]);
    }
    req->nfids = 0;
    if (req->newfid) {
        if (req->newfid->state == P9_FID_RESERVED) {
            p9_fid_remove(req->newfid);
        }
        p9_fid_unpin(req->newfid);
        req->newfid = NULL;
    }
    fs_node_unref(req->new_node);
    req->new_node = NULL;
    if (req->new_file) {
        p9_session_release(s, req->new_file, NULL);
        req->new_file = NULL;
    }
    if (req->lock_owner) {
        p9_lock_owner_unref(s, g_steal_pointer(&req->lock_owner));
    }
    g_clear_pointer(&req->xattr, p9_xattr_fid_free);
    g_clear_pointer(&req->bounce, g_free);
    p9_arena_reset(&req->arena);
    req->done = 0;
    req->flush_waits = 0;
    req->has_attr = false;
    req->prepared = false;
    req->state = P9_REQ_IDLE;
}

static void request_end(P9Request *req)
{
    P9Session *s = req->session;

    request_clear(req);
    p9_request_free(req);
    p9_session_unref(s);
}

static void request_reject(P9Request *req, const char *why)
{
    P9Session *s = req->session;

    g_queue_unlink(&s->active, &req->link);
    s->ops->broken(s->opaque, req, why);
    request_end(req);
}

static size_t encode_error(P9Request *req, int result)
{
    uint32_t error = p9_errno_to_wire(-result);
    P9Cursor c;

    p9_cursor_init(&c, req->in, req->in_cnt, req->in_bytes);
    if (req->session->dialect & P9_DIALECT_U) {
        return p9_encode_rerror(&c, req->header.tag, error,
                                g_strerror(-result), req->header.plain);
    }
    return p9_encode_rlerror(&c, req->header.tag, error);
}

static size_t encode_reply(P9Request *req, int result)
{
    P9Cursor c;
    ssize_t len;

    if (result < 0) {
        return encode_error(req, result);
    }
    p9_cursor_init(&c, req->in, req->in_cnt, req->in_bytes);
    len = p9_encode_reply(&c, req->info->number, req->header.tag, &req->r);
    return len < 0 ? encode_error(req, len) : (size_t)len;
}

/* Let go of the buffers, with @len bytes of reply. */
static void request_push(P9Request *req, size_t len)
{
    P9Session *s = req->session;

    unsigned resets = s->resets;

    g_queue_unlink(&s->active, &req->link);
    s->ops->push(s->opaque, req, len);
    if (resets == s->resets) {
        p9_session_ended(s, req);
    } else {
        /* Who waited for it is gone. */
        g_slist_free(g_steal_pointer(&req->flushes));
    }
}

/* Leave the rest for p9_request_resume(). */
static void request_hold(P9Request *req, bool done, int result)
{
    req->held_done = done;
    req->result = result;
    req->held.data = req;
    g_queue_push_tail_link(&req->session->held, &req->held);
}

void p9_request_complete(P9Request *req, int result)
{
    P9Session *s = req->session;
    const P9RowOps *ops = req->info ? p9_row_ops(req->info) : NULL;

    if (s->paused && !req->orphan) {
        request_hold(req, true, result);
        return;
    }
    if (req->prepared && ops->finish) {
        result = ops->finish(req, req->orphan ? -ECANCELED : result);
    }
    if (!req->orphan) {
        if (s->ops->trace_reply) {
            s->ops->trace_reply(s->opaque, req, result);
        }
        request_push(req, encode_reply(req, result));
    }
    request_end(req);
}

static void request_cancelled(P9Request *req)
{
    const P9RowOps *ops = p9_row_ops(req->info);

    if (req->prepared && ops->finish) {
        ops->finish(req, -ECANCELED);
    }
    req->prepared = false;
}

static void guest_memory_done(P9Request *req)
{
    P9Session *s = req->session;

    if (!req->on_guest_mem) {
        return;
    }
    g_mutex_lock(&s->lock);
    req->on_guest_mem = false;
    s->guest_users--;
    g_cond_broadcast(&s->guest_done);
    g_mutex_unlock(&s->lock);
}

/* It waits for an event now, unless somebody waits for its end. */
static void request_park(P9Request *req)
{
    if (req->session->paused) {
        request_hold(req, true, -EINPROGRESS);
        return;
    }
    req->state = P9_REQ_PARKED;
    if (req->flushes || req->session->version) {
        p9_request_cancel(req);
    }
}

static void run_on_worker(P9Job *job)
{
    P9Request *req = container_of(job, P9Request, job);
    uint64_t begun = p9_policy_now();

    req->result = p9_row_ops(req->info)->run(req, 0);
    req->ran_ns = p9_policy_now() - begun;
    guest_memory_done(req);
}

/* In a coroutine, for which the loop must not wait for long either. */
static void run_yielding(P9Job *job)
{
    P9Request *req = container_of(job, P9Request, job);

    req->result = p9_row_ops(req->info)->run(req, FS_BRIEF);
}

static void worker_done(P9Job *job)
{
    P9Request *req = container_of(job, P9Request, job);
    P9Session *s = req->session;

    s->jobs--;
    if (req->state == P9_REQ_IDLE) {
        /* Cancelled and answered before; only the memory was still in use. */
        request_end(req);
        return;
    }
    if (job->run == run_on_worker) {
        p9_policy_learn(&s->policy, req->info->number, req->ran_ns);
    } else if (req->result == -EAGAIN && !req->orphan) {
        send_to_worker(req);
        return;
    }
    req->state = P9_REQ_LOOP;
    if (req->result == -EINPROGRESS && !req->orphan) {
        request_park(req);
        return;
    }
    p9_request_complete(req, req->result);
}

static void send_to_worker(P9Request *req)
{
    P9Session *s = req->session;

    /* The payload of a remote file is not in guest memory: see bounce. */
    if ((req->info->flags & P9_F_GUEST_MEM) && !req->bounce) {
        g_mutex_lock(&s->lock);
        req->on_guest_mem = true;
        s->guest_users++;
        g_mutex_unlock(&s->lock);
    }
    req->state = P9_REQ_WORKER;
    req->job.run = run_on_worker;
    req->job.started = 0;
    s->jobs++;
    s->exec->submit(s->exec, &req->job);
}

/* Does all that takes time happen in another process, at the driver's word? */
static bool may_yield(const P9Request *req)
{
    const P9Session *s = req->session;
    bool asks = false;

    if (!s->limits.own_loop || !s->exec->submit_yielding ||
        !(req->info->flags & P9_F_YIELDS)) {
        return false;
    }
    for (unsigned i = 0; i < req->nfids; i++) {
        if (!fs_node_heeds_brief(req->node[i]) ||
            (req->file[i] && req->file[i]->remote)) {
            return false;
        }
        asks |= !fs_node_is_brief(req->node[i]);
    }
    return asks;
}

static void send_off(P9Request *req)
{
    P9Session *s = req->session;

    if (!may_yield(req)) {
        send_to_worker(req);
        return;
    }
    req->state = P9_REQ_WORKER;
    req->job.run = run_yielding;
    req->job.started = 0;
    s->jobs++;
    s->exec->submit_yielding(s->exec, &req->job);
}

/* Does the work stay within storage of the host, whose end is in sight? */
static bool is_brief(const P9Request *req)
{
    bool heeds = req->info->flags & P9_F_HEEDS_BRIEF;

    for (unsigned i = 0; i < req->nfids; i++) {
        if (!(heeds ? fs_node_heeds_brief : fs_node_is_brief)(req->node[i]) ||
            (req->file[i] && req->file[i]->remote)) {
            return false;
        }
    }
    return true;
}

/* Do more requests want the loop than this one? */
static bool others_wait(const P9Session *s)
{
    return s->jobs || (s->ops->more && s->ops->more(s->opaque));
}

static bool may_wait_here(const P9Request *req)
{
    const P9Session *s = req->session;

    return s->limits.own_loop && req->info->inl != P9_INLINE_NEVER &&
           is_brief(req) &&
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
    int result = p9_row_ops(req->info)->run(req, FS_BRIEF);

    p9_policy_learn(&req->session->policy, req->info->number,
                    p9_policy_now() - begun);
    return result;
}

/* All that can be done on the event loop.  -EAGAIN: the rest is a job. */
static int run_on_loop(P9Request *req)
{
    const P9RowOps *ops = p9_row_ops(req->info);
    bool wait = may_wait_here(req);
    int result = -EAGAIN;

    if (is_long_copy(req)) {
        return result;
    }
    if (req->info->inl < P9_INLINE_BRIEF &&
        (!wait || (req->info->flags & P9_F_TRY_FIRST))) {
        result = ops->run(req, FS_NONBLOCK);
    }
    return result == -EAGAIN && wait ? run_waiting(req) : result;
}

static void execute(P9Request *req)
{
    const P9RowOps *ops = p9_row_ops(req->info);
    int result;

    req->state = P9_REQ_LOOP;
    if (req->session->paused) {
        request_hold(req, false, 0);
        return;
    }
    result = ops->run ? run_on_loop(req) : 0;
    if (result == -EINPROGRESS) {
        req->state = P9_REQ_PARKED;
    } else if (result == -EAGAIN && ops->run) {
        send_off(req);
    } else {
        p9_request_complete(req, result);
    }
}

void p9_request_retry(P9Request *req)
{
    assert(req->state == P9_REQ_PARKED);
    req->prepared = true;
    execute(req);
}

void p9_request_resume(P9Request *req)
{
    if (!req->held_done) {
        execute(req);
    } else if (req->result == -EINPROGRESS) {
        request_park(req);
    } else {
        p9_request_complete(req, req->result);
    }
}

static void gate_opened(FsTicket *ticket)
{
    P9Request *req = container_of(ticket, P9Request, ticket);

    execute(req);
}

/* Is this a message of the dialect spoken?  Only then is its body read. */
static int check_dialect(const P9Request *req)
{
    const P9MessageInfo *info = req->info;
    uint8_t dialect = req->session->dialect;

    if (!info) {
        return -EOPNOTSUPP;
    }
    if (info->flags & P9_F_NO_SESSION) {
        return 0;
    }
    if (dialect == P9_DIALECT_NONE) {
        return -EPROTO;
    }
    return info->dialects & dialect ? 0 : -EOPNOTSUPP;
}

/* May the request begin?  0 or -errno; fids are pinned when it may. */
static int admit(P9Request *req, int decoded)
{
    if ((req->info->flags & P9_F_WRITES) &&
        req->session->export->config.readonly) {
        return -EROFS;
    }
    return decoded < 0 ? decoded : p9_row_ops(req->info)->pin(req);
}

static void begin(P9Request *req, int decoded)
{
    const P9RowOps *ops = p9_row_ops(req->info);
    P9Session *s = req->session;
    int ret = admit(req, decoded);

    if (!ret && ops->prepare) {
        ret = ops->prepare(req);
        if (ret == P9_LATER) {
            return;
        }
    }
    if (ret < 0) {
        p9_request_complete(req, ret);
        return;
    }
    req->prepared = true;
    if ((req->info->flags & P9_F_GATED) && req->file[0]) {
        req->state = P9_REQ_GATED;
        if (!fs_admit(s->export, &req->ticket)) {
            return;
        }
    }
    execute(req);
}

/* Bytes of an error without text. */
static size_t min_error(const P9Session *s)
{
    return s->dialect == P9_DIALECT_DOTU ? P9_RERROR_SZ : P9_RLERROR_SZ;
}

/*
 * Bytes of the shortest reply that can answer this request.  Checked before
 * anything is done, so that no effect goes unreported.
 */
static size_t min_reply(const P9Request *req, int decoded)
{
    size_t size = MAX(req->info->min_reply, min_error(req->session));

    if (req->info->number == P9_TWALK && !decoded) {
        size = MAX(size, req->info->min_reply +
                         (size_t)P9_QID_SZ * req->t.walk.names.n);
    }
    return size;
}

void p9_request_start(P9Request *req)
{
    P9Session *s = req->session;
    P9Cursor c;
    int decoded;

    req->state = P9_REQ_LOOP;
    req->msize = s->msize;
    g_queue_push_tail_link(&s->active, &req->link);
    p9_cursor_init(&c, req->out, req->out_cnt, SIZE_MAX);
    if (p9_decode_header(&c, &req->header) < 0) {
        request_reject(req, "message shorter or longer than its size field");
        return;
    }
    req->header.plain = s->dialect == P9_DIALECT_PLAIN;
    if (req->in_bytes < min_error(s)) {
        request_reject(req, "no room for a reply");
        return;
    }
    req->info = p9_message_info(req->header.type);
    decoded = check_dialect(req);
    if (decoded < 0) {
        p9_request_complete(req, decoded);
        return;
    }
    decoded = p9_decode_request(&c, &req->header, &req->arena, &req->t);
    if (decoded == -EBADMSG) {
        request_reject(req, "message shorter than its fields");
        return;
    }
    if (req->in_bytes < min_reply(req, decoded)) {
        request_reject(req, "no room for the whole reply");
        return;
    }
    if (s->ops->trace_request && !decoded) {
        s->ops->trace_request(s->opaque, req);
    }
    begin(req, decoded);
}

void p9_request_submit(P9Request *req, const struct iovec *out,
                       unsigned out_cnt, const struct iovec *in,
                       unsigned in_cnt)
{
    P9Session *s = req->session;

    req->out = out;
    req->out_cnt = out_cnt;
    req->in = in;
    req->in_cnt = in_cnt;
    req->in_bytes = iov_size(in, in_cnt);
    req->info = NULL;
    req->orphan = false;
    s->refs++;
    if (s->version) {
        req->state = P9_REQ_BACKLOG;
        g_queue_push_tail_link(&s->backlog, &req->link);
        return;
    }
    p9_request_start(req);
}

/*
 * Take the request off whatever it waits for, undoing its preparation.  False
 * when it is running or has to run.
 */
static bool request_stop(P9Request *req)
{
    P9Session *s = req->session;

    switch (req->state) {
    case P9_REQ_GATED:
        fs_admit_cancel(s->export, &req->ticket);
        break;
    case P9_REQ_PARKED:
        break;
    case P9_REQ_WORKER:
        if ((req->info->flags & P9_F_MUST_RUN) || !p9_job_claim(&req->job)) {
            return false;
        }
        guest_memory_done(req);
        break;
    default:
        return false;
    }
    request_cancelled(req);
    return true;
}

/* After request_stop() and the return of the buffers. */
static void request_stopped(P9Request *req)
{
    P9Session *s = req->session;

    if (req->state == P9_REQ_WORKER) {
        request_clear(req);     /* worker_done() ends it */
        s->exec->cancel(s->exec, &req->job);
    } else {
        request_end(req);
    }
}

bool p9_request_cancel(P9Request *req)
{
    if (!request_stop(req)) {
        return false;
    }
    request_push(req, 0);
    request_stopped(req);
    return true;
}

void p9_session_drop_requests(P9Session *s)
{
    GList *next;

    for (GList *l = s->active.head; l; l = next) {
        P9Request *req = l->data;

        next = l->next;
        g_slist_free(g_steal_pointer(&req->flushes));
        if (request_stop(req)) {
            g_queue_unlink(&s->active, &req->link);
            s->ops->drop(s->opaque, req);
            request_stopped(req);
        }
    }
    p9_session_wait_guest(s);
    while (s->active.head) {
        P9Request *req = s->active.head->data;

        g_queue_unlink(&s->active, &req->link);
        s->ops->drop(s->opaque, req);
        if (req->state == P9_REQ_WORKER) {
            req->orphan = true;     /* worker_done() ends it, unseen */
        } else {
            request_cancelled(req); /* held by a pause */
            request_end(req);
        }
    }
}

uint32_t p9_request_iounit(const P9Request *req, uint32_t blksize)
{
    uint32_t payload = req->msize - P9_IOHDRSZ;

    return blksize && blksize <= payload ? payload - payload % blksize
                                         : payload;
}

uint32_t p9_request_room(const P9Request *req)
{
    size_t room = MIN(req->in_bytes, req->msize);

    return MIN(room - P9_IO_HDRSZ, UINT32_MAX);
}
