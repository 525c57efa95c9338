/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The committed page of the developer manual agrees with the message table.
 */
#include "fsdev/core/p9-osdep.h"
#include "table-doc.h"

static void test_page(void)
{
    g_autofree char *path = g_test_build_filename(
        G_TEST_DIST, "docs", "devel", "9p-messages.rst", NULL);
    g_autofree char *wanted = table_doc();
    g_autofree char *there = NULL;
    g_autoptr(GError) error = NULL;
    g_auto(GStrv) want_lines = g_strsplit(wanted, "\n", -1);
    g_auto(GStrv) have_lines = NULL;

    g_file_get_contents(path, &there, NULL, &error);
    g_assert_no_error(error);
    have_lines = g_strsplit(there, "\n", -1);
    for (unsigned i = 0; want_lines[i] && have_lines[i]; i++) {
        if (strcmp(have_lines[i], want_lines[i])) {
            g_test_message("line %u differs; write the page with "
                           "\"make -C tests-qtest/core table\"", i + 1);
        }
        g_assert_cmpstr(have_lines[i], ==, want_lines[i]);
    }
    g_assert_cmpuint(g_strv_length(have_lines), ==,
                     g_strv_length(want_lines));
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/table/page", test_page);
    return g_test_run();
}
