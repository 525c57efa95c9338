/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Collected warnings: see warnings.h.
 */
#include "fsdev/core/p9-osdep.h"
#include "warnings.h"

static GMutex lock;
static GString *text;           /* owned */

static void collect(const char *line)
{
    g_mutex_lock(&lock);
    g_string_append(text, line);
    g_mutex_unlock(&lock);
}

void warnings_collect(void)
{
    g_mutex_lock(&lock);
    text = text ?: g_string_new(NULL);
    g_string_truncate(text, 0);
    g_mutex_unlock(&lock);
    g_set_printerr_handler(collect);
}

unsigned warnings_with(const char *wanted)
{
    unsigned count = 0;
    char **lines;

    g_mutex_lock(&lock);
    lines = g_strsplit(text->str, "\n", -1);
    g_mutex_unlock(&lock);
    for (unsigned i = 0; lines[i]; i++) {
        count += strstr(lines[i], wanted) != NULL;
    }
    g_strfreev(lines);
    return count;
}

void warnings_end(void)
{
    g_set_printerr_handler(NULL);
    g_mutex_lock(&lock);
    g_string_free(text, true);
    text = NULL;
    g_mutex_unlock(&lock);
}
