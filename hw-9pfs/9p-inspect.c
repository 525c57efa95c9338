/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a session has at one moment: see 9p-inspect.h.
 */
#include "fsdev/core/p9-osdep.h"
#include "fsdev/core/fs-trace.h"
#include "9p-fid.h"
#include "9p-inspect.h"
#include "9p-lock.h"
#include "9p-request-int.h"

static const char *request_state(const P9Request *req)
{
    switch (req->state) {
    case P9_REQ_GATED:
        return "throttled";
    case P9_REQ_PARKED:
        return req->wait == P9_WAIT_LOCK ? "waits for a lock" : "waits";
    case P9_REQ_WORKER:
        return req->kept.job.apart ? "in a thread of its own" : "running";
    default:
        return "in the loop";
    }
}

static void see_requests(P9Session *s, P9Inspection *to)
{
    uint64_t now = p9_stats_now();

    for (GList *l = s->active.head;
         l && to->requests->len < P9_INSPECT_MAX; l = l->next) {
        const P9Request *req = l->data;
        P9SeenRequest seen = {
            .tag = req->header.tag,
            .info = req->info,
            .state = request_state(req),
            .age_ns = req->clock.came ? now - req->clock.came : 0,
            .path = req->nfids ? fs_trace_path(req->node[0]) : NULL,
        };

        g_array_append_val(to->requests, seen);
    }
}

static const char *fid_state(const P9Fid *fid)
{
    switch (fid->state) {
    case P9_FID_RESERVED:
        return "reserved";
    case P9_FID_OPENING:
        return "opening";
    case P9_FID_FILE:
        return "file";
    case P9_FID_DIR:
        return "directory";
    case P9_FID_XATTR:
        return "xattr";
    case P9_FID_LOST:
        return "lost";
    default:
        return "idle";
    }
}

static int by_number(const void *a, const void *b)
{
    const P9SeenFid *x = a, *y = b;

    return x->number < y->number ? -1 : x->number > y->number;
}

static void see_fids(P9Session *s, P9Inspection *to)
{
    GHashTableIter iter;
    gpointer value;

    g_hash_table_iter_init(&iter, s->fids);
    while (to->fids->len < P9_INSPECT_MAX &&
           g_hash_table_iter_next(&iter, NULL, &value)) {
        const P9Fid *fid = value;
        P9SeenFid seen = {
            .number = fid->number,
            .uid = fid->uid,
            .state = fid_state(fid),
            .path = fid->node ? fs_trace_path(fid->node) : NULL,
        };

        g_array_append_val(to->fids, seen);
    }
    g_array_sort(to->fids, by_number);
}

static void see_owners(P9Session *s, P9Inspection *to)
{
    GHashTableIter iter;
    gpointer key;

    g_hash_table_iter_init(&iter, s->lock_owners);
    while (to->owners->len < P9_INSPECT_MAX &&
           g_hash_table_iter_next(&iter, &key, NULL)) {
        P9LockOwner *owner = key;
        P9SeenOwner seen = {
            .client_id = g_strdup(owner->client_id),
            .proc_id = owner->proc_id,
            .dev = owner->dev,
            .ino = owner->ino,
            .locked = g_atomic_pointer_get(&owner->locker) != NULL,
        };

        g_array_append_val(to->owners, seen);
    }
}

static void clear_request(void *seen)
{
    g_free(((P9SeenRequest *)seen)->path);
}

static void clear_fid(void *seen)
{
    g_free(((P9SeenFid *)seen)->path);
}

static void clear_owner(void *seen)
{
    g_free(((P9SeenOwner *)seen)->client_id);
}

static GArray *list_new(size_t size, GDestroyNotify clear)
{
    GArray *list = g_array_new(false, false, size);

    g_array_set_clear_func(list, clear);
    return list;
}

P9Inspection *p9_session_inspect(P9Session *s, unsigned what)
{
    P9Inspection *to = g_new0(P9Inspection, 1);

    p9_session_info(s, &to->info);
    to->lock_waiters = s->lock_waiters;
    to->requests = list_new(sizeof(P9SeenRequest), clear_request);
    to->fids = list_new(sizeof(P9SeenFid), clear_fid);
    to->owners = list_new(sizeof(P9SeenOwner), clear_owner);
    if (what & P9_INSPECT_REQUESTS) {
        see_requests(s, to);
    }
    if (what & P9_INSPECT_FIDS) {
        see_fids(s, to);
    }
    if (what & P9_INSPECT_OWNERS) {
        see_owners(s, to);
    }
    return to;
}

void p9_inspection_free(P9Inspection *inspection)
{
    if (inspection) {
        g_array_free(inspection->requests, true);
        g_array_free(inspection->fids, true);
        g_array_free(inspection->owners, true);
        g_free(inspection);
    }
}
