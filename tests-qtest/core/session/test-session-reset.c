/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Requests in flight when the device is reset or unplugged, and requests that
 * are throttled.  The test steps the executor by hand.
 */
#include "fsdev/core/p9-osdep.h"
#include "session/flight.h"
#include "session/gate.h"

/* ---- reset and end ---- */

/*
 * All requests come back at once.  Those that run end without a reply, and
 * what they did to the session is undone.
 */
static void test_reset(void)
{
    g_autoptr(Client) c = flight_start();
    Call *running = SEND(c, 1, lopen, .fid = 2, .flags = O_RDWR);
    Call *creating = SEND(c, 2, lcreate, .fid = 3, .name = P9NAME("new"),
                          .mode = 0644);
    Call *waiting = flight_mkdir(c, 3, "waiting");
    Call *clunk = SEND(c, 4, clunk, .fid = 4);
    Call *flush, *version, *backlog;

    client_run(running);
    client_run(creating);
    flush = SEND(c, 5, flush, .oldtag = 1);
    version = SEND(c, P9_NOTAG, version, .msize = 8192,
                   .version = P9STR("9P2000.L"));
    backlog = SEND(c, 6, attach, .fid = 0, .uname = P9STR(""),
                   .aname = P9STR(""));
    g_assert_cmpint(waiting->state, ==, CALL_FLUSHED);
    client_reset(c);
    g_assert_cmpint(running->state, ==, CALL_DROPPED);
    g_assert_cmpint(creating->state, ==, CALL_DROPPED);
    g_assert_cmpint(clunk->state, ==, CALL_DROPPED);
    g_assert_cmpint(flush->state, ==, CALL_DROPPED);
    g_assert_cmpint(version->state, ==, CALL_DROPPED);
    g_assert_cmpint(backlog->state, ==, CALL_DROPPED);
    g_assert_cmpuint(c->pending, ==, 0);
    g_assert_false(c->busy);
    g_assert_cmpuint(flight_fids(c), ==, 0);
    g_assert_cmpint(client_attach(c, 0, 0), ==, -EPROTO);
    /* The session serves requests before the old jobs have ended. */
    g_assert_cmpint(client_version(c, 8192, "9P2000.L"), ==, 0);
    g_assert_cmpint(client_attach(c, 0, 0), ==, 0);
    test_exec_drain(c->exec);
    g_assert_cmpuint(client_mem(c).files, ==, 0);
    g_assert_cmpuint(flight_fids(c), ==, 1);
    g_assert_cmpuint(c->pending, ==, 0);
    g_assert_false(flight_exists(c, "dir/waiting"));
}

/* Requests that have not begun when the reset comes never run. */
static void test_reset_waiting(void)
{
    g_autoptr(Client) c = flight_start();
    Call *read = SEND(c, 1, read, .fid = 1, .count = 5);
    Call *write = client_send_write(c, 2, 1, 0, "xxx", 3);
    Call *mkdir = flight_mkdir(c, 3, "d");
    Call *parked;

    memfs_set_hook(c->export, flight_never, NULL);
    parked = client_send_write(c, 4, 1, 0, "x", 1);
    memfs_set_hook(c->export, NULL, NULL);
    client_reset(c);
    g_assert_cmpint(read->state, ==, CALL_DROPPED);
    g_assert_cmpint(write->state, ==, CALL_DROPPED);
    g_assert_cmpint(mkdir->state, ==, CALL_DROPPED);
    g_assert_cmpint(parked->state, ==, CALL_DROPPED);
    test_exec_drain(c->exec);
    client_check_content(c, "file", "0123456789");
    g_assert_false(flight_exists(c, "dir/d"));
    g_assert_cmpuint(client_mem(c).files, ==, 0);
}

/* A write that has run is not repeated, and its buffers are not used again. */
static void test_reset_ran(void)
{
    g_autoptr(Client) c = flight_start();
    Call *write = client_send_write(c, 1, 1, 0, "xxx", 3);
    Call *read = SEND(c, 2, read, .fid = 1, .count = 5);

    client_run(write);
    client_run(read);
    client_reset(c);
    g_assert_cmpint(write->state, ==, CALL_DROPPED);
    g_assert_cmpint(read->state, ==, CALL_DROPPED);
    test_exec_drain(c->exec);
    client_check_content(c, "file", "xxx3456789");
}

static void test_reset_often(void)
{
    g_autoptr(Client) c = client_new(memfs_open(), CLIENT_STEPPED, NULL);

    memfs_add(c->export, "dir", NULL);
    for (unsigned i = 0; i < 50; i++) {
        Call *mkdir;

        g_assert_cmpint(client_version(c, 8192, "9P2000.L"), ==, 0);
        g_assert_cmpint(client_attach(c, 0, 0), ==, 0);
        g_assert_cmpint(client_walk(c, 0, 3, "dir"), ==, 0);
        mkdir = flight_mkdir(c, 1, "d");
        if (i % 2) {
            client_run(mkdir);
        }
        client_reset(c);
    }
    test_exec_drain(c->exec);
}

/* A reset drops a waiting Tflush; the end of its request has no effect. */
static void test_reset_flush(void)
{
    g_autoptr(Client) c = flight_start();
    Call *mkdir = flight_mkdir(c, 1, "new");
    P9Job *job = client_job(mkdir);
    Call *flush;

    g_assert_true(test_exec_run(c->exec, job));
    flush = SEND(c, 2, flush, .oldtag = 1);
    client_reset(c);
    g_assert_cmpint(flush->state, ==, CALL_DROPPED);
    g_assert_cmpint(client_version(c, 65536, "9P2000.L"), ==, 0);
    g_assert_cmpint(ASK(c, flush, .oldtag = 9), ==, 0);
    g_assert_true(test_exec_report(c->exec, job));
}

/* ---- what happens before the session has followed ---- */

/* Jobs that begin then do not touch the buffers, nor the file. */
static void test_revoked_run(void)
{
    g_autoptr(Client) c = flight_start();
    Call *write = client_send_write(c, 1, 1, 0, "xxx", 3);
    Call *read = SEND(c, 2, read, .fid = 1, .count = 5);
    Call *readdir = SEND(c, 3, readdir, .fid = 4, .count = 500);
    P9Job *jobs[] = { client_job(write), client_job(read),
                      client_job(readdir) };
    MemStats before = client_mem(c);

    client_revoke(c);
    for (unsigned i = 0; i < G_N_ELEMENTS(jobs); i++) {
        g_assert_true(test_exec_run(c->exec, jobs[i]));
    }
    g_assert_cmpuint(client_mem(c).calls[MEM_WRITE], ==,
                     before.calls[MEM_WRITE]);
    g_assert_cmpuint(client_mem(c).calls[MEM_READ], ==,
                     before.calls[MEM_READ]);
    client_follow(c);
    test_exec_drain(c->exec);
    client_check_content(c, "file", "0123456789");
    g_assert_cmpuint(client_mem(c).files, ==, 0);
}

/* Requests that end then have no reply, and nothing waits for them. */
static void test_revoked_end(void)
{
    g_autoptr(Client) c = flight_start();
    Call *open = SEND(c, 1, lopen, .fid = 2, .flags = O_RDWR);
    Call *mkdir = flight_mkdir(c, 2, "new");
    P9Job *jobs[] = { client_job(open), client_job(mkdir) };
    P9SessionInfo info;

    SEND(c, 3, flush, .oldtag = 1);
    SEND(c, P9_NOTAG, version, .msize = 8192, .version = P9STR("9P2000.L"));
    SEND(c, 4, getattr, .fid = 0);
    client_revoke(c);
    g_assert_cmpuint(c->pending, ==, 0);
    for (unsigned i = 0; i < G_N_ELEMENTS(jobs); i++) {
        test_exec_run(c->exec, jobs[i]);
        g_assert_true(test_exec_report(c->exec, jobs[i]));
    }
    client_info(c, &info);
    g_assert_cmpuint(info.active, ==, 0);
    client_follow(c);
    test_exec_drain(c->exec);
    g_assert_cmpuint(flight_fids(c), ==, 0);
    g_assert_cmpuint(client_mem(c).files, ==, 0);
    g_assert_cmpint(client_version(c, 8192, "9P2000.L"), ==, 0);
}

/* ---- a reset from within the transport's push() ---- */

static unsigned push_that_resets;

static void reset_in_push(Client *c)
{
    if (!--push_that_resets) {
        client_revoke(c);
    }
}

/*
 * The @nth reply resets the device: the other requests are dropped, and a new
 * session can be started as soon as the session has followed.
 */
static void push_resets(unsigned nth, void (*more)(Client *c))
{
    g_autoptr(Client) c = flight_start();
    Call *mkdir = flight_mkdir(c, 1, "new");
    P9SessionInfo info;

    client_run(mkdir);
    more(c);
    push_that_resets = nth;
    c->on_push = reset_in_push;
    if (mkdir->state == CALL_PENDING) {
        client_report(mkdir);
    }
    g_assert_cmpuint(push_that_resets, ==, 0);
    c->on_push = NULL;
    g_assert_cmpuint(c->pending, ==, 0);
    client_follow(c);
    client_info(c, &info);
    g_assert_cmpuint(info.active, ==, 0);
    g_assert_cmpuint(info.fids, ==, 0);
    g_assert_cmpint(client_version(c, 65536, "9P2000.L"), ==, 0);
    g_assert_cmpint(ASK(c, flush, .oldtag = 1), ==, 0);
}

static void two_flushes(Client *c)
{
    SEND(c, 2, flush, .oldtag = 1);
    SEND(c, 3, flush, .oldtag = 1);
}

static void two_versions(Client *c)
{
    P9Tmsg version = { .version = { .msize = 4096,
                                    .version = P9STR("9P2000.L") } };

    client_send(c, P9_TVERSION, 2, &version, NULL);
    client_send(c, P9_TVERSION, 3, &version, NULL);
}

static void test_push_resets(void)
{
    push_resets(1, two_flushes);
    push_resets(2, two_flushes);
    push_resets(1, two_versions);
    push_resets(2, two_versions);
}

/*
 * Tversion and Tflush stop requests, and returning the buffers of one of them
 * resets the device.
 */
static void test_stop_resets(void)
{
    for (unsigned i = 0; i < 2; i++) {
        g_autoptr(Client) c = flight_start();
        P9Tmsg version = { .version = { .msize = 4096,
                                        .version = P9STR("9P2000.L") } };

        flight_mkdir(c, 1, "a");
        flight_mkdir(c, 1, "b");
        push_that_resets = 1;
        c->on_push = reset_in_push;
        if (i) {
            client_send(c, P9_TVERSION, 2, &version, NULL);
        } else {
            SEND(c, 2, flush, .oldtag = 1);
        }
        g_assert_cmpint(client_last(c)->state, ==, CALL_DROPPED);
        c->on_push = NULL;
        client_follow(c);
        test_exec_drain(c->exec);
        g_assert_cmpint(client_version(c, 65536, "9P2000.L"), ==, 0);
        g_assert_cmpint(ASK(c, flush, .oldtag = 1), ==, 0);
    }
}

/* The session is freed with jobs in flight; client_free() runs the others. */
static void test_free_in_flight(void)
{
    Client *c = flight_start();
    Call *open = SEND(c, 1, lopen, .fid = 2);

    SEND(c, 2, clunk, .fid = 1);
    flight_mkdir(c, 3, "d");
    client_run(open);
    SEND(c, 4, flush, .oldtag = 1);
    client_free(c);
}

static void test_free_with_backlog(void)
{
    Client *c = flight_start();
    Call *mkdir = flight_mkdir(c, 3, "d");

    client_run(mkdir);
    SEND(c, P9_NOTAG, version, .msize = 8192, .version = P9STR("9P2000.L"));
    flight_mkdir(c, 4, "e");
    SEND(c, P9_NOTAG, version, .msize = 8192, .version = P9STR("9P2000.L"));
    client_free(c);
}

/* ---- the throttle ---- */

static void test_gate(void)
{
    g_autoptr(Client) c = flight_start();
    Call *read, *write, *flushed, *dropped;
    Gate gate;

    memfs_sleepy(c->export, false);
    gate_install(&gate, c, false);
    read = SEND(c, 1, read, .fid = 1, .count = 4);
    write = client_send_write(c, 2, 1, 0, "xyz", 3);
    flushed = client_send_write(c, 3, 1, 0, "!!!", 3);
    /* Only reads and writes are throttled. */
    flight_answered(SEND(c, 9, getattr, .fid = 1), 0);
    g_assert_cmpstr(gate.log->str, ==, "read 4; write 3; write 3; ");
    g_assert_cmpint(read->state, ==, CALL_PENDING);
    gate_let_one(&gate);
    flight_answered(read, 0);
    g_assert_cmpuint(read->r.read.data.count, ==, 4);
    flight_answered(SEND(c, 8, flush, .oldtag = 3), 0);
    g_assert_cmpint(flushed->state, ==, CALL_FLUSHED);
    gate_let_one(&gate);
    flight_answered(write, 0);
    client_check_content(c, "file", "xyz3456789");
    /* A reset does not wait for throttled requests. */
    dropped = client_send_write(c, 4, 1, 0, "!!!", 3);
    client_reset(c);
    g_assert_cmpint(dropped->state, ==, CALL_DROPPED);
    client_check_content(c, "file", "xyz3456789");
    gate_remove(&gate, c);
}

/* What waits has changed nothing, and a flush or a reset undoes it. */
static void test_metadata_gate(void)
{
    g_autoptr(Client) c = flight_start();
    Call *getattr, *mkdir, *walk, *dropped;
    Gate gate;

    memfs_sleepy(c->export, false);
    gate_install(&gate, c, false);
    gate.base.meta = true;
    getattr = SEND(c, 1, getattr, .fid = 1);
    mkdir = flight_mkdir(c, 2, "d");
    walk = SEND(c, 3, walk, .fid = 0, .newfid = 7);
    dropped = flight_mkdir(c, 4, "e");
    /* What releases something does not wait. */
    flight_answered(SEND(c, 9, clunk, .fid = 2), 0);
    g_assert_cmpstr(gate.log->str, ==, "meta 0; meta 0; meta 0; meta 0; ");
    flight_answered(SEND(c, 8, flush, .oldtag = 3), 0);
    g_assert_cmpint(walk->state, ==, CALL_FLUSHED);
    gate_let_one(&gate);
    flight_answered(getattr, 0);
    g_assert_cmpint(mkdir->state, ==, CALL_PENDING);
    g_assert_false(flight_exists(c, "dir/d"));
    gate_let_one(&gate);
    client_run(mkdir);
    client_report(mkdir);
    flight_answered(mkdir, 0);
    client_reset(c);
    g_assert_cmpint(dropped->state, ==, CALL_DROPPED);
    g_assert_false(flight_exists(c, "dir/e"));
    gate_remove(&gate, c);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/session/reset/in-flight", test_reset);
    g_test_add_func("/session/reset/waiting", test_reset_waiting);
    g_test_add_func("/session/reset/ran", test_reset_ran);
    g_test_add_func("/session/reset/often", test_reset_often);
    g_test_add_func("/session/reset/flush", test_reset_flush);
    g_test_add_func("/session/reset/revoked-run", test_revoked_run);
    g_test_add_func("/session/reset/revoked-end", test_revoked_end);
    g_test_add_func("/session/reset/in-push", test_push_resets);
    g_test_add_func("/session/reset/in-stop", test_stop_resets);
    g_test_add_func("/session/free/in-flight", test_free_in_flight);
    g_test_add_func("/session/free/backlog", test_free_with_backlog);
    g_test_add_func("/session/gate", test_gate);
    g_test_add_func("/session/gate/metadata", test_metadata_gate);
    return g_test_run();
}
