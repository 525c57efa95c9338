/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A session with real workers: many requests that conflict with each other.
 * These tests also run under ThreadSanitizer.  Mostly, they rely on what
 * client.c and memfs.c check in every session, as the results depend on races.
 */
#include "fsdev/core/p9-osdep.h"
#include "lib/client.h"
#include "lib/race.h"

#define ROUNDS race_rounds(150)

static Client *client_with_tree(bool sleepy)
{
    Client *c = client_start(memfs_open(), CLIENT_THREADS);

    memfs_add(c->export, "file", "0123456789");
    memfs_add(c->export, "dir", NULL);
    memfs_add(c->export, "dir/sub", NULL);
    memfs_add(c->export, "dir/sub/f", "text");
    memfs_sleepy(c->export, sleepy);
    return c;
}

static void wait_all(Client *c)
{
    test_exec_drain(c->exec);
    g_assert_cmpuint(c->pending, ==, 0);
}

static Call *send_walk(Client *c, uint32_t fid, uint32_t newfid,
                       const char *path)
{
    g_auto(GStrv) parts = g_strsplit(path, "/", -1);
    P9Tmsg t = client_walk_msg(fid, newfid, path, parts);

    return client_send(c, P9_TWALK, 1, &t, NULL);
}

/* Open, change, flush and clunk one fid at the same time. */
static void test_open_storm(void)
{
    g_autoptr(Client) c = client_with_tree(true);

    for (unsigned i = 0; i < ROUNDS; i++) {
        g_assert_cmpint(client_walk(c, 0, 1, "file"), ==, 0);
        SEND(c, 1, lopen, .fid = 1, .flags = 2);
        SEND(c, 2, lopen, .fid = 1);
        SEND(c, 3, xattrcreate, .fid = 1, .name = P9STR("user.x"),
             .size = 4);
        SEND(c, 4, read, .fid = 1, .count = 100);
        SEND(c, 5, getattr, .fid = 1, .request_mask = 0x7ff);
        if (i & 1) {
            SEND(c, 6, flush, .oldtag = 1 + i % 5);
        }
        if (i & 2) {
            test_exec_step(c->exec);
        }
        SEND(c, 7, clunk, .fid = 1);
        SEND(c, 8, clunk, .fid = 1);
        wait_all(c);
        g_assert_cmpuint(client_mem(c).files, ==, 0);
    }
}

/* Open, create in, remove and clunk one fid at the same time. */
static void test_fid_storm(void)
{
    static const char *const paths[] = { "file", "another" };
    g_autoptr(Client) c = client_with_tree(true);

    for (unsigned i = 0; i < ROUNDS; i++) {
        if (client_walk(c, 0, 1, paths[i % 2]) < 0) {
            memfs_add(c->export, paths[i % 2], i % 2 ? "text" : NULL);
            g_assert_cmpint(client_walk(c, 0, 1, paths[i % 2]), ==, 0);
        }
        SEND(c, 1, lopen, .fid = 1, .flags = i & 1 ? 2 : 0);
        SEND(c, 2, lcreate, .fid = 1, .name = P9NAME("f"), .flags = 2,
             .mode = 0644);
        if (i & 4) {
            test_exec_step(c->exec);
        }
        SEND(c, 3, remove, .fid = 1);
        SEND(c, 4, lcreate, .fid = 1, .name = P9NAME("g"), .flags = 2,
             .mode = 0644);
        SEND(c, 5, getattr, .fid = 1, .request_mask = 0x7ff);
        SEND(c, 6, clunk, .fid = 1);
        wait_all(c);
        g_assert_cmpint(ASK(c, clunk, .fid = 1), ==, -ENOENT);
        g_assert_cmpuint(client_mem(c).files, ==, 0);
    }
}

/* Flush and clunk while reads and writes of the fid run. */
static void test_read_storm(void)
{
    g_autoptr(Client) c = client_with_tree(true);

    for (unsigned i = 0; i < ROUNDS; i++) {
        g_assert_cmpint(client_open(c, 1, "file", 2), ==, 0);
        for (unsigned j = 0; j < 8; j++) {
            SEND(c, 10 + j, read, .fid = 1, .offset = j, .count = 5);
            client_send_write(c, 20 + j, 1, j, "abcdef", 6);
        }
        for (unsigned j = 0; j < 8; j++) {
            SEND(c, 30 + j, flush, .oldtag = 10 + (i + j) % 18);
        }
        SEND(c, 40, clunk, .fid = 1);
        SEND(c, 41, flush, .oldtag = 40);
        wait_all(c);
        g_assert_cmpuint(client_mem(c).files, ==, 0);
    }
}

/* Rename a directory while other requests walk and look below it. */
static void test_rename_storm(void)
{
    g_autoptr(Client) c = client_with_tree(true);
    static const char *const names[] = { "sub", "other" };

    g_assert_cmpint(client_walk(c, 0, 1, "dir"), ==, 0);
    g_assert_cmpint(client_walk(c, 0, 2, "dir/sub/f"), ==, 0);
    for (unsigned i = 0; i < ROUNDS; i++) {
        SEND(c, 1, renameat, .olddirfid = 1, .oldname = P9NAME(names[i & 1]),
             .newdirfid = 1, .newname = P9NAME(names[~i & 1]));
        send_walk(c, 0, 10, "dir/sub/f");
        send_walk(c, 0, 11, "dir/other/f");
        send_walk(c, 2, 12, "../../..");
        send_walk(c, 1, 13, "");
        SEND(c, 2, mkdir, .fid = 1, .name = P9NAME("new"), .mode = 0755);
        SEND(c, 3, unlinkat, .dfid = 1, .name = P9NAME("new"),
             .flags = 0x200);
        SEND(c, 4, getattr, .fid = 2, .request_mask = 0x7ff);
        wait_all(c);
        for (uint32_t fid = 10; fid < 14; fid++) {
            SEND(c, 5, clunk, .fid = fid);
        }
        wait_all(c);
    }
}

static void test_version_storm(void)
{
    g_autoptr(Client) c = client_with_tree(true);

    for (unsigned i = 0; i < ROUNDS; i++) {
        Call *version;

        send_walk(c, 0, 1, "file");
        send_walk(c, 0, 2, "dir/sub");
        SEND(c, 1, mkdir, .fid = 0, .name = P9NAME("d"), .mode = 0755);
        SEND(c, 2, flush, .oldtag = 1);
        SEND(c, 3, unlinkat, .dfid = 0, .name = P9NAME("d"), .flags = 0x200);
        version = SEND(c, P9_NOTAG, version, .msize = 65536,
                       .version = P9STR("9P2000.L"));
        SEND(c, 4, attach, .fid = 0, .uname = P9STR(""), .aname = P9STR(""));
        wait_all(c);
        g_assert_cmpint(version->state, ==, CALL_ANSWERED);
    }
}

/* A reset waits only for accesses to guest memory, which it gives back. */
static void test_reset_storm(void)
{
    g_autoptr(Client) c = client_with_tree(true);

    for (unsigned i = 0; i < ROUNDS; i++) {
        g_assert_cmpint(client_version(c, 65536, "9P2000.L"), ==, 0);
        g_assert_cmpint(client_attach(c, 0, 0), ==, 0);
        g_assert_cmpint(client_open(c, 1, "file", 2), ==, 0);
        g_assert_cmpint(client_walk(c, 0, 2, "dir"), ==, 0);
        for (unsigned j = 0; j < 8; j++) {
            SEND(c, j, read, .fid = 1, .count = 10);
            client_send_write(c, j, 1, 0, "0123456789", 10);
            SEND(c, j, getattr, .fid = 1, .request_mask = 0x7ff);
            SEND(c, j, statfs, .fid = 1);
        }
        SEND(c, 1, lopen, .fid = 2);
        SEND(c, 1, readdir, .fid = 2, .count = 4096);
        SEND(c, 1, clunk, .fid = 1);
        if (i % 3) {
            test_exec_step(c->exec);
        }
        client_reset(c);
        g_assert_cmpuint(c->pending, ==, 0);
    }
    wait_all(c);
    client_check_content(c, "file", "0123456789");
}

/*
 * A reset does not wait for reads and writes of a remote file that hang, and
 * the session serves requests before they end.
 */
static void test_reset_while_hanging(void)
{
    g_autoptr(Client) c = client_with_tree(false);
    Call *read, *write;

    memfs_remote(c->export, true);
    g_assert_cmpint(client_open(c, 1, "file", 2), ==, 0);
    memfs_hold(c->export, MEM_READ);
    memfs_hold(c->export, MEM_WRITE);
    read = SEND(c, 1, read, .fid = 1, .count = 10);
    write = client_send_write(c, 2, 1, 0, "x", 1);
    memfs_await_held(c->export, 2);
    client_reset(c);
    g_assert_cmpint(read->state, ==, CALL_DROPPED);
    g_assert_cmpint(write->state, ==, CALL_DROPPED);
    g_assert_cmpint(client_version(c, 8192, "9P2000.L"), ==, 0);
    g_assert_cmpint(client_attach(c, 0, 0), ==, 0);
    g_assert_cmpint(client_walk(c, 0, 1, "dir/sub"), ==, 0);
    memfs_let_go(c->export);
    wait_all(c);
    g_assert_cmpuint(client_mem(c).files, ==, 0);
}

/* Reads move one byte per call; writes are parked for ever. */
static int slow_read(void *opaque G_GNUC_UNUSED, const MemCall *call)
{
    return call->op == MEM_READ ? 1 : call->op == MEM_WRITE ? -EINPROGRESS
                                                            : 0;
}

/* Lets calls go that are held, once the memory that they may use is shut. */
static void *let_go_when_shut(void *opaque)
{
    Client *c = opaque;

    while (!p9_guest_is_shut(c->guest)) {
        g_thread_yield();
    }
    memfs_let_go(c->export);
    return NULL;
}

/*
 * A reset waits for a running read of a local file, as the read writes to guest
 * memory.  The read is held until the reset has begun, and has moved all its
 * bytes when the reset returns.
 */
static void test_reset_while_reading(void)
{
    g_autoptr(Client) c = client_with_tree(false);
    g_autofree char *text = g_strnfill(20000, 'x');
    Call *read, *write;
    GThread *thread;

    memfs_add(c->export, "long", text);
    g_assert_cmpint(client_open(c, 1, "long", 2), ==, 0);
    memfs_set_hook(c->export, slow_read, NULL);
    memfs_hold(c->export, MEM_READ);
    read = SEND(c, 1, read, .fid = 1, .count = 20000);
    memfs_await_held(c->export, 1);
    write = client_send_write(c, 2, 1, 0, "x", 1);
    g_assert_cmpint(write->state, ==, CALL_PENDING);
    thread = g_thread_new("let-go", let_go_when_shut, c);
    client_reset(c);
    g_assert_cmpuint(client_mem(c).calls[MEM_READ], >=, 20000);
    g_assert_cmpint(read->state, ==, CALL_DROPPED);
    g_assert_cmpint(write->state, ==, CALL_DROPPED);
    g_thread_join(thread);
    wait_all(c);
}

/* A session can be freed after a reset that did not wait for a hanging open. */
static void test_free_while_hanging(void)
{
    Client *c = client_with_tree(false);
    FsExport *export = fs_export_ref(c->export);

    g_assert_cmpint(client_walk(c, 0, 1, "file"), ==, 0);
    memfs_hold(export, MEM_OPEN);
    SEND(c, 1, lopen, .fid = 1);
    memfs_await_held(export, 1);
    client_reset(c);
    g_assert_cmpuint(c->pending, ==, 0);
    memfs_let_go(export);
    fs_export_unref(export);
    client_free(c);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/session/threads/open-storm", test_open_storm);
    g_test_add_func("/session/threads/fid-storm", test_fid_storm);
    g_test_add_func("/session/threads/read-storm", test_read_storm);
    g_test_add_func("/session/threads/rename-storm", test_rename_storm);
    g_test_add_func("/session/threads/version-storm", test_version_storm);
    g_test_add_func("/session/threads/reset-storm", test_reset_storm);
    g_test_add_func("/session/threads/reset-while-hanging",
                    test_reset_while_hanging);
    g_test_add_func("/session/threads/reset-while-reading",
                    test_reset_while_reading);
    g_test_add_func("/session/threads/free-while-hanging",
                    test_free_while_hanging);
    return g_test_run();
}
