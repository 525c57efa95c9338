/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A sequence of calls of the driver interface, as a session makes them for a
 * guest, on any export.
 *
 * The records of an input name the calls, and refer to nodes, files and lockers
 * by slots.  Calls that may not wait long enough are repeated at the next
 * level, as a session does.  For any input, results keep the contract of
 * fsdriver.h and contain nothing of what is outside of the export.
 */
#ifndef TESTS_FUZZ_GUEST_H
#define TESTS_FUZZ_GUEST_H

#include "fsdev/core/fsdriver.h"
#include "input.h"

enum { GUEST_NODES = 8, GUEST_FILES = 4, GUEST_LOCKERS = 4 };

typedef enum GuestOp {
    GUEST_LOOKUP, GUEST_PARENT, GUEST_LOCATE, GUEST_GETATTR, GUEST_SETATTR,
    GUEST_READLINK, GUEST_STATFS, GUEST_CREATE, GUEST_MKDIR, GUEST_MKNOD,
    GUEST_SYMLINK, GUEST_LINK, GUEST_UNLINK, GUEST_RENAME, GUEST_OPEN,
    GUEST_OPEN_ATTR, GUEST_READ, GUEST_WRITE, GUEST_FSYNC, GUEST_READDIR,
    GUEST_RELEASE, GUEST_GETXATTR, GUEST_LISTXATTR, GUEST_SETXATTR,
    GUEST_REMOVEXATTR, GUEST_LOCKER_OPEN, GUEST_LOCKER_CLOSE, GUEST_LOCK,
    GUEST_GETLOCK, GUEST_DROP, GUEST_CHECK_USER, GUEST_OPS,
} GuestOp;

typedef struct Guest {
    FsExport *export;           /* borrowed */
    FsNode *node[GUEST_NODES];  /* counted; the first is the root */
    FsFile *file[GUEST_FILES];
    FsLocker *locker[GUEST_LOCKERS];
    const FsYield *yield;       /* borrowed; NULL: in no coroutine */
    FsCall call;                /* of the current record */
} Guest;

void guest_start(Guest *guest, FsExport *export);
/** guest_step: read a record and make its call. */
void guest_step(Guest *guest, GuestOp op, Input *in);
/** guest_end: release everything. */
void guest_end(Guest *guest);

#endif
