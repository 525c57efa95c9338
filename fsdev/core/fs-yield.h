/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Waiting without a thread, for drivers that wait for another process.
 *
 * An event loop may run a driver's calls in a coroutine.  Where the driver
 * would wait for a message it can then let the loop go on, and watch for the
 * message there.  Nothing that others on the loop may wait for, a lock above
 * all, may be held meanwhile.  Whoever has coroutines sets fs_yield before he
 * runs one; without them it is NULL and threads wait.
 */
#ifndef FSDEV_FS_YIELD_H
#define FSDEV_FS_YIELD_H

#include "fsdev/core/p9-osdep.h"

typedef struct FsYield {
    /* The coroutine that runs in this thread; NULL: one that may block. */
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

extern const FsYield *fs_yield;

/** fs_may_yield: is this thread in a coroutine? */
static inline bool fs_may_yield(void)
{
    return fs_yield && fs_yield->self();
}

#endif
