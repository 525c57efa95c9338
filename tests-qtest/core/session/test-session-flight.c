/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Requests in flight: what Tflush, Tclunk and Tversion do to them.  The test
 * steps the executor by hand, so it decides how far each request has got.
 */
#include "fsdev/core/p9-osdep.h"
#include "session/flight.h"

/* ---- flush ---- */

/* A request that has not begun never runs; its buffers come back empty, and
 * Rflush follows at once. */
static void test_flush_waiting(void)
{
    g_autoptr(Client) c = flight_start();
    Call *mkdir = flight_mkdir(c, 1, "d");
    Call *flush;

    g_assert_true(client_is_job(mkdir));
    flush = SEND(c, 2, flush, .oldtag = 1);
    g_assert_cmpint(mkdir->state, ==, CALL_FLUSHED);
    flight_answered(flush, 0);
    g_assert_cmpuint(mkdir->order, <, flush->order);
    test_exec_drain(c->exec);
    g_assert_false(flight_exists(c, "dir/d"));
}

/* A running request ends as usual, and Rflush comes after its reply. */
static void test_flush_running(void)
{
    g_autoptr(Client) c = flight_start();
    Call *mkdir = flight_mkdir(c, 1, "d");
    Call *flush;

    client_run(mkdir);
    flush = SEND(c, 2, flush, .oldtag = 1);
    g_assert_cmpint(mkdir->state, ==, CALL_PENDING);
    g_assert_cmpint(flush->state, ==, CALL_PENDING);
    client_report(mkdir);
    flight_answered(mkdir, 0);
    flight_answered(flush, 0);
    g_assert_cmpuint(mkdir->order, <, flush->order);
    g_assert_true(flight_exists(c, "dir/d"));
}

/* Rflush comes at once if oldtag is the Tflush's own tag, an unknown tag, or
 * the tag of a request that was answered. */
static void test_flush_nothing(void)
{
    g_autoptr(Client) c = flight_start();
    Call *done = SEND(c, 7, walk, .fid = 3, .newfid = 9);

    flight_answered(done, 0);
    flight_answered(SEND(c, 5, flush, .oldtag = 5), 0);
    flight_answered(SEND(c, 5, flush, .oldtag = 4), 0);
    flight_answered(SEND(c, 5, flush, .oldtag = 7), 0);
    flight_answered(SEND(c, P9_NOTAG, flush, .oldtag = P9_NOTAG), 0);
}

/* A flush of a flush waits for the inner one. */
static void test_flush_of_flush(void)
{
    g_autoptr(Client) c = flight_start();
    Call *mkdir = flight_mkdir(c, 1, "d");
    Call *inner, *outer, *outermost;

    client_run(mkdir);
    inner = SEND(c, 2, flush, .oldtag = 1);
    outer = SEND(c, 3, flush, .oldtag = 2);
    outermost = SEND(c, 4, flush, .oldtag = 3);
    g_assert_cmpint(outer->state, ==, CALL_PENDING);
    client_report(mkdir);
    flight_answered(inner, 0);
    flight_answered(outer, 0);
    flight_answered(outermost, 0);
    g_assert_cmpuint(mkdir->order, <, inner->order);
    g_assert_cmpuint(inner->order, <, outer->order);
    g_assert_cmpuint(outer->order, <, outermost->order);
}

static void test_flush_twice(void)
{
    g_autoptr(Client) c = flight_start();
    Call *mkdir = flight_mkdir(c, 1, "d");
    Call *first, *second;

    client_run(mkdir);
    first = SEND(c, 2, flush, .oldtag = 1);
    second = SEND(c, 2, flush, .oldtag = 1);
    client_report(mkdir);
    flight_answered(first, 0);
    flight_answered(second, 0);
}

/* Two requests may have the same tag; a Tflush of that tag flushes both. */
static void test_flush_same_tag(void)
{
    g_autoptr(Client) c = flight_start();
    Call *a = flight_mkdir(c, 1, "a");
    Call *b = flight_mkdir(c, 1, "b");
    Call *flush;

    client_run(a);
    flush = SEND(c, 1, flush, .oldtag = 1);
    g_assert_cmpint(b->state, ==, CALL_FLUSHED);
    g_assert_cmpint(flush->state, ==, CALL_PENDING);
    client_report(a);
    flight_answered(a, 0);
    flight_answered(flush, 0);
    g_assert_true(flight_exists(c, "dir/a"));
    g_assert_false(flight_exists(c, "dir/b"));
}

/* Flushing a request frees the fids that it had reserved. */
static void test_flush_undoes(void)
{
    g_autoptr(Client) c = flight_start();
    g_auto(GStrv) parts = g_strsplit("file", "/", -1);
    P9Tmsg walk = client_walk_msg(0, 9, "file", parts);
    Call *open = SEND(c, 1, lopen, .fid = 2);
    Call *walked = client_send(c, P9_TWALK, 1, &walk, NULL);
    Call *xattr = SEND(c, 1, xattrwalk, .fid = 0, .newfid = 10,
                       .name = P9STR(""));
    Call *attach = SEND(c, 1, attach, .fid = 11, .uname = P9STR(""),
                        .aname = P9STR(""));
    Call *create = SEND(c, 1, lcreate, .fid = 3, .name = P9NAME("n"));
    P9SessionInfo info;

    g_assert_cmpint(client_walk(c, 0, 9, ""), ==, -EINVAL);
    flight_answered(SEND(c, 2, flush, .oldtag = 1), 0);
    g_assert_cmpint(open->state, ==, CALL_FLUSHED);
    g_assert_cmpint(walked->state, ==, CALL_FLUSHED);
    g_assert_cmpint(xattr->state, ==, CALL_FLUSHED);
    g_assert_cmpint(attach->state, ==, CALL_FLUSHED);
    g_assert_cmpint(create->state, ==, CALL_FLUSHED);
    test_exec_drain(c->exec);
    client_info(c, &info);
    g_assert_cmpuint(info.fids, ==, 5);
    g_assert_cmpuint(info.xattr_fids, ==, 0);
    g_assert_cmpint(client_walk(c, 0, 9, ""), ==, 0);
    g_assert_cmpint(client_walk(c, 0, 10, ""), ==, 0);
    g_assert_cmpint(client_attach(c, 11, 0), ==, 0);
    g_assert_cmpint(ASK(c, lopen, .fid = 2), ==, 0);
    g_assert_cmpint(ASK(c, lcreate, .fid = 3, .name = P9NAME("n")), ==, 0);
}

/* Requests that release something run even if they are flushed. */
static void test_flush_clunk(void)
{
    g_autoptr(Client) c = flight_start();
    Call *clunk = SEND(c, 1, clunk, .fid = 1);
    Call *flush = SEND(c, 2, flush, .oldtag = 1);

    g_assert_true(client_is_job(clunk));
    g_assert_cmpint(flush->state, ==, CALL_PENDING);
    client_run(clunk);
    client_report(clunk);
    flight_answered(clunk, 0);
    flight_answered(flush, 0);
    g_assert_cmpuint(client_mem(c).files, ==, 1);
}

static void test_flush_remove(void)
{
    g_autoptr(Client) c = flight_start();
    Call *removal = SEND(c, 1, remove, .fid = 2);
    Call *flush = SEND(c, 2, flush, .oldtag = 1);

    g_assert_cmpint(flush->state, ==, CALL_PENDING);
    client_run(removal);
    client_report(removal);
    flight_answered(flush, 0);
    g_assert_false(flight_exists(c, "file"));
}

static void test_flush_parked(void)
{
    g_autoptr(Client) c = flight_start();
    Call *write, *flush;

    memfs_set_hook(c->export, flight_never, NULL);
    write = client_send_write(c, 1, 1, 0, "x", 1);
    g_assert_false(client_is_job(write));
    g_assert_cmpint(write->state, ==, CALL_PENDING);
    flush = SEND(c, 2, flush, .oldtag = 1);
    g_assert_cmpint(write->state, ==, CALL_FLUSHED);
    flight_answered(flush, 0);
    client_check_content(c, "file", "0123456789");
}

/* The same, but a write is parked only after it has run on a worker. */
static int never_mind_later(void *opaque G_GNUC_UNUSED, const MemCall *call)
{
    return call->op != MEM_WRITE         ? 0
           : call->wait == FS_WAIT_NEVER ? -EAGAIN
                                         : -EINPROGRESS;
}

static void test_flush_parking(void)
{
    g_autoptr(Client) c = flight_start();
    Call *before, *after, *flush;

    memfs_set_hook(c->export, never_mind_later, NULL);
    before = client_send_write(c, 1, 1, 0, "x", 1);
    after = client_send_write(c, 3, 1, 0, "x", 1);
    /* Flushed while it runs: Rflush comes when it is parked. */
    client_run(before);
    flush = SEND(c, 2, flush, .oldtag = 1);
    g_assert_cmpint(flush->state, ==, CALL_PENDING);
    client_report(before);
    g_assert_cmpint(before->state, ==, CALL_FLUSHED);
    flight_answered(flush, 0);
    /* Flushed when it is parked: Rflush comes at once. */
    client_run(after);
    client_report(after);
    g_assert_cmpint(after->state, ==, CALL_PENDING);
    flush = SEND(c, 4, flush, .oldtag = 3);
    g_assert_cmpint(after->state, ==, CALL_FLUSHED);
    flight_answered(flush, 0);
}

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

/* All replies of the old session precede Rversion, requests that have not
 * begun never run, and requests that arrive meanwhile are served afterwards. */
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

    memfs_set_hook(c->export, never_mind_later, NULL);
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

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/session/flush/waiting", test_flush_waiting);
    g_test_add_func("/session/flush/running", test_flush_running);
    g_test_add_func("/session/flush/nothing", test_flush_nothing);
    g_test_add_func("/session/flush/of-flush", test_flush_of_flush);
    g_test_add_func("/session/flush/twice", test_flush_twice);
    g_test_add_func("/session/flush/same-tag", test_flush_same_tag);
    g_test_add_func("/session/flush/undoes", test_flush_undoes);
    g_test_add_func("/session/flush/clunk", test_flush_clunk);
    g_test_add_func("/session/flush/remove", test_flush_remove);
    g_test_add_func("/session/flush/parked", test_flush_parked);
    g_test_add_func("/session/flush/parking", test_flush_parking);
    g_test_add_func("/session/clunk/reading", test_clunk_while_reading);
    g_test_add_func("/session/clunk/opening", test_clunk_while_opening);
    g_test_add_func("/session/clunk/xattr", test_clunk_xattr);
    g_test_add_func("/session/flight/open-in-parallel",
                    test_open_in_parallel);
    g_test_add_func("/session/flight/walk-reserves", test_walk_reserves);
    g_test_add_func("/session/flight/walk-in-place",
                    test_walk_in_place_while_opening);
    g_test_add_func("/session/version/in-flight", test_version_in_flight);
    g_test_add_func("/session/version/after-version",
                    test_version_after_version);
    g_test_add_func("/session/version/parked", test_version_while_parked);
    return g_test_run();
}
