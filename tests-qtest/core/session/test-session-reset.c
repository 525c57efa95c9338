/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Requests in flight when the device is reset or unplugged, and requests that
 * are throttled.  The test steps the executor by hand.
 */
#include "fsdev/core/p9-osdep.h"
#include "lib/client.h"

/* Fid 0 is the root, 1 "file" open for reading and writing, 2 "file", 3 "dir",
 * 4 "dir" open. */
static Client *client_with_fids(void)
{
    Client *c = client_start(memfs_open(), CLIENT_STEPPED);

    c->by_hand = false;
    memfs_add(c->export, "file", "0123456789");
    memfs_add(c->export, "dir", NULL);
    g_assert_cmpint(client_open(c, 1, "file", O_RDWR), ==, 0);
    g_assert_cmpint(client_walk(c, 0, 2, "file"), ==, 0);
    g_assert_cmpint(client_walk(c, 0, 3, "dir"), ==, 0);
    g_assert_cmpint(client_open(c, 4, "dir", O_RDONLY), ==, 0);
    c->by_hand = true;
    memfs_sleepy(c->export, true);
    return c;
}

static Call *send_mkdir(Client *c, uint16_t tag, const char *name)
{
    return SEND(c, tag, mkdir, .fid = 3, .name = P9NAME(name), .mode = 0755);
}

static void assert_answered(Call *call, int error)
{
    g_assert_cmpint(call->state, ==, CALL_ANSWERED);
    g_assert_cmpint(call->error, ==, error);
}

static bool exists(Client *c, const char *path)
{
    FsNode *node;

    memfs_sleepy(c->export, false);
    node = memfs_node(c->export, path);
    memfs_sleepy(c->export, true);
    fs_node_unref(node);
    return node;
}

static unsigned fids(Client *c)
{
    P9SessionInfo info;

    client_info(c, &info);
    return info.fids;
}

/* A hook that parks writes; nothing ever wakes them. */
static int never_mind(void *opaque G_GNUC_UNUSED, const MemCall *call)
{
    return call->op == MEM_WRITE ? -EINPROGRESS : 0;
}

/* ---- reset and end ---- */

/* All requests come back at once.  Those that run end without a reply, and
 * what they did to the session is undone. */
static void test_reset(void)
{
    g_autoptr(Client) c = client_with_fids();
    Call *running = SEND(c, 1, lopen, .fid = 2, .flags = O_RDWR);
    Call *creating = SEND(c, 2, lcreate, .fid = 3, .name = P9NAME("new"),
                          .mode = 0644);
    Call *waiting = send_mkdir(c, 3, "waiting");
    Call *clunk = SEND(c, 4, clunk, .fid = 4);
    Call *flush, *version, *backlog;
    Call *all[7];

    client_run(running);
    client_run(creating);
    flush = SEND(c, 5, flush, .oldtag = 1);
    version = SEND(c, P9_NOTAG, version, .msize = 8192,
                   .version = P9STR("9P2000.L"));
    backlog = SEND(c, 6, attach, .fid = 0, .uname = P9STR(""),
                   .aname = P9STR(""));
    g_assert_cmpint(waiting->state, ==, CALL_FLUSHED);
    p9_session_reset(c->session);
    memcpy(all, (Call *[]) { running, creating, clunk, flush, version,
                             backlog }, 6 * sizeof(all[0]));
    for (unsigned i = 0; i < 6; i++) {
        g_assert_cmpint(all[i]->state, ==, CALL_DROPPED);
    }
    g_assert_cmpuint(c->pending, ==, 0);
    g_assert_false(c->busy);
    g_assert_cmpuint(fids(c), ==, 0);
    g_assert_cmpint(client_attach(c, 0, 0), ==, -EPROTO);
    /* The session serves requests before the old jobs have ended. */
    g_assert_cmpint(client_version(c, 8192, "9P2000.L"), ==, 0);
    g_assert_cmpint(client_attach(c, 0, 0), ==, 0);
    test_exec_drain(c->exec);
    g_assert_cmpuint(client_mem(c).files, ==, 0);
    g_assert_cmpuint(fids(c), ==, 1);
    g_assert_cmpuint(c->pending, ==, 0);
    g_assert_false(exists(c, "dir/waiting"));
}

/* Requests that have not begun when the reset comes never run. */
static void test_reset_waiting(void)
{
    g_autoptr(Client) c = client_with_fids();
    Call *read = SEND(c, 1, read, .fid = 1, .count = 5);
    Call *write = client_send_write(c, 2, 1, 0, "xxx", 3);
    Call *mkdir = send_mkdir(c, 3, "d");
    Call *parked;

    memfs_set_hook(c->export, never_mind, NULL);
    parked = client_send_write(c, 4, 1, 0, "x", 1);
    memfs_set_hook(c->export, NULL, NULL);
    p9_session_reset(c->session);
    g_assert_cmpint(read->state, ==, CALL_DROPPED);
    g_assert_cmpint(write->state, ==, CALL_DROPPED);
    g_assert_cmpint(mkdir->state, ==, CALL_DROPPED);
    g_assert_cmpint(parked->state, ==, CALL_DROPPED);
    test_exec_drain(c->exec);
    client_check_content(c, "file", "0123456789");
    g_assert_false(exists(c, "dir/d"));
    g_assert_cmpuint(client_mem(c).files, ==, 0);
}

/* A write that has run is not repeated, and its buffers are not used again. */
static void test_reset_ran(void)
{
    g_autoptr(Client) c = client_with_fids();
    Call *write = client_send_write(c, 1, 1, 0, "xxx", 3);
    Call *read = SEND(c, 2, read, .fid = 1, .count = 5);

    client_run(write);
    client_run(read);
    p9_session_reset(c->session);
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
        mkdir = send_mkdir(c, 1, "d");
        if (i % 2) {
            client_run(mkdir);
        }
        p9_session_reset(c->session);
    }
    test_exec_drain(c->exec);
}

/* A reset drops a waiting Tflush; the end of its request has no effect. */
static void test_reset_flush(void)
{
    g_autoptr(Client) c = client_with_fids();
    Call *mkdir = send_mkdir(c, 1, "new");
    P9Job *job = client_job(mkdir);
    Call *flush;

    g_assert_true(test_exec_run(c->exec, job));
    flush = SEND(c, 2, flush, .oldtag = 1);
    p9_session_reset(c->session);
    g_assert_cmpint(flush->state, ==, CALL_DROPPED);
    g_assert_cmpint(client_version(c, 65536, "9P2000.L"), ==, 0);
    g_assert_cmpint(ASK(c, flush, .oldtag = 9), ==, 0);
    g_assert_true(test_exec_report(c->exec, job));
}

/* ---- a reset from within the transport's push() ---- */

static unsigned push_that_resets;

static void reset_in_push(Client *c)
{
    if (!--push_that_resets) {
        p9_session_reset(c->session);
    }
}

/* The @nth reply resets the device: the other requests are dropped, and a new
 * session can be started. */
static void push_resets(unsigned nth, void (*more)(Client *c))
{
    g_autoptr(Client) c = client_with_fids();
    Call *mkdir = send_mkdir(c, 1, "new");
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

/* Tversion and Tflush stop requests, and returning the buffers of one of them
 * resets the device. */
static void test_stop_resets(void)
{
    for (unsigned i = 0; i < 2; i++) {
        g_autoptr(Client) c = client_with_fids();
        P9Tmsg version = { .version = { .msize = 4096,
                                        .version = P9STR("9P2000.L") } };

        send_mkdir(c, 1, "a");
        send_mkdir(c, 1, "b");
        push_that_resets = 1;
        c->on_push = reset_in_push;
        if (i) {
            client_send(c, P9_TVERSION, 2, &version, NULL);
        } else {
            SEND(c, 2, flush, .oldtag = 1);
        }
        g_assert_cmpint(client_last(c)->state, ==, CALL_DROPPED);
        c->on_push = NULL;
        test_exec_drain(c->exec);
        g_assert_cmpint(client_version(c, 65536, "9P2000.L"), ==, 0);
        g_assert_cmpint(ASK(c, flush, .oldtag = 1), ==, 0);
    }
}

/* The session is freed with jobs in flight; client_free() runs the others. */
static void test_free_in_flight(void)
{
    Client *c = client_with_fids();
    Call *open = SEND(c, 1, lopen, .fid = 2);

    SEND(c, 2, clunk, .fid = 1);
    send_mkdir(c, 3, "d");
    client_run(open);
    SEND(c, 4, flush, .oldtag = 1);
    client_free(c);
}

static void test_free_with_backlog(void)
{
    Client *c = client_with_fids();
    Call *mkdir = send_mkdir(c, 3, "d");

    client_run(mkdir);
    SEND(c, P9_NOTAG, version, .msize = 8192, .version = P9STR("9P2000.L"));
    send_mkdir(c, 4, "e");
    SEND(c, P9_NOTAG, version, .msize = 8192, .version = P9STR("9P2000.L"));
    client_free(c);
}

/* ---- the throttle ---- */

typedef struct Gate {
    FsGate base;
    GQueue waiting;
    bool open;
    unsigned asked;
    uint64_t bytes;
} Gate;

static bool gate_admit(FsGate *base, FsTicket *ticket)
{
    Gate *gate = container_of(base, Gate, base);

    gate->asked++;
    gate->bytes += ticket->bytes;
    if (!gate->open) {
        g_queue_push_tail(&gate->waiting, ticket);
    }
    return gate->open;
}

static void gate_cancel(FsGate *base, FsTicket *ticket)
{
    Gate *gate = container_of(base, Gate, base);

    g_assert_true(g_queue_remove(&gate->waiting, ticket));
}

static void gate_let_one(Gate *gate)
{
    FsTicket *ticket = g_queue_pop_head(&gate->waiting);

    ticket->admitted(ticket);
}

static void test_gate(void)
{
    Gate gate = {
        .base = { gate_admit, gate_cancel }, .waiting = G_QUEUE_INIT,
    };
    g_autoptr(Client) c = client_with_fids();
    Call *read, *write, *flushed, *dropped;

    memfs_sleepy(c->export, false);
    c->export->gate = &gate.base;
    read = SEND(c, 1, read, .fid = 1, .count = 4);
    write = client_send_write(c, 2, 1, 0, "xyz", 3);
    flushed = client_send_write(c, 3, 1, 0, "!!!", 3);
    /* Only reads and writes are throttled. */
    assert_answered(SEND(c, 9, getattr, .fid = 1), 0);
    g_assert_cmpuint(gate.asked, ==, 3);
    g_assert_cmpuint(gate.bytes, ==, 10);
    g_assert_cmpint(read->state, ==, CALL_PENDING);
    gate_let_one(&gate);
    assert_answered(read, 0);
    g_assert_cmpuint(read->r.read.data.count, ==, 4);
    assert_answered(SEND(c, 8, flush, .oldtag = 3), 0);
    g_assert_cmpint(flushed->state, ==, CALL_FLUSHED);
    gate_let_one(&gate);
    assert_answered(write, 0);
    client_check_content(c, "file", "xyz3456789");
    /* A reset does not wait for throttled requests. */
    dropped = client_send_write(c, 4, 1, 0, "!!!", 3);
    p9_session_reset(c->session);
    g_assert_cmpint(dropped->state, ==, CALL_DROPPED);
    g_assert_cmpuint(gate.waiting.length, ==, 0);
    client_check_content(c, "file", "xyz3456789");
    c->export->gate = NULL;
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/session/reset/in-flight", test_reset);
    g_test_add_func("/session/reset/waiting", test_reset_waiting);
    g_test_add_func("/session/reset/ran", test_reset_ran);
    g_test_add_func("/session/reset/often", test_reset_often);
    g_test_add_func("/session/reset/flush", test_reset_flush);
    g_test_add_func("/session/reset/in-push", test_push_resets);
    g_test_add_func("/session/reset/in-stop", test_stop_resets);
    g_test_add_func("/session/free/in-flight", test_free_in_flight);
    g_test_add_func("/session/free/backlog", test_free_with_backlog);
    g_test_add_func("/session/gate", test_gate);
    return g_test_run();
}
