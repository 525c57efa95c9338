/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A session that stands still: see 9p-request-still.h.
 */
#include "fsdev/core/p9-osdep.h"
#include "9p-reply.h"
#include "9p-request.h"
#include "9p-request-int.h"
#include "9p-request-still.h"

/* More than any reply needs besides its payload. */
#define REPLY_ROOM 8192

static bool is_due(const P9Request *req)
{
    return g_queue_link_index(&req->session->due, (GList *)&req->due) >= 0;
}

/*
 * A request that must run and has been prepared cannot be undone: a Tclunk has
 * freed its fid.  No row with this flag accesses guest memory in run().
 */
static void run_what_must(P9Session *s)
{
    GList *next;

    for (GList *l = s->due.head; l; l = next) {
        P9Request *req = l->data;

        next = l->next;
        if (!req->due_done && (req->info->flags & P9_F_MUST_RUN)) {
            g_queue_unlink(&s->due, l);
            p9_request_run(req);
            next = s->due.head;     /* it may have become due again, done */
        }
    }
}

/* Each request and each file that is being closed has a reference. */
static bool has_jobs(const P9Session *s)
{
    unsigned requests = s->active.length + s->stopped.length +
                        s->backlog.length + s->answered.length;

    return s->jobs || s->refs > requests + 1;
}

/* What it has written cannot be taken back, so that is its result. */
static bool has_written(P9Request *req)
{
    if (req->header.type != P9_TWRITE || !req->done) {
        return false;
    }
    req->r.write.count = req->done;
    req->due_done = true;
    req->result = 0;
    return true;
}

/* Undo the preparation, and put the request before the backlog. */
static void begin_anew(P9Request *req)
{
    P9Session *s = req->session;

    if (req->state == P9_REQ_GATED) {
        fs_admit_cancel(s->export, &req->ticket);
    }
    if (req->prepared && p9_request_ops(req)->finish) {
        p9_request_ops(req)->finish(req, -ECANCELED);
    }
    p9_stats_leave(&req->clock);
    g_queue_unlink(&s->active, &req->kept.link);
    p9_request_rewind(req);
    g_queue_push_head_link(&s->backlog, &req->kept.link);
}

static void still_one(P9Request *req)
{
    P9Session *s = req->session;

    /* The flushes that wait for its end begin anew, and then find no such. */
    g_slist_free(g_steal_pointer(&req->followers));
    if (is_due(req)) {
        if (req->due_done || has_written(req)) {
            return;
        }
        g_queue_unlink(&s->due, &req->due);
    }
    begin_anew(req);
}

int p9_request_still(P9Session *s)
{
    GList *prev;

    assert(p9_guest_is_shut(s->guest));
    run_what_must(s);
    if (has_jobs(s)) {
        return -EAGAIN;
    }
    s->alone = NULL;
    for (GList *l = s->stopped.head; l; l = l->next) {
        P9Request *req = l->data;

        g_slist_free(g_steal_pointer(&req->followers));
    }
    for (GList *l = s->active.tail; l; l = prev) {
        prev = l->prev;
        still_one(l->data);
    }
    return 0;
}

/* ---- replies ---- */

/* Of a request that was stopped the buffers are given back, and no reply. */
static bool is_stopped(const P9Request *req)
{
    return g_queue_link_index(&req->session->stopped,
                              (GList *)&req->kept.link) >= 0;
}

static void encode(P9Request *req, P9Reply *reply)
{
    const struct iovec *in = req->in;
    unsigned in_cnt = req->in_cnt;
    size_t in_bytes = req->in_bytes;
    bool in_place = !req->result && !req->bounce &&
                    (req->info->flags & P9_F_GUEST_MEM);
    struct iovec own;

    own.iov_len = MIN(in_bytes, MAX(req->msize, REPLY_ROOM));
    own.iov_base = reply->head = g_malloc0(own.iov_len);
    req->in = &own;
    req->in_cnt = 1;
    req->in_bytes = own.iov_len;
    reply->size = p9_reply_encode(req, req->result);
    reply->head_size = in_place ? MIN(reply->size, P9_IO_HDRSZ) : reply->size;
    req->in = in;
    req->in_cnt = in_cnt;
    req->in_bytes = in_bytes;
}

bool p9_request_reply(P9Request *req, P9Reply *reply)
{
    *reply = (P9Reply) { 0 };
    if (req->state == P9_REQ_ANSWERED) {
        reply->head = g_memdup2(req->bounce, req->to_deliver);
        reply->head_size = req->to_deliver;
        reply->size = req->done;
        return true;
    }
    if (req->state == P9_REQ_BACKLOG) {
        return false;
    }
    if (!is_stopped(req)) {
        encode(req, reply);
    }
    return true;
}

void p9_request_submit_done(P9Request *req, const P9Reply *reply,
                            const struct iovec *in, unsigned in_cnt)
{
    P9Session *s = req->session;

    req->in = in;
    req->in_cnt = in_cnt;
    req->in_bytes = iov_size(in, in_cnt);
    req->generation = s->generation;
    req->state = P9_REQ_ANSWERED;
    req->bounce = g_memdup2(reply->head, reply->head_size);
    req->to_deliver = reply->head_size;
    req->done = reply->size;
    p9_session_ref(s);
    p9_stats_arrive(&s->stats, &req->clock);
    g_queue_push_tail_link(&s->answered, &req->kept.link);
}

bool p9_request_deliver(P9Session *s)
{
    P9Request *req = s->answered.head->data;
    P9GuestEntry entry;
    P9GuestAnswer answer = p9_guest_enter_loop(s->guest, req->generation,
                                               &entry);
    P9Cursor c;

    if (answer == P9_GUEST_SHUT) {
        return false;
    }
    if (answer == P9_GUEST_IN) {
        p9_cursor_init(&c, req->in, req->in_cnt, req->in_bytes);
        p9_put_bytes(&c, req->bounce, req->to_deliver);
        p9_stats_flush(&s->stats);
        s->ops->push(s->opaque, req, MIN(req->done, req->in_bytes));
        p9_guest_leave(&entry);
    }
    g_queue_unlink(&s->answered, &req->kept.link);
    p9_request_end(req);
    return true;
}
