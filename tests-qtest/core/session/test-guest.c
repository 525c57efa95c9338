/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Access to the guest's memory: who is let in, and what shutting it waits for.
 */
#include "fsdev/core/p9-osdep.h"
#include "hw/9pfs/9p-guest.h"

G_DEFINE_AUTOPTR_CLEANUP_FUNC(P9Guest, p9_guest_unref)

typedef P9GuestAnswer EnterFn(P9Guest *guest, unsigned generation,
                              P9GuestEntry *entry);

/* Of the test: p9_guest_enter() or p9_guest_enter_loop(). */
static EnterFn *enter;

static P9GuestAnswer try_enter(P9Guest *guest, unsigned generation)
{
    P9GuestEntry entry;
    P9GuestAnswer answer = enter(guest, generation, &entry);

    if (answer == P9_GUEST_IN) {
        p9_guest_leave(&entry);
    }
    return answer;
}

static void test_open(void)
{
    g_autoptr(P9Guest) guest = p9_guest_new();
    P9GuestEntry outer, inner;

    g_assert_false(p9_guest_is_inside(guest));
    g_assert_cmpint(enter(guest, 0, &outer), ==, P9_GUEST_IN);
    g_assert_cmpint(enter(guest, 0, &inner), ==, P9_GUEST_IN);
    p9_guest_leave(&inner);
    g_assert_true(p9_guest_is_inside(guest));
    p9_guest_leave(&outer);
    g_assert_false(p9_guest_is_inside(guest));
}

/* It opens when each call that shut it has been undone. */
static void test_shut(void)
{
    g_autoptr(P9Guest) guest = p9_guest_new();

    g_assert_false(p9_guest_is_shut(guest));
    p9_guest_shut(guest);
    p9_guest_shut(guest);
    g_assert_cmpint(try_enter(guest, 0), ==, P9_GUEST_SHUT);
    p9_guest_open(guest);
    g_assert_true(p9_guest_is_shut(guest));
    g_assert_cmpint(try_enter(guest, 0), ==, P9_GUEST_SHUT);
    p9_guest_open(guest);
    g_assert_cmpint(try_enter(guest, 0), ==, P9_GUEST_IN);
}

/* Buffers of an older generation are gone, whether it is shut or open. */
static void test_revoke(void)
{
    g_autoptr(P9Guest) guest = p9_guest_new();

    p9_guest_shut(guest);
    p9_guest_revoke(guest);
    g_assert_cmpuint(p9_guest_generation(guest), ==, 1);
    g_assert_cmpint(try_enter(guest, 0), ==, P9_GUEST_OVER);
    g_assert_cmpint(try_enter(guest, 1), ==, P9_GUEST_SHUT);
    p9_guest_open(guest);
    g_assert_cmpint(try_enter(guest, 0), ==, P9_GUEST_OVER);
    g_assert_cmpint(try_enter(guest, 1), ==, P9_GUEST_IN);
}

/* What a thread does inside may bring it to shut the memory: it goes on. */
static void test_own(void)
{
    g_autoptr(P9Guest) guest = p9_guest_new();
    g_autoptr(P9Guest) other = p9_guest_new();
    P9GuestEntry entry, between, inner;

    g_assert_cmpint(enter(guest, 0, &entry), ==, P9_GUEST_IN);
    g_assert_cmpint(enter(other, 0, &between), ==, P9_GUEST_IN);
    g_assert_cmpint(p9_guest_enter(guest, 0, &inner), ==, P9_GUEST_IN);
    p9_guest_shut(guest);
    p9_guest_revoke(guest);
    p9_guest_open(guest);
    g_assert_cmpint(try_enter(guest, 0), ==, P9_GUEST_OVER);
    g_assert_cmpint(try_enter(other, 0), ==, P9_GUEST_IN);
    p9_guest_leave(&inner);
    p9_guest_leave(&between);
    p9_guest_leave(&entry);
    p9_guest_shut(guest);
    p9_guest_open(guest);
}

/* ---- threads ---- */

typedef struct Shared {
    P9Guest *guest;
    int memory;                 /* used inside, or while it is shut */
    int *volatile buffer;       /* of the present generation */
    int loops;                  /* atomic: threads that act as the loop */
    unsigned entered;           /* atomic */
    unsigned refused;           /* atomic */
    int quit;                   /* atomic */
} Shared;

static void *shut_and_look(void *opaque)
{
    Shared *sh = opaque;
    int seen;

    p9_guest_shut(sh->guest);
    seen = sh->memory;
    p9_guest_open(sh->guest);
    return GINT_TO_POINTER(seen);
}

static void test_shut_waits(void)
{
    Shared sh = { .guest = p9_guest_new() };
    P9GuestEntry entry;
    GThread *thread;

    g_assert_cmpint(enter(sh.guest, 0, &entry), ==, P9_GUEST_IN);
    thread = g_thread_new("shut", shut_and_look, &sh);
    while (!p9_guest_is_shut(sh.guest)) {
        g_thread_yield();
    }
    g_assert_cmpint(try_enter(sh.guest, 0), ==, P9_GUEST_SHUT);
    sh.memory = 1;
    p9_guest_leave(&entry);
    g_assert_cmpint(GPOINTER_TO_INT(g_thread_join(thread)), ==, 1);
    p9_guest_unref(sh.guest);
}

static void *use_buffers(void *opaque)
{
    Shared *sh = opaque;
    EnterFn *enter_by = g_atomic_int_add(&sh->loops, 1) ? p9_guest_enter
                                                        : p9_guest_enter_loop;
    unsigned generation = 0;

    while (!g_atomic_int_get(&sh->quit)) {
        P9GuestEntry entry;

        switch (enter_by(sh->guest, generation, &entry)) {
        case P9_GUEST_IN:
            g_assert_cmpint(*sh->buffer, ==, generation);
            p9_guest_leave(&entry);
            g_atomic_int_inc(&sh->entered);
            break;
        case P9_GUEST_OVER:
            generation = p9_guest_generation(sh->guest);
            /* fall through */
        default:
            g_atomic_int_inc(&sh->refused);
            g_thread_yield();
        }
    }
    return NULL;
}

/*
 * Buffers are freed while several threads use them, one of them as the loop:
 * each is inside or is refused.
 */
static void test_storm(void)
{
    enum { THREADS = 4, ROUNDS = 2000 };
    Shared sh = { .guest = p9_guest_new(), .buffer = g_new0(int, 1) };
    GThread *threads[THREADS];

    for (unsigned i = 0; i < THREADS; i++) {
        threads[i] = g_thread_new("user", use_buffers, &sh);
    }
    for (unsigned i = 1; i <= ROUNDS; i++) {
        unsigned entered = g_atomic_int_get(&sh.entered);

        p9_guest_shut(sh.guest);
        g_free(sh.buffer);
        sh.buffer = NULL;
        p9_guest_revoke(sh.guest);
        sh.buffer = g_new0(int, 1);
        *sh.buffer = i;
        p9_guest_open(sh.guest);
        while (g_atomic_int_get(&sh.entered) == entered) {
            g_thread_yield();
        }
    }
    g_atomic_int_set(&sh.quit, 1);
    for (unsigned i = 0; i < THREADS; i++) {
        g_thread_join(threads[i]);
    }
    g_assert_cmpuint(sh.refused, >, 0);
    g_free(sh.buffer);
    p9_guest_unref(sh.guest);
}

static void run(gconstpointer test)
{
    void (*const *fn)(void) = test;

    enter = p9_guest_enter;
    (*fn)();
    enter = p9_guest_enter_loop;
    (*fn)();
}

static const struct {
    const char *name;
    void (*fn)(void);
} tests[] = {
    { "/guest/open", test_open },
    { "/guest/shut", test_shut },
    { "/guest/revoke", test_revoke },
    { "/guest/shut-by-who-is-inside", test_own },
    { "/guest/threads/shut-waits", test_shut_waits },
};

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    for (size_t i = 0; i < ARRAY_SIZE(tests); i++) {
        g_test_add_data_func(tests[i].name, &tests[i].fn, run);
    }
    g_test_add_func("/guest/threads/storm", test_storm);
    return g_test_run();
}
