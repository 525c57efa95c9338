/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The warning about a request that storage of the host does not answer.
 */
#include "fsdev/core/p9-osdep.h"
#include "lib/client.h"
#include "lib/warnings.h"

static Client *start(unsigned hang_ms)
{
    const P9Limits limits = { .max_msize = 65536, .hang_ms = hang_ms };
    Client *c = client_new(memfs_open(), CLIENT_THREADS, &limits);

    memfs_add(c->export, "dir", NULL);
    memfs_add(c->export, "dir/file", "text");
    memfs_remote(c->export, true);
    g_assert_cmpint(client_version(c, 8192, "9P2000.L"), ==, 0);
    g_assert_cmpint(client_attach(c, 0, 0), ==, 0);
    g_assert_cmpint(client_open(c, 1, "dir/file", O_RDONLY), ==, 0);
    return c;
}

static void test_hanging(void)
{
    g_autoptr(Client) c = start(20);
    Call *call;

    warnings_collect();
    memfs_hold(c->export, MEM_READ);
    call = SEND(c, 7, read, .fid = 1, .count = 4);
    memfs_await_held(c->export, 1);
    /* The timer is set again as long as the request has no answer. */
    while (!warnings_with("has not answered a Tread of '/dir/file'")) {
        client_tick(c);
    }
    g_assert_cmpuint(warnings_with("export 'mem'"), ==, 1);
    g_assert_cmpuint(warnings_with("look at that file system"), ==, 1);
    client_tick(c);
    memfs_let_go(c->export);
    client_wait(call);
    warnings_end();
}

/* What is answered in time is not worth a word. */
static void test_in_time(void)
{
    g_autoptr(Client) c = start(0);

    warnings_collect();
    g_assert_cmpint(client_read(c, 1, 0, 4), ==, 4);
    client_tick(c);
    g_assert_cmpuint(warnings_with("9p:"), ==, 0);
    warnings_end();
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/hang-warning/hanging", test_hanging);
    g_test_add_func("/hang-warning/in-time", test_in_time);
    return g_test_run();
}
