/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The life of a request: decode, pin, prepare, run, finish, reply.
 *
 * This file drives every message through the same steps, reading what differs
 * from the rows of the table; it knows no message by name.  A request is on
 * the session's active list from submit to its reply.
 *
 * When a request ends, others may go on: a flush, a request that waits to be
 * alone, the backlog.  They are put into queues, which p9_request_settle()
 * processes one by one when no other request is being processed.  So no step of
 * a request ends another request.
 *
 * The buffers of a request are only accessed inside guest memory (9p-guest.h),
 * and no function of a row or of a driver is called there.  A request that
 * finds guest memory shut waits in a queue for p9_session_resume().  A request
 * whose buffers have been taken back ends without a reply; the reset of the
 * session that follows undoes what is left.
 */
#include "fsdev/core/p9-osdep.h"
#include "9p-request.h"
#include "9p-request-int.h"
#include "9p-request-pool.h"
#include "9p-request-still.h"
#include "9p-reply.h"
#include "9p-run.h"

static void go_on(P9Request *req);
static void proceed(P9Request *req);
static void request_start(P9Request *req);

/* ---- replying ---- */

/* Go on with @req later: complete it with @result if @done, else run it. */
static void make_due(P9Request *req, bool done, int result)
{
    req->due.data = req;
    req->due_done = done;
    req->result = result;
    g_queue_push_tail_link(&req->session->due, &req->due);
}

/* @req is answered once @other has ended. */
static void follow(P9Request *req, P9Request *other)
{
    other->followers = g_slist_append(other->followers, req);
    req->follows++;
}

static P9GuestAnswer enter(P9Request *req, P9GuestEntry *entry)
{
    return p9_guest_enter_loop(req->session->guest, req->generation, entry);
}

/* The requests that waited for the end of this one are due. */
static void release_followers(P9Request *req)
{
    for (GSList *l = req->followers; l; l = l->next) {
        P9Request *follower = l->data;

        if (!--follower->follows) {
            make_due(follower, true, 0);
        }
    }
}

/* Context: inside guest memory. */
static void request_reply(P9Request *req, int result)
{
    P9Session *s = req->session;
    size_t size;

    if (s->ops->trace_reply) {
        s->ops->trace_reply(s->opaque, req->header.tag, req->info, result,
                            &req->r);
    }
    size = p9_reply_encode(req, result);
    p9_stats_end(&s->stats, req->info ? req->info->number : 0, &req->clock,
                 result, req->header.size, size, req->ran_ns);
    s->ops->push(s->opaque, req, size);
}

static void request_complete(P9Request *req, int result)
{
    P9Session *s = req->session;
    P9GuestAnswer answer;
    P9GuestEntry entry;

    if (req->prepared && p9_request_ops(req)->finish) {
        result = p9_request_ops(req)->finish(req, req->orphan ? -ECANCELED
                                                              : result);
    }
    req->prepared = false;
    if (req->orphan) {
        p9_request_end(req);
        return;
    }
    answer = enter(req, &entry);
    if (answer == P9_GUEST_SHUT) {
        make_due(req, true, result);
        return;
    }
    if (answer == P9_GUEST_IN) {
        request_reply(req, result);
        p9_guest_leave(&entry);
    }
    g_queue_unlink(&s->active, &req->kept.link);
    release_followers(req);
    p9_request_end(req);
    p9_request_settle(s);
}

/* ---- stopping ---- */

static void request_cancelled(P9Request *req)
{
    if (req->prepared && p9_request_ops(req)->finish) {
        p9_request_ops(req)->finish(req, -ECANCELED);
    }
    req->prepared = false;
}

/*
 * Keep a request that waits from running: undo its preparation and put it into
 * the queue of stopped ones.  Returns false if it is running or has to run.
 * This does not end any other request.
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
        if (!p9_run_stop(req)) {
            return false;
        }
        break;
    default:
        return false;
    }
    request_cancelled(req);
    p9_stats_flush(&s->stats);
    g_queue_unlink(&s->active, &req->kept.link);
    g_queue_push_tail_link(&s->stopped, &req->kept.link);
    return true;
}

/* End a stopped request, after its buffers were given back. */
static void request_stopped(P9Request *req)
{
    if (req->state == P9_REQ_WORKER) {
        p9_request_clear(req);     /* then job_done() */
        p9_run_forget(req);
    } else {
        p9_request_end(req);
    }
}

/* Give the buffers of a stopped request back.  False: guest memory is shut. */
static bool give_stopped_back(P9Session *s)
{
    P9Request *req = s->stopped.head->data;
    P9GuestEntry entry;
    P9GuestAnswer answer = enter(req, &entry);

    if (answer == P9_GUEST_SHUT) {
        return false;
    }
    if (answer == P9_GUEST_IN) {
        s->ops->push(s->opaque, req, 0);
        p9_guest_leave(&entry);
    }
    g_queue_unlink(&s->stopped, &req->kept.link);
    release_followers(req);
    request_stopped(req);
    return true;
}

/* Park the request, or stop it if another request waits for its end. */
static void park_after_run(P9Request *req)
{
    P9Session *s = req->session;

    req->state = P9_REQ_PARKED;
    p9_stats_leave(&req->clock);
    if (req->followers || s->alone) {
        request_stop(req);
        p9_request_settle(s);
    }
}

/* ---- running ---- */

static void after_run(P9Request *req, int result)
{
    if (result == P9_SHUT && !req->orphan) {
        make_due(req, false, 0);
        p9_request_settle(req->session);
    } else if (result == -EINPROGRESS && !req->orphan) {
        park_after_run(req);
    } else {
        request_complete(req, result);
    }
}

static void job_done(P9Job *job)
{
    P9Request *req = container_of(job, P9Request, kept.job);

    if (!p9_run_ended(req)) {
        return;
    }
    if (req->state == P9_REQ_IDLE) {
        p9_request_idle(req);      /* stopped and cleared before */
        return;
    }
    req->state = P9_REQ_LOOP;
    after_run(req, req->result);
}

void p9_request_run(P9Request *req)
{
    int result;

    req->state = P9_REQ_LOOP;
    result = p9_run(req, job_done);
    if (result != P9_LATER) {
        after_run(req, result);
    }
}

static void execute(P9Request *req)
{
    if (p9_guest_is_shut(req->session->guest)) {
        req->state = P9_REQ_LOOP;
        make_due(req, false, 0);
    } else {
        p9_request_run(req);
    }
}

static void gate_opened(FsTicket *ticket)
{
    execute(container_of(ticket, P9Request, ticket));
}

static void go_on(P9Request *req)
{
    if (req->due_done) {
        after_run(req, req->result);
    } else {
        execute(req);
    }
}

/* ---- one after the other ---- */

static bool settle_one(P9Session *s)
{
    if (p9_guest_is_shut(s->guest)) {
        return false;           /* until p9_session_resume() */
    }
    if (s->stopped.head) {
        return give_stopped_back(s);
    }
    if (s->answered.head) {
        return p9_request_deliver(s);
    }
    if (s->due.head) {
        go_on(g_queue_pop_head_link(&s->due)->data);
        return true;
    }
    if (s->alone) {
        if (g_queue_get_length(&s->active) > 1) {
            return false;
        }
        proceed(g_steal_pointer(&s->alone));
        return true;
    }
    if (s->backlog.head) {
        request_start(g_queue_pop_head_link(&s->backlog)->data);
        return true;
    }
    return false;
}

void p9_request_settle(P9Session *s)
{
    if (s->settling) {
        return;
    }
    s->settling = true;
    while (settle_one(s)) {
        /* More may have come. */
    }
    s->settling = false;
}

int p9_request_park(P9Request *req, P9Wait wait)
{
    req->wait = wait;
    req->state = P9_REQ_PARKED;
    p9_stats_leave(&req->clock);
    return P9_LATER;
}

void p9_request_wake(P9Session *s, P9Wait wait, int result)
{
    for (GList *l = s->active.head; l; l = l->next) {
        P9Request *req = l->data;

        if (req->state == P9_REQ_PARKED && req->wait == wait) {
            req->state = P9_REQ_LOOP;
            req->prepared |= !result;
            make_due(req, result < 0, result);
        }
    }
    p9_request_settle(s);
}

int p9_request_flush(P9Request *req, uint16_t tag)
{
    P9Session *s = req->session;
    GList *next;

    for (GList *l = s->active.head; l; l = next) {
        P9Request *old = l->data;

        next = l->next;         /* a stopped request leaves the list */
        if (old != req && old->header.tag == tag) {
            follow(req, old);
            request_stop(old);
        }
    }
    if (!req->follows) {
        return 0;
    }
    p9_request_settle(s);
    return P9_LATER;
}

/* Stop what has not begun.  What is submitted from now on has to wait. */
static void wait_to_be_alone(P9Request *req)
{
    P9Session *s = req->session;
    GList *next;

    for (GList *l = s->active.head; l; l = next) {
        next = l->next;         /* as above */
        if (l->data != req) {
            request_stop(l->data);
        }
    }
    s->alone = req;
    p9_request_settle(s);
}

/* ---- the beginning ---- */

/* Is this a message of the dialect in use?  Only then is its body decoded. */
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
        fs_export_is_readonly(req->session->export)) {
        return -EROFS;
    }
    return decoded < 0 ? decoded : p9_request_ops(req)->pin(req);
}

/* Reads and writes of extended attributes are not limited. */
static bool is_gated(P9Request *req)
{
    if (req->info->flags & P9_F_META) {
        req->ticket.kind = FS_TICKET_META;
        return true;
    }
    return (req->info->flags & P9_F_GATED) && req->file[0];
}

static void proceed(P9Request *req)
{
    const P9RowOps *ops = p9_request_ops(req);
    int ret = ops->prepare ? ops->prepare(req) : 0;

    if (ret == P9_LATER) {
        return;
    }
    if (ret < 0) {
        request_complete(req, ret);
        return;
    }
    req->prepared = true;
    if (is_gated(req)) {
        req->state = P9_REQ_GATED;
        req->ticket.admitted = gate_opened;
        if (!fs_admit(req->session->export, &req->ticket)) {
            p9_stats_leave(&req->clock);
            return;
        }
    }
    execute(req);
}

static void begin(P9Request *req, int decoded)
{
    int ret = admit(req, decoded);

    if (ret < 0) {
        request_complete(req, ret);
    } else if (req->info->flags & P9_F_ALONE) {
        wait_to_be_alone(req);
    } else {
        proceed(req);
    }
}

/*
 * Read the request.  Apart from payload it is not read again.
 *
 * Returns what is wrong with its framing, or NULL.  In the latter case, the
 * request is answered at once if *@result is an error; otherwise it begins, and
 * *@decoded is 0 or the error of a field.
 * Context: inside guest memory.
 */
static const char *decode(P9Request *req, int *result, int *decoded)
{
    P9Session *s = req->session;
    P9Cursor c;

    p9_cursor_init(&c, req->out, req->out_cnt, SIZE_MAX);
    if (p9_decode_header(&c, &req->header) < 0) {
        return "message shorter or longer than its size field";
    }
    req->header.plain = s->dialect == P9_DIALECT_PLAIN;
    if (req->in_bytes < p9_reply_min_error(s)) {
        return "no room for a reply";
    }
    req->info = p9_message_info(req->header.type);
    *result = check_dialect(req);
    if (*result < 0) {
        return NULL;
    }
    memset(&req->r, 0, req->info->reply_size);
    *decoded = p9_decode_request(&c, &req->header, &req->kept.arena, &req->t);
    if (*decoded == -EBADMSG) {
        return "message shorter than its fields";
    }
    /* Before anything is done, so that no effect goes unreported. */
    if (req->in_bytes < p9_reply_min(req, *decoded)) {
        return "no room for the whole reply";
    }
    return NULL;
}

/* Long strings may stay for as long as a request that hangs. */
static int charge_text(P9Request *req)
{
    size_t bytes = req->kept.arena.extra_bytes;

    if (bytes &&
        !fs_budget_charge(&req->session->budget, FS_BUDGET_MEMORY, bytes)) {
        return -ENOMEM;
    }
    req->text_bytes = bytes;
    return 0;
}

static void request_start(P9Request *req)
{
    P9Session *s = req->session;
    int result = 0, decoded = 0;
    P9GuestAnswer answer;
    P9GuestEntry entry;
    const char *why;

    answer = enter(req, &entry);
    if (answer == P9_GUEST_SHUT) {
        req->state = P9_REQ_BACKLOG;
        g_queue_push_head_link(&s->backlog, &req->kept.link);
        return;
    }
    if (answer == P9_GUEST_OVER) {
        p9_request_end(req);
        return;
    }
    req->state = P9_REQ_LOOP;
    req->msize = s->msize;
    why = decode(req, &result, &decoded);
    if (why) {
        s->ops->broken(s->opaque, req, why);
    }
    p9_guest_leave(&entry);
    if (why) {
        p9_request_end(req);
        return;
    }
    g_queue_push_tail_link(&s->active, &req->kept.link);
    result = result ?: charge_text(req);
    if (result < 0) {
        request_complete(req, result);
        return;
    }
    if (s->ops->trace_request && !decoded) {
        s->ops->trace_request(s->opaque, req->header.tag, req->info, &req->t);
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
    req->generation = s->generation;
    p9_session_ref(s);
    p9_stats_arrive(&s->stats, &req->clock);
    if (s->alone || !g_queue_is_empty(&s->backlog)) {
        req->state = P9_REQ_BACKLOG;
        p9_stats_leave(&req->clock);
        g_queue_push_tail_link(&s->backlog, &req->kept.link);
        return;
    }
    request_start(req);
}

/* ---- the end of them all ---- */

void p9_request_drop_all(P9Session *s)
{
    GList *link, *next;

    s->alone = NULL;
    g_queue_init(&s->due);
    for (link = s->active.head; link; link = next) {
        next = link->next;      /* a stopped request leaves the list */
        request_stop(link->data);
    }
    while ((link = g_queue_pop_head_link(&s->stopped))) {
        request_stopped(link->data);
    }
    while ((link = g_queue_pop_head_link(&s->active))) {
        P9Request *req = link->data;

        g_slist_free(g_steal_pointer(&req->followers));
        if (req->state == P9_REQ_WORKER) {
            req->orphan = true;     /* job_done() ends it without a reply */
        } else {
            request_cancelled(req); /* it was due */
            p9_request_end(req);
        }
    }
    while ((link = g_queue_pop_head_link(&s->backlog)) ||
           (link = g_queue_pop_head_link(&s->answered))) {
        p9_request_end(link->data);
    }
}
