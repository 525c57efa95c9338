/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Tversion and Tflush, which concern other requests.
 */
#include "fsdev/core/p9-osdep.h"
#include "9p-ops.h"

static const struct {
    const char *name;
    uint8_t dialect;
} dialects[] = {
    { "9P2000.L", P9_DIALECT_L },
    { "9P2000.u", P9_DIALECT_DOTU },
    { "9P2000", P9_DIALECT_PLAIN },
};

static int negotiate(P9Session *s, const struct P9Tversion *t,
                     struct P9Rversion *r)
{
    s->dialect = P9_DIALECT_NONE;
    s->msize = 0;
    s->opened = false;
    r->msize = MIN(t->msize, s->limits.max_msize);
    r->version = (P9String) { .s = "unknown", .len = strlen("unknown") };
    for (size_t i = 0; i < ARRAY_SIZE(dialects); i++) {
        /* With the length, as "9P2000.L\0junk" is not "9P2000.L". */
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
        s->opened = true;
        r->version = t->version;
    }
    return 0;
}

/* P9_F_ALONE in its row ensures that there is no other request. */
int p9_version_prepare(P9Request *req)
{
    P9Session *s = req->session;
    int ret;

    p9_fid_remove_all(s);
    ret = negotiate(s, &req->t.version, &req->r.version);
    /* An error, too, must be in the dialect that the client asked for. */
    req->header.plain = s->dialect == P9_DIALECT_PLAIN;
    return ret;
}

int p9_flush_prepare(P9Request *req)
{
    return p9_request_flush(req, req->t.flush.oldtag);
}
