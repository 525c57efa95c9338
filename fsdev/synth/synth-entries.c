/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The entries of a synth export that the tests of the 9p server use.
 *
 * They are listed in one table, with names from synth-names.h.  The functions
 * that read and write the files run in any thread.
 */
#include "fsdev/core/p9-osdep.h"
#include "fsdev/synth/synth.h"
#include "fsdev/synth/synth-names.h"

/* Depth of the WALK directories: the number of names that a Twalk can carry */
#define SYNTH_WALK_DEPTH 16

static ssize_t synth_write_swallow(FsNode *node, const struct iovec *iov,
                                   int iovcnt, uint64_t offset)
{
    return iov_size(iov, iovcnt);
}

/*
 * The first byte of the data decides whether the write completes.  A write that
 * does not complete needs no state here, because it only ends when the client
 * flushes it.
 */
static ssize_t synth_write_flush(FsNode *node, const struct iovec *iov,
                                 int iovcnt, uint64_t offset)
{
    for (int i = 0; i < iovcnt; i++) {
        if (iov[i].iov_len > 0) {
            uint8_t first;

            memcpy(&first, iov[i].iov_base, sizeof(first));
            return first ? -EINPROGRESS : (ssize_t)iov_size(iov, iovcnt);
        }
    }
    return 0;
}

/*
 * Returns a size_t in host byte order, as the test runs on the same host.  The
 * number does not include the fid that reads this file, which is not an xattr
 * fid.
 */
static ssize_t synth_read_xattr_count(FsNode *node, const struct iovec *iov,
                                      int iovcnt, uint64_t offset)
{
    size_t count = g_atomic_int_get(&node->export->xattr_fids);

    return synth_copy_out(iov, iovcnt, offset, &count, sizeof(count));
}

typedef struct SynthEntry {
    const char *name;           /* with "%d" for the index if count > 0 */
    uint32_t mode;              /* with the file type */
    int count;                  /* 0: one entry, no index in its name */
    bool nested;                /* each one is inside the previous one */
    bool in_last_dir;           /* in the directory of the row above */
    SynthReadFn *read;
    SynthWriteFn *write;
} SynthEntry;

static const SynthEntry synth_test_entries[] = {
    {
        .name = QTEST_V9FS_SYNTH_WALK_FILE,
        .mode = S_IFDIR | 0700,
        .count = SYNTH_WALK_DEPTH,
        .nested = true,
    }, {
        .name = QTEST_V9FS_SYNTH_LOPEN_FILE,
        .mode = S_IFREG,
    }, {
        .name = QTEST_V9FS_SYNTH_WRITE_FILE,
        .mode = S_IFREG,
        .write = synth_write_swallow,
    }, {
        .name = QTEST_V9FS_SYNTH_FLUSH_FILE,
        .mode = S_IFREG,
        .write = synth_write_flush,
    }, {
        .name = QTEST_V9FS_SYNTH_READDIR_DIR,
        .mode = S_IFDIR | 0700,
    }, {
        .name = QTEST_V9FS_SYNTH_READDIR_FILE,
        .in_last_dir = true,
        .mode = S_IFREG,
        .count = QTEST_V9FS_SYNTH_READDIR_NFILES,
    }, {
        .name = "stat",
        .mode = S_IFDIR | 0755,
    }, {
        .name = "xattr_count",
        .in_last_dir = true,
        .mode = S_IFREG | 0444,
        .read = synth_read_xattr_count,
    },
};

/* Returns the node that was created last. */
static FsNode *synth_add_entry(FsNode *dir, const SynthEntry *entry)
{
    FsNode *node = NULL;

    for (int i = 0; i < MAX(entry->count, 1); i++) {
        g_autofree char *name = entry->count ? g_strdup_printf(entry->name, i)
                                             : g_strdup(entry->name);
        int ret;

        if (S_ISDIR(entry->mode)) {
            ret = synth_add_dir(dir, name, entry->mode, &node);
        } else {
            ret = synth_add_file(dir, name, entry->mode, entry->read,
                                 entry->write, &node);
        }
        assert(ret == 0);
        if (entry->nested) {
            dir = node;
        }
    }
    return node;
}

void synth_add_test_entries(FsExport *export)
{
    FsNode *root = fs_root(export);
    FsNode *last = root;

    for (size_t i = 0; i < ARRAY_SIZE(synth_test_entries); i++) {
        const SynthEntry *entry = &synth_test_entries[i];

        last = synth_add_entry(entry->in_last_dir ? last : root, entry);
    }
    fs_node_unref(root);
}
