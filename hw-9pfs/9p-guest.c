/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Access to guest memory: see 9p-guest.h.
 *
 * One word holds the number of entries and a flag for "shut", so entering and
 * leaving take one atomic operation each.  The lock is only taken by threads
 * that wait or are refused.
 */
#include "fsdev/core/p9-osdep.h"
#include "9p-guest.h"

#define SHUT (1u << 31)

struct P9Guest {
    guint word;                 /* atomic: SHUT | number of entries */
    gint refs;                  /* atomic */
    GMutex lock;
    GCond left;                 /* an entry ended while the memory was shut */
    unsigned shuts;             /* calls not undone; guarded by lock */
    /*
     * Written with the lock held while the memory is shut and no thread is
     * inside; read with the lock held, or inside.
     */
    unsigned generation;
};

/* Of the calling thread, which may be inside the memory of several guests. */
static __thread P9GuestEntry *innermost;

P9Guest *p9_guest_new(void)
{
    P9Guest *guest = g_new0(P9Guest, 1);

    guest->refs = 1;
    g_mutex_init(&guest->lock);
    g_cond_init(&guest->left);
    return guest;
}

P9Guest *p9_guest_ref(P9Guest *guest)
{
    g_atomic_int_inc(&guest->refs);
    return guest;
}

void p9_guest_unref(P9Guest *guest)
{
    if (g_atomic_int_dec_and_test(&guest->refs)) {
        g_mutex_clear(&guest->lock);
        g_cond_clear(&guest->left);
        g_free(guest);
    }
}

unsigned p9_guest_generation(P9Guest *guest)
{
    unsigned generation;

    g_mutex_lock(&guest->lock);
    generation = guest->generation;
    g_mutex_unlock(&guest->lock);
    return generation;
}

bool p9_guest_is_shut(P9Guest *guest)
{
    return (unsigned)g_atomic_int_get(&guest->word) & SHUT;
}

static void count_down(P9Guest *guest)
{
    /* This orders what was done inside before the end of p9_guest_shut(). */
    if ((unsigned)g_atomic_int_add(&guest->word, -1) & SHUT) {
        g_mutex_lock(&guest->lock);
        g_cond_broadcast(&guest->left);
        g_mutex_unlock(&guest->lock);
    }
}

static P9GuestAnswer refuse(P9Guest *guest, unsigned generation)
{
    count_down(guest);
    return generation == p9_guest_generation(guest) ? P9_GUEST_SHUT
                                                    : P9_GUEST_OVER;
}

P9GuestAnswer p9_guest_enter(P9Guest *guest, unsigned generation,
                             P9GuestEntry *entry)
{
    if (((unsigned)g_atomic_int_add(&guest->word, 1) & SHUT) ||
        guest->generation != generation) {
        return refuse(guest, generation);
    }
    entry->guest = guest;
    entry->outer = innermost;
    innermost = entry;
    return P9_GUEST_IN;
}

void p9_guest_leave(P9GuestEntry *entry)
{
    assert(innermost == entry);
    innermost = entry->outer;
    count_down(entry->guest);
}

/* Entries of the calling thread. */
static unsigned own_entries(const P9Guest *guest)
{
    unsigned n = 0;

    for (const P9GuestEntry *e = innermost; e; e = e->outer) {
        n += e->guest == guest;
    }
    return n;
}

bool p9_guest_is_inside(const P9Guest *guest)
{
    return own_entries(guest);
}

void p9_guest_shut(P9Guest *guest)
{
    unsigned own = own_entries(guest);

    g_mutex_lock(&guest->lock);
    guest->shuts++;
    g_atomic_int_or(&guest->word, SHUT);
    while (((unsigned)g_atomic_int_get(&guest->word) & ~SHUT) > own) {
        g_cond_wait(&guest->left, &guest->lock);
    }
    g_mutex_unlock(&guest->lock);
}

void p9_guest_revoke(P9Guest *guest)
{
    g_mutex_lock(&guest->lock);
    assert(guest->shuts);
    guest->generation++;
    g_mutex_unlock(&guest->lock);
}

void p9_guest_open(P9Guest *guest)
{
    g_mutex_lock(&guest->lock);
    assert(guest->shuts);
    if (!--guest->shuts) {
        g_atomic_int_and(&guest->word, ~SHUT);
    }
    g_mutex_unlock(&guest->lock);
}
