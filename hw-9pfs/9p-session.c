/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A 9P session: creation, Tversion, Tflush, reset and end.
 *
 * What is here concerns the session as a whole; single requests are driven by
 * 9p-request.c.  Memory is freed when the owner has let go and the last
 * request and the last file being closed have come back from their workers.
 * Context: event loop, except release_run().
 */
#include "fsdev/core/p9-osdep.h"
#include "9p-session.h"

static const struct {
    const char *name;
    uint8_t dialect;
} dialects[] = {
    { "9P2000.L", P9_DIALECT_L },
    { "9P2000.u", P9_DIALECT_DOTU },
    { "9P2000", P9_DIALECT_PLAIN },
};

P9Session *p9_session_new(FsExport *export, P9Exec *exec,
                          const P9TransportOps *ops, void *opaque,
                          const P9Limits *limits)
{
    P9Session *s = g_new0(P9Session, 1);

    s->export = fs_export_ref(export);
    s->exec = exec;
    s->ops = ops;
    s->opaque = opaque;
    s->limits = *limits;
    s->qids = p9_qid_map_new(&export->config);
    s->fids = g_hash_table_new(NULL, NULL);
    s->lock_owners = p9_lock_owners_new();
    g_queue_init(&s->active);
    g_queue_init(&s->backlog);
    g_queue_init(&s->idle);
    g_queue_init(&s->held);
    g_mutex_init(&s->lock);
    g_cond_init(&s->guest_done);
    s->refs = 1;
    return s;
}

static void session_destroy(P9Session *s)
{
    GList *link;

    while ((link = g_queue_pop_head_link(&s->idle))) {
        P9Request *req = link->data;

        p9_arena_destroy(&req->arena);
        g_free(req->iov);
        g_free(req);
    }
    g_hash_table_destroy(s->fids);
    g_hash_table_destroy(s->lock_owners);
    p9_qid_map_free(s->qids);
    g_mutex_clear(&s->lock);
    g_cond_clear(&s->guest_done);
    fs_export_leave_loop(s->export);
    fs_export_unref(s->export);
    if (s->gone) {
        s->gone(s->gone_opaque);
    }
    g_free(s);
}

void p9_session_unref(P9Session *s)
{
    if (!--s->refs) {
        session_destroy(s);
    }
}

void p9_session_reset(P9Session *s)
{
    GList *link;

    s->refs++;
    s->resets++;
    s->version = NULL;
    g_queue_init(&s->held);
    p9_session_drop_requests(s);
    while ((link = g_queue_pop_head_link(&s->backlog))) {
        P9Request *req = link->data;

        s->ops->drop(s->opaque, req);
        req->state = P9_REQ_IDLE;
        p9_request_free(req);
        p9_session_unref(s);
    }
    p9_fid_remove_all(s);
    s->dialect = P9_DIALECT_NONE;
    s->msize = 0;
    p9_session_unref(s);
}

void p9_session_free(P9Session *s, void (*gone)(void *opaque), void *opaque)
{
    p9_session_reset(s);
    s->freed = true;
    s->gone = gone;
    s->gone_opaque = opaque;
    p9_session_unref(s);
}

/* ---- the VM stops and goes on ---- */

void p9_session_wait_guest(P9Session *s)
{
    g_mutex_lock(&s->lock);
    while (s->guest_users) {
        g_cond_wait(&s->guest_done, &s->lock);
    }
    g_mutex_unlock(&s->lock);
}

void p9_session_pause(P9Session *s)
{
    s->paused = true;
    p9_session_wait_guest(s);
}

void p9_session_resume(P9Session *s)
{
    GList *link;

    s->paused = false;
    while ((link = g_queue_pop_head_link(&s->held))) {
        p9_request_resume(link->data);
    }
}

/* ---- does the session hold anything? ---- */

int p9_session_hold(P9Session *s)
{
    int ret = 0;

    if (s->busy == P9_BUSY_NO) {
        ret = s->ops->set_busy ? s->ops->set_busy(s->opaque, true) : 0;
        if (ret == 0) {
            s->busy = P9_BUSY_YES;
        } else if (ret == -EINPROGRESS) {
            s->busy = P9_BUSY_ASKED;
        }
    }
    return s->busy == P9_BUSY_ASKED ? -EINPROGRESS : ret;
}

void p9_session_let_go(P9Session *s)
{
    if (s->busy != P9_BUSY_NO && s->ops->set_busy) {
        s->ops->set_busy(s->opaque, false);
    }
    s->busy = P9_BUSY_NO;
}

void p9_session_busy_done(P9Session *s, int result)
{
    g_autoptr(GPtrArray) waiters = g_ptr_array_new();
    unsigned resets = s->resets;

    if (s->busy != P9_BUSY_ASKED) {
        return;
    }
    s->busy = result < 0 ? P9_BUSY_NO : P9_BUSY_YES;
    for (GList *l = s->active.head; l; l = l->next) {
        P9Request *req = l->data;

        if (req->state == P9_REQ_PARKED && req->header.type == P9_TATTACH) {
            g_ptr_array_add(waiters, req);
        }
    }
    for (unsigned i = 0; i < waiters->len && resets == s->resets; i++) {
        if (result < 0) {
            p9_request_complete(waiters->pdata[i], result);
        } else {
            p9_request_retry(waiters->pdata[i]);
        }
    }
}

void p9_session_info(const P9Session *s, P9SessionInfo *info)
{
    *info = (P9SessionInfo) {
        .fids = g_hash_table_size(s->fids),
        .active = g_queue_get_length((GQueue *)&s->active),
        .xattr_fids = s->xattr_fids,
        .msize = s->msize,
        .dialect = s->dialect,
    };
}

/* A file or locker being closed that nobody waits for. */
typedef struct Release {
    P9Job job;
    P9Session *session;         /* counted */
    FsFile *file;
    FsLocker *locker;
} Release;

static void release_run(P9Job *job)
{
    Release *release = container_of(job, Release, job);

    fs_release(release->file);
    fs_locker_close(release->locker);
}

static void release_done(P9Job *job)
{
    Release *release = container_of(job, Release, job);

    if (release->locker) {
        p9_locks_changed(release->session);
    }
    p9_session_unref(release->session);
    g_free(release);
}

void p9_session_release(P9Session *s, FsFile *file, FsLocker *locker)
{
    Release *release = g_new0(Release, 1);

    release->job.run = release_run;
    release->job.done = release_done;
    release->session = s;
    release->file = file;
    release->locker = locker;
    s->refs++;
    s->exec->submit(s->exec, &release->job);
}

/* ---- Tversion ---- */

static bool version_can_go(P9Session *s)
{
    return s->version && g_queue_get_length(&s->active) == 1;
}

static int version_negotiate(P9Session *s, const struct P9Tversion *t,
                             struct P9Rversion *r)
{
    s->dialect = P9_DIALECT_NONE;
    s->msize = 0;
    r->msize = MIN(t->msize, s->limits.max_msize);
    r->version = (P9String) { .s = "unknown", .len = strlen("unknown") };
    for (size_t i = 0; i < ARRAY_SIZE(dialects); i++) {
        /* By length: "9P2000.L\0junk" is not 9P2000.L. */
        if (t->version.len != strlen(dialects[i].name) ||
            memcmp(t->version.s, dialects[i].name, t->version.len)) {
            continue;
        }
        if (t->msize < P9_MIN_MSIZE) {
            p9_warn_once("9p: client asked for an msize below %d",
                         P9_MIN_MSIZE);
            return -EMSGSIZE;
        }
        s->dialect = dialects[i].dialect;
        s->msize = r->msize;
        r->version = t->version;
    }
    return 0;
}

static void backlog_go_on(P9Session *s)
{
    GList *link;

    if (s->in_backlog) {
        return;
    }
    s->in_backlog = true;
    while (!s->version && (link = g_queue_pop_head_link(&s->backlog))) {
        p9_request_start(link->data);
    }
    s->in_backlog = false;
}

static void version_go(P9Session *s)
{
    P9Request *req = s->version;
    int ret;

    s->version = NULL;
    p9_fid_remove_all(s);
    ret = version_negotiate(s, &req->t.version, &req->r.version);
    /* Even if that is an error: the client waits for one of its dialect. */
    req->header.plain = s->dialect == P9_DIALECT_PLAIN;
    p9_request_complete(req, ret);
    backlog_go_on(s);
}

int p9_version_prepare(P9Request *req)
{
    P9Session *s = req->session;
    unsigned resets = s->resets;
    GList *next;

    /*
     * A new session: what has not begun never will, what runs is awaited,
     * what arrives meanwhile waits.
     */
    for (GList *l = s->active.head; l; l = next) {
        next = l->next;
        if (l->data != req) {
            p9_request_cancel(l->data);
        }
        if (resets != s->resets) {
            return P9_LATER;
        }
    }
    s->version = req;
    if (version_can_go(s)) {
        version_go(s);
    }
    return P9_LATER;
}

/* ---- Tflush ---- */

int p9_flush_prepare(P9Request *req)
{
    P9Session *s = req->session;
    unsigned resets = s->resets;
    GList *next;

    for (GList *l = s->active.head; l; l = next) {
        P9Request *old = l->data;

        next = l->next;
        if (old == req || old->header.tag != req->t.flush.oldtag) {
            continue;
        }
        if (!p9_request_cancel(old)) {
            old->flushes = g_slist_append(old->flushes, req);
            req->flush_waits++;
        }
        if (resets != s->resets) {
            return P9_LATER;
        }
    }
    if (!req->flush_waits) {
        p9_request_complete(req, 0);
    }
    return P9_LATER;
}

void p9_session_ended(P9Session *s, P9Request *req)
{
    GSList *flushes = g_steal_pointer(&req->flushes);
    unsigned resets = s->resets;

    for (GSList *l = flushes; l && resets == s->resets; l = l->next) {
        P9Request *flush = l->data;

        if (!--flush->flush_waits) {
            p9_request_complete(flush, 0);
        }
    }
    g_slist_free(flushes);
    if (version_can_go(s)) {
        version_go(s);
    }
}
