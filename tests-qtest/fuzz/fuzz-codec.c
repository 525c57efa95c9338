/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Fuzz program for the codec.
 *
 * Input: a byte of flags, a byte n, n numbers of two bytes that say where the
 * message is cut into pieces, then the message.  For any input, decoding must
 * not read outside the message, and must have the same result with and without
 * the cuts.  A message that it accepts must be as 9p-codec.h says, and encoding
 * it must yield the same bytes.
 */
#include "fsdev/core/p9-osdep.h"
#include "hw/9pfs/9p-codec.h"
#include "fuzz.h"
#include "must.h"

#define MAX_CUTS 7

enum {
    AS_REPLY = 1,
};

typedef struct Decoded {
    int ret;
    P9Header header;
    P9Tmsg t;
    P9Rmsg r;
    P9Arena arena;
} Decoded;

/* The message in pieces, each a heap block of exactly its size. */
typedef struct Pieces {
    struct iovec iov[MAX_CUTS + 1];
    unsigned n;
} Pieces;

static void pieces_init(Pieces *p, const uint8_t *msg, size_t size,
                        const uint8_t *cuts, unsigned n_cuts)
{
    size_t done = 0;

    p->n = 0;
    for (unsigned i = 0; i <= n_cuts; i++) {
        size_t rest = size - done;
        size_t len = rest;

        if (i < n_cuts) {
            len = (cuts[2 * i] | cuts[2 * i + 1] << 8) % (rest + 1);
        }
        p->iov[p->n].iov_base = len ? g_memdup2(msg + done, len) : NULL;
        p->iov[p->n].iov_len = len;
        p->n++;
        done += len;
    }
}

static void pieces_clear(Pieces *p)
{
    for (unsigned i = 0; i < p->n; i++) {
        g_free(p->iov[i].iov_base);
    }
}

static const P9MessageInfo *info_of(const Decoded *d, bool reply)
{
    return p9_message_info(d->header.type - reply);
}

static void decode(Decoded *d, const Pieces *p, bool reply)
{
    P9Cursor c;

    p9_cursor_init(&c, p->iov, p->n, SIZE_MAX);
    d->ret = p9_decode_header(&c, &d->header);
    if (d->ret < 0) {
        MUST(d->ret == -EBADMSG);
        return;
    }
    if (!info_of(d, reply)) {
        d->ret = -EOPNOTSUPP;
        return;
    }
    d->ret = reply ? p9_decode_reply(&c, &d->header, &d->arena, &d->r)
                   : p9_decode_request(&c, &d->header, &d->arena, &d->t);
    MUST(c.pos <= d->header.size);
    MUST(d->ret <= 0);
}

/* Check what 9p-codec.h says about decoded fields. */
static void check_string(P9String s, bool text)
{
    MUST(s.s[s.len] == '\0');
    MUST(text || strlen(s.s) == s.len);
}

static void check_name(P9Name n, int dot, int dotdot)
{
    MUST(n.len > 0 && strlen(n.s) == n.len);
    MUST(!strchr(n.s, '/'));
    MUST((n.dots == 1) == !strcmp(n.s, "."));
    MUST((n.dots == 2) == !strcmp(n.s, ".."));
    MUST(!(n.dots == 1 && dot) && !(n.dots == 2 && dotdot));
}

static void check_names(const P9Names *names)
{
    MUST(names->n <= P9_MAXWELEM);
    for (unsigned i = 0; i < names->n; i++) {
        check_name(names->name[i], 0, 0);
    }
}

static void check_stat(const P9Stat *st)
{
    check_string(st->name, false);
    check_string(st->uid, false);
    check_string(st->gid, false);
    check_string(st->muid, false);
    check_string(st->extension, false);
}

#define U8(f)
#define U16(f)
#define U32(f)
#define U64(f)
#define STR(f) check_string(m->f, false);
#define TEXT(f) check_string(m->f, true);
#define NAME(f, dot, dotdot) check_name(m->f, dot, dotdot);
#define NAMES(f) check_names(&m->f);
#define FID(f, unknown, states, wrong)
#define NEWFID(f)
#define QID(f)
#define QIDS(f, names) MUST(m->f.n <= P9_MAXWELEM);
#define DATA(f) *fields = m->f.offset; \
    MUST(m->f.count <= whole - m->f.offset);
#define STAT(f) check_stat(&m->f);
#define OPT_U32(f, absent)
#define OPT_STR(f) STR(f)
#define T(...) __VA_ARGS__
#define R(...) __VA_ARGS__
#define P9_MESSAGE(number, NAME_, name, dialects, least, flags, \
                   prepare, run, finish, t_, r_) \
    static void check_T##name(const P9Tmsg *t, size_t whole G_GNUC_UNUSED, \
                              size_t *fields G_GNUC_UNUSED) \
    { \
        const struct P9T##name *m G_GNUC_UNUSED = &t->name; \
        t_ \
    } \
    static void check_R##name(const P9Rmsg *r, size_t whole G_GNUC_UNUSED, \
                              size_t *fields G_GNUC_UNUSED) \
    { \
        const struct P9R##name *m G_GNUC_UNUSED = &r->name; \
        r_ \
    }
#include "hw/9pfs/9p-messages.def"

static void check(const Decoded *d, bool reply, size_t whole, size_t *fields)
{
    switch (info_of(d, reply)->number) {
#define P9_MESSAGE(number, NAME_, name, ...) \
    case number: \
        if (reply) { \
            check_R##name(&d->r, whole, fields); \
        } else { \
            check_T##name(&d->t, whole, fields); \
        } \
        break;
#include "hw/9pfs/9p-messages.def"
    }
}

static ssize_t encode(const Decoded *d, bool reply, uint8_t *buf, size_t size)
{
    struct iovec iov = { buf, size };
    uint8_t type = info_of(d, reply)->number;
    P9Cursor c;

    p9_cursor_init(&c, &iov, 1, SIZE_MAX);
    return reply ? p9_encode_reply(&c, type, d->header.tag, &d->r)
                 : p9_encode_request(&c, type, d->header.tag, &d->t);
}

/*
 * Encoding an accepted message yields the same bytes, except for the size field
 * and the payload.
 */
static void check_encoding(const Decoded *d, bool reply, const uint8_t *msg,
                           size_t size)
{
    g_autofree uint8_t *buf = g_malloc(size);
    size_t fields = 0;
    ssize_t len;

    check(d, reply, size, &fields);
    len = encode(d, reply, buf, size);
    MUST(len >= P9_HDRSZ && (size_t)len <= size);
    MUST(!reply || (size_t)len >= info_of(d, reply)->min_reply);
    MUST(!memcmp(buf + 4, msg + 4, (fields ? fields : (size_t)len) - 4));
    MUST((buf[0] | buf[1] << 8 | buf[2] << 16 | (uint32_t)buf[3] << 24) ==
         len);
    /* A buffer with one byte less is too small. */
    g_free(buf);
    buf = g_malloc(len - 1);
    MUST(encode(d, reply, buf, len - 1) == -EMSGSIZE);
}

static void check_printing(const Decoded *d, bool reply)
{
    GString *text = g_string_new(NULL);
    uint8_t type = info_of(d, reply)->number;

    if (reply) {
        p9_print_reply(text, type, &d->r);
    } else {
        p9_print_request(text, type, &d->t);
    }
    for (size_t i = 0; i < text->len; i++) {
        MUST(g_ascii_isprint(text->str[i]));
    }
    g_string_free(text, TRUE);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    Decoded cut = { 0 }, whole = { 0 };
    Pieces pieces, one;
    unsigned n_cuts;
    bool reply;

    if (size < 2) {
        return 0;
    }
    reply = data[0] & AS_REPLY;
    n_cuts = data[1] % (MAX_CUTS + 1);
    if (size < 2 + 2 * n_cuts) {
        return 0;
    }
    pieces_init(&pieces, data + 2 + 2 * n_cuts, size - 2 - 2 * n_cuts,
                data + 2, n_cuts);
    data += 2 + 2 * n_cuts;
    size -= 2 + 2 * n_cuts;
    pieces_init(&one, data, size, NULL, 0);
    decode(&cut, &pieces, reply);
    decode(&whole, &one, reply);
    MUST(cut.ret == whole.ret);
    if (!whole.ret) {
        check_encoding(&whole, reply, data, size);
        check_encoding(&cut, reply, data, size);
        check_printing(&cut, reply);
    }
    pieces_clear(&pieces);
    pieces_clear(&one);
    p9_arena_destroy(&cut.arena);
    p9_arena_destroy(&whole.arena);
    return 0;
}
