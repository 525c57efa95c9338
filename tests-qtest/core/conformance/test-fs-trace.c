/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How trace events show an object: as the path that leads to it now.
 */
#include "fsdev/core/p9-osdep.h"
#include "fsdev/core/fs-trace.h"
#include "lib/memfs.h"
#include "lib/test-call.h"

static void assert_path(FsNode *node, const char *path)
{
    g_autofree char *shown = fs_trace_path(node);

    g_assert_cmpstr(shown, ==, path);
}

static FsNode *make_dir(FsNode *dir, const char *name)
{
    FsNode *node;
    FsAttr attr;

    g_assert_cmpint(fs_mkdir(&test_call, dir, name, 0755, &attr), ==, 0);
    g_assert_cmpint(fs_lookup(&test_call, dir, name, &node, &attr), ==, 0);
    return node;
}

static void test_path(void)
{
    FsExport *export = memfs_open();
    FsNode *root = fs_root(export);
    FsNode *a = make_dir(root, "a");
    FsNode *b = make_dir(a, "b");

    assert_path(root, "/");
    assert_path(a, "/a");
    assert_path(b, "/a/b");
    g_assert_cmpint(fs_rename(&test_call, root, "a", root, "c"), ==, 0);
    assert_path(b, "/c/b");
    fs_node_unref(b);
    fs_node_unref(a);
    fs_node_unref(root);
    fs_export_unref(export);
}

static void test_unlinked(void)
{
    FsExport *export = memfs_open();
    FsNode *root = fs_root(export);
    FsNode *a = make_dir(root, "a");

    g_assert_cmpint(fs_unlink(&test_call, root, "a", true), ==, 0);
    assert_path(a, "(unlinked)");
    fs_node_unref(a);
    fs_node_unref(root);
    fs_export_unref(export);
}

/* The end of a path with more components than are shown. */
static void test_deep(void)
{
    FsExport *export = memfs_open();
    FsNode *node = fs_root(export);
    g_autofree char *path = NULL;

    for (int i = 0; i < 100; i++) {
        g_autofree char *name = g_strdup_printf("%d", i);
        FsNode *dir = node;

        node = make_dir(dir, name);
        fs_node_unref(dir);
    }
    path = fs_trace_path(node);
    g_assert_true(g_str_has_suffix(path, "/98/99"));
    g_assert_true(g_str_has_prefix(path, "/36/"));
    fs_node_unref(node);
    fs_export_unref(export);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/fs-trace/path", test_path);
    g_test_add_func("/fs-trace/unlinked", test_unlinked);
    g_test_add_func("/fs-trace/deep", test_deep);
    return g_test_run();
}
