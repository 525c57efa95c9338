/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Names of the entries that the synth driver provides for tests.
 *
 * The driver and the qtest client both use them; the client includes them
 * through hw/9pfs/9p-synth.h.  The macros and their values are an interface:
 * existing tests are compiled against them.
 */
#ifndef FSDEV_SYNTH_NAMES_H
#define FSDEV_SYNTH_NAMES_H

/* A chain of directories, each inside the previous one: WALK0/WALK1/… */
#define QTEST_V9FS_SYNTH_WALK_FILE "WALK%d"

/* A file that can be opened in any mode and has no content */
#define QTEST_V9FS_SYNTH_LOPEN_FILE "LOPEN"

/* A file that accepts writes of any size and discards the data */
#define QTEST_V9FS_SYNTH_WRITE_FILE "WRITE"

/* A write completes if its first byte is 0, else only when it is flushed */
#define QTEST_V9FS_SYNTH_FLUSH_FILE "FLUSH"

/* A directory of QTEST_V9FS_SYNTH_READDIR_NFILES files, numbered from 0 */
#define QTEST_V9FS_SYNTH_READDIR_DIR "ReadDirDir"
#define QTEST_V9FS_SYNTH_READDIR_FILE "ReadDirFile%d"
#define QTEST_V9FS_SYNTH_READDIR_NFILES 100

#endif
