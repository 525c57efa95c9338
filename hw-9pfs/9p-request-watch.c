/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A warning about storage that does not answer: see 9p-request-watch.h.
 *
 * While a session has jobs, its timer comes at least once in each period.  A
 * job that is older than a period then is what the warning is about.  A session
 * without jobs needs no timer.
 */
#include "fsdev/core/p9-osdep.h"
#include "fsdev/core/fs-trace.h"
#include "fsdev/core/fs-warn.h"
#include "9p-request-watch.h"

#define PERIOD_MS 10000
#define NS_PER_MS 1000000u

static uint64_t period_ns(const P9Session *s)
{
    return (uint64_t)(s->limits.hang_ms ?: PERIOD_MS) * NS_PER_MS;
}

static void arm(P9Session *s, uint64_t now)
{
    if (s->ops->set_timer && s->watch_at > now) {
        s->ops->set_timer(s->opaque, (s->watch_at - now) / NS_PER_MS + 1);
    }
}

void p9_request_watch(P9Request *req)
{
    P9Session *s = req->session;

    if (!s->watch_at) {
        s->watch_at = req->clock.left + period_ns(s);
        arm(s, req->clock.left);
    }
}

static void warn(const P9Request *req, uint64_t age_ns)
{
    FsExport *export = req->session->export;
    g_autofree char *path = NULL;

    if (fs_warn_due(export, FS_WARN_HANG)) {
        path = req->node[0] ? fs_trace_path(req->node[0]) : NULL;
        fs_warn(export, FS_WARN_HANG, "storage of the host has not answered "
                "a T%s of '%s' for %u s; other requests are served meanwhile, "
                "look at that file system or server", req->info->name,
                path ?: "/", (unsigned)(age_ns / NS_PER_MS / 1000));
    }
}

void p9_request_watch_tick(P9Session *s)
{
    uint64_t now = p9_stats_now();
    bool jobs = false;

    if (!s->watch_at || s->freed) {
        return;
    }
    if (now < s->watch_at) {
        arm(s, now);            /* the timer came for something else */
        return;
    }
    for (GList *l = s->active.head; l; l = l->next) {
        const P9Request *req = l->data;

        if (req->state != P9_REQ_WORKER) {
            continue;
        }
        jobs = true;
        if (now - req->clock.left >= period_ns(s)) {
            warn(req, now - req->clock.left);
            break;
        }
    }
    s->watch_at = jobs ? now + period_ns(s) : 0;
    arm(s, now);
}
