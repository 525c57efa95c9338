/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The state of a session as bytes, for migration and snapshots.
 *
 * Saving is one step, which neither waits nor changes anything for the client
 * (9p-state-save.c).  Loading has three, because files are opened by it and the
 * bytes may come from anyone:
 *
 *   p9_state_decode()   checks every byte; allocates no more than a small
 *                       multiple of what there is (9p-state-load.c)
 *   p9_state_find()     looks objects up again, opens files and takes locks; it
 *                       uses the driver only, in a thread that may block
 *                       (9p-state-find.c)
 *   p9_state_install()  makes fids and requests of it, on the event loop
 *                       (9p-state-install.c)
 *
 * The format is described in docs/devel/9pfs-internals.rst.  Functions that can
 * fail set *@why to a message for users, to be freed, and return -errno.
 */
#ifndef HW_9PFS_9P_STATE_H
#define HW_9PFS_9P_STATE_H

#include "9p-session.h"
#include "9p-request-still.h"

/* ---- saving; context: event loop ---- */

typedef struct P9StateOptions {
    /* Refuse, if it is certain that an open file cannot be found again. */
    bool refuse_losses;
    /* Append what tells a transport where the buffers of @element are. */
    void (*describe)(void *element, GByteArray *to);
} P9StateOptions;

/** p9_state_needed: is there anything that a new session does not have? */
bool p9_state_needed(const P9Session *s);
/**
 * p9_state_save: append the state to @to.  Guest memory is shut.
 *
 * -EAGAIN, with *@why and @to unchanged, as long as requests are running that
 * cannot be interrupted.
 */
int p9_state_save(P9Session *s, const P9StateOptions *options, GByteArray *to,
                  char **why);

/* ---- loading ---- */

typedef struct P9State P9State;

/* A request that is in flight.  The transport sets the second half. */
typedef struct P9StateRequest {
    uint8_t *place;             /* owned: what describe() has appended */
    uint32_t place_size;
    bool done;
    P9Reply reply;              /* if it is done */

    void *element;              /* borrowed, as the iovecs: see … */
    const struct iovec *out;    /* … p9_request_submit() */
    const struct iovec *in;
    unsigned out_cnt;
    unsigned in_cnt;
} P9StateRequest;

/** p9_state_decode: NULL on failure.  Context: any thread. */
P9State *p9_state_decode(const void *bytes, size_t size, char **why);
/** p9_state_free: also closes files; may block.  NULL is allowed. */
void p9_state_free(P9State *state);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(P9State, p9_state_free)

/** p9_state_requests: the requests in flight; their number is *@n. */
P9StateRequest *p9_state_requests(P9State *state, unsigned *n);
/**
 * p9_state_find: find all objects on @export again.
 *
 * To be called once.  An object that is not found is lost: fids of it are
 * answered ESTALE; if @stop, the call fails for one that still had a name when
 * it was saved.
 * Context: a thread that may wait for anything.
 */
int p9_state_find(P9State *state, FsExport *export, bool stop, char **why);
/** p9_state_cancel: make p9_state_find() fail soon.  Context: any thread. */
void p9_state_cancel(P9State *state);
/** p9_state_losses: what is lost, in words; NULL: nothing.  To be freed. */
char *p9_state_losses(const P9State *state);
/**
 * p9_state_install: make the state, which was found on the export of @s, that
 * of @s.
 *
 * @s has just been reset, and guest memory is shut.  After an error @s has to
 * be reset again.  Context: event loop.
 */
int p9_state_install(P9State *state, P9Session *s, char **why);

/* ---- locks of a session that was saved ---- */

typedef struct P9HeldLocks P9HeldLocks;

/**
 * p9_held_locks_new: the locks of the session, or NULL if it has none.
 *
 * The session stands still, or was reset, as long as they exist.
 * Context: event loop.
 */
P9HeldLocks *p9_held_locks_new(P9Session *s);
/**
 * p9_held_locks_release: let others have them.  p9_held_locks_take: take them
 * again; returns how many others have got meanwhile.
 * Context: a thread that may wait for anything.
 */
void p9_held_locks_release(P9HeldLocks *locks);
unsigned p9_held_locks_take(P9HeldLocks *locks);
/** p9_held_locks_free: does not release them.  Context: event loop. */
void p9_held_locks_free(P9HeldLocks *locks);

#endif
