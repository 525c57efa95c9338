/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The operations of the workloads; workloads.c assigns them.  Step functions
 * follow the rules of LaneStep, "prepare" functions run once per session before
 * the measurement, and "finish" functions do the final checks after it.
 */
#ifndef BENCH_WORK_H
#define BENCH_WORK_H

#include "session.h"

/* work-attr.c */
LaneStep work_flush, work_getattr_root, work_getattr_held, work_stat_root,
         work_stat_parent, work_xattr_get;
void work_check_held(Load *load);

/* work-data.c */
LaneStep work_small_file, work_cat, work_read_random, work_read_sequential,
         work_write_sequential, work_read_slow;
void work_open_read(Load *load);
void work_open_write(Load *load);
void work_open_slow(Load *load);
void work_check_written(Load *load);

/* work-name.c */
LaneStep work_readdir, work_create, work_rename;
void work_check_empty(Load *load);
void work_check_renamed(Load *load);

#endif
