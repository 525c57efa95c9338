/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The same operations as plain system calls in a loop: the cost of a request
 * without virtio and QEMU.
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

/* The duration of a read in the workload slow-storage */
#define SLOW_NS             UINT64_C(1000000)

/* Executes one operation; exits with an error if a call fails. */
typedef void NativeOp(Native *n);

NativeOp native_nothing, native_getattr_root, native_stat_root,
         native_stat_parent, native_stat_xattr, native_stat_metadata,
         native_xattr_get, native_small_file, native_read_random,
         native_read_sequential, native_write_sequential, native_readdir,
         native_create_mapped_xattr, native_create_mapped_file,
         native_create_owned, native_rename, native_read_slow;

/*
 * Runs @op for @ns nanoseconds; returns the median time of an operation in
 * microseconds.
 */
double native_run(NativeOp *op, const Tree *tree, uint32_t io_size,
                  uint64_t ns);

#endif
