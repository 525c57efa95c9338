/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How long a call of the driver interface may wait, and how.
 *
 * Every function of fsdriver.h that does work has an FsCall as its first
 * argument.  It is made in one place, where a request is given to a thread,
 * and passed on unchanged from there: through the session's handlers and the
 * checks of fsdriver.c into the driver, down to where something may have to be
 * waited for.
 */
#ifndef FSDEV_WAITING_H
#define FSDEV_WAITING_H

#include "fsdev/core/p9-osdep.h"

/*
 * How long a call may wait.  A call that would have to wait for longer does
 * nothing and returns -EAGAIN: "call again and allow more".
 */
typedef enum FsWait {
    /* It returns at once; an event loop that others use may make it. */
    FS_WAIT_NEVER,
    /* For the storage that the host itself controls, such as a local disk. */
    FS_WAIT_STORAGE,
    /* For a network, a user-space file system or another process: for ever. */
    FS_WAIT_ANYTHING,
} FsWait;

/*
 * The coroutines of an event loop.  A driver that has sent a question to
 * another process lets the loop go on until the answer is there.  It must not
 * hold a lock or anything else meanwhile that others on the loop may wait for.
 */
typedef struct FsYield {
    /* The coroutine that runs in this thread. */
    void *(*self)(void);
    /* Until resume() or wake().  Context: in a coroutine. */
    void (*yield)(void);
    /* Have @self go on, on its own loop.  Context: any thread. */
    void (*wake)(void *self);
    /* Let them go on now.  Context: their loop, in no coroutine. */
    void (*resume)(void *const *selves, unsigned n);
    /* The loop of this thread, for comparison. */
    void *(*loop)(void);
    /*
     * Call @ready, in no coroutine, while there is something to read from @fd,
     * on the loop of this thread; NULL ends that.
     */
    void (*watch)(int fd, void (*ready)(void *opaque), void *opaque);
} FsYield;

/*
 * On whose behalf: who will own what the call creates.  UINT32_MAX leaves it
 * to the file system.
 */
typedef struct FsCred {
    uint32_t uid;
    uint32_t gid;
    bool root;                  /* set by fsdriver.c: uid 0 in the guest */
} FsCred;

/* One call, or the calls that one request consists of. */
typedef struct FsCall {
    FsWait wait;                /* how long the thread may wait */
    const FsYield *yield;       /* borrowed; NULL: in no coroutine */
    FsCred cred;
} FsCall;

/** fs_call_in_group: @call, with @gid for the group of what it creates. */
static inline FsCall fs_call_in_group(const FsCall *call, uint32_t gid)
{
    FsCall copy = *call;

    copy.cred.gid = gid;
    return copy;
}

/**
 * fs_call_may_ask: may the caller wait for an answer of another process, in
 * the thread or by yielding?
 */
static inline bool fs_call_may_ask(const FsCall *call)
{
    return call->yield || call->wait == FS_WAIT_ANYTHING;
}

/**
 * fs_call_refused: does the result @ret of a call mean "call again and allow
 * more"?  When a call may wait for anything -EAGAIN is an error like others.
 */
static inline bool fs_call_refused(const FsCall *call, ssize_t ret)
{
    return ret == -EAGAIN && call->wait < FS_WAIT_ANYTHING;
}

#endif
