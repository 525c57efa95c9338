/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Faults on purpose, for tests: a driver over the driver of any export, whose
 * calls fail, wait or fall short by rules that can be changed at any time.
 *
 * It is part of no emulator: fsdev/meson.build leaves it out, and there is no
 * option that names it.  Context: any thread.
 */
#ifndef FSDEV_FAULT_H
#define FSDEV_FAULT_H

#include "fsdev/core/p9-osdep.h"
#include "fsdev/core/fsdriver.h"

/*
 * The calls that can go wrong: number, vtable entry.  What keeps references
 * (root, parent, locate, node_ref, node_unref) never does, by its contract.
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
    FAULT_ANY = FAULT_OPS,      /* in a rule: each of them */
} FaultOp;

/*
 * One rule.  All zero but .op and one of the last four fields means: every
 * call from now on.  When several rules meet a call, the oldest acts.
 */
typedef struct FaultRule {
    FaultOp op;
    unsigned skip;              /* calls that pass before the first … */
    unsigned every;             /* … and then each Nth; 0 is 1 */
    unsigned times;             /* at most so many calls; 0: no limit */
    bool hold;                  /* wait for fault_let_go() */
    unsigned delay_ms;          /* wait so long, or for fault_let_go() */
    int error;                  /* then answer -error; releases: ignored */
    size_t bytes;               /* or move at most so many: read and write */
} FaultRule;

typedef struct Fault Fault;

/**
 * fault_over: put a driver that makes faults in front of @export's own.
 *
 * Its nodes and files stay what they are, so it may be called at any time
 * when no call is under way.  It is freed with @export.
 */
Fault *fault_over(FsExport *export);

/**
 * fault_add: one more rule from now on.
 *
 * A rule that waits makes calls with FS_NONBLOCK answer -EAGAIN; it counts
 * those that follow without it.
 */
void fault_add(Fault *fault, const FaultRule *rule);
/** fault_clear: no rule any more.  Calls that wait go on waiting. */
void fault_clear(Fault *fault);
/** fault_let_go: no rule any more, and calls that wait end as theirs said. */
void fault_let_go(Fault *fault);

/** fault_remote: whether files opened from now on claim to be remote. */
void fault_remote(Fault *fault, bool remote);

/** fault_await_waiting: wait until @n calls are being held or delayed. */
void fault_await_waiting(Fault *fault, unsigned n);
/** fault_calls: how many calls of @op there were, faulty or not. */
unsigned fault_calls(Fault *fault, FaultOp op);

#endif
