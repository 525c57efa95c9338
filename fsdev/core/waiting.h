/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How long a call of the driver interface may wait, and how it waits.
 *
 * The first argument of the functions of fsdriver.h that may wait is an FsCall.
 * It is set up in one place, where a request is assigned to a thread.  The
 * handlers of the session, the checks of fsdriver.c and the driver pass it on
 * unchanged, down to the functions that may wait.
 *
 * The contract of a call, by its level:
 *
 *   wait              made by                the caller    the driver
 *                                            may hold
 *   ----------------  ---------------------  ------------  -------------------
 *   FS_WAIT_NEVER     any event loop, also   the BQL       uses its memory and
 *                     QEMU's main loop                     the host's caches
 *   FS_WAIT_STORAGE   the event loop of one  nothing       may also wait for
 *                     session, in a thread                 storage of the host
 *                     of its own; a worker                 and for locks of
 *                                                          calls like this one
 *   FS_WAIT_STORAGE,  a coroutine of such a  nothing       may also yield, when
 *   .yield            loop                                 it holds nothing
 *   FS_WAIT_ANYTHING  a thread that other    nothing       may block
 *                     requests do not need,
 *                     the helper
 *
 * What the caller guarantees about calls that run at the same time:
 *
 *   guarantee  calls                         what it means
 *   ---------  ----------------------------  ---------------------------------
 *   none       all but those below           others may use the same objects,
 *                                            in any thread and at any level
 *   object     fs_release(), fs_locker_close()
 *                                            no other call uses the object,
 *                                            then or later
 *   loop       fs_export_leave_loop()        no coroutine of this loop is in a
 *                                            call for the session
 *   export     FsDriver.close_export()       no other call uses the export
 */
#ifndef FSDEV_WAITING_H
#define FSDEV_WAITING_H

#include "fsdev/core/p9-osdep.h"

/*
 * How long a call may wait.  A call that would have to wait longer does nothing
 * and returns -EAGAIN; the caller may repeat it with a higher level.
 */
typedef enum FsWait {
    /* Not at all, so that an event loop which serves others may call it. */
    FS_WAIT_NEVER,
    /* For storage that the host itself controls, such as a local disk. */
    FS_WAIT_STORAGE,
    /* Without limit, e.g. for a network, FUSE or another process. */
    FS_WAIT_ANYTHING,
} FsWait;

/*
 * The coroutines of an event loop.  A driver that has sent a request to another
 * process yields to the loop until the reply arrives.  Meanwhile it must not
 * hold a lock or anything else that other users of the loop may wait for.
 */
typedef struct FsYield {
    /* The coroutine that runs in this thread. */
    void *(*self)(void);
    /* Yield until resume() or wake().  Context: in a coroutine. */
    void (*yield)(void);
    /* Continue @self later, on its own loop.  Context: any thread. */
    void (*wake)(void *self);
    /* Continue @selves now.  Context: their loop, outside of coroutines. */
    void (*resume)(void *const *selves, unsigned n);
    /* The loop of this thread, for comparison. */
    void *(*loop)(void);
    /*
     * Call @ready on the loop of this thread, outside of coroutines, whenever
     * @fd is readable; NULL ends that.
     */
    void (*watch)(int fd, void (*ready)(void *opaque), void *opaque);
} FsYield;

/*
 * The user on whose behalf a call is made: the owner of the objects that it
 * creates.  UINT32_MAX leaves an id to the file system.  A group that the guest
 * has named is never left to it in an export with a map.
 */
typedef struct FsCred {
    uint32_t uid;
    uint32_t gid;
    bool gid_named;             /* gid is from a message of the guest */
    bool root;                  /* set by fsdriver.c: uid 0 in the guest */
} FsCred;

/* One call, or all calls of one request. */
typedef struct FsCall {
    FsWait wait;                /* how long the thread may wait */
    const FsYield *yield;       /* borrowed; NULL: in no coroutine */
    FsCred cred;
} FsCall;

/*
 * The members of an FsCall are accessed by these functions, by fsdev/core and
 * where a request is assigned to a thread, but not by drivers and handlers.
 * configure-snippets/fs_call.py checks that.
 */

/**
 * fs_call_in_group: a copy of @call that creates objects with group @gid, which
 * the guest has named.
 */
static inline FsCall fs_call_in_group(const FsCall *call, uint32_t gid)
{
    FsCall copy = *call;

    copy.cred.gid = gid;
    copy.cred.gid_named = true;
    return copy;
}

/** fs_call_owned_by: a copy of @call that creates objects of @uid and @gid. */
static inline FsCall fs_call_owned_by(const FsCall *call, uint32_t uid,
                                      uint32_t gid)
{
    FsCall copy = *call;

    copy.cred = (FsCred) { .uid = uid, .gid = gid };
    return copy;
}

/** fs_call_within: a copy of @call that waits no longer than @wait. */
static inline FsCall fs_call_within(const FsCall *call, FsWait wait)
{
    FsCall copy = *call;

    copy.wait = MIN(call->wait, wait);
    return copy;
}

/** fs_call_owner: the owner of the objects that the call creates. */
static inline const FsCred *fs_call_owner(const FsCall *call)
{
    return &call->cred;
}

/** fs_call_yield: how to yield; NULL if the call is not in a coroutine. */
static inline const FsYield *fs_call_yield(const FsCall *call)
{
    return call->yield;
}

/** fs_call_may_wait: whether the thread may wait as long as @wait says. */
static inline bool fs_call_may_wait(const FsCall *call, FsWait wait)
{
    return call->wait >= wait;
}

/** fs_call_may_block: whether it may wait without limit. */
static inline bool fs_call_may_block(const FsCall *call)
{
    return fs_call_may_wait(call, FS_WAIT_ANYTHING);
}

/**
 * fs_call_may_ask: whether the call may wait for a reply of another process, by
 * blocking the thread or by yielding.
 */
static inline bool fs_call_may_ask(const FsCall *call)
{
    return call->yield || fs_call_may_block(call);
}

/**
 * fs_call_refused: whether the result @ret of a call means that it would have
 * to wait longer.  With FS_WAIT_ANYTHING -EAGAIN is an error like any other.
 */
static inline bool fs_call_refused(const FsCall *call, ssize_t ret)
{
    return ret == -EAGAIN && !fs_call_may_block(call);
}

#endif
