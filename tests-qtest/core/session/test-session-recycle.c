/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A P9Request is recycled for many messages, and no message may be affected by
 * an earlier one.
 *
 * Each message of the table is sent in two equal sessions, once in a new
 * request and once in a recycled one, filled with garbage except for the fields
 * that are kept.  The replies, the tickets of the throttle and the trace must
 * be the same, and what the functions of the row fill in must be zero before.
 */
#include "fsdev/core/p9-osdep.h"
#include "hw/9pfs/9p-request-int.h"
#include "hw/9pfs/9p-request-pool.h"
#include "hw/9pfs/9p-rows.h"
#include "session/gate.h"

/* The fids of each session; XATTR_READ and XATTR_WRITE only in 9P2000.L. */
enum {
    ROOT, OPEN_FILE, OPEN_DIR, FILE_FID, DIR_FID, XATTR_READ, XATTR_WRITE,
    UNKNOWN, FIDS,
};

/* The values of a message's fields */
typedef struct Fill {
    uint32_t fid;               /* the first fid; a second is FILE_FID */
    uint64_t number;            /* all other numbers */
    const char *name;           /* names and strings */
} Fill;

static const struct {
    uint64_t number;
    const char *name;
    bool sleepy;                /* see memfs_sleepy() */
} fills[] = {
    { 0, "", false },
    { 1, "file", false },
    { 1, "file", true },
    { 512, "dir", false },
    { 0x80000000u, "new", false },
};

static const struct {
    const char *version;
    uint8_t bit;
} dialects[] = {
    { "9P2000.L", P9_DIALECT_L },
    { "9P2000.u", P9_DIALECT_DOTU },
    { "9P2000", P9_DIALECT_PLAIN },
};

/* The stat of a Twstat that changes the name, or nothing if it is empty */
static P9Stat stat_from(const Fill *fill)
{
    const P9String none = P9STR("");

    return (P9Stat) {
        .type = UINT16_MAX, .dev = UINT32_MAX,
        .qid = { UINT8_MAX, UINT32_MAX, UINT64_MAX },
        .mode = UINT32_MAX, .atime = UINT32_MAX, .mtime = UINT32_MAX,
        .length = UINT64_MAX, .name = P9STR(fill->name), .uid = none,
        .gid = none, .muid = none, .extension = none,
        .n_uid = UINT32_MAX, .n_gid = UINT32_MAX, .n_muid = UINT32_MAX,
    };
}

/* fill_<message>(): set the fields of a message from a Fill. */
#define U8(f) m->f = fill->number;
#define U16(f) m->f = fill->number;
#define U32(f) m->f = fill->number;
#define U64(f) m->f = fill->number;
#define STR(f) m->f = P9STR(fill->name);
#define TEXT(f) m->f = P9STR("9P2000.L");
#define NAME(f, dot, dotdot) m->f = P9NAME(fill->name);
#define NAMES(f) m->f.n = 1; m->f.name[0] = P9NAME(fill->name);
#define FID(f, unknown, states, wrong) m->f = fid; fid = FILE_FID;
#define NEWFID(f) m->f = 50;
#define DATA(f) m->f.count = 5;
#define STAT(f) m->f = stat_from(fill);
#define OPT_U32(f, absent) m->f = fill->number;
#define OPT_STR(f) m->f = P9STR(fill->name);
#define T(...) __VA_ARGS__
#define P9_MESSAGE(number, NAME_, name, dialects, least, flags, \
                   prepare, run, finish, t_fields, r) \
    static void fill_##name(const Fill *fill, P9Tmsg *t) \
    { \
        uint32_t fid G_GNUC_UNUSED = fill->fid; \
        struct P9T##name *m = &t->name; \
        t_fields \
    }
#include "hw/9pfs/9p-messages.def"

static const struct {
    const char *name;
    uint8_t type;
    void (*fill)(const Fill *fill, P9Tmsg *t);
} messages[] = {
#define P9_MESSAGE(number, NAME_, name, ...) { #name, number, fill_##name },
#include "hw/9pfs/9p-messages.def"
};

/* ---- two equal sessions ---- */

static void open_fid(Client *c, uint32_t fid, const char *path, bool dotl)
{
    uint32_t mode = strcmp(path, "dir") ? O_RDWR : O_RDONLY;

    g_assert_cmpint(client_walk(c, ROOT, fid, path), ==, 0);
    g_assert_cmpint(dotl ? ASK(c, lopen, .fid = fid, .flags = mode)
                         : ASK(c, open, .fid = fid, .mode = mode), ==, 0);
}

static Client *start(const char *dialect)
{
    Client *c = client_new(memfs_open(), CLIENT_INLINE, NULL);
    bool dotl = !strcmp(dialect, "9P2000.L");

    memfs_add(c->export, "file", "0123456789");
    memfs_add(c->export, "dir", NULL);
    g_assert_cmpint(client_version(c, 65536, dialect), ==, 0);
    g_assert_cmpint(client_attach(c, ROOT, 1000), ==, 0);
    open_fid(c, OPEN_FILE, "file", dotl);
    open_fid(c, OPEN_DIR, "dir", dotl);
    g_assert_cmpint(client_walk(c, ROOT, FILE_FID, "file"), ==, 0);
    g_assert_cmpint(client_walk(c, ROOT, DIR_FID, "dir"), ==, 0);
    if (dotl) {
        g_assert_cmpint(ASK(c, xattrwalk, .fid = FILE_FID,
                            .newfid = XATTR_READ, .name = P9STR("")), ==, 0);
        g_assert_cmpint(client_walk(c, ROOT, XATTR_WRITE, "file"), ==, 0);
        g_assert_cmpint(ASK(c, xattrcreate, .fid = XATTR_WRITE, .size = 8,
                            .name = P9STR("user.x")), ==, 0);
    }
    return c;
}

/* Free all idle requests, so that the next message gets a new one. */
static void forget_idle(Client *c)
{
    p9_request_free_idle(c->session);
}

/* Overwrite everything in the idle requests that a message may change. */
static void spoil_idle(Client *c, uint8_t with)
{
    g_assert_nonnull(c->session->idle.head);
    for (GList *l = c->session->idle.head; l; l = l->next) {
        P9Request *req = l->data;
        P9RequestKept kept = req->kept;

        memset(req, with, sizeof(*req));
        req->kept = kept;
    }
}

static bool is_zero(const void *from, const void *to)
{
    const uint8_t *p = from;

    while (p < (const uint8_t *)to && !*p) {
        p++;
    }
    return p == to;
}

/* The pin() of each row, the first function that sees the message */
static int pin_and_check(P9Request *req)
{
    g_assert_true(is_zero(&req->nfids, &req->t));
    g_assert_true(is_zero(&req->r, (uint8_t *)&req->r +
                                       req->info->reply_size));
    return p9_rows[req->info->number].pin(req);
}

static void check_rows(Client *c)
{
    static P9RowOps checking[UINT8_MAX + 1];

    for (unsigned i = 0; i < ARRAY_SIZE(messages); i++) {
        uint8_t type = messages[i].type;

        checking[type] = p9_rows[type];
        checking[type].pin = pin_and_check;
    }
    c->session->rows = checking;
}

typedef struct Case {
    const char *dialect;
    unsigned message;
    unsigned nth;               /* of fills[] */
    uint32_t fid;
} Case;

/* All observable results of a message, as text */
static char *observe(const Case *k, bool recycled)
{
    g_autoptr(Client) c = start(k->dialect);
    GString *seen = g_string_new(NULL);
    Fill fill = {
        .fid = k->fid,
        .number = fills[k->nth].number,
        .name = fills[k->nth].name,
    };
    P9SessionInfo info;
    P9Tmsg t;
    Gate gate;
    Call *call;

    if (recycled) {
        spoil_idle(c, k->fid % 2 ? 0xff : 0x5a);
        check_rows(c);
    } else {
        forget_idle(c);
    }
    memset(&t, 0, sizeof(t));
    messages[k->message].fill(&fill, &t);
    memfs_sleepy(c->export, fills[k->nth].sleepy);
    gate_install(&gate, c, true);
    c->traced = seen;
    call = client_send(c, messages[k->message].type, 3, &t, NULL);
    client_wait(call);
    test_exec_drain(c->exec);
    memfs_sleepy(c->export, false);
    g_string_append_printf(seen, "state %d error %d\nreply ", call->state,
                           call->error);
    for (unsigned i = 0; i < call->reply->len; i++) {
        g_string_append_printf(seen, "%02x", call->reply->data[i]);
    }
    client_info(c, &info);
    g_string_append_printf(seen, "\nthrottle %s\nfids %u xattr %zu active %u\n",
                           gate.log->str, info.fids,
                           info.used[FS_BUDGET_XATTRS], info.active);
    c->traced = NULL;
    gate_remove(&gate, c);
    return g_string_free(seen, FALSE);
}

static void check(const Case *k)
{
    g_autofree char *fresh = observe(k, false);
    g_autofree char *recycled = observe(k, true);

    if (strcmp(fresh, recycled)) {
        g_test_message("%s: T%s of fid %u, fields filled with %" PRIx64,
                       k->dialect, messages[k->message].name, k->fid,
                       fills[k->nth].number);
    }
    g_assert_cmpstr(fresh, ==, recycled);
}

static void test_message(const void *data)
{
    Case k = { .message = GPOINTER_TO_UINT(data) };
    const P9MessageInfo *info = p9_message_info(messages[k.message].type);

    for (unsigned d = 0; d < ARRAY_SIZE(dialects); d++) {
        bool legal = info->dialects & dialects[d].bit;
        unsigned n_fills = legal ? ARRAY_SIZE(fills) : 1;

        k.dialect = dialects[d].version;
        for (k.nth = 0; k.nth < n_fills; k.nth++) {
            for (k.fid = ROOT; k.fid < (legal ? FIDS : ROOT + 1); k.fid++) {
                check(&k);
            }
        }
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    for (unsigned i = 0; i < ARRAY_SIZE(messages); i++) {
        g_autofree char *path = g_strdup_printf("/session/recycled/%s",
                                                messages[i].name);

        g_test_add_data_func(path, GUINT_TO_POINTER(i), test_message);
    }
    return g_test_run();
}
