/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A synth export for a test: see synth-fixture.h. */
#include "fsdev/core/p9-osdep.h"
#include "synth-fixture.h"
#include "lib/test-call.h"

SynthFixture synth_fixture_open(const char *id, bool entries, bool readonly)
{
    g_autofree char *copy = g_strdup(id);
    FsConfig config = {
        .driver = &fs_synth_driver,
        .id = copy,
        .readonly = readonly,
    };
    g_autoptr(GError) error = NULL;
    SynthFixture fixture;

    fixture.export = fs_export_open(&config, &error);
    g_assert_no_error(error);
    g_assert_nonnull(fixture.export);
    if (entries) {
        synth_add_test_entries(fixture.export);
    }
    fixture.root = fs_root(fixture.export);
    return fixture;
}

void synth_fixture_close(SynthFixture *fixture)
{
    fs_node_unref(fixture->root);
    fs_export_unref(fixture->export);
}

FsNode *synth_find(FsNode *dir, const char *name, FsAttr *attr)
{
    FsNode *node = NULL;
    FsAttr unused;

    g_assert_cmpint(fs_lookup(&test_call_never, dir, name, &node,
                              attr ? attr : &unused),
                    ==, 0);
    return node;
}

FsFile *synth_open_name(const SynthFixture *fixture, const char *name,
                        int flags)
{
    FsNode *node = synth_find(fixture->root, name, NULL);
    FsFile *file = NULL;

    g_assert_cmpint(fs_open(&test_call, node, flags, &file), ==, 0);
    fs_node_unref(node);
    return file;
}

ssize_t synth_write_bytes(const FsCall *call, FsFile *file, const void *data,
                          size_t size)
{
    struct iovec iov = { (void *)data, size };

    return fs_write(call, file, &iov, 1, 0);
}
