/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Byte-range locks through sessions on the local driver: between processes of
 * one client, between clients, and between a client and a program of the host.
 */
#include "fsdev/core/p9-osdep.h"
#include "lib/client.h"
#include "local/local-fixture.h"

/*
 * Two clients of one export, with "f" open for reading and writing as fid 1
 * and again as fid 2.
 */
typedef struct Locks {
    LocalFixture fixture;
    Client *a;
    Client *b;
    int host;                   /* a descriptor that the host locks with */
} Locks;

static void open_both(Client *c)
{
    g_assert_cmpint(client_open(c, 1, "f", O_RDWR), ==, 0);
    g_assert_cmpint(client_open(c, 2, "f", O_RDWR), ==, 0);
}

static bool locks_start(Locks *l, bool no_locks)
{
    g_autofree char *path = NULL;
    FsExport *export;

    *l = (Locks) { .fixture = { .model = FS_SM_PASSTHROUGH } };
    l->fixture.config.no_locks = no_locks;
    export = local_fixture_open(&l->fixture);
    if (!export) {
        return false;
    }
    path = g_build_filename(l->fixture.path, "f", NULL);
    l->host = open(path, O_CREAT | O_RDWR | O_CLOEXEC, 0666);
    g_assert_cmpint(l->host, >=, 0);
    l->b = client_start(local_fixture_reopen(&l->fixture), CLIENT_INLINE);
    l->a = client_start(export, CLIENT_INLINE);
    open_both(l->a);
    open_both(l->b);
    return true;
}

static void locks_end(Locks *l)
{
    g_clear_pointer(&l->a, client_free);
    g_clear_pointer(&l->b, client_free);
    close(l->host);
    local_fixture_done(&l->fixture);
}

static Call *send_lock(Client *c, uint32_t fid, uint8_t type, uint64_t start,
                       uint64_t length, uint32_t proc, uint32_t flags)
{
    return SEND(c, 40 + proc, lock, .fid = fid, .type = type, .start = start,
                .length = length, .proc_id = proc, .flags = flags,
                .client_id = P9STR("guest"));
}

/* The status of a Tlock that may not wait. */
static int lock(Client *c, uint32_t fid, uint8_t type, uint64_t start,
                uint64_t length, uint32_t proc)
{
    Call *call = send_lock(c, fid, type, start, length, proc, 0);

    client_wait(call);
    g_assert_cmpint(call->error, ==, 0);
    return call->r.lock.status;
}

static bool host_can_lock(Locks *l, short type)
{
    struct flock fl = { .l_type = type, .l_whence = SEEK_SET };
    bool can = fcntl(l->host, F_OFD_SETLK, &fl) == 0;

    fl.l_type = F_UNLCK;
    fcntl(l->host, F_OFD_SETLK, &fl);
    return can;
}

static void test_excludes_others(Locks *l)
{
    g_assert_cmpint(lock(l->a, 1, P9_LOCK_TYPE_WRLCK, 0, 10, 5), ==,
                    P9_LOCK_SUCCESS);
    /* For another process of this client, another client, the host. */
    g_assert_cmpint(lock(l->a, 2, P9_LOCK_TYPE_RDLCK, 5, 1, 6), ==,
                    P9_LOCK_BLOCKED);
    g_assert_cmpint(lock(l->b, 1, P9_LOCK_TYPE_WRLCK, 9, 0, 5), ==,
                    P9_LOCK_BLOCKED);
    g_assert_false(host_can_lock(l, F_RDLCK));
    /* Other ranges can be locked. */
    g_assert_cmpint(lock(l->b, 1, P9_LOCK_TYPE_WRLCK, 10, 0, 5), ==,
                    P9_LOCK_SUCCESS);
}

static void test_shared(Locks *l)
{
    g_assert_cmpint(lock(l->a, 1, P9_LOCK_TYPE_RDLCK, 0, 0, 5), ==, 0);
    g_assert_cmpint(lock(l->b, 1, P9_LOCK_TYPE_RDLCK, 0, 0, 5), ==, 0);
    g_assert_true(host_can_lock(l, F_RDLCK));
    g_assert_false(host_can_lock(l, F_WRLCK));
    g_assert_cmpint(lock(l->a, 1, P9_LOCK_TYPE_WRLCK, 0, 0, 5), ==,
                    P9_LOCK_BLOCKED);
}

/* Locks taken through several fids of a process have the same owner. */
static void test_one_process_two_fids(Locks *l)
{
    g_assert_cmpint(lock(l->a, 1, P9_LOCK_TYPE_WRLCK, 0, 0, 5), ==, 0);
    g_assert_cmpint(lock(l->a, 2, P9_LOCK_TYPE_WRLCK, 0, 0, 5), ==, 0);
    g_assert_cmpint(ASK(l->a, clunk, .fid = 1), ==, 0);
    g_assert_false(host_can_lock(l, F_WRLCK));
    g_assert_cmpint(ASK(l->a, clunk, .fid = 2), ==, 0);
    test_exec_drain(l->a->exec);
    g_assert_true(host_can_lock(l, F_WRLCK));
}

static void test_unlock_part(Locks *l)
{
    g_assert_cmpint(lock(l->a, 1, P9_LOCK_TYPE_WRLCK, 0, 100, 5), ==, 0);
    g_assert_cmpint(lock(l->a, 1, P9_LOCK_TYPE_UNLCK, 10, 10, 5), ==, 0);
    g_assert_cmpint(lock(l->b, 1, P9_LOCK_TYPE_WRLCK, 10, 10, 9), ==, 0);
    g_assert_cmpint(lock(l->b, 1, P9_LOCK_TYPE_WRLCK, 20, 1, 9), ==,
                    P9_LOCK_BLOCKED);
}

/* A request that may wait is parked until the other client unlocks. */
/*
 * A child unlocks on the fid that it has inherited, as fcntl(2) F_SETLKW and
 * flock(2) send it, as LOCK_NB, and as a close.  The parent keeps its lock.
 */
static void test_unlock_of_another_process(Locks *l)
{
    for (unsigned flags = 0; flags <= P9_LOCK_FLAGS_BLOCK; flags++) {
        Call *call;

        g_assert_cmpint(lock(l->a, 1, P9_LOCK_TYPE_WRLCK, 0, 0, 1), ==,
                        P9_LOCK_SUCCESS);
        call = send_lock(l->a, 1, P9_LOCK_TYPE_UNLCK, 0, 0, 2, flags);
        client_wait(call);
        g_assert_cmpint(call->r.lock.status, ==, P9_LOCK_SUCCESS);
        g_assert_false(host_can_lock(l, F_RDLCK));
        g_assert_cmpint(lock(l->b, 1, P9_LOCK_TYPE_WRLCK, 0, 0, 3), ==,
                        P9_LOCK_BLOCKED);
        g_assert_cmpint(lock(l->a, 1, P9_LOCK_TYPE_UNLCK, 0, 0, 1), ==,
                        P9_LOCK_SUCCESS);
        g_assert_true(host_can_lock(l, F_WRLCK));
    }
}

static void test_waits_until_granted(Locks *l)
{
    Call *call;

    g_assert_cmpint(lock(l->a, 1, P9_LOCK_TYPE_WRLCK, 0, 0, 5), ==, 0);
    call = send_lock(l->b, 1, P9_LOCK_TYPE_WRLCK, 0, 0, 8,
                     P9_LOCK_FLAGS_BLOCK);
    test_exec_drain(l->b->exec);
    client_tick(l->b);
    g_assert_cmpint(call->state, ==, CALL_PENDING);
    g_assert_cmpint(lock(l->a, 1, P9_LOCK_TYPE_UNLCK, 0, 0, 5), ==, 0);
    client_tick(l->b);
    g_assert_cmpint(call->state, ==, CALL_ANSWERED);
    g_assert_cmpint(call->r.lock.status, ==, P9_LOCK_SUCCESS);
    g_assert_false(host_can_lock(l, F_RDLCK));
}

/* When the same client unlocks, waiting requests are tried again at once. */
static void test_unlock_wakes(Locks *l)
{
    Call *call;

    g_assert_cmpint(lock(l->a, 1, P9_LOCK_TYPE_WRLCK, 0, 0, 5), ==, 0);
    call = send_lock(l->a, 2, P9_LOCK_TYPE_WRLCK, 0, 0, 6,
                     P9_LOCK_FLAGS_BLOCK);
    test_exec_drain(l->a->exec);
    client_tick(l->a);
    l->a->timer = false;
    g_assert_cmpint(ASK(l->a, clunk, .fid = 1), ==, 0);
    test_exec_drain(l->a->exec);
    client_tick(l->a);
    g_assert_cmpint(call->state, ==, CALL_ANSWERED);
    g_assert_cmpint(call->r.lock.status, ==, P9_LOCK_SUCCESS);
}

static void test_flush_ends_waiting(Locks *l)
{
    Call *call;

    g_assert_cmpint(lock(l->a, 1, P9_LOCK_TYPE_WRLCK, 0, 0, 5), ==, 0);
    call = send_lock(l->b, 1, P9_LOCK_TYPE_WRLCK, 0, 0, 8,
                     P9_LOCK_FLAGS_BLOCK);
    test_exec_drain(l->b->exec);
    g_assert_cmpint(ASK(l->b, flush, .oldtag = call->tag), ==, 0);
    g_assert_cmpint(call->state, ==, CALL_FLUSHED);
    g_assert_cmpint(lock(l->a, 1, P9_LOCK_TYPE_UNLCK, 0, 0, 5), ==, 0);
    g_assert_true(host_can_lock(l, F_WRLCK));
}

/* The number of waiting requests is bounded; further ones get "blocked". */
static void test_waiters_are_bounded(Locks *l)
{
    Call *call = NULL;
    unsigned i;

    g_assert_cmpint(lock(l->a, 1, P9_LOCK_TYPE_WRLCK, 0, 0, 5), ==, 0);
    for (i = 0; i < 1000; i++) {
        call = send_lock(l->b, 1, P9_LOCK_TYPE_WRLCK, 0, 0, 100 + i,
                         P9_LOCK_FLAGS_BLOCK);
        test_exec_drain(l->b->exec);
        if (call->state != CALL_PENDING) {
            break;
        }
    }
    g_assert_cmpuint(i, >=, 64);
    g_assert_cmpuint(i, <, 1000);
    g_assert_cmpint(call->r.lock.status, ==, P9_LOCK_BLOCKED);
    client_reset(l->b);
}

static void test_version_gives_up(Locks *l)
{
    g_assert_cmpint(lock(l->a, 1, P9_LOCK_TYPE_WRLCK, 0, 0, 5), ==, 0);
    g_assert_cmpint(client_version(l->a, 65536, "9P2000.L"), ==, 0);
    test_exec_drain(l->a->exec);
    g_assert_true(host_can_lock(l, F_WRLCK));
}

static void test_reset_gives_up(Locks *l)
{
    g_assert_cmpint(lock(l->a, 1, P9_LOCK_TYPE_WRLCK, 0, 0, 5), ==, 0);
    client_reset(l->a);
    test_exec_drain(l->a->exec);
    g_assert_true(host_can_lock(l, F_WRLCK));
}

static int getlock(Client *c, uint8_t type, uint64_t start, uint64_t length)
{
    return ASK(c, getlock, .fid = 1, .type = type, .start = start,
               .length = length, .proc_id = 8, .client_id = P9STR("guest"));
}

/*
 * The session ends after a worker has tried to take a lock, but before the
 * end of that job is reported.
 */
static void test_end_while_asking(void)
{
    LocalFixture fixture = { .model = FS_SM_PASSTHROUGH };
    FsExport *export = local_fixture_open(&fixture);

    if (export) {
        g_autoptr(Client) c = client_start(export, CLIENT_STEPPED);
        Call *call;

        c->by_hand = false;
        g_assert_cmpint(client_attach(c, 1, 0), ==, 0);
        g_assert_cmpint(ASK(c, lcreate, .fid = 1, .name = P9NAME("f"),
                            .flags = O_RDWR, .mode = 0644), ==, 0);
        g_assert_cmpint(client_open(c, 2, "f", O_RDWR), ==, 0);
        g_assert_cmpint(lock(c, 2, P9_LOCK_TYPE_WRLCK, 0, 0, 5), ==, 0);
        c->by_hand = true;
        call = send_lock(c, 1, P9_LOCK_TYPE_WRLCK, 0, 0, 6,
                         P9_LOCK_FLAGS_BLOCK);
        client_run(call);
        client_end(c);
        /*
         * The Tlock is the first job.  Report it last, after the others have
         * released the lock that it waits for.
         */
        for (unsigned n = test_exec_jobs(c->exec); n--;) {
            P9Job *job = test_exec_nth(c->exec, n);

            test_exec_run(c->exec, job);
            g_assert_true(test_exec_report(c->exec, job));
        }
    }
    local_fixture_done(&fixture);
}

static void test_getlock(Locks *l)
{
    const struct P9Rgetlock *r;

    g_assert_cmpint(lock(l->a, 1, P9_LOCK_TYPE_RDLCK, 10, 20, 5), ==, 0);
    g_assert_cmpint(getlock(l->b, P9_LOCK_TYPE_WRLCK, 0, 0), ==, 0);
    r = &client_last(l->b)->r.getlock;
    g_assert_cmpint(r->type, ==, P9_LOCK_TYPE_RDLCK);
    g_assert_cmpuint(r->start, ==, 10);
    g_assert_cmpuint(r->length, ==, 20);
    g_assert_cmpint(getlock(l->b, P9_LOCK_TYPE_RDLCK, 0, 0), ==, 0);
    r = &client_last(l->b)->r.getlock;
    g_assert_cmpint(r->type, ==, P9_LOCK_TYPE_UNLCK);
    g_assert_cmpstr(r->client_id.s, ==, "guest");
    /*
     * The Linux client asks with UNLCK, to which only a lock for writing
     * is reported, as only that conflicts with every lock.
     */
    g_assert_cmpint(getlock(l->b, P9_LOCK_TYPE_UNLCK, 0, 0), ==, 0);
    r = &client_last(l->b)->r.getlock;
    g_assert_cmpint(r->type, ==, P9_LOCK_TYPE_UNLCK);
    g_assert_cmpint(lock(l->a, 1, P9_LOCK_TYPE_WRLCK, 40, 2, 5), ==, 0);
    g_assert_cmpint(getlock(l->b, P9_LOCK_TYPE_UNLCK, 0, 0), ==, 0);
    r = &client_last(l->b)->r.getlock;
    g_assert_cmpint(r->type, ==, P9_LOCK_TYPE_WRLCK);
    g_assert_cmpuint(r->start, ==, 40);
}

/* Invalid types, flags and ranges are refused. */
static void test_bad_ranges(Locks *l)
{
    static const struct {
        uint8_t type;
        uint32_t flags;
        uint64_t start;
        uint64_t length;
    } bad[] = {
        { 255, 0, 0, 0 }, { 3, 0, 0, 0 }, { 0, 2, 0, 0 }, { 0, 255, 0, 0 },
        { 0, 0, 1ULL << 63, 0 }, { 0, 0, 1, INT64_MAX },
        { 0, 0, UINT64_MAX, UINT64_MAX },
    };

    for (unsigned i = 0; i < ARRAY_SIZE(bad); i++) {
        g_assert_cmpint(ASK(l->a, lock, .fid = 1, .type = bad[i].type,
                            .flags = bad[i].flags, .start = bad[i].start,
                            .length = bad[i].length,
                            .client_id = P9STR("x")), ==, -EINVAL);
    }
}

/* The locks are in vain, as memfs has none, but each has an owner. */
static int lock_as(Client *c, uint32_t proc, const P9String *client_id)
{
    return ASK(c, lock, .fid = 1, .type = P9_LOCK_TYPE_RDLCK, .length = 1,
               .proc_id = proc, .client_id = *client_id);
}

/*
 * Locks of ever new owners with this client id fail with ENOLCK, before there
 * are @max owners, and are possible again after a clunk.
 */
static void check_owners(const P9String *client_id, size_t max)
{
    g_autoptr(Client) c = client_start(memfs_open(), CLIENT_INLINE);
    P9SessionInfo info;
    uint32_t owners = 0;
    int ret;

    memfs_add(c->export, "f", "text");
    g_assert_cmpint(client_open(c, 1, "f", O_RDWR), ==, 0);
    while ((ret = lock_as(c, owners, client_id)) == 0) {
        g_assert_cmpuint(++owners, <=, max);
    }
    g_assert_cmpint(ret, ==, -ENOLCK);
    client_info(c, &info);
    g_assert_cmpuint(info.used[FS_BUDGET_LOCKS], ==, owners);
    g_assert_cmpuint(info.used[FS_BUDGET_MEMORY], >, owners * client_id->len);
    g_assert_cmpuint(info.used[FS_BUDGET_MEMORY], <=, FS_MAX_MEMORY_DEFAULT);
    /* An owner that exists can go on. */
    g_assert_cmpint(lock_as(c, 0, client_id), ==, 0);
    g_assert_cmpint(ASK(c, clunk, .fid = 1), ==, 0);
    client_info(c, &info);
    g_assert_cmpuint(info.used[FS_BUDGET_LOCKS], ==, 0);
    g_assert_cmpuint(info.used[FS_BUDGET_MEMORY], ==, 0);
    g_assert_cmpint(client_open(c, 1, "f", O_RDWR), ==, 0);
    g_assert_cmpint(lock_as(c, owners, client_id), ==, 0);
}

/*
 * The number of ranges is bounded, in which the unlocking of a part counts.
 * All that is released can be used again.
 */
static void test_ranges_are_bounded(Locks *l)
{
    unsigned ranges = 0;

    while (lock(l->a, 1, P9_LOCK_TYPE_RDLCK, 2 * ranges, 1, 5) ==
           P9_LOCK_SUCCESS) {
        g_assert_cmpuint(++ranges, <=, 4096);
    }
    g_assert_cmpuint(ranges, ==, 4096);
    g_assert_cmpint(lock(l->a, 1, P9_LOCK_TYPE_RDLCK, 2 * ranges, 1, 5), ==,
                    P9_LOCK_ERROR);
    g_assert_cmpint(lock(l->a, 2, P9_LOCK_TYPE_RDLCK, 0, 1, 6), ==,
                    P9_LOCK_ERROR);
    /* What needs no more ranges is granted, as is what merges two. */
    g_assert_cmpint(lock(l->a, 1, P9_LOCK_TYPE_RDLCK, 0, 3, 5), ==,
                    P9_LOCK_SUCCESS);
    g_assert_cmpint(lock(l->a, 1, P9_LOCK_TYPE_UNLCK, 1, 1, 5), ==,
                    P9_LOCK_SUCCESS);
    g_assert_cmpint(lock(l->a, 1, P9_LOCK_TYPE_UNLCK, 0, 0, 5), ==,
                    P9_LOCK_SUCCESS);
    g_assert_cmpint(lock(l->a, 2, P9_LOCK_TYPE_RDLCK, 0, 1, 6), ==,
                    P9_LOCK_SUCCESS);
    client_reset(l->a);
    test_exec_drain(l->a->exec);
    g_assert_true(host_can_lock(l, F_WRLCK));
}

static void test_owners_are_bounded(void)
{
    const P9String client_id = P9STR("guest");

    check_owners(&client_id, 4096);
}

static void test_client_ids_are_bounded(void)
{
    g_autofree char *text = g_strnfill(60000, 'x');
    const P9String client_id = P9STR(text);

    check_owners(&client_id, FS_MAX_MEMORY_DEFAULT / 60000);
}

static void test_off(Locks *l)
{
    g_assert_cmpint(lock(l->a, 1, P9_LOCK_TYPE_WRLCK, 0, 0, 5), ==, 0);
    g_assert_cmpint(lock(l->b, 1, P9_LOCK_TYPE_WRLCK, 0, 0, 5), ==, 0);
    g_assert_true(host_can_lock(l, F_WRLCK));
}

typedef struct LockTest {
    void (*run)(Locks *l);
    bool no_locks;
} LockTest;

static void run_test(const void *data)
{
    const LockTest *test = data;
    Locks l;

    if (locks_start(&l, test->no_locks)) {
        test->run(&l);
    }
    locks_end(&l);
}

/* Add a test that needs two clients; @no_locks: with locks=off. */
static void add(const char *path, void (*run)(Locks *l), bool no_locks)
{
    LockTest *test = g_new(LockTest, 1);

    *test = (LockTest) { .run = run, .no_locks = no_locks };
    g_test_add_data_func_full(path, test, run_test, g_free);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    add("/lock/excludes-others", test_excludes_others, false);
    add("/lock/shared", test_shared, false);
    add("/lock/one-process-two-fids", test_one_process_two_fids, false);
    add("/lock/unlock-part", test_unlock_part, false);
    add("/lock/unlock-of-another-process", test_unlock_of_another_process,
        false);
    add("/lock/waits-until-granted", test_waits_until_granted, false);
    add("/lock/unlock-wakes", test_unlock_wakes, false);
    add("/lock/flush-ends-waiting", test_flush_ends_waiting, false);
    add("/lock/waiters-are-bounded", test_waiters_are_bounded, false);
    add("/lock/version-gives-up", test_version_gives_up, false);
    add("/lock/reset-gives-up", test_reset_gives_up, false);
    g_test_add_func("/lock/end-while-asking", test_end_while_asking);
    add("/lock/getlock", test_getlock, false);
    add("/lock/bad-ranges", test_bad_ranges, false);
    add("/lock/ranges-are-bounded", test_ranges_are_bounded, false);
    g_test_add_func("/lock/owners-are-bounded", test_owners_are_bounded);
    g_test_add_func("/lock/client-ids-are-bounded",
                    test_client_ids_are_bounded);
    add("/lock/off", test_off, true);
    return g_test_run();
}
