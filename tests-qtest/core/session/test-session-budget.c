/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The memory that requests of a session take is limited, and requests over the
 * limit make progress or are refused before anything is done.
 */
#include "lib/client.h"

#define MSIZE       512000
#define COUNT       500000
#define PIECE       16384
#define LIMIT       FS_MAX_MEMORY_DEFAULT
#define PIECES_MAX  1024

static Client *start(void)
{
    g_autofree char *text = g_strnfill(COUNT, 'x');
    Client *c = client_new(memfs_open(), CLIENT_STEPPED, NULL);

    c->by_hand = false;
    memfs_add(c->export, "file", text);
    memfs_remote(c->export, true);
    g_assert_cmpint(client_version(c, MSIZE, "9P2000.L"), ==, 0);
    g_assert_cmpint(client_attach(c, 0, 0), ==, 0);
    g_assert_cmpint(client_open(c, 1, "file", O_RDWR), ==, 0);
    c->by_hand = true;
    memfs_sleepy(c->export, true);
    return c;
}

static size_t payload(Client *c)
{
    P9SessionInfo info;

    client_info(c, &info);
    return info.used[FS_BUDGET_MEMORY] + info.used[FS_BUDGET_PIECES];
}

static Call *send_read(Client *c, unsigned n)
{
    return SEND(c, n, read, .fid = 1, .count = COUNT);
}

static Call *send_write(Client *c, unsigned n)
{
    static const char data[COUNT];

    return client_send_write(c, n, 1, 0, data, COUNT);
}

/* Send @n requests, none of which is served before the executor runs. */
static GPtrArray *send_many(Client *c, unsigned n,
                            Call *(*send)(Client *c, unsigned n))
{
    GPtrArray *calls = g_ptr_array_new();

    for (unsigned i = 0; i < n; i++) {
        g_ptr_array_add(calls, send(c, i));
    }
    return calls;
}

static void test_read_is_cut(void)
{
    const unsigned whole = LIMIT / COUNT;
    const unsigned sent = whole + 20;
    g_autoptr(Client) c = start();
    g_autoptr(GPtrArray) calls = send_many(c, sent, send_read);

    g_assert_cmpuint(payload(c), ==, whole * COUNT + 20 * PIECE);
    test_exec_drain(c->exec);
    for (unsigned i = 0; i < sent; i++) {
        Call *call = calls->pdata[i];

        g_assert_cmpint(call->state, ==, CALL_ANSWERED);
        g_assert_cmpint(call->error, ==, 0);
        g_assert_cmpuint(call->r.read.data.count, ==,
                         i < whole ? COUNT : PIECE);
    }
    g_assert_cmpuint(payload(c), ==, 0);
}

static void test_write_is_cut(void)
{
    const unsigned whole = LIMIT / COUNT;
    const unsigned sent = whole + 2;
    g_autoptr(Client) c = start();
    g_autoptr(GPtrArray) calls = send_many(c, sent, send_write);

    g_assert_cmpuint(payload(c), ==, whole * COUNT + 2 * PIECE);
    test_exec_drain(c->exec);
    for (unsigned i = 0; i < sent; i++) {
        Call *call = calls->pdata[i];

        g_assert_cmpint(call->error, ==, 0);
        g_assert_cmpuint(call->r.write.count, ==, i < whole ? COUNT : PIECE);
    }
    g_assert_cmpuint(payload(c), ==, 0);
}

/* With more requests in flight than a large queue has, one fails. */
static void test_no_piece_left(void)
{
    g_autoptr(Client) c = start();
    g_autoptr(GPtrArray) calls = send_many(c, LIMIT / COUNT + PIECES_MAX,
                                           send_read);
    Call *call = send_read(c, 5000);

    g_assert_cmpuint(calls->len, ==, LIMIT / COUNT + PIECES_MAX);
    g_assert_cmpint(call->state, ==, CALL_ANSWERED);
    g_assert_cmpint(call->error, ==, ENOMEM);
    g_assert_cmpuint(payload(c), <=, LIMIT + PIECES_MAX * PIECE);
    test_exec_drain(c->exec);
    g_assert_cmpuint(payload(c), ==, 0);
    call = send_read(c, 5000);
    test_exec_drain(c->exec);
    g_assert_cmpint(call->error, ==, 0);
}

/*
 * A reset gives all memory back at once, except for requests that a driver
 * works for, which are still counted.
 */
static void test_reset_gives_back(void)
{
    g_autoptr(Client) c = start();
    g_autoptr(GPtrArray) calls = send_many(c, 100, send_read);
    P9Job *job = client_job(calls->pdata[0]);

    g_assert_true(test_exec_run(c->exec, job));
    client_reset(c);
    g_assert_cmpuint(payload(c), ==, COUNT);
    g_assert_true(test_exec_report(c->exec, job));
    g_assert_cmpuint(payload(c), ==, 0);
}

/*
 * An append is never cut, as another process could append between its parts.
 * It takes the memory that is kept for pieces, and then it is refused.
 */
static void test_append_is_whole(void)
{
    const unsigned whole = LIMIT / COUNT + PIECES_MAX * PIECE / COUNT;
    g_autoptr(Client) c = start();
    g_autoptr(GPtrArray) calls = NULL;
    Call *refused;

    c->by_hand = false;
    g_assert_cmpint(ASK(c, clunk, .fid = 1), ==, 0);
    g_assert_cmpint(client_open(c, 1, "file", O_RDWR | O_APPEND), ==, 0);
    c->by_hand = true;
    calls = send_many(c, whole, send_write);
    refused = send_write(c, whole);
    g_assert_cmpint(refused->state, ==, CALL_ANSWERED);
    g_assert_cmpint(refused->error, ==, ENOMEM);
    test_exec_drain(c->exec);
    for (unsigned i = 0; i < whole; i++) {
        Call *call = calls->pdata[i];

        /* A file of memfs has a largest size. */
        g_assert_true(call->error == EFBIG ||
                      (!call->error && call->r.write.count == COUNT));
    }
    g_assert_cmpuint(payload(c), ==, 0);
}

/* Attributes that are open are limited by their bytes, too. */
static void test_xattr_bytes(void)
{
    const FsConfig config = { .max_memory = 1024 * 1024 };
    g_autoptr(Client) c = client_start(memfs_open_config(&config),
                                       CLIENT_INLINE);
    g_autofree char *value = g_strnfill(60000, 'v');
    uint32_t fid = 100;

    memfs_add(c->export, "file", "");
    g_assert_cmpint(client_walk(c, 0, 1, "file"), ==, 0);
    g_assert_cmpint(client_set_xattr(c, 1, "user.a", value, 60000, 0), ==, 0);
    while (client_walk(c, 0, fid, "file") == 0 &&
           ASK(c, xattrcreate, .fid = fid, .name = P9STR("user.b"),
               .size = 65536) == 0) {
        g_assert_cmpuint(payload(c), <=, config.max_memory);
        fid++;
    }
    g_assert_cmpuint(fid, >, 110);
    g_assert_cmpint(client_last(c)->error, ==, ENOSPC);
    g_assert_cmpint(client_walk(c, 0, 2, "file"), ==, 0);
    g_assert_cmpint(ASK(c, xattrwalk, .fid = 2, .newfid = 3,
                        .name = P9STR("user.a")), ==, -ENOMEM);
    /* What needs little memory goes on. */
    g_assert_cmpint(ASK(c, xattrwalk, .fid = 2, .newfid = 3,
                        .name = P9STR("")), ==, 0);
    g_assert_cmpint(ASK(c, clunk, .fid = 3), ==, 0);
    while (fid-- > 100) {
        g_assert_cmpint(ASK(c, clunk, .fid = fid), ==, -EINVAL);
    }
    g_assert_cmpuint(payload(c), ==, 0);
    g_assert_cmpint(ASK(c, xattrwalk, .fid = 2, .newfid = 3,
                        .name = P9STR("user.a")), ==, 0);
}

/* Long strings are kept for as long as their request is not answered. */
static void test_long_strings(void)
{
    const FsConfig config = { .max_memory = 1024 * 1024 };
    g_autofree char *target = g_strnfill(60000, 't');
    g_autoptr(Client) c = client_start(memfs_open_config(&config),
                                       CLIENT_STEPPED);
    const unsigned fit = config.max_memory / 60000;
    Call *call = NULL;

    memfs_sleepy(c->export, true);
    for (unsigned i = 0; i < fit + 1; i++) {
        g_autofree char *name = g_strdup_printf("link%u", i);

        call = SEND(c, i, symlink, .fid = 0, .name = P9NAME(name),
                    .target = P9STR(target));
        g_assert_cmpuint(payload(c), <=, config.max_memory);
    }
    g_assert_cmpint(call->error, ==, ENOMEM);
    g_assert_cmpuint(payload(c), >, fit * 60000);
    /* Short ones are no part of it. */
    call = SEND(c, 100, symlink, .fid = 0, .name = P9NAME("short"),
                .target = P9STR("target"));
    g_assert_cmpint(call->state, ==, CALL_PENDING);
    test_exec_drain(c->exec);
    g_assert_cmpint(call->error, ==, 0);
    g_assert_cmpuint(payload(c), ==, 0);
}

/* The entries that a directory read of 9P2000.u collects are charged, too. */
static void test_directory_is_charged(void)
{
    g_autoptr(Client) c = client_new(memfs_open(), CLIENT_STEPPED, NULL);
    unsigned whole = 0;
    size_t before;

    c->by_hand = false;
    memfs_add(c->export, "entry", "");
    g_assert_cmpint(client_version(c, MSIZE, "9P2000.u"), ==, 0);
    g_assert_cmpint(client_attach(c, 0, 0), ==, 0);
    g_assert_cmpint(ASK(c, open, .fid = 0), ==, 0);
    c->by_hand = true;
    do {
        before = payload(c);
        SEND(c, whole, read, .fid = 0, .count = COUNT);
        g_assert_cmpuint(++whole, <, 1000);
    } while (payload(c) - before > PIECE);
    g_assert_cmpuint(before, <=, LIMIT);
    g_assert_cmpuint(before, >, LIMIT - COUNT - 65536);
    g_assert_cmpuint(payload(c) - before, ==, PIECE);
    test_exec_drain(c->exec);
    g_assert_cmpuint(payload(c), ==, 0);
}

/* A flush also gives it back at once. */
static void test_flush_gives_back(void)
{
    g_autoptr(Client) c = start();
    Call *call = send_read(c, 1);

    g_assert_cmpuint(payload(c), ==, COUNT);
    SEND(c, 2, flush, .oldtag = 1);
    g_assert_cmpint(call->state, ==, CALL_FLUSHED);
    g_assert_cmpuint(payload(c), ==, 0);
}

/* Files that do not hang are read and written in the guest's buffers. */
static void test_local_is_not_charged(void)
{
    g_autoptr(Client) c = start();

    c->by_hand = false;
    memfs_remote(c->export, false);
    g_assert_cmpint(client_open(c, 2, "file", O_RDWR), ==, 0);
    c->by_hand = true;
    SEND(c, 1, read, .fid = 2, .count = COUNT);
    g_assert_cmpuint(payload(c), ==, 0);
    test_exec_drain(c->exec);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/budget/read-is-cut", test_read_is_cut);
    g_test_add_func("/budget/write-is-cut", test_write_is_cut);
    g_test_add_func("/budget/no-piece-left", test_no_piece_left);
    g_test_add_func("/budget/reset-gives-back", test_reset_gives_back);
    g_test_add_func("/budget/append-is-whole", test_append_is_whole);
    g_test_add_func("/budget/xattr-bytes", test_xattr_bytes);
    g_test_add_func("/budget/long-strings", test_long_strings);
    g_test_add_func("/budget/directory-is-charged", test_directory_is_charged);
    g_test_add_func("/budget/flush-gives-back", test_flush_gives_back);
    g_test_add_func("/budget/local-is-not-charged",
                    test_local_is_not_charged);
    return g_test_run();
}
