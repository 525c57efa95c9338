/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What virtfs-proxy-helper says about itself: its version, which is that of
 * this stack, and its options.
 */
#include "fsdev/core/p9-osdep.h"
#include "fsdev/core/version.h"

/* The standard output of the helper with one option; it must succeed. */
static char *output_of(const char *option)
{
    const char *argv[] = { g_getenv("P9_HELPER"), option, NULL };
    g_autoptr(GError) error = NULL;
    char *out = NULL;
    int status;

    g_spawn_sync(NULL, (char **)argv, NULL, G_SPAWN_DEFAULT, NULL, NULL, &out,
                 NULL, &status, &error);
    g_assert_no_error(error);
    g_assert_cmpint(status, ==, 0);
    return out;
}

static void test_version(void)
{
    g_autofree char *out = output_of("--version");

    g_assert_true(g_str_has_prefix(out, "virtfs-proxy-helper " VIRTFS_VERSION
                                        " (QEMU "));
    g_assert_true(g_str_has_suffix(out, ")\n"));
}

static void test_help(void)
{
    g_autofree char *out = output_of("--help");

    g_assert_true(g_str_has_prefix(out, "virtfs-proxy-helper " VIRTFS_VERSION
                                        "\nusage: "));
    g_assert_nonnull(strstr(out, "-p, --path DIR"));
    g_assert_nonnull(strstr(out, "--version"));
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    if (!g_getenv("P9_HELPER")) {
        g_printerr("P9_HELPER is not set to the path of the helper\n");
        return 1;
    }
    g_test_add_func("/helper-version/version", test_version);
    g_test_add_func("/helper-version/help", test_help);
    return g_test_run();
}
