/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Fault injection for tests: a driver that wraps the driver of any export and
 * makes calls fail, wait or transfer less than asked for.  The rules for this
 * can be changed at any time.
 *
 * Only tests are linked with it.  Context: any thread.
 */
#ifndef FSDEV_FAULT_H
#define FSDEV_FAULT_H

#include "fsdev/core/p9-osdep.h"
#include "fsdev/core/fsdriver.h"

/*
 * The calls that can be made to fail: name in FaultOp, vtable entry.  Those
 * that only handle references (root, parent, locate, node_ref, node_unref)
 * cannot fail according to their contract.
 */
#define FAULT_CALLS(X) \
    X(LOOKUP, lookup) X(GETATTR, getattr) X(SETATTR, setattr) \
    X(READLINK, readlink) X(STATFS, statfs) X(CREATE, create) \
    X(MKDIR, mkdir) X(MKNOD, mknod) X(SYMLINK, symlink) X(LINK, link) \
    X(UNLINK, unlink) X(RENAME, rename) X(OPEN, open) X(READ, read) \
    X(WRITE, write) X(FSYNC, fsync) X(READDIR, readdir) \
    X(RELEASE, release) X(GETXATTR, getxattr) X(LISTXATTR, listxattr) \
    X(SETXATTR, setxattr) X(REMOVEXATTR, removexattr) \
    X(LOCKER_OPEN, locker_open) X(LOCKER_CLOSE, locker_close) \
    X(LOCK, lock) X(GETLOCK, getlock)

typedef enum FaultOp {
#define FAULT_NUMBER(NAME, entry) FAULT_##NAME,
    FAULT_CALLS(FAULT_NUMBER)
#undef FAULT_NUMBER
    FAULT_OPS,
    FAULT_ANY = FAULT_OPS,      /* in a rule: every call */
} FaultOp;

/*
 * One rule.  If only .op and one of the last four fields are set, it acts on
 * every call from now on.  When several rules apply to a call, the oldest acts.
 */
typedef struct FaultRule {
    FaultOp op;
    unsigned skip;              /* let this many calls pass first */
    unsigned every;             /* then act on every Nth call; 0 is 1 */
    unsigned times;             /* act on at most this many; 0: no limit */
    bool hold;                  /* wait for fault_let_go() */
    unsigned delay_ms;          /* wait this long, or for fault_let_go() */
    int error;                  /* return -error; ignored by releases */
    size_t bytes;               /* read, write: move at most this many */
} FaultRule;

typedef struct Fault Fault;

/**
 * fault_over: wrap the driver of @export.
 *
 * Existing nodes and files remain valid, so this may be called at any time
 * when no call is in progress.  The result is freed with @export.
 */
Fault *fault_over(FsExport *export);

/**
 * fault_add: add a rule.
 *
 * A rule that waits makes calls with FS_WAIT_NEVER return -EAGAIN and does not
 * count them; it counts the calls that may wait and follow.
 */
void fault_add(Fault *fault, const FaultRule *rule);
/** fault_clear: remove all rules.  Calls that wait continue to wait. */
void fault_clear(Fault *fault);
/** fault_let_go: remove all rules; waiting calls end as their rules say. */
void fault_let_go(Fault *fault);

/** fault_remote: set FsFile.remote of the files opened from now on. */
void fault_remote(Fault *fault, bool remote);

/** fault_await_waiting: wait until at least @n calls are held or delayed. */
void fault_await_waiting(Fault *fault, unsigned n);
/** fault_calls: number of calls of @op, whether or not a rule acted. */
unsigned fault_calls(Fault *fault, FaultOp op);

#endif
