/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The fields of messages as text, for trace events.
 *
 * The printers are generated from 9p-messages.def.  Context: any thread.
 */
#include "fsdev/core/p9-osdep.h"
#include "9p-codec.h"

static void print_string(GString *to, const char *field, const char *s)
{
    g_autofree char *quoted = g_strescape(s, NULL);

    g_string_append_printf(to, " %s \"%s\"", field, quoted);
}

static void print_names(GString *to, const char *field, const P9Names *names)
{
    g_string_append_printf(to, " %s %u", field, names->n);
    for (unsigned i = 0; i < names->n; i++) {
        print_string(to, "", names->name[i].s);
    }
}

static void print_qid(GString *to, const char *field, const P9Qid *qid)
{
    g_string_append_printf(to, " %s (%02x %08x %" PRIx64 ")", field,
                           qid->type, qid->version, qid->path);
}

static void print_qids(GString *to, const char *field, const P9Qids *qids)
{
    g_string_append_printf(to, " %s %u", field, qids->n);
    for (unsigned i = 0; i < qids->n; i++) {
        print_qid(to, "", &qids->qid[i]);
    }
}

static void print_stat(GString *to, const char *field, const P9Stat *st)
{
    g_string_append_printf(to, " %s", field);
    print_string(to, "name", st->name.s);
    print_qid(to, "qid", &st->qid);
    g_string_append_printf(to, " mode %08x length %" PRIu64 " n_uid %" PRIu32
                           " n_gid %" PRIu32, st->mode, st->length,
                           st->n_uid, st->n_gid);
    print_string(to, "extension", st->extension.s);
}

/* Each field as " NAME VALUE". */
#define U8(f) U64(f)
#define U16(f) U64(f)
#define U32(f) U64(f)
#define U64(f) g_string_append_printf(to, " " #f " %" PRIu64, (uint64_t)m->f);
#define STR(f) print_string(to, #f, m->f.s);
#define TEXT(f) STR(f)
#define NAME(f, dot, dotdot) STR(f)
#define NAMES(f) print_names(to, #f, &m->f);
#define FID(f, unknown, states, wrong) U64(f)
#define NEWFID(f) U64(f)
#define QID(f) print_qid(to, #f, &m->f);
#define QIDS(f, names) print_qids(to, #f, &m->f);
#define DATA(f) g_string_append_printf(to, " count %" PRIu32, m->f.count);
#define STAT(f) print_stat(to, #f, &m->f);
#define OPT_U32(f, absent) U64(f)
#define OPT_STR(f) STR(f)
#define T(...) __VA_ARGS__
#define R(...) __VA_ARGS__
#define P9_MESSAGE(number, NAME_, name, dialects, least, flags, \
                   prepare, run, finish, t, r) \
    static void print_T##name(GString *to, const P9Tmsg *msg) \
    { \
        const struct P9T##name *m G_GNUC_UNUSED = &msg->name; \
        t \
    } \
    static void print_R##name(GString *to G_GNUC_UNUSED, const P9Rmsg *msg) \
    { \
        const struct P9R##name *m G_GNUC_UNUSED = &msg->name; \
        r \
    }
#include "9p-messages.def"

typedef struct Printer {
    void (*request)(GString *to, const P9Tmsg *t);
    void (*reply)(GString *to, const P9Rmsg *r);
} Printer;

static const Printer printers[] = {
#define P9_MESSAGE(number, NAME_, name, dialects, least, flags, \
                   prepare, run, finish, t, r) \
    [number] = { print_T##name, print_R##name },
#include "9p-messages.def"
};

void p9_print_request(GString *to, uint8_t type, const P9Tmsg *t)
{
    printers[type].request(to, t);
}

void p9_print_reply(GString *to, uint8_t type, const P9Rmsg *r)
{
    printers[type].reply(to, r);
}
