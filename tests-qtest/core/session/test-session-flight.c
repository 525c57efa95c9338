/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Requests in flight: what Tclunk and Tversion do to them.  The test
 * steps the executor by hand, so it decides how far each request has got.
 */
#include "fsdev/core/p9-osdep.h"
#include "session/flight.h"
#include "session/gate.h"

/* ---- Tclunk while other requests use the fid ---- */

static void test_clunk_while_reading(void)
{
    g_autoptr(Client) c = flight_start();
    Call *a = SEND(c, 1, read, .fid = 1, .count = 5);
    Call *b = SEND(c, 2, read, .fid = 1, .offset = 5, .count = 5);
    Call *clunk;

    client_run(a);
    clunk = SEND(c, 3, clunk, .fid = 1);
    /* The fid is free at once; the file stays open while it is read. */
    flight_answered(clunk, 0);
    g_assert_cmpint(ASK(c, clunk, .fid = 1), ==, -ENOENT);
    flight_answered(SEND(c, 4, flush, .oldtag = 2), 0);
    g_assert_cmpint(b->state, ==, CALL_FLUSHED);
    g_assert_cmpuint(client_mem(c).files, ==, 2);
    client_report(a);
    flight_answered(a, 0);
    g_assert_cmpuint(a->r.read.data.count, ==, 5);
    test_exec_drain(c->exec);
    g_assert_cmpuint(client_mem(c).files, ==, 1);
}

/* A fid that is being opened is refused to other requests, except Tclunk. */
static void test_clunk_while_opening(void)
{
    g_autoptr(Client) c = flight_start();
    Call *open = SEND(c, 1, lopen, .fid = 2);
    Call *clunk;

    flight_answered(SEND(c, 2, lopen, .fid = 2), EINVAL);
    flight_answered(SEND(c, 2, lcreate, .fid = 2, .name = P9NAME("n")),
                    EINVAL);
    flight_answered(SEND(c, 2, xattrcreate, .fid = 2, .size = 1,
                         .name = P9STR("user.x")), EINVAL);
    flight_answered(SEND(c, 2, read, .fid = 2, .count = 1), EINVAL);
    flight_answered(SEND(c, 2, readdir, .fid = 2, .count = 100), ENOTDIR);
    g_assert_cmpint(client_walk(c, 2, 2, ""), ==, -EINVAL);
    client_run(open);
    clunk = SEND(c, 3, clunk, .fid = 2);
    flight_answered(clunk, 0);
    client_report(open);
    flight_answered(open, 0);
    test_exec_drain(c->exec);
    g_assert_cmpuint(client_mem(c).files, ==, 2);
    g_assert_cmpint(ASK(c, clunk, .fid = 2), ==, -ENOENT);
}

/* Of eight Tlopen of one fid, one succeeds and opens a file. */
static void test_open_in_parallel(void)
{
    g_autoptr(Client) c = flight_start();
    Call *opens[8];
    unsigned won = 0;

    for (unsigned i = 0; i < 8; i++) {
        opens[i] = SEND(c, i, lopen, .fid = 2);
    }
    test_exec_drain(c->exec);
    for (unsigned i = 0; i < 8; i++) {
        g_assert_cmpint(opens[i]->state, ==, CALL_ANSWERED);
        won += !opens[i]->error;
    }
    g_assert_cmpuint(won, ==, 1);
    g_assert_cmpuint(client_mem(c).files, ==, 3);
}

/* While a fid is being opened it cannot become that of an attribute as well. */
static void test_xattr_while_opening(void)
{
    g_autoptr(Client) c = flight_start();
    Call *open = SEND(c, 1, lopen, .fid = 3);
    Call *second;

    g_assert_true(client_is_job(open));
    flight_answered(SEND(c, 2, xattrcreate, .fid = 3, .name = P9STR("user.x"),
                         .size = 4), EINVAL);
    client_run(open);
    second = SEND(c, 3, xattrcreate, .fid = 3, .name = P9STR("user.x"),
                  .size = 4);
    flight_answered(second, EINVAL);
    client_report(open);
    flight_answered(open, 0);
    flight_answered(SEND(c, 4, xattrcreate, .fid = 3, .name = P9STR("user.x"),
                         .size = 4), EINVAL);
    memfs_sleepy(c->export, false);
    g_assert_cmpint(ASK(c, readdir, .fid = 3, .count = 4096), ==, 0);
    g_assert_cmpint(client_read(c, 3, 0, 16), ==, -EOPNOTSUPP);
    g_assert_cmpint(client_write(c, 3, 0, "x", 1), ==, -EINVAL);
    g_assert_cmpuint(client_mem(c).files, ==, 3);
}

/* A newfid is in use while its walk runs, and free if the walk fails. */
static void test_walk_reserves(void)
{
    g_autoptr(Client) c = flight_start();
    g_auto(GStrv) parts = g_strsplit("none", "/", -1);
    P9Tmsg t = client_walk_msg(0, 9, "none", parts);
    Call *walk = client_send(c, P9_TWALK, 1, &t, NULL);

    g_assert_true(client_is_job(walk));
    flight_answered(client_send(c, P9_TWALK, 2, &t, NULL), EINVAL);
    flight_answered(SEND(c, 2, clunk, .fid = 9), ENOENT);
    flight_answered(SEND(c, 2, getattr, .fid = 9), ENOENT);
    client_run(walk);
    client_report(walk);
    flight_answered(walk, ENOENT);
    g_assert_cmpint(client_walk(c, 0, 9, ""), ==, 0);
}

/* A walk with newfid equal to fid fails if the fid is being opened. */
static void test_walk_in_place_while_opening(void)
{
    g_autoptr(Client) c = flight_start();
    g_auto(GStrv) parts = g_strsplit("..", "/", -1);
    P9Tmsg t = client_walk_msg(2, 2, "..", parts);
    Call *walk = client_send(c, P9_TWALK, 1, &t, NULL);
    Call *open = SEND(c, 2, lopen, .fid = 2, .flags = O_RDWR);

    client_run(walk);
    client_report(walk);
    flight_answered(walk, EINVAL);
    client_run(open);
    client_report(open);
    flight_answered(open, 0);
    memfs_sleepy(c->export, false);
    g_assert_cmpint(client_read(c, 2, 0, 100), ==, 10);
    g_assert_cmpint(client_walk(c, 2, 5, ""), ==, 0);
    g_assert_cmpint(ASK(c, getattr, .fid = 5, .request_mask = 0x7ff), ==, 0);
    g_assert_true(S_ISREG(client_last(c)->r.getattr.mode));
}

/* Tclunk of a fid of Txattrcreate sets the attribute, and only once. */
static void test_clunk_xattr(void)
{
    g_autoptr(Client) c = flight_start();
    Call *clunk;

    g_assert_cmpint(ASK(c, xattrcreate, .fid = 2, .name = P9STR("user.x"),
                        .size = 2), ==, 0);
    g_assert_cmpint(client_write(c, 2, 0, "ab", 2), ==, 2);
    clunk = SEND(c, 1, clunk, .fid = 2);
    g_assert_true(client_is_job(clunk));
    flight_answered(SEND(c, 2, clunk, .fid = 2), ENOENT);
    g_assert_cmpint(SEND(c, 3, flush, .oldtag = 1)->state, ==, CALL_PENDING);
    client_run(clunk);
    client_report(clunk);
    flight_answered(clunk, 0);
    g_assert_cmpuint(client_mem(c).calls[MEM_SETXATTR], ==, 1);
}

/* ---- Tversion ---- */

/*
 * All replies of the old session precede Rversion, requests that have not
 * begun never run, and requests that arrive meanwhile are served afterwards.
 */
static void test_version_in_flight(void)
{
    g_autoptr(Client) c = flight_start();
    Call *running = flight_mkdir(c, 1, "running");
    Call *waiting = flight_mkdir(c, 2, "waiting");
    Call *clunk = SEND(c, 3, clunk, .fid = 4);
    Call *flush, *version, *attach;

    client_run(running);
    flush = SEND(c, 4, flush, .oldtag = 1);
    version = SEND(c, P9_NOTAG, version, .msize = 8192,
                   .version = P9STR("9P2000.L"));
    attach = SEND(c, 5, attach, .fid = 0, .uname = P9STR(""),
                  .aname = P9STR(""));
    g_assert_cmpint(waiting->state, ==, CALL_FLUSHED);
    g_assert_cmpint(version->state, ==, CALL_PENDING);
    g_assert_cmpint(attach->state, ==, CALL_PENDING);
    client_report(running);
    flight_answered(running, 0);
    flight_answered(flush, 0);
    g_assert_cmpint(version->state, ==, CALL_PENDING);
    client_run(clunk);
    client_report(clunk);
    flight_answered(clunk, 0);
    flight_answered(version, 0);
    g_assert_cmpuint(version->order, >, running->order);
    g_assert_cmpuint(version->order, >, flush->order);
    g_assert_cmpuint(version->order, >, clunk->order);
    /* The Tattach from the backlog now runs in the new session. */
    g_assert_true(client_is_job(attach));
    client_run(attach);
    client_report(attach);
    flight_answered(attach, 0);
    g_assert_cmpuint(flight_fids(c), ==, 1);
    g_assert_cmpint(ASK(c, clunk, .fid = 1), ==, -ENOENT);
    test_exec_drain(c->exec);
    g_assert_cmpuint(client_mem(c).files, ==, 0);
    g_assert_true(flight_exists(c, "dir/running"));
    g_assert_false(flight_exists(c, "dir/waiting"));
}

static void test_version_after_version(void)
{
    g_autoptr(Client) c = flight_start();
    Call *running = flight_mkdir(c, 1, "d");
    Call *first, *second, *attach;

    client_run(running);
    first = SEND(c, P9_NOTAG, version, .msize = 8192,
                 .version = P9STR("9P2000.L"));
    attach = SEND(c, 3, attach, .fid = 0, .uname = P9STR(""),
                  .aname = P9STR(""));
    second = SEND(c, P9_NOTAG, version, .msize = 16384,
                  .version = P9STR("9P2000.L"));
    client_report(running);
    flight_answered(first, 0);
    g_assert_cmpuint(first->r.version.msize, ==, 8192);
    /* The Tattach began after the first Tversion; the second stopped it. */
    g_assert_cmpint(attach->state, ==, CALL_FLUSHED);
    flight_answered(second, 0);
    g_assert_cmpuint(second->r.version.msize, ==, 16384);
    g_assert_cmpuint(first->order, <, second->order);
    g_assert_cmpuint(flight_fids(c), ==, 0);
}

/* Tversion does not wait for parked requests. */
static void test_version_while_parked(void)
{
    g_autoptr(Client) c = flight_start();
    Call *parked, *parking, *version;

    memfs_set_hook(c->export, flight_never_later, NULL);
    parked = client_send_write(c, 1, 1, 0, "x", 1);
    client_run(parked);
    client_report(parked);
    parking = client_send_write(c, 2, 1, 0, "x", 1);
    client_run(parking);
    version = SEND(c, P9_NOTAG, version, .msize = 8192,
                   .version = P9STR("9P2000.L"));
    g_assert_cmpint(parked->state, ==, CALL_FLUSHED);
    g_assert_cmpint(version->state, ==, CALL_PENDING);
    client_report(parking);
    g_assert_cmpint(parking->state, ==, CALL_FLUSHED);
    flight_answered(version, 0);
}

/* Whatever a request waits for, a Tversion ends it. */
static void test_version_cancels_all(void)
{
    g_autoptr(Client) c = flight_start();
    Call *gated, *parked, *waiting[3], *version;
    Gate gate;

    gate_install(&gate, c, false);
    gated = client_send_write(c, 1, 1, 0, "x", 1);
    gate.open = true;
    memfs_set_hook(c->export, flight_never, NULL);
    parked = client_send_write(c, 2, 1, 0, "x", 1);
    for (unsigned i = 0; i < ARRAY_SIZE(waiting); i++) {
        waiting[i] = flight_mkdir(c, 3 + i, "d");
    }
    version = SEND(c, P9_NOTAG, version, .msize = 8192,
                   .version = P9STR("9P2000.L"));
    g_assert_cmpint(gated->state, ==, CALL_FLUSHED);
    g_assert_cmpint(parked->state, ==, CALL_FLUSHED);
    for (unsigned i = 0; i < ARRAY_SIZE(waiting); i++) {
        g_assert_cmpint(waiting[i]->state, ==, CALL_FLUSHED);
        g_assert_cmpuint(waiting[i]->order, <, version->order);
    }
    flight_answered(version, 0);
    test_exec_drain(c->exec);
    gate_remove(&gate, c);
    g_assert_false(flight_exists(c, "dir/d"));
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/session/clunk/reading", test_clunk_while_reading);
    g_test_add_func("/session/clunk/opening", test_clunk_while_opening);
    g_test_add_func("/session/clunk/xattr", test_clunk_xattr);
    g_test_add_func("/session/flight/open-in-parallel",
                    test_open_in_parallel);
    g_test_add_func("/session/flight/xattr-while-opening",
                    test_xattr_while_opening);
    g_test_add_func("/session/flight/walk-reserves", test_walk_reserves);
    g_test_add_func("/session/flight/walk-in-place",
                    test_walk_in_place_while_opening);
    g_test_add_func("/session/version/in-flight", test_version_in_flight);
    g_test_add_func("/session/version/after-version",
                    test_version_after_version);
    g_test_add_func("/session/version/parked", test_version_while_parked);
    g_test_add_func("/session/version/cancels-all", test_version_cancels_all);
    return g_test_run();
}
