/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Encoders, decoders and printers of all messages, expanded from the table.
 *
 * Each expansion of 9p-messages.def below defines one static function for
 * each message (decode_Twalk, encode_Rwalk, …), in which every field of the
 * row becomes one statement.  A table leads from the message number to these
 * functions.  The rules about strings are in the get_*() functions, and those
 * about names in p9_name_check().
 */
#include "fsdev/core/p9-osdep.h"
#include "9p-codec.h"

#define ARENA_CHUNK 4608        /* 16 names of 255 bytes and some more */

/* The state of one decoding, besides the struct that it fills. */
typedef struct Decoder {
    P9Cursor *c;
    P9Arena *arena;
    size_t whole;               /* offset at which a payload ends */
    bool plain;                 /* the optional fields are absent */
    int refused;                /* errno of the first unacceptable field */
} Decoder;

void *p9_arena_alloc(P9Arena *arena, size_t size)
{
    void *p;

    if (!arena->chunk) {
        arena->chunk = g_malloc(ARENA_CHUNK);
    }
    if (size > ARENA_CHUNK - arena->used) {
        p = g_malloc(size);
        arena->extra = g_slist_prepend(arena->extra, p);
        arena->extra_bytes += size;
        return p;
    }
    p = arena->chunk + arena->used;
    arena->used += size;
    return p;
}

void p9_arena_reset(P9Arena *arena)
{
    if (arena->extra) {
        g_slist_free_full(g_steal_pointer(&arena->extra), g_free);
        arena->extra_bytes = 0;
    }
    arena->used = 0;
}

void p9_arena_destroy(P9Arena *arena)
{
    p9_arena_reset(arena);
    g_free(arena->chunk);
    arena->chunk = NULL;
}

static void refuse(Decoder *d, int error)
{
    if (error && !d->refused) {
        d->refused = error;
    }
}

static P9String get_text(Decoder *d)
{
    uint16_t len = p9_get_u16(d->c);
    char *s;

    if (d->c->failed || len > d->c->limit - d->c->pos) {
        d->c->failed = true;
        return (P9String) { .s = "" };
    }
    s = p9_arena_alloc(d->arena, len + 1);
    p9_get_bytes(d->c, s, len);
    s[len] = '\0';
    return (P9String) { .s = s, .len = len };
}

static P9String get_string(Decoder *d)
{
    P9String str = get_text(d);

    if (memchr(str.s, '\0', str.len)) {
        refuse(d, EINVAL);
    }
    return str;
}

/* Returns 1 for ".", 2 for "..", 0 for any other name. */
static uint8_t name_dots(const char *s)
{
    return strcmp(s, ".") ? (strcmp(s, "..") ? 0 : 2) : 1;
}

int p9_name_check(const P9String *name, int dot, int dotdot)
{
    if (memchr(name->s, '\0', name->len)) {
        return -EINVAL;
    }
    if (!name->len || memchr(name->s, '/', name->len)) {
        return -ENOENT;
    }
    if (name->len > P9_NAME_MAX) {
        return -ENAMETOOLONG;
    }
    switch (name_dots(name->s)) {
    case 1:
        return -dot;
    case 2:
        return -dotdot;
    default:
        return 0;
    }
}

static P9Name get_name(Decoder *d, int dot, int dotdot)
{
    P9String str = get_text(d);

    refuse(d, -p9_name_check(&str, dot, dotdot));
    return (P9Name) {
        .s = str.s,
        .len = MIN(str.len, P9_NAME_MAX),
        .dots = name_dots(str.s),
    };
}

static void get_names(Decoder *d, P9Names *names)
{
    names->n = p9_get_u16(d->c);
    if (names->n > P9_MAXWELEM) {
        /* P9Names has no room for more, and a Twalk may not have more. */
        refuse(d, EINVAL);
        names->n = 0;
    }
    for (unsigned i = 0; i < names->n; i++) {
        names->name[i] = get_name(d, 0, 0);
    }
}

P9Qid p9_get_qid(P9Cursor *c)
{
    P9Qid qid;

    qid.type = p9_get_u8(c);
    qid.version = p9_get_u32(c);
    qid.path = p9_get_u64(c);
    return qid;
}

static void get_qids(Decoder *d, P9Qids *qids)
{
    qids->n = p9_get_u16(d->c);
    if (qids->n > P9_MAXWELEM) {
        refuse(d, EINVAL);
        qids->n = 0;
    }
    for (unsigned i = 0; i < qids->n; i++) {
        qids->qid[i] = p9_get_qid(d->c);
    }
}

static P9Data get_data(Decoder *d)
{
    P9Data data;

    /* An initializer list would leave the order of the two reads open. */
    data.count = p9_get_u32(d->c);
    data.offset = d->c->pos;
    if (data.count > d->whole - d->c->pos) {
        d->c->failed = true;
    }
    return data;
}

static P9Stat get_stat(Decoder *d)
{
    P9Stat st = { .plain = d->plain };
    uint16_t outer = p9_get_u16(d->c);
    uint16_t inner = p9_get_u16(d->c);

    st.type = p9_get_u16(d->c);
    st.dev = p9_get_u32(d->c);
    st.qid = p9_get_qid(d->c);
    st.mode = p9_get_u32(d->c);
    st.atime = p9_get_u32(d->c);
    st.mtime = p9_get_u32(d->c);
    st.length = p9_get_u64(d->c);
    st.name = get_string(d);
    st.uid = get_string(d);
    st.gid = get_string(d);
    st.muid = get_string(d);
    if (st.plain) {
        st.extension = (P9String) { .s = "" };
        st.n_uid = st.n_gid = st.n_muid = P9_NONUNAME;
    } else {
        st.extension = get_string(d);
        st.n_uid = p9_get_u32(d->c);
        st.n_gid = p9_get_u32(d->c);
        st.n_muid = p9_get_u32(d->c);
    }
    /* Both counts must agree with the length of the fields. */
    if (outer != (uint16_t)p9_stat_size(&st) ||
        inner != (uint16_t)(outer - 2)) {
        refuse(d, EINVAL);
    }
    return st;
}

static P9String get_optional_string(Decoder *d)
{
    return d->plain ? (P9String) { .s = "" } : get_string(d);
}

void p9_put_qid(P9Cursor *c, const P9Qid *qid)
{
    p9_put_u8(c, qid->type);
    p9_put_u32(c, qid->version);
    p9_put_u64(c, qid->path);
}

static void put_string(P9Cursor *c, const char *s, uint16_t len)
{
    p9_put_u16(c, len);
    p9_put_bytes(c, s, len);
}

static void put_names(P9Cursor *c, const P9Names *names)
{
    p9_put_u16(c, names->n);
    for (unsigned i = 0; i < names->n; i++) {
        put_string(c, names->name[i].s, names->name[i].len);
    }
}

static void put_qids(P9Cursor *c, const P9Qids *qids)
{
    p9_put_u16(c, qids->n);
    for (unsigned i = 0; i < qids->n; i++) {
        p9_put_qid(c, &qids->qid[i]);
    }
}

size_t p9_stat_size(const P9Stat *stat)
{
    size_t size = 2 + 2 + 4 + P9_QID_SZ + 4 + 4 + 4 + 8 + 2 + stat->name.len +
                  2 + stat->uid.len + 2 + stat->gid.len + 2 + stat->muid.len;

    return stat->plain ? size : size + 2 + stat->extension.len + 4 + 4 + 4;
}

void p9_put_stat(P9Cursor *c, const P9Stat *stat)
{
    p9_put_u16(c, p9_stat_size(stat) - 2);
    p9_put_u16(c, stat->type);
    p9_put_u32(c, stat->dev);
    p9_put_qid(c, &stat->qid);
    p9_put_u32(c, stat->mode);
    p9_put_u32(c, stat->atime);
    p9_put_u32(c, stat->mtime);
    p9_put_u64(c, stat->length);
    put_string(c, stat->name.s, stat->name.len);
    put_string(c, stat->uid.s, stat->uid.len);
    put_string(c, stat->gid.s, stat->gid.len);
    put_string(c, stat->muid.s, stat->muid.len);
    if (!stat->plain) {
        put_string(c, stat->extension.s, stat->extension.len);
        p9_put_u32(c, stat->n_uid);
        p9_put_u32(c, stat->n_gid);
        p9_put_u32(c, stat->n_muid);
    }
}

static void put_counted_stat(P9Cursor *c, const P9Stat *stat)
{
    p9_put_u16(c, p9_stat_size(stat));
    p9_put_stat(c, stat);
}

static void put_data(P9Cursor *c, const P9Data *data)
{
    p9_put_u32(c, data->count);
    p9_skip(c, data->count);
}

/* Decoders. */
#define U8(f) m->f = p9_get_u8(d->c);
#define U16(f) m->f = p9_get_u16(d->c);
#define U32(f) m->f = p9_get_u32(d->c);
#define U64(f) m->f = p9_get_u64(d->c);
#define STR(f) m->f = get_string(d);
#define TEXT(f) m->f = get_text(d);
#define NAME(f, dot, dotdot) m->f = get_name(d, dot, dotdot);
#define NAMES(f) get_names(d, &m->f);
#define FID(f, unknown, states, wrong) U32(f)
#define NEWFID(f) U32(f)
#define QID(f) m->f = p9_get_qid(d->c);
#define QIDS(f, names) get_qids(d, &m->f);
#define DATA(f) m->f = get_data(d);
#define STAT(f) m->f = get_stat(d);
#define OPT_U32(f, absent) m->f = d->plain ? (absent) : p9_get_u32(d->c);
#define OPT_STR(f) m->f = get_optional_string(d);
#define T(...) __VA_ARGS__
#define R(...) __VA_ARGS__
#define P9_MESSAGE(number, NAME_, name, dialects, least, flags, \
                   prepare, run, finish, t, r) \
    static void decode_T##name(Decoder *d, P9Tmsg *msg) \
    { \
        struct P9T##name *m G_GNUC_UNUSED = &msg->name; \
        t \
    } \
    static void decode_R##name(Decoder *d G_GNUC_UNUSED, P9Rmsg *msg) \
    { \
        struct P9R##name *m G_GNUC_UNUSED = &msg->name; \
        r \
    }
#include "9p-messages.def"

/* Encoders. */
#define U8(f) p9_put_u8(c, m->f);
#define U16(f) p9_put_u16(c, m->f);
#define U32(f) p9_put_u32(c, m->f);
#define U64(f) p9_put_u64(c, m->f);
#define STR(f) put_string(c, m->f.s, m->f.len);
#define TEXT(f) STR(f)
#define NAME(f, dot, dotdot) STR(f)
#define NAMES(f) put_names(c, &m->f);
#define FID(f, unknown, states, wrong) U32(f)
#define NEWFID(f) U32(f)
#define QID(f) p9_put_qid(c, &m->f);
#define QIDS(f, names) put_qids(c, &m->f);
#define DATA(f) put_data(c, &m->f);
#define STAT(f) put_counted_stat(c, &m->f);
#define OPT_U32(f, absent) U32(f)
#define OPT_STR(f) STR(f)
#define T(...) __VA_ARGS__
#define R(...) __VA_ARGS__
#define P9_MESSAGE(number, NAME_, name, dialects, least, flags, \
                   prepare, run, finish, t, r) \
    static void encode_T##name(P9Cursor *c, const P9Tmsg *msg) \
    { \
        const struct P9T##name *m G_GNUC_UNUSED = &msg->name; \
        t \
    } \
    static void encode_R##name(P9Cursor *c G_GNUC_UNUSED, const P9Rmsg *msg) \
    { \
        const struct P9R##name *m G_GNUC_UNUSED = &msg->name; \
        r \
    }
#include "9p-messages.def"

/* What the content of a request adds to the shortest possible reply. */
#define U8(f)
#define U16(f)
#define U32(f)
#define U64(f)
#define STR(f)
#define QID(f)
#define QIDS(f, names) + P9_QID_SZ * (size_t)t->names.n
#define DATA(f)
#define STAT(f)
#define T(...)
#define R(...) __VA_ARGS__
#define P9_MESSAGE(number, NAME_, name, dialects, least, flags, \
                   prepare, run, finish, t_fields, r_fields) \
    static size_t further_R##name(const P9Tmsg *msg) \
    { \
        const struct P9T##name *t G_GNUC_UNUSED = &msg->name; \
        return 0 r_fields; \
    }
#include "9p-messages.def"

typedef struct Codec {
    P9MessageInfo info;
    void (*decode_request)(Decoder *d, P9Tmsg *t);
    void (*decode_reply)(Decoder *d, P9Rmsg *r);
    void (*encode_request)(P9Cursor *c, const P9Tmsg *t);
    void (*encode_reply)(P9Cursor *c, const P9Rmsg *r);
    size_t (*further_reply)(const P9Tmsg *t);
} Codec;

/* The bytes of a field that are always present. */
#define U8(f) + 1
#define U16(f) + 2
#define U32(f) + 4
#define U64(f) + 8
#define STR(f) + 2
#define TEXT(f) + 2
#define NAME(f, dot, dotdot) + 2
#define QID(f) + P9_QID_SZ
#define QIDS(f, names) + 2
#define DATA(f) + 4
#define STAT(f) + 2 + 2 + 2 + 4 + P9_QID_SZ + 4 + 4 + 4 + 8 + 5 * 2 + 3 * 4
#define T(...)
#define R(...) __VA_ARGS__
static const Codec codecs[] = {
#define P9_MESSAGE(number_, NAME_, name_, dialects_, least_, flags_, \
                   prepare, run, finish, t, r) \
    [number_] = { \
        .info = { \
            .name = #name_, \
            .number = number_, \
            .dialects = P9_DIALECT_##dialects_, \
            .flags = flags_, \
            .least = P9_LEAST_##least_, \
            .min_reply = P9_HDRSZ r, \
            .request_size = sizeof(struct P9T##name_), \
            .reply_size = sizeof(struct P9R##name_), \
        }, \
        .decode_request = decode_T##name_, \
        .decode_reply = decode_R##name_, \
        .encode_request = encode_T##name_, \
        .encode_reply = encode_R##name_, \
        .further_reply = further_R##name_, \
    },
#include "9p-messages.def"
};

static const Codec *codec(uint8_t type)
{
    return type < ARRAY_SIZE(codecs) && codecs[type].info.name
           ? &codecs[type] : NULL;
}

const P9MessageInfo *p9_message_info(uint8_t type)
{
    const Codec *k = codec(type);

    return k ? &k->info : NULL;
}

size_t p9_min_reply(uint8_t type, const P9Tmsg *t)
{
    const Codec *k = codec(type);

    return k->info.min_reply + k->further_reply(t);
}

int p9_decode_header(P9Cursor *c, P9Header *header)
{
    header->size = p9_get_u32(c);
    header->type = p9_get_u8(c);
    header->tag = p9_get_u16(c);
    header->plain = false;
    if (c->failed || header->size < P9_HDRSZ || header->size > c->limit) {
        return -EBADMSG;
    }
    return 0;
}

static void decoder_init(Decoder *d, P9Cursor *c, const P9Header *header,
                         P9Arena *arena)
{
    *d = (Decoder) {
        .c = c,
        .arena = arena,
        .whole = c->limit,
        .plain = header->plain,
    };
    p9_cursor_shrink(c, header->size);
}

int p9_decode_request(P9Cursor *c, const P9Header *header, P9Arena *arena,
                      P9Tmsg *t)
{
    const Codec *k = codec(header->type);
    Decoder d;

    decoder_init(&d, c, header, arena);
    memset(t, 0, k->info.request_size);
    k->decode_request(&d, t);
    return c->failed ? -EBADMSG : -d.refused;
}

int p9_decode_reply(P9Cursor *c, const P9Header *header, P9Arena *arena,
                    P9Rmsg *r)
{
    const Codec *k = codec(header->type - 1);
    Decoder d;

    decoder_init(&d, c, header, arena);
    memset(r, 0, k->info.reply_size);
    k->decode_reply(&d, r);
    return c->failed ? -EBADMSG : -d.refused;
}

static void put_header(P9Cursor *c, uint32_t size, uint8_t type, uint16_t tag)
{
    p9_put_u32(c, size);
    p9_put_u8(c, type);
    p9_put_u16(c, tag);
}

/*
 * The size field comes first but is known last: note where it starts and fill
 * it in at the end.
 */
static ssize_t finish_message(P9Cursor *start, P9Cursor *end, uint8_t type,
                              uint16_t tag)
{
    if (end->failed) {
        return -EMSGSIZE;
    }
    put_header(start, end->pos, type, tag);
    return end->pos;
}

ssize_t p9_encode_reply(P9Cursor *c, uint8_t type, uint16_t tag,
                        const P9Rmsg *r)
{
    P9Cursor start = *c;

    p9_skip(c, P9_HDRSZ);
    codec(type)->encode_reply(c, r);
    return finish_message(&start, c, type + 1, tag);
}

ssize_t p9_encode_request(P9Cursor *c, uint8_t type, uint16_t tag,
                          const P9Tmsg *t)
{
    P9Cursor start = *c;

    p9_skip(c, P9_HDRSZ);
    codec(type)->encode_request(c, t);
    return finish_message(&start, c, type, tag);
}

ssize_t p9_encode_rlerror(P9Cursor *c, uint16_t tag, uint32_t error)
{
    P9Cursor start = *c;

    p9_skip(c, P9_HDRSZ);
    p9_put_u32(c, error);
    return finish_message(&start, c, P9_RLERROR, tag);
}

ssize_t p9_encode_rerror(P9Cursor *c, uint16_t tag, uint32_t error,
                         const char *text, bool plain)
{
    P9Cursor start = *c;
    size_t fixed = P9_HDRSZ + 2 + (plain ? 0 : 4);
    size_t len = strlen(text);

    if (fixed + len > c->limit - c->pos) {
        len = 0;
    }
    p9_skip(c, P9_HDRSZ);
    put_string(c, text, len);
    if (!plain) {
        p9_put_u32(c, error);
    }
    return finish_message(&start, c, P9_RERROR, tag);
}
