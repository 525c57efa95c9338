/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The table of workloads.  A new workload needs a row here and, if its
 * operation is new, a step function in work-*.c and a function in native.c.
 */
#include "workloads.h"

#define KIB             1024u
#define DEFAULT_MSIZE   (128 * KIB)

#define DEPTHS_1        { 1 }
#define DEPTHS_1_8      { 1, 8 }
#define DEPTHS_1_8_32   { 1, 8, 32 }
#define DEPTHS_16       { 16 }

#define XATTR "mapped-xattr"

const Workload workloads[] = {
    { "flush", "flush of an unknown tag: the minimum cost, without a file",
      TREE_FLAT, XATTR, .depths = DEPTHS_1_8_32,
      .step = work_flush, .native = native_nothing },

    { "getattr-root", "getattr of the root",
      TREE_FLAT, XATTR, .depths = DEPTHS_1_8_32,
      .step = work_getattr_root, .native = native_getattr_root },

    { "stat-d1", "walk, getattr, clunk of 10 000 files at depth 1",
      TREE_FLAT, XATTR, .depths = DEPTHS_1_8_32,
      .step = work_stat_root, .native = native_stat_root },

    { "stat-d8-root", "the same at depth 8, from the root",
      TREE_DEEP8, XATTR, .depths = DEPTHS_1_8_32,
      .step = work_stat_root, .native = native_stat_root },

    { "stat-d8-parent", "the same at depth 8, from the parent",
      TREE_DEEP8, XATTR, .depths = DEPTHS_1_8_32,
      .step = work_stat_parent, .native = native_stat_parent },

    { "stat-d32-parent", "the same at depth 32, from the parent",
      TREE_DEEP32, XATTR, .depths = DEPTHS_1_8_32,
      .step = work_stat_parent, .native = native_stat_parent },

    { "small-file", "walk, clone, lopen, read 4 KiB, clunk, clunk",
      TREE_FLAT, XATTR, .io_size = 4 * KIB, .depths = DEPTHS_1_8_32,
      .step = work_small_file, .native = native_small_file },

    { "read-4k", "random read of 4 KiB",
      TREE_BIG, XATTR, .io_size = 4 * KIB, .depths = DEPTHS_1_8_32,
      .prepare = work_open_read, .step = work_read_random,
      .native = native_read_random },

    { "read-128k", "sequential read of 128 KiB",
      TREE_BIG, XATTR, .io_size = 128 * KIB, .depths = DEPTHS_1_8,
      .prepare = work_open_read, .step = work_read_sequential,
      .native = native_read_sequential },

    { "read-500k", "sequential read of 500 KiB",
      TREE_BIG, XATTR, .io_size = 500 * KIB, .depths = DEPTHS_1_8,
      .prepare = work_open_read, .step = work_read_sequential,
      .native = native_read_sequential },

    { "write-128k", "sequential write of 128 KiB",
      TREE_OUT, XATTR, .io_size = 128 * KIB, .depths = DEPTHS_1_8,
      .prepare = work_open_write, .step = work_write_sequential,
      .finish = work_check_written, .native = native_write_sequential },

    { "write-500k", "sequential write of 500 KiB",
      TREE_OUT, XATTR, .io_size = 500 * KIB, .depths = DEPTHS_1_8,
      .prepare = work_open_write, .step = work_write_sequential,
      .finish = work_check_written, .native = native_write_sequential },

    { "readdir-remap", "list 100 000 entries, multidevs=remap",
      TREE_WIDE, XATTR, .multidevs = "remap", .rounds = 3,
      .depths = DEPTHS_1, .step = work_readdir, .native = native_readdir },

    { "readdir-warn", "list 100 000 entries, multidevs=warn",
      TREE_WIDE, XATTR, .multidevs = "warn", .rounds = 3,
      .depths = DEPTHS_1, .step = work_readdir, .native = native_readdir },

    { "create-mapped-xattr", "clone, lcreate, write 1 KiB, clunk, unlinkat",
      TREE_EMPTY, XATTR, .io_size = 1 * KIB, .depths = DEPTHS_1_8_32,
      .mapped = true, .step = work_create, .finish = work_check_empty,
      .native = native_create_mapped_xattr },

    { "create-mapped-file", "the same",
      TREE_EMPTY, "mapped-file", .io_size = 1 * KIB, .depths = DEPTHS_1_8_32,
      .mapped = true, .step = work_create, .finish = work_check_empty,
      .native = native_create_mapped_file },

    { "create-passthrough", "the same",
      TREE_EMPTY, "passthrough", .io_size = 1 * KIB, .depths = DEPTHS_1_8_32,
      .root = true, .step = work_create, .finish = work_check_empty,
      .native = native_create_owned },

    { "create-none", "the same",
      TREE_EMPTY, "none", .io_size = 1 * KIB, .depths = DEPTHS_1_8_32,
      .step = work_create, .finish = work_check_empty,
      .native = native_create_owned },

    { "stat-held-1k", "stat at depth 1 while 1 000 fids are held",
      TREE_WIDE, XATTR, .held = 1000, .held_small = 20, .rounds = 3,
      .depths = DEPTHS_1_8_32, .step = work_stat_root,
      .finish = work_check_held, .native = native_stat_root },

    { "stat-held", "stat at depth 1 while 50 000 fids are held",
      TREE_WIDE, XATTR, .held = 50000, .held_small = 1000, .rounds = 3,
      .depths = DEPTHS_1_8_32, .step = work_stat_root,
      .finish = work_check_held, .native = native_stat_root },

    { "stat-held-1m", "stat at depth 1 while 1 000 000 fids are held",
      TREE_WIDE, XATTR, .held = 1000000, .held_small = 1000, .rounds = 1,
      .on_request = true, .depths = DEPTHS_1_8_32, .step = work_stat_root,
      .finish = work_check_held, .native = native_stat_root },

    { "getattr-d32", "getattr of a held fid at depth 32",
      TREE_DEEP32, XATTR, .held = 100, .held_small = 20,
      .depths = DEPTHS_1_8_32, .step = work_getattr_held,
      .native = native_getattr_root },

    { "cat-d32", "walk, lopen, read 4 KiB, clunk at depth 32, from the parent",
      TREE_DEEP32, XATTR, .io_size = 4 * KIB, .depths = DEPTHS_1_8_32,
      .step = work_cat, .native = native_small_file },

    { "stat-d32-root", "two walks, getattr, clunk at depth 32, from the root",
      TREE_DEEP32, XATTR, .depths = DEPTHS_1_8_32,
      .step = work_stat_root, .native = native_stat_root },

    { "rename-dir", "rename of a folder with 10 000 fids below",
      TREE_RENAME, XATTR, .held = 10000, .held_small = 200,
      .depths = DEPTHS_1, .step = work_rename,
      .finish = work_check_renamed, .native = native_rename },

    { "getattr-mapped-xattr", "getattr of a held fid with mapped attributes",
      TREE_MAPPED_XATTR, XATTR, .held = 1000, .held_small = 50,
      .depths = DEPTHS_1_8_32, .mapped = true, .step = work_getattr_held,
      .native = native_stat_xattr },

    { "getattr-mapped-file", "getattr of a held fid with mapped attributes",
      TREE_MAPPED_FILE, "mapped-file", .held = 1000, .held_small = 50,
      .depths = DEPTHS_1_8_32, .mapped = true, .step = work_getattr_held,
      .native = native_stat_metadata },

    { "getattr-bare", "getattr of a held fid without mapped attributes",
      TREE_FLAT, XATTR, .held = 1000, .held_small = 50,
      .depths = DEPTHS_1_8_32, .step = work_getattr_held,
      .native = native_getattr_root },

    { "xattr-get", "xattrwalk, read 64 bytes, clunk",
      TREE_XATTR, XATTR, .held = 1000, .held_small = 50,
      .depths = DEPTHS_1_8_32, .step = work_xattr_get,
      .native = native_xattr_get },

    { "slow-storage", "16 attached fids, each reading, with 1 ms per read",
      TREE_FLAT, XATTR, .io_size = 4 * KIB, .slow_ns = SLOW_NS,
      .depths = DEPTHS_16, .prepare = work_open_slow, .step = work_read_slow,
      .native = native_read_slow },
};

const unsigned workloads_count = G_N_ELEMENTS(workloads);

uint32_t workload_msize(const Workload *w)
{
    return MAX(DEFAULT_MSIZE, w->io_size + P9_IOHDRSZ);
}
