/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Fuzz program for the driver of trees in memory: a guest makes calls of the
 * driver interface on directories and files of all kinds that QEMU can add.
 *
 * The three bytes of tree-input.h come first, then two names to add, whether to
 * add the entries of the qtests, and records of lib/guest.c.  For any input,
 * results keep their contract.
 */
#include "fsdev/core/p9-osdep.h"
#include "fsdev/host/host.h"
#include "fsdev/synth/synth.h"
#include "lib/guest.h"
#include "lib/tree.h"
#include "fuzz.h"
#include "must.h"

#define MAX_RECORDS 100

static ssize_t read_text(FsNode *node, const struct iovec *iov, int iovcnt,
                         uint64_t offset)
{
    return synth_copy_out(iov, iovcnt, offset, "text", 4);
}

static ssize_t write_none(FsNode *node, const struct iovec *iov, int iovcnt,
                          uint64_t offset)
{
    return iovcnt ? iov[0].iov_len : 0;
}

/* Names that are no component, or that exist, are refused. */
static void add_entries(FsExport *export, Input *in)
{
    FsNode *root = fs_root(export);
    FsNode *dir, *file;

    MUST(synth_add_dir(root, "b", 0755, &dir) == 0);
    MUST(synth_add_file(root, "a", 0644, read_text, write_none, &file) == 0);
    MUST(synth_add_file(root, "c", 0600, NULL, NULL, NULL) == 0);
    MUST(synth_add_file(dir, "a", 0444, read_text, NULL, NULL) == 0);
    MUST(synth_add_file(dir, "a", 0444, NULL, NULL, NULL) == -EEXIST);
    MUST(synth_add_dir(file, "a", 0, NULL) == -ENOTDIR);
    synth_add_file(dir, input_any_name(in), 0777, NULL, write_none, NULL);
    synth_add_dir(dir, input_any_name(in), 0777, NULL);
    if (input_byte(in) & 1) {
        synth_add_test_entries(export);
    }
    fs_node_unref(root);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    Input in = { data, size };
    g_autoptr(GError) error = NULL;
    FsExport *export;
    const char *what;
    Guest guest;
    Tree tree;

    MUST(host_init(&what) == 0);
    tree_begin(&tree, &in);
    tree.config.driver = &fs_synth_driver;
    export = fs_export_open(&tree.config, &error);
    if (export) {
        add_entries(export, &in);
        guest_start(&guest, export);
        for (unsigned i = 0; i < MAX_RECORDS && in.size; i++) {
            guest_step(&guest, input_byte(&in) % GUEST_OPS, &in);
        }
        guest_end(&guest);
        fs_export_unref(export);
    }
    tree_end(&tree);
    return 0;
}
