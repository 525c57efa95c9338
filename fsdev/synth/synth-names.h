/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Names of the entries that the synth driver shows to tests.
 *
 * The driver builds its test tree from them, and the qtest client finds the
 * entries by them through hw/9pfs/9p-synth.h.  Names and values are an
 * interface: existing tests are compiled against them.
 */
#ifndef FSDEV_SYNTH_NAMES_H
#define FSDEV_SYNTH_NAMES_H

/* A chain of directories, each inside the one before: WALK0/WALK1/… */
#define QTEST_V9FS_SYNTH_WALK_FILE "WALK%d"

/* Opens with any access, has no content */
#define QTEST_V9FS_SYNTH_LOPEN_FILE "LOPEN"

/* Takes writes of any size, keeps nothing */
#define QTEST_V9FS_SYNTH_WRITE_FILE "WRITE"

/* A write completes when its first byte is 0, else only by being flushed */
#define QTEST_V9FS_SYNTH_FLUSH_FILE "FLUSH"

/* A directory of so many files, numbered from 0 */
#define QTEST_V9FS_SYNTH_READDIR_DIR "ReadDirDir"
#define QTEST_V9FS_SYNTH_READDIR_FILE "ReadDirFile%d"
#define QTEST_V9FS_SYNTH_READDIR_NFILES 100

#endif
