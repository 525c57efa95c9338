/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Access to guest memory: when the buffers of requests may be touched.
 *
 * A transport lends the buffers of its requests to a session.  When its device
 * is reset or unplugged, it takes all of them back at once.  While the VM is
 * stopped, their content must not change.  Both are demanded by a thread that
 * must not wait for the event loop or for workers, because these may be held
 * up by storage that never answers.
 *
 * Therefore every access to a buffer is made between p9_guest_enter(), or in
 * the loop p9_guest_enter_loop(), and p9_guest_leave(), and nothing is done in
 * between that can take longer than a transfer to or from a disk of the host.
 * p9_guest_shut() waits until no thread is inside, and for nothing else.
 *
 * Buffers belong to a generation.  When they are taken back, the generation
 * ends, and attempts to enter for an older generation are refused.
 *
 *   state   call                 next state
 *   open    p9_guest_shut()      shut
 *   shut    p9_guest_shut()      shut
 *   shut    p9_guest_revoke()    shut, next generation
 *   shut    p9_guest_open()      open, if it undoes the last p9_guest_shut()
 *
 * Any number of threads can be inside, and a thread more than once.
 */
#ifndef HW_9PFS_9P_GUEST_H
#define HW_9PFS_9P_GUEST_H

#include "fsdev/core/p9-osdep.h"

typedef struct P9Guest P9Guest;

/* A stay inside; on the stack of the thread. */
typedef struct P9GuestEntry {
    P9Guest *guest;
    struct P9GuestEntry *outer; /* the same thread's stay around this one */
    bool loop;                  /* by p9_guest_enter_loop() */
} P9GuestEntry;

typedef enum P9GuestAnswer {
    P9_GUEST_IN,                /* p9_guest_leave() has to follow */
    P9_GUEST_SHUT,              /* to be tried again after p9_guest_open() */
    P9_GUEST_OVER,              /* the buffers have been taken back */
} P9GuestAnswer;

/** p9_guest_new: open, in generation 0.  Counted. */
P9Guest *p9_guest_new(void);
P9Guest *p9_guest_ref(P9Guest *guest);
void p9_guest_unref(P9Guest *guest);

/** p9_guest_generation: the current generation.  Context: any thread. */
unsigned p9_guest_generation(P9Guest *guest);
/**
 * p9_guest_is_shut: a hint, because it can change at any time.
 * Context: any thread.
 */
bool p9_guest_is_shut(P9Guest *guest);

/**
 * p9_guest_enter: begin to use buffers of @generation.  Never waits.
 *
 * @entry is filled in and must live until p9_guest_leave().  A thread leaves in
 * the reverse order, and a coroutine leaves before it yields.
 * Context: any thread.
 */
P9GuestAnswer p9_guest_enter(P9Guest *guest, unsigned generation,
                             P9GuestEntry *entry);
/**
 * p9_guest_enter_loop: the same at a lower cost, for the event loop of the
 * device.  Context: the loop; always the same thread.
 */
P9GuestAnswer p9_guest_enter_loop(P9Guest *guest, unsigned generation,
                                  P9GuestEntry *entry);
/** p9_guest_leave: to be called once for each P9_GUEST_IN. */
void p9_guest_leave(P9GuestEntry *entry);

/** p9_guest_is_inside: is the calling thread inside? */
bool p9_guest_is_inside(const P9Guest *guest);

/**
 * p9_guest_shut: refuse to let any thread in, and wait until none is inside.
 *
 * The calling thread is not waited for if it is inside itself: an access to
 * guest memory can be what has made it call this.  Context: the transport
 * serializes the calls of shut, revoke and open (the BQL).
 */
void p9_guest_shut(P9Guest *guest);
/** p9_guest_revoke: end the generation.  The memory must be shut. */
void p9_guest_revoke(P9Guest *guest);
/** p9_guest_open: undo one p9_guest_shut(). */
void p9_guest_open(P9Guest *guest);

#endif
