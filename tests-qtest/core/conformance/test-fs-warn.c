/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Warnings about an export: what they say, and how many there are.
 */
#include "fsdev/core/p9-osdep.h"
#include "fsdev/core/fs-warn.h"
#include "lib/memfs.h"
#include "lib/warnings.h"

static FsExport *open_named(const char *id)
{
    return memfs_open_config(&(FsConfig) { .id = (char *)id });
}

static void test_text(void)
{
    FsExport *export = open_named("exp1");

    warnings_collect();
    g_assert_true(fs_warn(export, FS_WARN_FULL, "'%s' is full", "a\nb\033[c"));
    g_assert_cmpuint(warnings_with("9p: export 'exp1': 'a?b?[c' is full"), ==,
                     1);
    fs_export_unref(export);
    warnings_end();
}

/* For each export and cause on its own. */
static void test_one_a_minute(void)
{
    FsExport *one = open_named("one");
    FsExport *two = open_named("two");

    warnings_collect();
    for (unsigned i = 0; i < 100; i++) {
        fs_warn(one, FS_WARN_FULL, "full %u", i);
        fs_warn(one, FS_WARN_FDS, "short %u", i);
        fs_warn(two, FS_WARN_FULL, "full %u", i);
    }
    g_assert_cmpuint(warnings_with("9p: "), ==, 3);
    g_assert_cmpuint(warnings_with("'one': full 0"), ==, 1);
    g_assert_cmpuint(warnings_with("'one': short 0"), ==, 1);
    g_assert_cmpuint(warnings_with("'two': full 0"), ==, 1);
    g_assert_false(fs_warn_due(one, FS_WARN_FULL));
    g_assert_true(fs_warn_due(one, FS_WARN_HANG));
    fs_export_unref(one);
    fs_export_unref(two);
    warnings_end();
}

/* What stays as it is, is told once, and a flood of different lines ends. */
static void test_entries(void)
{
    FsExport *export = open_named("exp1");

    warnings_collect();
    for (unsigned i = 0; i < 4; i++) {
        fs_warn(export, FS_WARN_ENTRY, "in /a");
        fs_warn(export, FS_WARN_ENTRY, "in /b");
    }
    g_assert_cmpuint(warnings_with("in /a"), ==, 1);
    g_assert_cmpuint(warnings_with("in /b"), ==, 1);
    for (unsigned i = 0; i < 1000; i++) {
        fs_warn(export, FS_WARN_ENTRY, "in /flood/%u", i);
    }
    g_assert_cmpuint(warnings_with("9p: "), <=, 20);
    fs_export_unref(export);
    warnings_end();
}

/* An export that was closed leaves nothing to one at the same address. */
static void test_closed(void)
{
    for (unsigned i = 0; i < 3; i++) {
        FsExport *export = open_named("again");

        warnings_collect();
        g_assert_true(fs_warn(export, FS_WARN_FULL, "full"));
        g_assert_true(fs_warn(export, FS_WARN_ENTRY, "in /a"));
        fs_export_unref(export);
    }
    warnings_end();
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/fs-warn/text", test_text);
    g_test_add_func("/fs-warn/one-a-minute", test_one_a_minute);
    g_test_add_func("/fs-warn/entries", test_entries);
    g_test_add_func("/fs-warn/closed", test_closed);
    return g_test_run();
}
