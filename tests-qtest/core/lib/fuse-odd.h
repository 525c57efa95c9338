/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A FUSE file system for tests whose inode numbers are odd.
 *
 * It has one directory with the files "a" and "b", which can be read, written,
 * changed, renamed, removed and created.  The server is a process that ends
 * with the test; the kernel is told to keep nothing.  Context: one thread.
 */
#ifndef FUSE_ODD_H
#define FUSE_ODD_H

#include "fsdev/core/p9-osdep.h"

typedef enum FuseOddNumbers {
    FUSE_ODD_EQUAL,             /* every file has the number 77 */
    FUSE_ODD_ZERO,              /* every file has the number 0 */
    FUSE_ODD_CHANGING,          /* another number in every reply */
    FUSE_ODD_REUSED,            /* a new file gets that of a removed one */
} FuseOddNumbers;

typedef struct FuseOdd FuseOdd;

/**
 * fuse_odd_new: mount it at @path.  NULL with *@why set to the reason if that
 * is not possible.
 */
FuseOdd *fuse_odd_new(const char *path, FuseOddNumbers numbers,
                      const char **why);
/** fuse_odd_free: end the server and unmount. */
void fuse_odd_free(FuseOdd *fuse);

#endif
