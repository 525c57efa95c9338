/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Sample messages made from the message table: see sample.h.
 *
 * Each expansion of the table turns the fields of a row into one statement of
 * a fill or compare function.
 */
#include "fsdev/core/p9-osdep.h"
#include "sample.h"

/* The next value of a number: its bytes count up and are never 0. */
static uint64_t next_value(Sample *s, unsigned bytes)
{
    uint64_t v = 0;

    for (unsigned i = 0; i < bytes; i++) {
        s->next = s->next % 255 + 1;
        v |= (uint64_t)s->next << (8 * i);
    }
    return v;
}

static void put_number(Sample *s, uint64_t v, unsigned bytes)
{
    for (unsigned i = 0; i < bytes; i++) {
        uint8_t b = v >> (8 * i);

        g_byte_array_append(s->wire, &b, 1);
    }
}

static void add_field(Sample *s, const char *name, FieldKind kind, int dot,
                      int dotdot)
{
    Field field = {
        .name = name, .kind = kind, .offset = s->wire->len,
        .dot = dot, .dotdot = dotdot,
    };

    g_array_append_val(s->fields, field);
}

static uint64_t fill_number(Sample *s, const char *field, FieldKind kind,
                            unsigned bytes)
{
    uint64_t v = next_value(s, bytes);

    add_field(s, field, kind, 0, 0);
    put_number(s, v, bytes);
    return v;
}

static P9String fill_bytes(Sample *s, const char *field)
{
    size_t at = s->wire->len;
    size_t len;
    char *bytes;

    s->strings++;
    g_array_append_val(s->string_at, at);
    if (s->options->nth == s->strings) {
        len = s->options->n_bytes;
        bytes = g_malloc(len + 1);
        memcpy(bytes, s->options->bytes, len);
        bytes[len] = '\0';
    } else if (s->options->empty) {
        bytes = g_strdup("");
        len = 0;
    } else {
        bytes = g_strdup_printf("%s-%u", field, s->strings);
        len = strlen(bytes);
    }
    g_ptr_array_add(s->owned, bytes);
    put_number(s, len, 2);
    g_byte_array_append(s->wire, (uint8_t *)bytes, len);
    return (P9String) { .s = bytes, .len = len };
}

static P9String fill_string(Sample *s, const char *field, FieldKind kind)
{
    add_field(s, field, kind, 0, 0);
    return fill_bytes(s, field);
}

static P9Name fill_component(Sample *s, const char *field)
{
    P9String str = fill_bytes(s, field);

    return (P9Name) {
        .s = str.s,
        .len = MIN(str.len, 255),
        .dots = !strcmp(str.s, ".") ? 1 : !strcmp(str.s, "..") ? 2 : 0,
    };
}

static P9Name fill_name(Sample *s, const char *field, int dot, int dotdot)
{
    add_field(s, field, FIELD_NAME, dot, dotdot);
    return fill_component(s, field);
}

static unsigned elements(Sample *s)
{
    if (s->options->empty) {
        return 0;
    }
    return s->options->elements ? s->options->elements : 3;
}

static P9Names fill_names(Sample *s, const char *field)
{
    P9Names names = { .n = elements(s) };

    add_field(s, field, FIELD_NAMES, 0, 0);
    put_number(s, names.n, 2);
    for (unsigned i = 0; i < names.n; i++) {
        P9Name name = fill_component(s, field);

        if (i < P9_MAXWELEM) {
            names.name[i] = name;
        }
    }
    return names;
}

static P9Qid fill_one_qid(Sample *s)
{
    P9Qid qid;

    qid.type = next_value(s, 1);
    qid.version = next_value(s, 4);
    qid.path = next_value(s, 8);
    put_number(s, qid.type, 1);
    put_number(s, qid.version, 4);
    put_number(s, qid.path, 8);
    return qid;
}

static P9Qid fill_qid(Sample *s, const char *field)
{
    add_field(s, field, FIELD_QID, 0, 0);
    return fill_one_qid(s);
}

static P9Qids fill_qids(Sample *s, const char *field)
{
    P9Qids qids = { .n = elements(s) };

    add_field(s, field, FIELD_QIDS, 0, 0);
    put_number(s, qids.n, 2);
    for (unsigned i = 0; i < qids.n; i++) {
        P9Qid qid = fill_one_qid(s);

        if (i < P9_MAXWELEM) {
            qids.qid[i] = qid;
        }
    }
    return qids;
}

static P9Data fill_data(Sample *s, const char *field)
{
    P9Data data = { .count = 5 };

    if (s->options->payload) {
        data.count = s->options->payload;
    }
    if (s->options->empty) {
        data.count = 0;
    }
    add_field(s, field, FIELD_DATA, 0, 0);
    put_number(s, data.count, 4);
    data.offset = s->wire->len;
    s->fields_end = s->wire->len;
    for (uint32_t i = 0; i < data.count; i++) {
        put_number(s, next_value(s, 1), 1);
    }
    return data;
}

/* Append a byte count whose value set_count() fills in later. */
static size_t reserve_count(Sample *s)
{
    put_number(s, 0, 2);
    return s->wire->len;
}

static void set_count(Sample *s, size_t from)
{
    size_t count = s->wire->len - from;

    s->wire->data[from - 2] = count;
    s->wire->data[from - 1] = count >> 8;
}

static P9Stat fill_stat(Sample *s, const char *field)
{
    size_t outer, inner;
    P9Stat st = { 0 };

    add_field(s, field, FIELD_STAT, 0, 0);
    outer = reserve_count(s);
    inner = reserve_count(s);
    st.type = next_value(s, 2);
    put_number(s, st.type, 2);
    st.dev = next_value(s, 4);
    put_number(s, st.dev, 4);
    st.qid = fill_one_qid(s);
    st.mode = next_value(s, 4);
    put_number(s, st.mode, 4);
    st.atime = next_value(s, 4);
    put_number(s, st.atime, 4);
    st.mtime = next_value(s, 4);
    put_number(s, st.mtime, 4);
    st.length = next_value(s, 8);
    put_number(s, st.length, 8);
    st.name = fill_bytes(s, "name");
    st.uid = fill_bytes(s, "uid");
    st.gid = fill_bytes(s, "gid");
    st.muid = fill_bytes(s, "muid");
    st.extension = fill_bytes(s, "extension");
    st.n_uid = next_value(s, 4);
    put_number(s, st.n_uid, 4);
    st.n_gid = next_value(s, 4);
    put_number(s, st.n_gid, 4);
    st.n_muid = next_value(s, 4);
    put_number(s, st.n_muid, 4);
    set_count(s, outer);
    set_count(s, inner);
    return st;
}

#define U8(f) m->f = fill_number(s, #f, FIELD_U8, 1);
#define U16(f) m->f = fill_number(s, #f, FIELD_U16, 2);
#define U32(f) m->f = fill_number(s, #f, FIELD_U32, 4);
#define U64(f) m->f = fill_number(s, #f, FIELD_U64, 8);
#define STR(f) m->f = fill_string(s, #f, FIELD_STR);
#define TEXT(f) m->f = fill_string(s, #f, FIELD_TEXT);
#define NAME(f, dot, dotdot) m->f = fill_name(s, #f, dot, dotdot);
#define NAMES(f) m->f = fill_names(s, #f);
#define FID(f, unknown, states, wrong) \
    m->f = fill_number(s, #f, FIELD_FID, 4);
#define NEWFID(f) m->f = fill_number(s, #f, FIELD_NEWFID, 4);
#define QID(f) m->f = fill_qid(s, #f);
#define QIDS(f, names) m->f = fill_qids(s, #f);
#define DATA(f) m->f = fill_data(s, #f);
#define STAT(f) m->f = fill_stat(s, #f);
#define OPT_U32(f, absent) U32(f)
#define OPT_STR(f) STR(f)
#define T(...) __VA_ARGS__
#define R(...) __VA_ARGS__
#define P9_MESSAGE(number, NAME_, name, dialects, least, flags, \
                   prepare, run, finish, t_, r_) \
    static void fill_T##name(Sample *s) \
    { \
        struct P9T##name *m G_GNUC_UNUSED = &s->t.name; \
        t_ \
    } \
    static void fill_R##name(Sample *s G_GNUC_UNUSED) \
    { \
        struct P9R##name *m G_GNUC_UNUSED = &s->r.name; \
        r_ \
    }
#include "hw/9pfs/9p-messages.def"

static bool same_string(P9String a, P9String b)
{
    return a.len == b.len && !memcmp(a.s, b.s, a.len) &&
           a.s[a.len] == '\0' && b.s[b.len] == '\0';
}

static bool same_name(P9Name a, P9Name b)
{
    return a.len == b.len && a.dots == b.dots && !strcmp(a.s, b.s);
}

static bool same_names(const P9Names *a, const P9Names *b)
{
    if (a->n != b->n) {
        return false;
    }
    for (unsigned i = 0; i < a->n; i++) {
        if (!same_name(a->name[i], b->name[i])) {
            return false;
        }
    }
    return true;
}

static bool same_qid(P9Qid a, P9Qid b)
{
    return a.type == b.type && a.version == b.version && a.path == b.path;
}

static bool same_qids(const P9Qids *a, const P9Qids *b)
{
    if (a->n != b->n) {
        return false;
    }
    for (unsigned i = 0; i < a->n; i++) {
        if (!same_qid(a->qid[i], b->qid[i])) {
            return false;
        }
    }
    return true;
}

static bool same_stat(const P9Stat *a, const P9Stat *b)
{
    return a->plain == b->plain && a->type == b->type && a->dev == b->dev &&
           same_qid(a->qid, b->qid) && a->mode == b->mode &&
           a->atime == b->atime && a->mtime == b->mtime &&
           a->length == b->length && same_string(a->name, b->name) &&
           same_string(a->uid, b->uid) && same_string(a->gid, b->gid) &&
           same_string(a->muid, b->muid) &&
           same_string(a->extension, b->extension) &&
           a->n_uid == b->n_uid && a->n_gid == b->n_gid &&
           a->n_muid == b->n_muid;
}

#define U8(f) && a->f == b->f
#define U16(f) U8(f)
#define U32(f) U8(f)
#define U64(f) U8(f)
#define STR(f) && same_string(a->f, b->f)
#define TEXT(f) STR(f)
#define NAME(f, dot, dotdot) && same_name(a->f, b->f)
#define NAMES(f) && same_names(&a->f, &b->f)
#define FID(f, unknown, states, wrong) U8(f)
#define NEWFID(f) U8(f)
#define QID(f) && same_qid(a->f, b->f)
#define QIDS(f, names) && same_qids(&a->f, &b->f)
#define DATA(f) && a->f.count == b->f.count && a->f.offset == b->f.offset
#define STAT(f) && same_stat(&a->f, &b->f)
#define OPT_U32(f, absent) U8(f)
#define OPT_STR(f) STR(f)
#define T(...) __VA_ARGS__
#define R(...) __VA_ARGS__
#define P9_MESSAGE(number, NAME_, name, dialects, least, flags, \
                   prepare, run, finish, t_, r_) \
    static bool same_T##name(const P9Tmsg *x, const P9Tmsg *y) \
    { \
        const struct P9T##name *a G_GNUC_UNUSED = &x->name; \
        const struct P9T##name *b G_GNUC_UNUSED = &y->name; \
        return true t_; \
    } \
    static bool same_R##name(const P9Rmsg *x, const P9Rmsg *y) \
    { \
        const struct P9R##name *a G_GNUC_UNUSED = &x->name; \
        const struct P9R##name *b G_GNUC_UNUSED = &y->name; \
        return true r_; \
    }
#include "hw/9pfs/9p-messages.def"

const SampleRow sample_rows[] = {
#define P9_MESSAGE(number_, NAME_, name_, ...) \
    { number_, #name_, fill_T##name_, fill_R##name_, \
      same_T##name_, same_R##name_ },
#include "hw/9pfs/9p-messages.def"
};
const unsigned n_sample_rows = ARRAY_SIZE(sample_rows);

void sample_set_size(uint8_t *wire, uint32_t size)
{
    for (unsigned i = 0; i < 4; i++) {
        wire[i] = size >> (8 * i);
    }
}

Sample *sample_new(const SampleRow *row, bool reply,
                   const SampleOptions *options)
{
    static const SampleOptions defaults;
    Sample *s = g_new0(Sample, 1);

    s->options = options ? options : &defaults;
    s->next = s->options->numbers;
    s->reply = reply;
    s->type = row->number + reply;
    s->tag = 0xfeed;
    s->wire = g_byte_array_new();
    s->fields = g_array_new(FALSE, FALSE, sizeof(Field));
    s->string_at = g_array_new(FALSE, FALSE, sizeof(size_t));
    s->owned = g_ptr_array_new_with_free_func(g_free);
    put_number(s, 0, 4);
    put_number(s, s->type, 1);
    put_number(s, s->tag, 2);
    if (reply) {
        row->fill_r(s);
    } else {
        row->fill_t(s);
    }
    if (!s->fields_end) {
        s->fields_end = s->wire->len;
    }
    sample_set_size(s->wire->data, s->wire->len);
    s->options = NULL;
    return s;
}

void sample_free(Sample *s)
{
    if (s) {
        g_byte_array_unref(s->wire);
        g_array_unref(s->fields);
        g_array_unref(s->string_at);
        g_ptr_array_unref(s->owned);
        g_free(s);
    }
}

char *sample_layout(const SampleRow *row, bool reply)
{
    static const char *const how[] = {
        [FIELD_U8] = "%s[1]", [FIELD_U16] = "%s[2]", [FIELD_U32] = "%s[4]",
        [FIELD_U64] = "%s[8]", [FIELD_STR] = "%s[s]", [FIELD_TEXT] = "%s[s]",
        [FIELD_NAME] = "%s[s]", [FIELD_NAMES] = "n[2] n*(%s[s])",
        [FIELD_FID] = "%s[4]", [FIELD_NEWFID] = "%s[4]",
        [FIELD_QID] = "%s[13]", [FIELD_QIDS] = "n[2] n*(%s[13])",
        [FIELD_DATA] = "count[4] %s[count]",
        [FIELD_STAT] = "n[2] %s[n]",
    };
    g_autoptr(Sample) s = sample_new(row, reply, NULL);
    GString *text = g_string_new(NULL);

    for (unsigned i = 0; i < s->fields->len; i++) {
        const Field *field = &g_array_index(s->fields, Field, i);
        g_auto(GStrv) parts = g_strsplit(how[field->kind], "%s", 2);

        g_string_append_printf(text, "%s%s%s%s", i ? " " : "", parts[0],
                               field->name, parts[1]);
    }
    return g_string_free(text, FALSE);
}
