/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Access to guest memory: see 9p-guest.h.
 *
 * One word holds the number of entries and a flag for "shut", so entering and
 * leaving take one atomic operation each.  The loop, which enters several times
 * for each request, has a number of its own, which no other thread writes: it
 * needs one full barrier when it enters, and none when it leaves.  The lock is
 * only taken by threads that wait or are refused.
 */
#include "fsdev/core/p9-osdep.h"
#include "9p-guest.h"

#define SHUT (1u << 31)
/*
 * The loop may leave without noticing that the memory is shut meanwhile.  So
 * p9_guest_shut() looks again after this time.
 */
#define LOOK_AGAIN_US 500

struct P9Guest {
    guint word;                 /* atomic: SHUT | number of entries */
    gint loop;                  /* atomic: of the loop; written by it alone */
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

static void wake_up(P9Guest *guest)
{
    g_mutex_lock(&guest->lock);
    g_cond_broadcast(&guest->left);
    g_mutex_unlock(&guest->lock);
}

static void count_down(P9Guest *guest)
{
    /* This orders what was done inside before the end of p9_guest_shut(). */
    if ((unsigned)g_atomic_int_add(&guest->word, -1) & SHUT) {
        wake_up(guest);
    }
}

/* The same for an entry of the loop; the store has the same effect. */
static void loop_count_down(P9Guest *guest)
{
    __atomic_store_n(&guest->loop, guest->loop - 1, __ATOMIC_RELEASE);
    if (__atomic_load_n(&guest->word, __ATOMIC_RELAXED) & SHUT) {
        wake_up(guest);
    }
}

static P9GuestAnswer refusal(P9Guest *guest, unsigned generation)
{
    return generation == p9_guest_generation(guest) ? P9_GUEST_SHUT
                                                    : P9_GUEST_OVER;
}

static P9GuestAnswer entered(P9Guest *guest, P9GuestEntry *entry, bool loop)
{
    entry->guest = guest;
    entry->loop = loop;
    entry->outer = innermost;
    innermost = entry;
    return P9_GUEST_IN;
}

P9GuestAnswer p9_guest_enter(P9Guest *guest, unsigned generation,
                             P9GuestEntry *entry)
{
    if (((unsigned)g_atomic_int_add(&guest->word, 1) & SHUT) ||
        guest->generation != generation) {
        count_down(guest);
        return refusal(guest, generation);
    }
    return entered(guest, entry, false);
}

P9GuestAnswer p9_guest_enter_loop(P9Guest *guest, unsigned generation,
                                  P9GuestEntry *entry)
{
    /* A full barrier: either this sees SHUT or p9_guest_shut() the entry. */
    g_atomic_int_set(&guest->loop, guest->loop + 1);
    if (p9_guest_is_shut(guest) || guest->generation != generation) {
        loop_count_down(guest);
        return refusal(guest, generation);
    }
    return entered(guest, entry, true);
}

void p9_guest_leave(P9GuestEntry *entry)
{
    assert(innermost == entry);
    innermost = entry->outer;
    if (entry->loop) {
        loop_count_down(entry->guest);
    } else {
        count_down(entry->guest);
    }
}

/* Entries of the calling thread: as the loop, or others. */
static unsigned own_entries(const P9Guest *guest, bool loop)
{
    unsigned n = 0;

    for (const P9GuestEntry *e = innermost; e; e = e->outer) {
        n += e->guest == guest && e->loop == loop;
    }
    return n;
}

bool p9_guest_is_inside(const P9Guest *guest)
{
    return own_entries(guest, false) || own_entries(guest, true);
}

void p9_guest_shut(P9Guest *guest)
{
    unsigned own = own_entries(guest, false);
    gint own_loop = own_entries(guest, true);

    g_mutex_lock(&guest->lock);
    guest->shuts++;
    g_atomic_int_or(&guest->word, SHUT);
    while (((unsigned)g_atomic_int_get(&guest->word) & ~SHUT) > own ||
           g_atomic_int_get(&guest->loop) > own_loop) {
        g_cond_wait_until(&guest->left, &guest->lock,
                          g_get_monotonic_time() + LOOK_AGAIN_US);
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
