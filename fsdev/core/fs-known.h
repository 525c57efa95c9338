/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What is known of objects and locks without asking the host: calls of the
 * driver interface for saving the state of a session.
 */
#ifndef FSDEV_FS_KNOWN_H
#define FSDEV_FS_KNOWN_H

#include "fsdev/core/fsdriver.h"

/**
 * fs_identity: what the driver knows of the object of @node; all zero if it
 * knows nothing.  Never blocks.
 */
void fs_identity(FsNode *node, FsIdentity *identity);
/**
 * fs_locked: the ranges that @locker has locked, an array of FsLock to be freed
 * by the caller.  No other call may use @locker meanwhile.  Never blocks.
 */
GArray *fs_locked(FsLocker *locker);

#endif
