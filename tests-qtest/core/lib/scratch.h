/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A temporary directory for a test that needs real files.
 *
 * It is removed with everything in it.  All functions end the test program
 * with a message when a system call fails.  Context: any thread, but one
 * Scratch belongs to one test.
 */
#ifndef SCRATCH_H
#define SCRATCH_H

#include "fsdev/core/p9-osdep.h"

typedef struct Scratch {
    char *path;             /* owned */
    int fd;                 /* O_PATH descriptor of the directory; owned */
} Scratch;

/** scratch_new: makes a directory below $TMPDIR or /tmp. */
Scratch *scratch_new(void);
void scratch_free(Scratch *scratch);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Scratch, scratch_free)

/** scratch_write: make or overwrite a file; @name may contain slashes. */
void scratch_write(Scratch *scratch, const char *name, const char *text);
void scratch_mkdir(Scratch *scratch, const char *name);
void scratch_symlink(Scratch *scratch, const char *target, const char *name);
void scratch_rename(Scratch *scratch, const char *from, const char *to);
void scratch_unlink(Scratch *scratch, const char *name);
/** scratch_ino: inode number of @name; symbolic links are not followed. */
uint64_t scratch_ino(Scratch *scratch, const char *name);

#endif
