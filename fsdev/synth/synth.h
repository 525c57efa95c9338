/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Building the tree of a synth export.
 *
 * A synth export is a tree in memory of directories and of files whose contents
 * are provided by functions.  It is built before it is used and does not change
 * afterwards.  Guests access it like any other export, through fsdriver.h and
 * the driver fs_synth_driver.
 */
#ifndef FSDEV_SYNTH_H
#define FSDEV_SYNTH_H

#include "fsdev/core/fsdriver.h"

/**
 * SynthReadFn / SynthWriteFn: read or write a file, as preadv(2)/pwritev(2).
 *
 * Return a count or -errno.  Context: any thread, several at once; must not
 * block.  @iov may be guest memory, which may change at any time.
 */
typedef ssize_t SynthReadFn(FsNode *node, const struct iovec *iov, int iovcnt,
                            uint64_t offset);
typedef ssize_t SynthWriteFn(FsNode *node, const struct iovec *iov, int iovcnt,
                             uint64_t offset);

/**
 * synth_add_dir / synth_add_file: add a new node to the directory @dir.
 *
 * @mode has the permission bits; the write bits of a directory are cleared, as
 * requests cannot create entries in it.  If @read or @write is NULL, that
 * operation fails with -EPERM.  *@node, if @node is not NULL, is borrowed and
 * lives as long as the export.  Returns 0, -EEXIST when the name exists,
 * -EINVAL when @name is not a valid component, -ENOTDIR when @dir is not a
 * directory.
 *
 * Context: after fs_export_open() and before the export is used otherwise, as
 * readers take no lock.
 */
int synth_add_dir(FsNode *dir, const char *name, uint32_t mode, FsNode **node);
int synth_add_file(FsNode *dir, const char *name, uint32_t mode,
                   SynthReadFn *read, SynthWriteFn *write, FsNode **node);

/**
 * synth_copy_out: for a SynthReadFn whose contents are the @size bytes at
 * @data: copy those from @offset on to @iov.  Returns the number of bytes.
 */
ssize_t synth_copy_out(const struct iovec *iov, int iovcnt, uint64_t offset,
                       const void *data, size_t size);

/**
 * synth_add_test_entries: add the entries that the tests of the 9p server use
 * to @export: those of synth-names.h and stat/xattr_count.
 *
 * A new export has no entries.  Context: as synth_add_dir().
 */
void synth_add_test_entries(FsExport *export);

#endif
