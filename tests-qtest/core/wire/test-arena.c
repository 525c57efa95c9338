/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Tests of the memory for the strings of a request (P9Arena).
 */
#include "fsdev/core/p9-osdep.h"
#include "hw/9pfs/9p-codec.h"

static void test_alloc_and_reset(void)
{
    P9Arena arena = { 0 };
    char *first = p9_arena_alloc(&arena, 10);
    char *next = p9_arena_alloc(&arena, 20);
    char *large = p9_arena_alloc(&arena, 65536);

    memset(first, 1, 10);
    memset(next, 2, 20);
    memset(large, 3, 65536);
    g_assert_true(next >= first + 10 || first >= next + 20);
    p9_arena_reset(&arena);
    /* The first chunk is kept for the next request, the others are freed. */
    g_assert_true(p9_arena_alloc(&arena, 10) == first);
    for (unsigned i = 0; i < 1000; i++) {
        memset(p9_arena_alloc(&arena, 64), 4, 64);
    }
    p9_arena_destroy(&arena);
    p9_arena_destroy(&arena);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/arena/alloc-and-reset", test_alloc_and_reset);
    return g_test_run();
}
