/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The conformance suite on the synth driver, whose tree cannot be changed.  The
 * test fills the tree: a directory that is not empty, and a file with contents.
 */
#include "fsdev/core/p9-osdep.h"
#include "fsdev/synth/synth.h"
#include "conformance.h"

static ssize_t read_word(FsNode *node, const struct iovec *iov, int iovcnt,
                         uint64_t offset)
{
    return synth_copy_out(iov, iovcnt, offset, "contents", 8);
}

static ssize_t write_word(FsNode *node, const struct iovec *iov, int iovcnt,
                          uint64_t offset)
{
    return -ENOSPC;
}

static void fill(FsExport *export)
{
    FsNode *root = fs_root(export);
    FsNode *dir = NULL;
    int ret = synth_add_dir(root, "dir", 0755, &dir);

    g_assert_cmpint(ret, ==, 0);
    ret = synth_add_file(root, "file", 0644, read_word, write_word, NULL);
    g_assert_cmpint(ret, ==, 0);
    ret = synth_add_file(dir, "inner", 0600, read_word, NULL, NULL);
    g_assert_cmpint(ret, ==, 0);
    ret = synth_add_dir(dir, "deeper", 0700, NULL);
    g_assert_cmpint(ret, ==, 0);
    fs_node_unref(root);
}

static FsExport *open_synth(void *opaque)
{
    const FsConfig config = {
        .driver = &fs_synth_driver,
        .id = (char *)"synth",
        .readonly = GPOINTER_TO_INT(opaque),
    };
    g_autoptr(GError) error = NULL;
    FsExport *export = fs_export_open(&config, &error);

    g_assert_no_error(error);
    fill(export);
    return export;
}

static const ConformanceSubject synth = {
    .prefix = "/conformance/synth",
    .sample_dir = "dir",
    .sample_file = "file",
    .open = open_synth,
};

static const ConformanceSubject synth_readonly = {
    .prefix = "/conformance/synth-readonly",
    .caps = CONF_READ_ONLY,
    .sample_dir = "dir",
    .sample_file = "file",
    .opaque = GINT_TO_POINTER(true),
    .open = open_synth,
};

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    conformance_add(&synth);
    conformance_add(&synth_readonly);
    return g_test_run();
}
