/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The input format of the programs that work on a tree: fuzz-local.c,
 * fuzz-proxy.c and fuzz-synth.c, shared with make-seeds.c.
 *
 * The first bytes choose the export.  Records follow: a GUEST_* byte and its
 * arguments (lib/guest.c), or TREE_HOST and what host_step() reads, which is a
 * HOST_* byte, a directory, a name and arguments (lib/host.c).
 */
#ifndef TESTS_FUZZ_TREE_INPUT_H
#define TESTS_FUZZ_TREE_INPUT_H

#include "fsdev/core/fsdriver.h"

enum { TREE_HOST = 128 };       /* the first byte of records of the host */

/* The first byte. */
enum {
    TREE_MODEL = 3,             /* an FsSecurityModel */
    TREE_READONLY = 4,
    TREE_THREAD = 8,            /* the host's records run in a thread */
    TREE_FEW_FDS = 16,          /* a low limit of descriptors */
    TREE_MAPS = 32,             /* with maps of ids */
    TREE_SQUASH = 64,           /* …, one of which has squash */
    TREE_NO_LOCKS = 128,
};

/* The second byte: features of the kernel to do without. */
enum {
    TREE_NO_OPENAT2 = 1, TREE_NO_CACHED = 2, TREE_NO_STATX = 4,
    TREE_NO_MNT_ID = 8, TREE_NO_FCHMODAT2 = 16, TREE_NO_UTIMENS = 32,
    TREE_NO_XATTRAT = 64, TREE_NO_MOUNTINFO = 128,
};

/* The third byte. */
enum {
    TREE_MULTIDEVS = 3,         /* an FsMultidevs */
    TREE_NESTED = 4, TREE_WRITEOUT = 8, TREE_STATFS_V9FS = 16,
    TREE_MODES = 32,            /* other fmode and dmode */
    TREE_NO_LINK_EMPTY = 64,
};

#endif
