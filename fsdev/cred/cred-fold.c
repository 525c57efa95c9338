/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Spellings of a name where case is ignored: see cred-fold.h.
 */
#include "fsdev/core/p9-osdep.h"
#include "fsdev/cred/cred-fold.h"

/* The property Default_Ignorable_Code_Point. */
static const struct {
    gunichar first, last;
} ignorable[] = {
    { 0x00ad, 0x00ad }, { 0x034f, 0x034f }, { 0x061c, 0x061c },
    { 0x115f, 0x1160 }, { 0x17b4, 0x17b5 }, { 0x180b, 0x180f },
    { 0x200b, 0x200f }, { 0x202a, 0x202e }, { 0x2060, 0x206f },
    { 0x3164, 0x3164 }, { 0xfe00, 0xfe0f }, { 0xfeff, 0xfeff },
    { 0xffa0, 0xffa0 }, { 0xfff0, 0xfff8 }, { 0x1bca0, 0x1bca3 },
    { 0x1d173, 0x1d17a }, { 0xe0000, 0xe0fff },
};

static bool is_ignorable(gunichar c)
{
    for (size_t i = 0; i < ARRAY_SIZE(ignorable); i++) {
        if (c >= ignorable[i].first && c <= ignorable[i].last) {
            return true;
        }
    }
    return false;
}

static gunichar fold(gunichar c)
{
    switch (c) {
    case 0x017f:
        return 's';
    case 0x212a:
        return 'k';
    default:
        return c < 0x80 ? (gunichar)g_ascii_tolower(c) : c;
    }
}

bool cred_folds_to(const char *name, const char *ascii)
{
    const char *p = name;

    while (*p) {
        gunichar c = g_utf8_get_char_validated(p, -1);

        if (c & 0x80000000u) {
            return false;       /* not UTF-8: such a name is not folded */
        }
        p = g_utf8_next_char(p);
        if (is_ignorable(c)) {
            continue;
        }
        if (fold(c) != (gunichar)(uint8_t)*ascii) {
            return false;
        }
        ascii++;
    }
    return !*ascii;
}
