/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A 9P session: creation, reset and end.
 *
 * What is here concerns the session as a whole; single requests are driven by
 * 9p-request.c.  Memory is freed when the owner has let go and the last
 * request and the last file being closed have come back from their workers.
 */
#include "fsdev/core/p9-osdep.h"
#include "9p-request-int.h"
#include "9p-request-pool.h"
#include "9p-request-watch.h"
#include "9p-rows.h"
#include "9p-run.h"
#include "9p-session.h"

static void session_destroy(P9Session *s)
{
    p9_request_free_idle(s);
    fs_budget_trim(&s->budget);
    g_hash_table_destroy(s->fids);
    g_hash_table_destroy(s->lock_owners);
    p9_qid_map_free(s->qids);
    p9_guest_unref(s->guest);
    fs_export_leave_loop(s->export, s->exec->yield);
    fs_export_unref(s->export);
    if (s->gone) {
        s->gone(s->gone_opaque);
    }
    g_free(s);
}

P9Session *p9_session_new(FsExport *export, P9Exec *exec,
                          const P9TransportOps *ops, void *opaque,
                          P9Guest *guest, const P9Limits *limits)
{
    P9Session *s = g_new0(P9Session, 1);

    s->export = fs_export_ref(export);
    s->exec = exec;
    s->ops = ops;
    s->opaque = opaque;
    s->guest = p9_guest_ref(guest);
    s->generation = p9_guest_generation(guest);
    s->limits = *limits;
    fs_budget_init(&s->budget, export);
    s->rows = p9_rows;
    s->qids = p9_qid_map_new(export);
    s->fids = g_hash_table_new(NULL, NULL);
    s->lock_owners = p9_lock_owners_new();
    g_queue_init(&s->active);
    g_queue_init(&s->stopped);
    g_queue_init(&s->due);
    g_queue_init(&s->backlog);
    g_queue_init(&s->answered);
    g_queue_init(&s->idle);
    s->refs = 1;
    s->destroy = session_destroy;
    return s;
}

static void forget_all(P9Session *s)
{
    p9_request_drop_all(s);
    p9_fid_remove_all(s);
    s->dialect = P9_DIALECT_NONE;
    s->msize = 0;
    s->opened = false;
    p9_request_free_idle(s);
    fs_budget_trim(&s->budget);
}

void p9_session_reset(P9Session *s, unsigned generation)
{
    s->generation = generation;
    forget_all(s);
}

void p9_session_free(P9Session *s, void (*gone)(void *opaque), void *opaque)
{
    forget_all(s);
    s->freed = true;
    s->gone = gone;
    s->gone_opaque = opaque;
    p9_session_unref(s);
}

void p9_session_resume(P9Session *s)
{
    p9_request_settle(s);
}

void p9_session_tick(P9Session *s)
{
    p9_request_wake(s, P9_WAIT_LOCK, 0);
    p9_lock_poll(s);
    p9_request_watch_tick(s);
}

void p9_session_busy_done(P9Session *s, int result)
{
    if (p9_fid_hold_done(s, result)) {
        p9_request_wake(s, P9_WAIT_BUSY, result);
    }
}

const P9Stats *p9_session_stats(const P9Session *s)
{
    return &s->stats;
}

void p9_session_info(const P9Session *s, P9SessionInfo *info)
{
    *info = (P9SessionInfo) {
        .fids = g_hash_table_size(s->fids),
        .active = g_queue_get_length((GQueue *)&s->active),
        .msize = s->msize,
        .dialect = s->dialect,
    };
    for (unsigned i = 0; i < FS_BUDGET_ITEMS; i++) {
        info->used[i] = fs_budget_used(&s->budget, i);
    }
}
