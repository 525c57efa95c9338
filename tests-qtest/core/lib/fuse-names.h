/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A FUSE file system for tests whose only directory has any names that the
 * kernel lets a FUSE server have.
 *
 * All of them are empty regular files.  The server implements the kernel's
 * protocol on /dev/fuse itself.  It is a separate process that dies with the
 * thread that started it.  Call fuse_stand_in_separate() first.
 * Context: one thread.
 */
#ifndef FUSE_NAMES_H
#define FUSE_NAMES_H

#include "fsdev/core/p9-osdep.h"

typedef struct FuseNames FuseNames;

/**
 * fuse_names_new: mount the file system with @names, which ends with NULL, at
 * @path, a directory.  NULL and *@why if that is not possible.
 */
FuseNames *fuse_names_new(const char *path, const char *const *names,
                          const char **why);
/** fuse_names_die: end the server.  The mount remains and does not work. */
void fuse_names_die(FuseNames *fuse);
/** fuse_names_free: end the server and unmount the file system. */
void fuse_names_free(FuseNames *fuse);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(FuseNames, fuse_names_free)

#endif
