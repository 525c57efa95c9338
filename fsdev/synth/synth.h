/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Building the tree of a synth export.
 *
 * A synth export is a tree of directories and files in memory whose contents
 * are functions.  It is built before anybody walks it and never changes
 * afterwards; guests reach it as they reach any other export, through
 * fsdriver.h and the driver fs_synth_driver.
 */
#ifndef FSDEV_SYNTH_H
#define FSDEV_SYNTH_H

#include "fsdev/core/fsdriver.h"

/**
 * SynthReadFn / SynthWriteFn: contents of a file, as preadv(2)/pwritev(2).
 *
 * Return a count or -errno.  Context: any thread, several at once; must not
 * block.  @iov may be guest memory, which changes while it is looked at.
 */
typedef ssize_t SynthReadFn(FsNode *node, const struct iovec *iov, int iovcnt,
                            uint64_t offset);
typedef ssize_t SynthWriteFn(FsNode *node, const struct iovec *iov, int iovcnt,
                             uint64_t offset);

/**
 * synth_add_dir / synth_add_file: put a new node into the directory @dir.
 *
 * @mode is permission bits; a directory loses the write bits, as nothing can
 * be made in it.  A file without @read or @write answers -EPERM to the call
 * it lacks.  *@node, if @node is not NULL, is borrowed and lives as long as
 * the export does.  -EEXIST when the name is taken, -EINVAL when it is no
 * legal component, -ENOTDIR when @dir is no directory.
 *
 * Context: after fs_export_open() and before anything else uses the export:
 * readers take no lock.
 */
int synth_add_dir(FsNode *dir, const char *name, uint32_t mode, FsNode **node);
int synth_add_file(FsNode *dir, const char *name, uint32_t mode,
                   SynthReadFn *read, SynthWriteFn *write, FsNode **node);

/**
 * synth_copy_out: for a SynthReadFn whose contents are the @size bytes at
 * @data: fill @iov with those from @offset on.  Returns how many.
 */
ssize_t synth_copy_out(const struct iovec *iov, int iovcnt, uint64_t offset,
                       const void *data, size_t size);

/**
 * synth_add_test_entries: give @export the entries that the tests of the 9p
 * server use, those of synth-names.h and stat/xattr_count.
 *
 * A new export has no entries.  Context: as synth_add_dir().
 */
void synth_add_test_entries(FsExport *export);

#endif
