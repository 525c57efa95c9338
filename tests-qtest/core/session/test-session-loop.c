/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A session and its event loop: which requests run on it, what is remembered
 * from one request to the next, pauses, and a transport whose set_busy()
 * completes later.
 */
#include "hw/9pfs/9p-policy.h"
#include "hw/9pfs/9p-recent.h"
#include "lib/client.h"

static Client *client_on_own_loop(ClientKind kind)
{
    static const P9Limits limits = { .max_msize = 512000, .own_loop = true };
    Client *c = client_new(memfs_open(), kind, &limits);

    memfs_add(c->export, "file", "0123456789");
    memfs_add(c->export, "dir", NULL);
    g_assert_cmpint(client_version(c, 65536, "9P2000.L"), ==, 0);
    g_assert_cmpint(client_attach(c, 0, 0), ==, 0);
    return c;
}

/* ---- where requests run ---- */

/* Requests that only need the host's storage never become jobs. */
static void test_own_loop(void)
{
    g_autoptr(Client) c = client_on_own_loop(CLIENT_STEPPED);
    P9Tmsg mkdir = { .mkdir = { .fid = 0, .name = P9NAME("d"),
                                .mode = 0755 } };

    memfs_sleepy(c->export, true);
    g_assert_cmpint(client_open(c, 1, "file", O_RDWR), ==, 0);
    g_assert_cmpint(client_read(c, 1, 0, 10), ==, 10);
    g_assert_cmpint(client_write(c, 1, 0, "abc", 3), ==, 3);
    g_assert_cmpint(client_ask(c, CLIENT_mkdir, &mkdir), ==, 0);
    g_assert_cmpint(ASK(c, getattr, .fid = 1), ==, 0);
    g_assert_cmpint(ASK(c, clunk, .fid = 1), ==, 0);
    g_assert_cmpuint(test_exec_jobs(c->exec), ==, 0);
}

/* Requests that may wait for longer, or for other processes, become jobs. */
static void test_own_loop_jobs(void)
{
    g_autoptr(Client) c = client_on_own_loop(CLIENT_STEPPED);
    Call *call;

    g_assert_cmpint(client_open(c, 1, "file", O_RDWR), ==, 0);
    call = SEND(c, 1, fsync, .fid = 1);
    g_assert_true(client_is_job(call));
    client_wait(call);
    g_assert_cmpint(client_walk(c, 0, 2, "file"), ==, 0);
    memfs_remote(c->export, true);
    call = SEND(c, 2, lopen, .fid = 2, .flags = O_RDWR);
    g_assert_true(client_is_job(call));
    test_exec_drain(c->exec);
    g_assert_cmpint(call->error, ==, 0);
}

/*
 * Truncating without an open fid opens the file, and open(2) may have to wait
 * for a process that holds a lease on it.
 */
static void test_own_loop_truncate(void)
{
    g_autoptr(Client) c = client_on_own_loop(CLIENT_STEPPED);
    Call *call;

    g_assert_cmpint(client_open(c, 1, "file", O_RDWR), ==, 0);
    g_assert_cmpint(ASK(c, setattr, .fid = 1, .valid = 8, .size = 3), ==, 0);
    g_assert_cmpint(client_walk(c, 0, 2, "file"), ==, 0);
    call = SEND(c, 1, setattr, .fid = 2, .valid = 8, .size = 2);
    g_assert_true(client_is_job(call));
    client_wait(call);
    g_assert_cmpint(call->error, ==, 0);
    client_check_content(c, "file", "01");
}

/*
 * Removing or renaming an object changes its directory, so such a request is a
 * job if the directory is not on local storage, even if the object is.
 */
static void test_own_loop_mounted(void)
{
    g_autoptr(Client) c = client_on_own_loop(CLIENT_STEPPED);
    P9Tmsg rename = { .rename = { .fid = 2, .dfid = 3,
                                  .name = P9NAME("new") } };
    FsNode *far;
    Call *call;

    memfs_add(c->export, "far", NULL);
    memfs_add(c->export, "far/a", "");
    memfs_add(c->export, "far/b", "");
    g_assert_cmpint(client_walk(c, 0, 1, "far/a"), ==, 0);
    g_assert_cmpint(client_walk(c, 0, 2, "far/b"), ==, 0);
    g_assert_cmpint(client_walk(c, 0, 3, "dir"), ==, 0);
    far = memfs_node(c->export, "far");
    memfs_set_dev(far, MEMFS_FAR_DEV);
    fs_node_unref(far);
    call = SEND(c, 1, remove, .fid = 1);
    g_assert_true(client_is_job(call));
    client_wait(call);
    g_assert_cmpint(call->error, ==, 0);
    call = client_send(c, CLIENT_rename, 2, &rename, NULL);
    g_assert_true(client_is_job(call));
    client_wait(call);
    g_assert_cmpint(call->error, ==, 0);
    client_check_content(c, "dir/new", "");
}

/* A long copy becomes a job while other requests are in flight. */
static void test_own_loop_long_copy(void)
{
    g_autoptr(Client) c = client_on_own_loop(CLIENT_STEPPED);
    P9Tmsg big = { .read = { .fid = 1, .count = P9_POLICY_LONG_COPY } };
    P9Tmsg little = { .read = { .fid = 1, .count = 4096 } };
    Call *sync, *call;

    g_assert_cmpint(client_version(c, 512000, "9P2000.L"), ==, 0);
    g_assert_cmpint(client_attach(c, 0, 0), ==, 0);
    g_assert_cmpint(client_open(c, 1, "file", O_RDWR), ==, 0);
    call = client_send(c, CLIENT_read, 1, &big, NULL);
    g_assert_cmpint(call->state, ==, CALL_ANSWERED);
    sync = SEND(c, 2, fsync, .fid = 1);
    call = client_send(c, CLIENT_read, 3, &little, NULL);
    g_assert_cmpint(call->state, ==, CALL_ANSWERED);
    call = client_send(c, CLIENT_read, 4, &big, NULL);
    g_assert_true(client_is_job(call));
    client_wait(call);
    g_assert_cmpint(call->error, ==, 0);
    client_wait(sync);
}

static void test_policy(void)
{
    g_autofree P9Policy *p = g_new0(P9Policy, 1);

    g_assert_true(p9_policy_may_wait(p, P9_TREAD, true));
    /* A single slow run changes nothing, several do. */
    p9_policy_learn(p, P9_TREAD, 400000);
    g_assert_true(p9_policy_may_wait(p, P9_TREAD, true));
    for (unsigned i = 0; i < 8; i++) {
        p9_policy_learn(p, P9_TREAD, 150000);
    }
    g_assert_true(p9_policy_may_wait(p, P9_TREAD, false));
    g_assert_false(p9_policy_may_wait(p, P9_TREAD, true));
    for (unsigned i = 0; i < 16; i++) {
        p9_policy_learn(p, P9_TREAD, 1000000);
    }
    g_assert_false(p9_policy_may_wait(p, P9_TREAD, false));
    g_assert_true(p9_policy_may_wait(p, P9_TWRITE, true));
    /* Quick runs change it back. */
    for (unsigned i = 0; i < 32; i++) {
        p9_policy_learn(p, P9_TREAD, 5000);
    }
    g_assert_true(p9_policy_may_wait(p, P9_TREAD, true));
    /* Even the longest run does not make the mean wrap around. */
    for (unsigned i = 0; i < 100; i++) {
        p9_policy_learn(p, P9_TREAD, UINT64_MAX);
        g_assert_false(p9_policy_may_wait(p, P9_TREAD, false) && i > 8);
    }
}

/* How a request is run, by its row, its loop and what is known of it. */
static void test_ways(void)
{
    enum {
        ONCE = P9_WAY_AT_ONCE, WAIT = P9_WAY_WAIT, YIELD = P9_WAY_YIELD,
        APART = P9_WAY_APART, JOB = P9_WAY_WORKER | APART,
    };
    static const struct {
        uint8_t type;
        unsigned shared;        /* on a loop that serves others, too */
        unsigned shared_asks;   /* there, with a driver that asks */
        unsigned own;           /* on a loop of the session's own */
        unsigned own_asks;      /* there, with a driver that asks */
        unsigned slow;          /* on it, after slow requests of the type */
    } rows[] = {
        { P9_TREAD, ONCE | JOB, ONCE | APART, ONCE | WAIT | APART,
          ONCE | WAIT | APART, ONCE | JOB },
        { P9_TWRITE, ONCE | JOB, ONCE | APART, WAIT | APART, WAIT | APART,
          ONCE | JOB },
        { P9_TWALK, ONCE | JOB, ONCE | APART, WAIT | APART,
          WAIT | YIELD | APART, ONCE | JOB },
        { P9_TMKDIR, JOB, APART, WAIT | APART, WAIT | YIELD | APART, JOB },
        { P9_TRENAME, JOB, APART, WAIT | APART, WAIT | APART, JOB },
        { P9_TFSYNC, JOB, JOB, JOB, JOB, JOB },
    };
    g_autofree P9Policy *quick = g_new0(P9Policy, 1);
    g_autofree P9Policy *slow = g_new0(P9Policy, 1);

    for (unsigned i = 0; i < ARRAY_SIZE(slow->cost); i++) {
        slow->cost[i] = 1000000;
    }
    for (unsigned i = 0; i < ARRAY_SIZE(rows); i++) {
        P9Work work = { .info = p9_message_info(rows[i].type) };

        g_test_message("%s", work.info->name);
        work.can_yield = true;
        g_assert_cmphex(p9_policy_ways(quick, &work), ==, rows[i].shared);
        work.asks = true;
        g_assert_cmphex(p9_policy_ways(quick, &work), ==, rows[i].shared_asks);
        work.own_loop = true;
        g_assert_cmphex(p9_policy_ways(quick, &work), ==, rows[i].own_asks);
        work.asks = false;
        g_assert_cmphex(p9_policy_ways(quick, &work), ==, rows[i].own);
        g_assert_cmphex(p9_policy_ways(slow, &work), ==, rows[i].slow);
        work.long_copy = true;
        g_assert_cmphex(p9_policy_ways(quick, &work), ==, rows[i].own);
        work.others = true;
        g_assert_cmphex(p9_policy_ways(quick, &work), ==, JOB);
        work.long_copy = work.others = false;
        work.for_worker = true;
        g_assert_cmphex(p9_policy_ways(quick, &work), ==, JOB);
    }
}

/* ---- what a walk has seen ---- */

/*
 * How often the driver was asked for attributes by the Tgetattr after a walk.
 * The clock may tick in between, so this is the lowest number of many tries.
 */
static unsigned asked_after_walk(Client *c, void (*between)(Client *c))
{
    unsigned best = UINT_MAX;

    for (unsigned i = 0; i < 100 && best; i++) {
        unsigned before;

        g_assert_cmpint(client_walk(c, 0, 7, "file"), ==, 0);
        before = client_mem(c).calls[MEM_GETATTR];
        if (between) {
            between(c);
        }
        g_assert_cmpint(ASK(c, getattr, .fid = 7), ==, 0);
        best = MIN(best, client_mem(c).calls[MEM_GETATTR] - before);
        g_assert_cmpint(ASK(c, clunk, .fid = 7), ==, 0);
    }
    return best;
}

static void change_it(Client *c)
{
    g_assert_cmpint(ASK(c, setattr, .fid = 7, .valid = 1, .mode = 0600), ==,
                    0);
}

static void change_another(Client *c)
{
    g_assert_cmpint(client_write(c, 1, 0, "x", 1), ==, 1);
}

static void note_change(Client *c G_GNUC_UNUSED)
{
    fs_change_note();
}

static void open_it(Client *c)
{
    g_assert_cmpint(ASK(c, lopen, .fid = 7), ==, 0);
}

static void test_recent(void)
{
    g_autoptr(Client) c = client_on_own_loop(CLIENT_INLINE);

    g_assert_cmpint(client_open(c, 1, "file", O_RDWR), ==, 0);
    g_assert_cmpuint(asked_after_walk(c, NULL), ==, 0);
    g_assert_cmpuint(asked_after_walk(c, change_it), >, 0);
    g_assert_cmpuint(asked_after_walk(c, change_another), >, 0);
    g_assert_cmpuint(asked_after_walk(c, note_change), >, 0);
    g_assert_cmpuint(asked_after_walk(c, open_it), >, 0);
}

/* Each fid gets the attributes that its own walk has seen. */
static void test_recent_each_its_own(void)
{
    g_autoptr(Client) c = client_on_own_loop(CLIENT_INLINE);

    for (unsigned i = 0; i < 3 * P9_RECENT_SLOTS; i++) {
        g_assert_cmpint(client_walk(c, 0, 1000 + i, i % 2 ? "file" : "dir"),
                        ==, 0);
    }
    for (unsigned i = 0; i < 3 * P9_RECENT_SLOTS; i++) {
        g_assert_cmpint(ASK(c, getattr, .fid = 1000 + i), ==, 0);
        g_assert_cmphex(client_last(c)->r.getattr.mode & S_IFMT, ==,
                        i % 2 ? S_IFREG : S_IFDIR);
    }
}

/* ---- pauses ---- */

/* Requests that end while the VM is stopped are answered when it continues. */
static void test_pause(void)
{
    g_autoptr(Client) c = client_start(memfs_open(), CLIENT_STEPPED);
    P9Tmsg mkdir = { .mkdir = { .name = P9NAME("d"), .mode = 0755 } };
    Call *ran, *later;

    ran = client_send(c, CLIENT_mkdir, 1, &mkdir, NULL);
    mkdir.mkdir.name = P9NAME("e");
    later = client_send(c, CLIENT_mkdir, 2, &mkdir, NULL);
    client_run(ran);
    client_pause(c);
    client_report(ran);
    g_assert_cmpint(ran->state, ==, CALL_PENDING);
    test_exec_drain(c->exec);
    g_assert_cmpint(later->state, ==, CALL_PENDING);
    client_resume(c);
    g_assert_cmpint(ran->state, ==, CALL_ANSWERED);
    g_assert_cmpint(later->state, ==, CALL_ANSWERED);
    g_assert_cmpint(ran->error, ==, 0);
}

/* Neither are requests read that come during a pause. */
static void test_pause_start(void)
{
    g_autoptr(Client) c = client_start(memfs_open(), CLIENT_INLINE);
    Call *bad, *walk, *clunk;

    client_pause(c);
    walk = SEND(c, 1, walk, .fid = 0, .newfid = 1);
    clunk = SEND(c, 2, clunk, .fid = 1);
    bad = client_send_bytes(c, "\1\2\3", 3, 100);
    g_assert_cmpuint(c->traced_requests, ==, 2);
    g_assert_cmpuint(c->pending, ==, 3);
    client_resume(c);
    g_assert_cmpint(walk->state, ==, CALL_ANSWERED);
    g_assert_cmpint(walk->error, ==, 0);
    g_assert_cmpint(clunk->state, ==, CALL_ANSWERED);
    g_assert_cmpint(clunk->error, ==, 0);
    g_assert_cmpint(bad->state, ==, CALL_BROKEN);
}

/*
 * Payload waits for the end of a pause.  What has been copied before may be
 * written meanwhile, and what is read goes to a buffer of ours.
 */
static void pause_payload(bool remote)
{
    g_autoptr(Client) c = client_start(memfs_open(), CLIENT_STEPPED);
    Call *read, *write, *readdir;

    c->by_hand = false;
    memfs_add(c->export, "r", "0123456789");
    memfs_add(c->export, "w", "0123456789");
    memfs_remote(c->export, remote);
    g_assert_cmpint(client_open(c, 1, "r", O_RDWR), ==, 0);
    g_assert_cmpint(client_open(c, 2, "w", O_RDWR), ==, 0);
    g_assert_cmpint(client_open(c, 3, "", O_RDONLY), ==, 0);
    c->by_hand = true;
    memfs_sleepy(c->export, true);
    read = SEND(c, 1, read, .fid = 1, .count = 10);
    write = client_send_write(c, 2, 2, 0, "abc", 3);
    readdir = SEND(c, 3, readdir, .fid = 3, .count = 1000);
    client_pause(c);
    test_exec_drain(c->exec);
    g_assert_cmpuint(c->pending, ==, 3);
    if (!remote) {
        client_check_content(c, "w", "0123456789");
    }
    client_resume(c);
    test_exec_drain(c->exec);
    g_assert_cmpint(read->state, ==, CALL_ANSWERED);
    g_assert_cmpmem(read->reply->data + P9_IO_HDRSZ,
                    read->reply->len - P9_IO_HDRSZ, "0123456789", 10);
    g_assert_cmpint(write->state, ==, CALL_ANSWERED);
    g_assert_cmpuint(write->r.write.count, ==, 3);
    client_check_content(c, "w", "abc3456789");
    g_assert_cmpint(readdir->state, ==, CALL_ANSWERED);
    g_assert_cmpint(readdir->error, ==, 0);
    g_assert_cmpuint(readdir->r.readdir.data.count, >, 4 * 24);
}

static void test_pause_payload(void)
{
    pause_payload(false);
    pause_payload(true);
}

/* A reset drops and undoes requests whose replies a pause has held back. */
static void test_pause_reset(void)
{
    g_autoptr(Client) c = client_start(memfs_open(), CLIENT_STEPPED);
    Call *create = SEND(c, 1, lcreate, .fid = 0, .name = P9NAME("f"),
                        .flags = O_RDWR, .mode = 0644);

    client_run(create);
    client_pause(c);
    client_report(create);
    client_reset(c);
    g_assert_cmpint(create->state, ==, CALL_DROPPED);
    client_resume(c);
    test_exec_drain(c->exec);
    g_assert_cmpuint(client_mem(c).files, ==, 0);
    g_assert_cmpint(client_version(c, 65536, "9P2000.L"), ==, 0);
}

static int parks_on_worker(void *opaque G_GNUC_UNUSED, const MemCall *call)
{
    return call->op != MEM_WRITE         ? 0
           : call->wait == FS_WAIT_NEVER ? -EAGAIN
                                         : -EINPROGRESS;
}

/* During a pause, a flushed request turns out to have to be parked. */
static void test_pause_flush(void)
{
    g_autoptr(Client) c = client_start(memfs_open(), CLIENT_STEPPED);
    Call *write, *flush;

    c->by_hand = false;
    memfs_add(c->export, "f", "");
    g_assert_cmpint(client_open(c, 1, "f", O_RDWR), ==, 0);
    c->by_hand = true;
    memfs_set_hook(c->export, parks_on_worker, NULL);
    write = client_send_write(c, 1, 1, 0, "x", 1);
    client_run(write);
    flush = SEND(c, 2, flush, .oldtag = 1);
    client_pause(c);
    client_report(write);
    g_assert_cmpint(write->state, ==, CALL_PENDING);
    g_assert_cmpint(flush->state, ==, CALL_PENDING);
    client_resume(c);
    g_assert_cmpint(write->state, ==, CALL_FLUSHED);
    g_assert_cmpint(flush->state, ==, CALL_ANSWERED);
}

/* ---- a transport whose set_busy() completes later ---- */

static Call *send_attach(Client *c, uint16_t tag, uint32_t fid)
{
    return SEND(c, tag, attach, .fid = fid, .afid = P9_NOFID,
                .uname = P9STR(""), .aname = P9STR(""));
}

static Client *client_asking(void)
{
    Client *c = client_new(memfs_open(), CLIENT_INLINE, NULL);

    g_assert_cmpint(client_version(c, 65536, "9P2000.L"), ==, 0);
    c->refuse_busy = -EINPROGRESS;
    return c;
}

static void test_busy_later(void)
{
    g_autoptr(Client) c = client_asking();
    Call *one = send_attach(c, 1, 0);
    Call *two = send_attach(c, 2, 1);

    g_assert_cmpint(one->state, ==, CALL_PENDING);
    g_assert_cmpint(two->state, ==, CALL_PENDING);
    p9_session_busy_done(c->session, 0);
    client_wait(one);
    client_wait(two);
    g_assert_cmpint(one->error, ==, 0);
    g_assert_cmpint(two->error, ==, 0);
    /* The session is busy already, so set_busy() is not called again. */
    g_assert_cmpint(client_attach(c, 2, 0), ==, 0);
}

static void revoke_once(Client *c)
{
    c->on_push = NULL;
    client_revoke(c);
}

/* The reply to the first waiting Tattach makes the guest reset the device. */
static void test_busy_done_resets(void)
{
    static const P9Limits limits = { .max_msize = 512000, .own_loop = true };
    g_autoptr(Client) c = client_new(memfs_open(), CLIENT_INLINE, &limits);
    Call *one, *two;

    g_assert_cmpint(client_version(c, 65536, "9P2000.L"), ==, 0);
    c->refuse_busy = -EINPROGRESS;
    one = send_attach(c, 1, 0);
    two = send_attach(c, 2, 1);
    c->on_push = revoke_once;
    p9_session_busy_done(c->session, 0);
    g_assert_cmpint(one->state, ==, CALL_ANSWERED);
    g_assert_cmpint(two->state, ==, CALL_DROPPED);
    client_follow(c);
    g_assert_cmpint(client_version(c, 65536, "9P2000.L"), ==, 0);
}

static void test_busy_refused(void)
{
    g_autoptr(Client) c = client_asking();
    Call *call = send_attach(c, 1, 0);

    p9_session_busy_done(c->session, -EBUSY);
    g_assert_cmpint(call->state, ==, CALL_ANSWERED);
    g_assert_cmpint(call->error, ==, EBUSY);
    /* The next Tattach calls set_busy() again. */
    call = send_attach(c, 1, 0);
    g_assert_cmpint(call->state, ==, CALL_PENDING);
    p9_session_busy_done(c->session, 0);
    client_wait(call);
    g_assert_cmpint(call->error, ==, 0);
}

static void test_busy_flush(void)
{
    g_autoptr(Client) c = client_asking();
    Call *call = send_attach(c, 1, 0);
    P9SessionInfo info;

    g_assert_cmpint(ASK(c, flush, .oldtag = 1), ==, 0);
    g_assert_cmpint(call->state, ==, CALL_FLUSHED);
    p9_session_busy_done(c->session, 0);
    client_info(c, &info);
    g_assert_cmpuint(info.fids, ==, 0);
}

/* A set_busy() that completes after a reset has no effect on later requests. */
static void test_busy_reset(void)
{
    g_autoptr(Client) c = client_asking();
    Call *call = send_attach(c, 1, 0);

    client_reset(c);
    g_assert_cmpint(call->state, ==, CALL_DROPPED);
    p9_session_busy_done(c->session, 0);
    g_assert_cmpint(client_version(c, 65536, "9P2000.L"), ==, 0);
    call = send_attach(c, 1, 0);
    g_assert_cmpint(call->state, ==, CALL_PENDING);
    client_reset(c);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/loop/own-loop-makes-no-jobs", test_own_loop);
    g_test_add_func("/loop/own-loop-long-waits-are-jobs", test_own_loop_jobs);
    g_test_add_func("/loop/own-loop-truncate", test_own_loop_truncate);
    g_test_add_func("/loop/own-loop-mounted", test_own_loop_mounted);
    g_test_add_func("/loop/own-loop-long-copies-are-jobs",
                    test_own_loop_long_copy);
    g_test_add_func("/loop/policy-learns", test_policy);
    g_test_add_func("/loop/ways", test_ways);
    g_test_add_func("/loop/getattr-after-walk", test_recent);
    g_test_add_func("/loop/getattr-each-its-own", test_recent_each_its_own);
    g_test_add_func("/loop/pause-holds-answers", test_pause);
    g_test_add_func("/loop/pause-holds-requests", test_pause_start);
    g_test_add_func("/loop/pause-holds-payload", test_pause_payload);
    g_test_add_func("/loop/pause-reset", test_pause_reset);
    g_test_add_func("/loop/pause-flush", test_pause_flush);
    g_test_add_func("/loop/busy-later", test_busy_later);
    g_test_add_func("/loop/busy-done-resets", test_busy_done_resets);
    g_test_add_func("/loop/busy-refused", test_busy_refused);
    g_test_add_func("/loop/busy-flush", test_busy_flush);
    g_test_add_func("/loop/busy-reset", test_busy_reset);
    return g_test_run();
}
