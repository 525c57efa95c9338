/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The text of metadata files: see cred-text.h. */
#include "fsdev/core/p9-osdep.h"
#include "fsdev/cred/cred-text.h"

/* Returns 1 with *@out set when @text is a decimal number, 0 otherwise. */
static int parse_number(const char *text, uint64_t *out)
{
    const char *digits = text + (*text == '-');
    char *end;

    if (!g_ascii_isdigit(*digits)) {
        return 0;
    }
    errno = 0;
    *out = *text == '-' ? (uint64_t)g_ascii_strtoll(text, &end, 10)
                        : g_ascii_strtoull(text, &end, 10);
    while (g_ascii_isspace(*end)) {
        end++;
    }
    return errno == 0 && *end == '\0';
}

/*
 * Programs that write this format print 32-bit values by "%d", so large ids and
 * device numbers appear as negative numbers.  -1 is not a value.
 */
static int parse_u32(const char *text, uint32_t *out)
{
    uint64_t number;

    if (!parse_number(text, &number) ||
        (number > UINT32_MAX && (int64_t)number < INT32_MIN) ||
        (number > UINT32_MAX && *text != '-') ||
        (uint32_t)number == UINT32_MAX) {
        return 0;
    }
    *out = number;
    return 1;
}

static void parse_line(const char *line, CredValues *values)
{
    uint32_t small;

    if (g_str_has_prefix(line, "virtfs.uid=")) {
        if (parse_u32(line + 11, &values->uid)) {
            values->valid |= FS_SET_UID;
        }
    } else if (g_str_has_prefix(line, "virtfs.gid=")) {
        if (parse_u32(line + 11, &values->gid)) {
            values->valid |= FS_SET_GID;
        }
    } else if (g_str_has_prefix(line, "virtfs.mode=")) {
        if (parse_u32(line + 12, &values->mode)) {
            values->valid |= FS_SET_MODE;
        }
    } else if (g_str_has_prefix(line, "virtfs.rdev=")) {
        if (parse_u32(line + 12, &small)) {
            values->rdev = small;
            values->has_rdev = true;
        } else if (line[12] != '-' && parse_number(line + 12, &values->rdev)) {
            values->has_rdev = true;
        }
    } else if (!strcmp(line, "virtfs.whiteouts=1")) {
        values->whiteouts = true;
    }
}

void cred_text_parse(char *text, CredValues *values)
{
    char *next;

    memset(values, 0, sizeof(*values));
    for (char *line = text; line; line = next) {
        next = strchr(line, '\n');
        if (next) {
            *next++ = '\0';
        }
        parse_line(line, values);
    }
}

char *cred_text_format(const CredValues *values)
{
    GString *text = g_string_new(NULL);

    if (values->valid & FS_SET_UID) {
        g_string_append_printf(text, "virtfs.uid=%d\n", (int)values->uid);
    }
    if (values->valid & FS_SET_GID) {
        g_string_append_printf(text, "virtfs.gid=%d\n", (int)values->gid);
    }
    if (values->valid & FS_SET_MODE) {
        g_string_append_printf(text, "virtfs.mode=%d\n", (int)values->mode);
    }
    /* By "%d" this one would become "-1", which is not a value. */
    if (values->has_rdev && values->rdev < UINT32_MAX) {
        g_string_append_printf(text, "virtfs.rdev=%d\n", (int)values->rdev);
    } else if (values->has_rdev) {
        g_string_append_printf(text, "virtfs.rdev=%" PRIu64 "\n",
                               values->rdev);
    }
    if (values->whiteouts) {
        g_string_append(text, "virtfs.whiteouts=1\n");
    }
    return g_string_free(text, FALSE);
}
