/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The requests of a session: see 9p-request-pool.h.
 */
#include "fsdev/core/p9-osdep.h"
#include "9p-release.h"
#include "9p-request-int.h"
#include "9p-request-pool.h"

/* The largest iovec that an idle request keeps; it suffices for 1 MiB. */
#define IOV_KEPT 256

/* Takes an idle request, or allocates one. */
static P9Request *request_take(P9Session *s)
{
    GList *link = g_queue_pop_head_link(&s->idle);
    P9Request *req;

    if (link) {
        return link->data;
    }
    req = g_new0(P9Request, 1);
    req->kept.link.data = req;
    return req;
}

/* Zero what is neither kept nor zeroed by request_start(). */
static void request_zero(P9Request *req)
{
    /*
     * volatile, because gcc expands a memset() of a constant size to a string
     * instruction that takes five times as long as the function of the libc.
     */
    const volatile size_t size = offsetof(P9Request, t) -
                                 offsetof(P9Request, session);

    memset((char *)req + offsetof(P9Request, session), 0, size);
}

void p9_request_rewind(P9Request *req)
{
    P9StatsClock clock = req->clock;
    char *all = (char *)req;

    p9_request_clear(req);
    /* What is between these two was set by the transport. */
    memset(all + offsetof(P9Request, due), 0,
           offsetof(P9Request, element) - offsetof(P9Request, due));
    memset(all + offsetof(P9Request, state), 0,
           offsetof(P9Request, t) - offsetof(P9Request, state));
    req->clock = clock;
    req->state = P9_REQ_BACKLOG;
}

P9Request *p9_request_new(P9Session *s, void *element)
{
    P9Request *req = request_take(s);

    request_zero(req);
    req->session = s;
    req->element = element;
    return req;
}

void *p9_request_element(const P9Request *req)
{
    return req->element;
}

void p9_request_free_idle(P9Session *s)
{
    GList *link;

    while ((link = g_queue_pop_head_link(&s->idle))) {
        P9Request *req = link->data;

        p9_arena_destroy(&req->kept.arena);
        g_free(req->kept.iov);
        g_free(req);
    }
}

int p9_request_pin(P9Request *req, uint32_t number, int unknown,
                   unsigned states, int wrong)
{
    P9Fid *fid = p9_fid_lookup(req->session, number);
    unsigned i = req->nfids;

    if (!fid) {
        return -unknown;
    }
    if (!(fid->state & states)) {
        return fid->state == P9_FID_LOST ? -ESTALE : -wrong;
    }
    assert(i < P9_REQ_FIDS);
    p9_fid_pin(fid);
    req->fid[i] = fid;
    req->node[i] = fs_node_ref(fid->node);
    req->file[i] = fid->file;
    req->nfids++;
    return 0;
}

void p9_request_clear(P9Request *req)
{
    P9Session *s = req->session;

    for (unsigned i = 0; i < req->nfids; i++) {
        fs_node_unref(req->node[i]);
        p9_fid_unpin(req->fid[i]);
    }
    if (req->newfid) {
        if (req->newfid->state == P9_FID_RESERVED) {
            p9_fid_remove(req->newfid);
        }
        p9_fid_unpin(req->newfid);
    }
    fs_node_unref(req->new_node);
    if (req->new_file) {
        p9_release_file(s, req->new_file);
    }
    if (req->lock_owner) {
        p9_lock_owner_unref(s, req->lock_owner);
    }
    if (req->xattr) {
        p9_xattr_fid_free(&s->budget, req->xattr);
    }
    g_free(req->bounce);
    if (req->bounce_bytes) {
        fs_budget_refund(&s->budget, req->bounce_item, req->bounce_bytes);
    }
    if (req->followers) {
        g_slist_free(req->followers);
    }
    if (req->kept.iov_size > IOV_KEPT) {
        g_clear_pointer(&req->kept.iov, g_free);
        req->kept.iov_size = 0;
    }
    p9_arena_reset(&req->kept.arena);
    if (req->text_bytes) {
        fs_budget_refund(&s->budget, FS_BUDGET_MEMORY, req->text_bytes);
    }
    req->state = P9_REQ_IDLE;
}

void p9_request_idle(P9Request *req)
{
    P9Session *s = req->session;

    g_queue_push_head_link(&s->idle, &req->kept.link);
    p9_session_unref(s);
}

void p9_request_end(P9Request *req)
{
    p9_request_clear(req);
    p9_request_idle(req);
}
