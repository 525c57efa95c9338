/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A 9P client that talks to a session directly: see client.h. */
#include "fsdev/core/p9-osdep.h"
#include "hw/9pfs/9p-request-int.h"
#include "client.h"
#include "guarded.h"

#define TEST_TAG 1000           /* of client_ask() */

/* ---- the transport ---- */

static void call_take_back(Call *call, CallState state)
{
    g_assert_cmpint(call->state, ==, CALL_PENDING);
    call->state = state;
    call->order = ++call->client->returned;
    call->client->pending--;
    call->req = NULL;
    g_ptr_array_set_size(call->lent, 0);
}

static bool carries_payload(uint8_t type)
{
    return type == P9_TREAD || type == P9_TREADDIR;
}

static unsigned client_dialect(Client *c)
{
    P9SessionInfo info;

    client_info(c, &info);
    return info.dialect;
}

/* An Rerror has a text, followed by an errno except in plain 9P2000. */
static void call_check_rerror(Call *call, P9Cursor *c)
{
    uint16_t len = p9_get_u16(c);

    g_assert_cmpuint(client_dialect(call->client) & P9_DIALECT_U, !=, 0);
    p9_skip(c, len);
    call->error = INT_MAX;
    if (client_dialect(call->client) == P9_DIALECT_DOTU) {
        call->error = p9_get_u32(c);
        g_assert_cmpint(call->error, >, 0);
        g_assert_cmpint(call->error, <, 4096);
    }
    g_assert_false(c->failed);
    g_assert_cmpuint(c->pos, ==, call->reply->len);
}

/* Check what must hold for every reply. */
static void call_check_reply(Call *call)
{
    struct iovec iov = { call->reply->data, call->reply->len };
    P9Header header;
    P9Cursor c;

    p9_cursor_init(&c, &iov, 1, SIZE_MAX);
    g_assert_cmpint(p9_decode_header(&c, &header), ==, 0);
    g_assert_cmpuint(header.size, ==, call->reply->len);
    g_assert_cmpuint(header.tag, ==, call->tag);
    if (header.type == P9_RLERROR) {
        g_assert_cmpuint(header.size, ==, P9_RLERROR_SZ);
        call->error = p9_get_u32(&c);
        g_assert_cmpint(call->error, >, 0);
        g_assert_cmpint(call->error, <, 4096);
        return;
    }
    if (header.type == P9_RERROR) {
        call_check_rerror(call, &c);
        return;
    }
    header.plain = client_dialect(call->client) == P9_DIALECT_PLAIN;
    g_assert_cmpuint(header.type, ==, call->type + 1);
    g_assert_cmpint(p9_decode_reply(&c, &header, &call->arena, &call->r), ==,
                    0);
    if (carries_payload(call->type)) {
        g_assert_cmpuint(call->r.read.data.count, <=, call->asked);
    }
}

static void client_push(void *opaque, P9Request *req, size_t len)
{
    Client *c = opaque;
    Call *call = p9_request_element(req);
    size_t room = iov_size(call->in, 2);

    g_assert_true(call->client == c);
    g_assert_cmpuint(len, <=, room);
    for (unsigned i = 0; i < 2; i++) {
        size_t n = MIN(call->in[i].iov_len, len - call->reply->len);

        if (n) {
            g_byte_array_append(call->reply, call->in[i].iov_base, n);
        }
    }
    call_take_back(call, len ? CALL_ANSWERED : CALL_FLUSHED);
    if (len) {
        call_check_reply(call);
    }
    if (c->on_push) {
        c->on_push(c);
    }
}

static void client_broken(void *opaque G_GNUC_UNUSED, P9Request *req,
                          const char *why)
{
    g_assert_nonnull(why);
    call_take_back(p9_request_element(req), CALL_BROKEN);
}

static int client_set_busy(void *opaque, bool busy)
{
    Client *c = opaque;

    if (busy && c->refuse_busy) {
        return c->refuse_busy;
    }
    c->busy = busy;
    return 0;
}

static bool client_more(void *opaque)
{
    const Client *c = opaque;

    return c->more;
}

static void client_set_timer(void *opaque, unsigned ms G_GNUC_UNUSED)
{
    Client *c = opaque;

    g_assert_nonnull(c->session);
    c->timer = true;
}

static void client_trace(Client *c, const char *kind, uint16_t tag,
                         const P9MessageInfo *info, GString *fields)
{
    if (c->traced) {
        g_string_append_printf(c->traced, "%s%s tag %u%s\n", kind,
                               info ? info->name : "unknown", tag,
                               fields->str);
    }
    g_string_free(fields, TRUE);
}

static void client_trace_request(void *opaque, uint16_t tag,
                                 const P9MessageInfo *info, const P9Tmsg *t)
{
    GString *text = g_string_new(NULL);
    Client *c = opaque;

    c->traced_requests++;
    p9_print_request(text, info->number, t);
    client_trace(c, "T", tag, info, text);
}

static void client_trace_reply(void *opaque, uint16_t tag,
                               const P9MessageInfo *info, int result,
                               const P9Rmsg *r)
{
    GString *text = g_string_new(NULL);
    Client *c = opaque;

    c->traced_replies++;
    if (result >= 0) {
        p9_print_reply(text, info->number, r);
    } else {
        g_string_append_printf(text, " error %d", -result);
    }
    client_trace(c, "R", tag, info, text);
}

static const P9TransportOps client_ops = {
    .push = client_push,
    .broken = client_broken,
    .set_busy = client_set_busy,
    .set_timer = client_set_timer,
    .more = client_more,
    .trace_request = client_trace_request,
    .trace_reply = client_trace_reply,
};

/* ---- client and calls ---- */

static void call_free(void *opaque)
{
    Call *call = opaque;

    g_byte_array_unref(call->reply);
    g_ptr_array_unref(call->lent);
    p9_arena_destroy(&call->arena);
    g_free(call);
}

Client *client_new(FsExport *export, ClientKind kind, const P9Limits *limits)
{
    static const P9Limits defaults = { .max_msize = 512000 };
    Client *c = g_new0(Client, 1);

    c->export = export;
    c->exec = test_exec_new(kind == CLIENT_THREADS ? 4 : 0);
    c->by_hand = kind == CLIENT_STEPPED;
    c->scratch = g_byte_array_new();
    c->calls = g_ptr_array_new_with_free_func(call_free);
    c->limits = limits ? *limits : defaults;
    c->guest = p9_guest_new();
    c->session = p9_session_new(export, test_exec_base(c->exec), &client_ops,
                                c, c->guest, &c->limits);
    return c;
}

Client *client_start(FsExport *export, ClientKind kind)
{
    Client *c = client_new(export, kind, NULL);
    bool by_hand = c->by_hand;

    c->by_hand = false;
    g_assert_cmpint(client_version(c, 65536, "9P2000.L"), ==, 0);
    g_assert_cmpint(client_attach(c, 0, 0), ==, 0);
    c->by_hand = by_hand;
    return c;
}

Client *client_start_files(void)
{
    Client *c = client_start(memfs_open(), CLIENT_INLINE);

    memfs_add(c->export, "file", "0123456789");
    memfs_add(c->export, "dir", NULL);
    g_assert_cmpint(client_walk(c, 0, 1, "file"), ==, 0);
    g_assert_cmpint(client_walk(c, 0, 2, "dir"), ==, 0);
    return c;
}

void client_revoke(Client *c)
{
    p9_guest_shut(c->guest);
    for (unsigned i = 0; i < c->calls->len; i++) {
        Call *call = c->calls->pdata[i];

        if (call->state == CALL_PENDING) {
            call_take_back(call, CALL_DROPPED);
        }
    }
    p9_guest_revoke(c->guest);
    p9_guest_open(c->guest);
}

void client_follow(Client *c)
{
    p9_session_reset(c->session, p9_guest_generation(c->guest));
}

void client_reset(Client *c)
{
    client_revoke(c);
    g_assert_cmpuint(c->pending, ==, 0);
    client_follow(c);
}

void client_pause(Client *c)
{
    p9_guest_shut(c->guest);
}

void client_resume(Client *c)
{
    p9_guest_open(c->guest);
    p9_session_resume(c->session);
}

void client_end(Client *c)
{
    client_revoke(c);
    p9_session_free(g_steal_pointer(&c->session), NULL, NULL);
    g_assert_cmpuint(c->pending, ==, 0);
    g_assert_false(c->busy);
}

void client_free(Client *c)
{
    if (!c) {
        return;
    }
    if (c->session) {
        client_end(c);
    }
    test_exec_drain(c->exec);
    test_exec_free(c->exec);
    /*
     * The session was the other owner: this closes the export, which checks
     * that no node and no file is left.
     */
    g_assert_cmpint(c->export->refs, ==, 1);
    g_assert_cmpint(c->export->xattr_fids, ==, 0);
    fs_export_unref(c->export);
    p9_guest_unref(c->guest);
    g_ptr_array_unref(c->calls);
    g_byte_array_unref(c->scratch);
    g_free(c);
}

/* Lend @size bytes in two pieces; each call cuts them at another place. */
static void call_lend(Call *call, struct iovec iov[2], const uint8_t *bytes,
                      size_t size)
{
    size_t cut = size ? call->client->calls->len * 7 % (size + 1) : 0;

    for (unsigned i = 0; i < 2; i++) {
        size_t at = i ? cut : 0;
        size_t n = i ? size - cut : cut;
        Guarded *piece = guarded_new(bytes ? bytes + at : NULL, n);

        g_ptr_array_add(call->lent, piece);
        iov[i] = (struct iovec) { n ? piece->bytes : NULL, n };
    }
}

static Call *client_submit(Client *c, const uint8_t *bytes, size_t size,
                           size_t in, uint32_t asked)
{
    Call *call = g_new0(Call, 1);

    call->client = c;
    call->asked = asked;
    call->reply = g_byte_array_new();
    call->lent = g_ptr_array_new_with_free_func((GDestroyNotify)guarded_free);
    if (size >= P9_HDRSZ) {
        call->type = bytes[4];
        call->tag = bytes[5] | bytes[6] << 8;
    }
    call_lend(call, call->out, bytes, size);
    call_lend(call, call->in, NULL, in);
    g_ptr_array_add(c->calls, call);
    c->pending++;
    call->req = p9_request_new(c->session, call);
    p9_request_submit(call->req, call->out, 2, call->in, 2);
    return call;
}

Call *client_send_bytes(Client *c, const void *bytes, size_t size, size_t in)
{
    return client_submit(c, bytes, size, in, UINT32_MAX);
}

/* Encode a message into c->scratch; returns its size. */
static size_t client_encode(Client *c, uint8_t type, uint16_t tag,
                            const P9Tmsg *t, const void *payload)
{
    uint32_t n = type == P9_TWRITE ? t->write.data.count : 0;
    size_t room = 1024 + n;
    ssize_t len;

    do {
        struct iovec iov;
        P9Cursor cursor;

        room *= 2;
        if (c->scratch->len < room) {
            g_byte_array_set_size(c->scratch, room);
        }
        iov = (struct iovec) { c->scratch->data, room };
        p9_cursor_init(&cursor, &iov, 1, SIZE_MAX);
        len = p9_encode_request(&cursor, type, tag, t);
    } while (len == -EMSGSIZE);
    g_assert_cmpint(len, >, 0);
    if (payload) {
        memcpy(c->scratch->data + len - n, payload, n);
    } else if (n) {
        memset(c->scratch->data + len - n, 0, n);
    }
    return len;
}

Call *client_send(Client *c, uint8_t type, uint16_t tag, const P9Tmsg *t,
                  const void *payload)
{
    uint32_t asked = UINT32_MAX;
    size_t in = 4096;
    P9SessionInfo info;
    size_t len = client_encode(c, type, tag, t, payload);

    if (carries_payload(type)) {
        client_info(c, &info);
        asked = type == P9_TREAD ? t->read.count : t->readdir.count;
        in = P9_IO_HDRSZ + MIN(asked, MAX(info.msize, 4096) - P9_IO_HDRSZ);
    }
    return client_submit(c, c->scratch->data, len,
                         c->in_bytes ? c->in_bytes : in, asked);
}

bool client_is_parked(Call *call)
{
    return call->state == CALL_PENDING &&
           call->req->state == P9_REQ_PARKED;
}

bool client_is_job(Call *call)
{
    return call->state == CALL_PENDING &&
           call->req->state == P9_REQ_WORKER;
}

P9Job *client_job(Call *call)
{
    g_assert_true(client_is_job(call));
    return &call->req->kept.job;
}

void client_run(Call *call)
{
    g_assert_true(test_exec_run(call->client->exec, client_job(call)));
}

void client_report(Call *call)
{
    g_assert_true(test_exec_report(call->client->exec, client_job(call)));
}

void client_wait(Call *call)
{
    Client *c = call->client;

    if (c->by_hand && client_is_job(call)) {
        client_run(call);
        client_report(call);
    }
    while (!c->by_hand && call->state == CALL_PENDING) {
        g_assert_true(test_exec_step(c->exec));
    }
    g_assert_cmpint(call->state, !=, CALL_PENDING);
}

int client_ask(Client *c, uint8_t type, const P9Tmsg *t)
{
    Call *call = client_send(c, type, TEST_TAG, t, NULL);

    client_wait(call);
    g_assert_cmpint(call->state, ==, CALL_ANSWERED);
    return -call->error;
}

Call *client_last(Client *c)
{
    return g_ptr_array_index(c->calls, c->calls->len - 1);
}

void client_tick(Client *c)
{
    g_assert_true(c->timer);
    c->timer = false;
    p9_session_tick(c->session);
}

void client_info(Client *c, P9SessionInfo *info)
{
    p9_session_info(c->session, info);
}

MemStats client_mem(Client *c)
{
    MemStats stats;

    memfs_stats(c->export, &stats);
    return stats;
}

/* ---- requests that every test needs ---- */

int client_version(Client *c, uint32_t msize, const char *version)
{
    return ASK(c, version, .msize = msize, .version = P9STR(version));
}

int client_attach(Client *c, uint32_t fid, uint32_t uid)
{
    return ASK(c, attach, .fid = fid, .afid = P9_NOFID, .uname = P9STR(""),
               .aname = P9STR(""), .n_uname = uid);
}

int client_attach_to(Client *c, uint32_t fid, const char *aname)
{
    return ASK(c, attach, .fid = fid, .afid = P9_NOFID, .uname = P9STR(""),
               .aname = P9STR(aname));
}

P9Tmsg client_walk_msg(uint32_t fid, uint32_t newfid, const char *path,
                       char **parts)
{
    P9Tmsg t = { .walk = { .fid = fid, .newfid = newfid } };

    for (unsigned i = 0; *path && parts[i]; i++) {
        g_assert_cmpuint(i, <, P9_MAXWELEM);
        t.walk.names.name[t.walk.names.n++] = P9NAME(parts[i]);
    }
    return t;
}

int client_walk(Client *c, uint32_t fid, uint32_t newfid, const char *path)
{
    g_auto(GStrv) parts = g_strsplit(path, "/", -1);
    P9Tmsg t = client_walk_msg(fid, newfid, path, parts);
    int ret = client_ask(c, P9_TWALK, &t);

    if (!ret && client_last(c)->r.walk.qids.n < t.walk.names.n) {
        return -ENOENT;
    }
    return ret;
}

int client_open(Client *c, uint32_t fid, const char *path, uint32_t flags)
{
    int ret = client_walk(c, 0, fid, path);

    return ret < 0 ? ret : ASK(c, lopen, .fid = fid, .flags = flags);
}

ssize_t client_read(Client *c, uint32_t fid, uint64_t offset, uint32_t count)
{
    int ret = ASK(c, read, .fid = fid, .offset = offset, .count = count);

    return ret < 0 ? ret : (ssize_t)client_last(c)->r.read.data.count;
}

Call *client_send_write(Client *c, uint16_t tag, uint32_t fid,
                        uint64_t offset, const void *data, uint32_t count)
{
    P9Tmsg t = { .write = { .fid = fid, .offset = offset,
                            .data = { .count = count } } };

    return client_send(c, P9_TWRITE, tag, &t, count ? data : NULL);
}

ssize_t client_write(Client *c, uint32_t fid, uint64_t offset,
                     const void *data, uint32_t count)
{
    Call *call = client_send_write(c, TEST_TAG, fid, offset, data, count);

    client_wait(call);
    g_assert_cmpint(call->state, ==, CALL_ANSWERED);
    return call->error ? -call->error : (ssize_t)call->r.write.count;
}

void client_check_content(Client *c, const char *path, const char *text)
{
    g_autofree char *there = memfs_content(c->export, path);

    g_assert_cmpstr(there, ==, text);
}

void client_check_payload(Client *c, const char *text)
{
    const Call *call = client_last(c);

    g_assert_cmpmem(call->reply->data + P9_IO_HDRSZ,
                    call->reply->len - P9_IO_HDRSZ, text, strlen(text));
}

int client_set_xattr(Client *c, uint32_t fid, const char *name,
                     const void *value, size_t size, uint32_t flags)
{
    int ret = ASK(c, xattrcreate, .fid = fid, .name = P9STR(name),
                  .size = size, .flags = flags);

    if (!ret && size) {
        ssize_t n = client_write(c, fid, 0, value, size);

        ret = MIN(n, 0);
    }
    return ret < 0 ? ret : ASK(c, clunk, .fid = fid);
}

P9Stat client_keep_all(void)
{
    return (P9Stat) {
        .type = UINT16_MAX, .dev = UINT32_MAX,
        .qid = { UINT8_MAX, UINT32_MAX, UINT64_MAX },
        .mode = UINT32_MAX, .atime = UINT32_MAX, .mtime = UINT32_MAX,
        .length = UINT64_MAX, .name = P9STR(""), .uid = P9STR(""),
        .gid = P9STR(""), .muid = P9STR(""), .extension = P9STR(""),
        .n_uid = UINT32_MAX, .n_gid = UINT32_MAX, .n_muid = UINT32_MAX,
    };
}
