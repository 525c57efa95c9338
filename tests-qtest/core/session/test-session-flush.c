/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Tflush: what becomes of the request, and when Rflush follows.  The test
 * steps the executor by hand, so it decides how far each request has got.
 */
#include "fsdev/core/p9-osdep.h"
#include "session/flight.h"

/*
 * A request that has not begun never runs; its buffers come back empty, and
 * Rflush follows at once.
 */
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

/*
 * Rflush comes at once if oldtag is the Tflush's own tag, an unknown tag, or
 * the tag of a request that was answered.
 */
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
    g_assert_cmpuint(info.used[FS_BUDGET_XATTRS], ==, 0);
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

static void test_flush_parking(void)
{
    g_autoptr(Client) c = flight_start();
    Call *before, *after, *flush;

    memfs_set_hook(c->export, flight_never_later, NULL);
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

/* Two flushes wait for one running request, which parks in the end. */
static void test_flush_twice_parking(void)
{
    g_autoptr(Client) c = flight_start();
    Call *write, *first, *second;

    memfs_set_hook(c->export, flight_never_later, NULL);
    write = client_send_write(c, 1, 1, 0, "x", 1);
    client_run(write);
    first = SEND(c, 2, flush, .oldtag = 1);
    second = SEND(c, 3, flush, .oldtag = 1);
    g_assert_cmpint(first->state, ==, CALL_PENDING);
    g_assert_cmpint(second->state, ==, CALL_PENDING);
    client_report(write);
    g_assert_cmpint(write->state, ==, CALL_FLUSHED);
    flight_answered(first, 0);
    flight_answered(second, 0);
    g_assert_cmpuint(first->order, <, second->order);
}

/*
 * Where the session's calls of ops->push stand on the stack: none of them is
 * made from within another, however many requests end with one.
 */
static uintptr_t lowest_push, highest_push;

static void note_stack(Client *c G_GNUC_UNUSED)
{
    uintptr_t here = (uintptr_t)__builtin_frame_address(0);

    lowest_push = MIN(lowest_push, here);
    highest_push = MAX(highest_push, here);
}

static void test_flush_chain(void)
{
    g_autoptr(Client) c = flight_start();
    Call *mkdir = flight_mkdir(c, 0, "d");
    Call *flushes[500];

    client_run(mkdir);
    for (unsigned i = 0; i < ARRAY_SIZE(flushes); i++) {
        flushes[i] = SEND(c, i + 1, flush, .oldtag = i);
        g_assert_cmpint(flushes[i]->state, ==, CALL_PENDING);
    }
    lowest_push = UINTPTR_MAX;
    highest_push = 0;
    c->on_push = note_stack;
    client_report(mkdir);
    flight_answered(mkdir, 0);
    for (unsigned i = 0; i < ARRAY_SIZE(flushes); i++) {
        flight_answered(flushes[i], 0);
        g_assert_cmpuint(flushes[i]->order, ==, mkdir->order + i + 1);
    }
    g_assert_cmpuint(highest_push - lowest_push, <, 16384);
}

/* ---- a request that gave up its coroutine waits for a worker ---- */

/* A Tmkdir cannot be done on the loop, nor in a coroutine of it. */
static int not_here(void *opaque, const MemCall *call)
{
    unsigned *calls = opaque;

    *calls += call->op == MEM_MKDIR;
    return call->op == MEM_MKDIR && call->wait < FS_WAIT_ANYTHING ? -EAGAIN
                                                                  : 0;
}

/*
 * A Tmkdir in a coroutine that is flushed, too late to be stopped, and then
 * given to a worker, where it could be stopped again.
 */
typedef struct Yielded {
    Client *c;
    FsDriver driver;            /* memfs, but as if it asked */
    unsigned calls;
    Call *mkdir, *flush;
} Yielded;

static void yielded_start(Yielded *y)
{
    static const P9Limits limits = { .max_msize = 512000, .own_loop = true };

    *y = (Yielded) { .c = flight_start_on(&limits), .driver = memfs_driver };
    y->driver.asks = true;
    y->c->export->driver = &y->driver;
    memfs_set_hook(y->c->export, not_here, &y->calls);
    test_exec_yield(y->c->exec);
    y->mkdir = flight_mkdir(y->c, 1, "d");
    g_assert_cmpuint(y->calls, ==, 2);
    y->flush = SEND(y->c, 2, flush, .oldtag = 1);
    g_assert_cmpint(y->flush->state, ==, CALL_PENDING);
    client_report(y->mkdir);
    g_assert_true(client_is_job(y->mkdir));
    g_assert_cmpint(y->flush->state, ==, CALL_PENDING);
}

static void yielded_end(Yielded *y)
{
    test_exec_drain(y->c->exec);
    g_assert_cmpuint(y->calls, ==, 2);
    y->c->export->driver = &memfs_driver;
    client_free(y->c);
}

/* The list of requests loses the stopped one and its flush at once. */
static void test_flush_again(void)
{
    Call *again;
    Yielded y;

    yielded_start(&y);
    again = SEND(y.c, 3, flush, .oldtag = 1);
    g_assert_cmpint(y.mkdir->state, ==, CALL_FLUSHED);
    flight_answered(y.flush, 0);
    flight_answered(again, 0);
    g_assert_cmpuint(y.mkdir->order, <, y.flush->order);
    g_assert_cmpuint(y.flush->order, <, again->order);
    yielded_end(&y);
}

static void test_version_again(void)
{
    Call *version;
    Yielded y;

    yielded_start(&y);
    version = SEND(y.c, P9_NOTAG, version, .msize = 8192,
                   .version = P9STR("9P2000.L"));
    g_assert_cmpint(y.mkdir->state, ==, CALL_FLUSHED);
    flight_answered(y.flush, 0);
    flight_answered(version, 0);
    g_assert_cmpuint(y.flush->order, <, version->order);
    yielded_end(&y);
}

static void test_reset_again(void)
{
    Yielded y;

    yielded_start(&y);
    client_reset(y.c);
    g_assert_cmpint(y.mkdir->state, ==, CALL_DROPPED);
    g_assert_cmpint(y.flush->state, ==, CALL_DROPPED);
    yielded_end(&y);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/session/flush/waiting", test_flush_waiting);
    g_test_add_func("/session/flush/running", test_flush_running);
    g_test_add_func("/session/flush/nothing", test_flush_nothing);
    g_test_add_func("/session/flush/of-flush", test_flush_of_flush);
    g_test_add_func("/session/flush/twice", test_flush_twice);
    g_test_add_func("/session/flush/twice-parking", test_flush_twice_parking);
    g_test_add_func("/session/flush/chain", test_flush_chain);
    g_test_add_func("/session/flush/again", test_flush_again);
    g_test_add_func("/session/flush/same-tag", test_flush_same_tag);
    g_test_add_func("/session/flush/undoes", test_flush_undoes);
    g_test_add_func("/session/flush/clunk", test_flush_clunk);
    g_test_add_func("/session/flush/remove", test_flush_remove);
    g_test_add_func("/session/flush/parked", test_flush_parked);
    g_test_add_func("/session/flush/parking", test_flush_parking);
    g_test_add_func("/session/version/again", test_version_again);
    g_test_add_func("/session/reset/again", test_reset_again);
    return g_test_run();
}
