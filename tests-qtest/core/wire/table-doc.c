/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The message table as a page of the developer manual.
 *
 * Everything printed comes from an expansion of 9p-messages.def, so the page
 * agrees with the code.  test-table-doc.c compares the committed page with
 * this output; "make table" regenerates the page.
 */
#include "fsdev/core/p9-osdep.h"
#include "hw/9pfs/9p-codec.h"
#include "table-doc.h"

typedef struct Row {
    unsigned number;
    const char *name;
    const char *dialects;
    const char *least;
    uint16_t flags;
    const char *steps;
    const char *request;
    const char *reply;
    const char *rules;
} Row;

/* A message's fields, each " name[size]". */
#define U8(f) " " #f "[1]"
#define U16(f) " " #f "[2]"
#define U32(f) " " #f "[4]"
#define U64(f) " " #f "[8]"
#define STR(f) " " #f "[s]"
#define TEXT(f) " " #f "[s]"
#define NAME(f, dot, dotdot) " " #f "[s]"
#define NAMES(f) " n[2] n×(" #f "[s])"
#define FID(f, unknown, states, wrong) " " #f "[4]"
#define NEWFID(f) " " #f "[4]"
#define QID(f) " " #f "[13]"
#define QIDS(f, names) " n[2] n×(" #f "[13])"
#define DATA(f) " count[4] " #f "[count]"
#define STAT(f) " n[2] " #f "[n]"
#define OPT_U32(f, absent) " [" #f "[4]]"
#define OPT_STR(f) " [" #f "[s]]"
#define T(...) "" __VA_ARGS__
#define R(...) "" __VA_ARGS__
#define P9_MESSAGE(number, NAME_, name, dialects, least, flags, \
                   prepare, run, finish, t, r) \
    static const char request_##name[] = t; \
    static const char reply_##name[] = r;
#include "hw/9pfs/9p-messages.def"

/* What is checked in a request's fields before prepare is called. */
#define U8(f)
#define U16(f)
#define U32(f)
#define U64(f)
#define STR(f) #f ": no NUL|"
#define TEXT(f) #f ": any bytes|"
#define NAME(f, dot, dotdot) \
    #f ": a component; ``.`` " #dot ", ``..`` " #dotdot "|"
#define NAMES(f) #f ": at most 16 components|"
#define FID_ANY(error) ""
#define FID_GIVEN_UP(error) ""
#define FID_NONE(error) ", opened " error
#define FID_DIR(error) ", no open directory " error
#define FID_OPEN(error) ", not open " error
#define FID_READABLE(error) ", not readable " error
#define FID_WRITABLE(error) ", not writable " error
#define FID(f, unknown, states, wrong) \
    #f ": unknown " #unknown FID_##states(#wrong) "|"
#define NEWFID(f) #f ": NOFID or in use EINVAL|"
#define QID(f)
#define QIDS(f, names)
#define DATA(f)
#define STAT(f) #f ": strings without NUL|"
#define OPT_U32(f, absent) #f ": not in 9P2000, then " #absent "|"
#define OPT_STR(f) #f ": not in 9P2000; no NUL|"
#define T(...) "" __VA_ARGS__
#define P9_MESSAGE(number, NAME_, name, dialects, least, flags, \
                   prepare, run, finish, t, r) \
    static const char rules_##name[] = t;
#include "hw/9pfs/9p-messages.def"

#define STEP_prepare_YES " prepare"
#define STEP_prepare_NO ""
#define STEP_run_YES " run"
#define STEP_run_NO ""
#define STEP_finish_YES " finish"
#define STEP_finish_NO ""
static const Row rows[] = {
#define P9_MESSAGE(number_, NAME_, name_, dialects_, least_, flags_, \
                   prepare_, run_, finish_, t, r) \
    { \
        .number = number_, .name = #name_, .dialects = #dialects_, \
        .least = #least_, .flags = flags_, \
        .steps = STEP_prepare_##prepare_ STEP_run_##run_ \
                 STEP_finish_##finish_, \
        .request = request_##name_, .reply = reply_##name_, \
        .rules = rules_##name_, \
    },
#include "hw/9pfs/9p-messages.def"
};

static void add_flags(GString *page, uint16_t flags)
{
    static const struct {
        uint16_t bit;
        const char *text;
    } names[] = {
        { P9_F_WRITES, "writes" },
        { P9_F_MUST_RUN, "must run" },
        { P9_F_GUEST_MEM, "guest memory" },
        { P9_F_GATED, "throttled" },
        { P9_F_NO_SESSION, "before a session" },
        { P9_F_YIELDS, "yields" },
        { P9_F_ALONE, "alone" },
        { P9_F_META, "metadata" },
    };
    const char *between = "";

    for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
        if (flags & names[i].bit) {
            g_string_append_printf(page, "%s%s", between, names[i].text);
            between = ", ";
        }
    }
}

/* Append the rules "a: b|c: d|" as "a: b; c: d". */
static void add_rules(GString *page, const char *rules)
{
    g_auto(GStrv) parts = g_strsplit(rules, "|", -1);

    for (unsigned i = 0; parts[i] && *parts[i]; i++) {
        g_string_append_printf(page, "%s%s", i ? "; " : "", parts[i]);
    }
}

static const char *dialect_text(const char *dialects)
{
    return !strcmp(dialects, "ALL") ? ".L .u"
           : !strcmp(dialects, "L") ? ".L" : ".u";
}

static void add_cell(GString *page, const char *text, bool literal)
{
    g_string_append(page, "     -");
    if (*text) {
        g_string_append_printf(page, literal ? " ``%s``" : " %s", text);
    }
    g_string_append_c(page, '\n');
}

/* The list that a row's macros made begins with a space unless it is empty. */
static const char *without_space(const char *list)
{
    return *list ? list + 1 : list;
}

static void add_layout(GString *page)
{
    g_string_append(page,
        "Layout\n"
        "======\n"
        "\n"
        "Every message begins with ``size[4] type[1] tag[2]``. The type of a "
        "reply is\n"
        "one more than that of its request. ``[s]`` stands for a length of "
        "two bytes and\n"
        "that many bytes.\n"
        "\n"
        ".. list-table::\n"
        "   :header-rows: 1\n"
        "   :widths: 7 13 35 45\n"
        "\n"
        "   * - type\n"
        "     - message\n"
        "     - request\n"
        "     - reply\n");
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        g_string_append_printf(page, "   * - %u\n", rows[i].number);
        add_cell(page, rows[i].name, false);
        add_cell(page, without_space(rows[i].request), true);
        add_cell(page, without_space(rows[i].reply), true);
    }
}

static void add_handling(GString *page)
{
    g_string_append(page,
        "\n"
        "Handling\n"
        "========\n"
        "\n"
        ".. list-table::\n"
        "   :header-rows: 1\n"
        "   :widths: 13 9 9 21 16 32\n"
        "\n"
        "   * - message\n"
        "     - dialects\n"
        "     - least wait\n"
        "     - flags\n"
        "     - steps\n"
        "     - checked first\n");
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        const Row *row = &rows[i];
        g_autoptr(GString) flags = g_string_new(NULL);
        g_autoptr(GString) rules = g_string_new(NULL);

        add_flags(flags, row->flags);
        add_rules(rules, row->rules);
        g_string_append_printf(page, "   * - %s\n", row->name);
        add_cell(page, dialect_text(row->dialects), false);
        add_cell(page, row->least, false);
        add_cell(page, flags->str, false);
        add_cell(page, without_space(row->steps), false);
        add_cell(page, rules->str, false);
    }
}

char *table_doc(void)
{
    GString *page = g_string_new(
        ".. SPDX-License-" "Identifier: GPL-2.0-or-later\n"
        ".. Made by \"make -C tests-qtest/core table\"; do not edit.\n"
        "\n"
        ".. _9p-messages:\n"
        "\n"
        "=========================\n"
        "Messages of the 9p server\n"
        "=========================\n"
        "\n"
        "Each line below is one row of ``hw/9pfs/9p-messages.def``. The "
        "comment at the\n"
        "top of that file explains the columns.\n"
        "\n");

    add_layout(page);
    add_handling(page);
    return g_string_free(page, FALSE);
}
