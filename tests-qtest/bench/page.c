/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Writes results into a page: see page.h.  Single thread. */
#include <string.h>
#include "page.h"

#define MARK_END "<!-- to here -->\n"

void page_replace(const char *path, const char *name, const char *text)
{
    g_autofree char *mark = g_strdup_printf("<!-- %s writes from here -->\n",
                                            name);
    g_autofree char *old = NULL;
    g_autofree char *page = NULL;
    char *begin, *end;

    if (!g_file_get_contents(path, &old, NULL, NULL)) {
        die("cannot read %s", path);
    }
    begin = strstr(old, mark);
    end = begin ? strstr(begin, MARK_END) : NULL;
    if (!end) {
        die("%s: expected the lines \"%s\" and \"%s\"", path, g_strchomp(mark),
            "<!-- to here -->");
    }
    page = g_strdup_printf("%.*s%s%s", (int)(begin + strlen(mark) - old), old,
                           text, end);
    if (!g_file_set_contents(path, page, -1, NULL)) {
        die("cannot write %s", path);
    }
}
