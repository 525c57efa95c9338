/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The same work as plain system calls of one process in a loop: what a request
 * would cost if nothing stood between the guest and the host's kernel.
 */
#ifndef BENCH_NATIVE_H
#define BENCH_NATIVE_H

#include "tree.h"

typedef struct Native {
    const Tree *tree;       /* borrowed */
    uint32_t io_size;
    uint64_t op;
    uint64_t random;
    int file;               /* the tree's first file, owned, or -1 */
    uint8_t *buffer;        /* owned */
} Native;

/* How long a read of the slow workload takes. */
#define SLOW_NS             UINT64_C(1000000)

/* One operation; dies when a call fails. */
typedef void NativeOp(Native *n);

NativeOp native_nothing, native_getattr_root, native_stat_root,
         native_stat_parent, native_stat_xattr, native_stat_metadata,
         native_xattr_get, native_small_file, native_read_random,
         native_read_sequential, native_write_sequential, native_readdir,
         native_create_mapped_xattr, native_create_mapped_file,
         native_create_owned, native_rename, native_read_slow;

/* Median time of an operation, microseconds, from @ns nanoseconds of them. */
double native_run(NativeOp *op, const Tree *tree, uint32_t io_size,
                  uint64_t ns);

#endif
