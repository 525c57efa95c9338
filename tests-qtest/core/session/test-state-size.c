/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A session with a million idle fids: how long it takes to move it, and how
 * large it is.  The times are printed; only the size has a bound, as times
 * depend on the machine.
 */
#include "fsdev/core/p9-osdep.h"
#include "session/move.h"

#ifdef __SANITIZE_ADDRESS__
enum { FILES = 2000, FIDS = 20000 };
#else
enum { FILES = 20000, FIDS = 1000000 };
#endif
enum { BYTES_MAX = 100 };       /* for each fid with its node */

static double seconds(int64_t since)
{
    return (g_get_monotonic_time() - since) / 1e6;
}

static void test_many_fids(void)
{
    g_autoptr(Scratch) scratch = scratch_new();
    g_autoptr(GByteArray) bytes = g_byte_array_new();
    g_autofree char *why = NULL;
    g_autofree char *losses = NULL;
    P9SessionInfo info;
    Client *from, *to;
    int64_t start;
    double saved;

    for (unsigned i = 0; i < FILES; i++) {
        g_autofree char *name = g_strdup_printf("file%u", i);

        scratch_write(scratch, name, "");
    }
    from = client_start(move_export(scratch->path), CLIENT_INLINE);
    for (unsigned fid = 1; fid < FIDS; fid++) {
        g_autofree char *name = g_strdup_printf("file%u", fid % FILES);

        g_assert_cmpint(client_walk(from, 0, fid, name), ==, 0);
        g_ptr_array_set_size(from->calls, 0);
    }
    client_pause(from);
    start = g_get_monotonic_time();
    g_assert_cmpint(move_save(from, false, bytes, &why), ==, 0);
    saved = seconds(start);
    to = client_new(move_export(scratch->path), CLIENT_INLINE, NULL);
    client_pause(to);
    start = g_get_monotonic_time();
    losses = move_load(to, bytes, from);
    g_test_message("%d idle fids of %d files: %.2f s to save, %.2f s to load, "
                   "%.1f MiB", FIDS, FILES, saved, seconds(start),
                   bytes->len / 1048576.0);
    g_assert_cmpstr(losses, ==, NULL);
    g_assert_cmpuint(bytes->len, <, (uint64_t)FIDS * BYTES_MAX);
    client_info(to, &info);
    g_assert_cmpuint(info.fids, ==, FIDS);
    client_free(from);
    client_resume(to);
    client_free(to);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/state/size/many-fids", test_many_fids);
    return g_test_run();
}
