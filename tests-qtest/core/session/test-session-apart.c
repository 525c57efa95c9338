/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Requests that may wait for more than the host's storage are jobs that are
 * apart from the others.
 */
#include "lib/client.h"

/* It turns out only in the call that it has to wait for more than storage. */
static int waits_for_more(void *opaque G_GNUC_UNUSED, const MemCall *call)
{
    return call->op == MEM_OPEN && call->wait < FS_WAIT_ANYTHING ? -EAGAIN : 0;
}

static Client *client_with_files(ClientKind kind)
{
    Client *c = client_start(memfs_open(), kind);

    c->by_hand = false;
    memfs_add(c->export, "file", "0123456789");
    for (unsigned fid = 1; fid <= 3; fid++) {
        g_assert_cmpint(client_walk(c, 0, fid, "file"), ==, 0);
    }
    c->by_hand = true;
    memfs_sleepy(c->export, true);
    return c;
}

/*
 * Requests that may wait for more than the host's storage are kept apart from
 * the others.  What they wait for is known before, or by trying on a worker.
 */
static void test_known_or_tried(void)
{
    g_autoptr(Client) c = client_with_files(CLIENT_STEPPED);
    Call *local, *far, *late;

    local = SEND(c, 1, lopen, .fid = 1);
    g_assert_false(client_job(local)->apart);
    memfs_remote(c->export, true);
    far = SEND(c, 2, lopen, .fid = 2);
    g_assert_true(client_job(far)->apart);
    memfs_remote(c->export, false);
    memfs_set_hook(c->export, waits_for_more, NULL);
    late = SEND(c, 3, lopen, .fid = 3);
    g_assert_false(client_job(late)->apart);
    client_run(late);
    client_report(late);
    g_assert_true(client_job(late)->apart);
    client_run(late);
    client_report(late);
    g_assert_cmpint(late->state, ==, CALL_ANSWERED);
    g_assert_cmpint(late->error, ==, 0);
    memfs_set_hook(c->export, NULL, NULL);
    test_exec_drain(c->exec);
    g_assert_cmpint(local->error, ==, 0);
    g_assert_cmpint(far->error, ==, 0);
}

/* A loop of the session's own has tried what a worker would try. */
static void test_own_loop(void)
{
    static const P9Limits limits = { .max_msize = 512000, .own_loop = true };
    g_autoptr(Client) c = client_new(memfs_open(), CLIENT_STEPPED, &limits);
    Call *call;

    memfs_add(c->export, "file", "0123456789");
    g_assert_cmpint(client_version(c, 65536, "9P2000.L"), ==, 0);
    g_assert_cmpint(client_attach(c, 0, 0), ==, 0);
    g_assert_cmpint(client_walk(c, 0, 1, "file"), ==, 0);
    memfs_set_hook(c->export, waits_for_more, NULL);
    call = SEND(c, 1, lopen, .fid = 1);
    g_assert_true(client_job(call)->apart);
    test_exec_drain(c->exec);
    g_assert_cmpint(call->state, ==, CALL_ANSWERED);
    g_assert_cmpint(call->error, ==, 0);
}

/* A request that a reset has left behind is not tried again. */
static void test_orphan(void)
{
    g_autoptr(Client) c = client_with_files(CLIENT_STEPPED);
    Call *call;
    P9Job *job;

    memfs_set_hook(c->export, waits_for_more, NULL);
    call = SEND(c, 1, lopen, .fid = 1);
    job = client_job(call);
    g_assert_true(test_exec_run(c->exec, job));
    client_reset(c);
    g_assert_true(test_exec_report(c->exec, job));
    g_assert_cmpuint(test_exec_jobs(c->exec), ==, 0);
}

/* A flush stops a request between the worker and the thread of its own. */
static void test_flush(void)
{
    g_autoptr(Client) c = client_with_files(CLIENT_STEPPED);
    Call *call, *flush;

    memfs_set_hook(c->export, waits_for_more, NULL);
    call = SEND(c, 1, lopen, .fid = 1);
    client_run(call);
    client_report(call);
    flush = SEND(c, 2, flush, .oldtag = 1);
    g_assert_cmpint(call->state, ==, CALL_FLUSHED);
    g_assert_cmpint(flush->state, ==, CALL_ANSWERED);
    test_exec_drain(c->exec);
    c->by_hand = false;
    memfs_set_hook(c->export, NULL, NULL);
    g_assert_cmpint(ASK(c, lopen, .fid = 1), ==, 0);
}

/* The host does not let the process start a thread. */
static void test_refused(void)
{
    g_autoptr(Client) c = client_with_files(CLIENT_STEPPED);
    Call *call;

    memfs_remote(c->export, true);
    call = SEND(c, 1, lopen, .fid = 1);
    g_assert_true(test_exec_refuse(c->exec, client_job(call)));
    g_assert_cmpint(call->state, ==, CALL_ANSWERED);
    g_assert_cmpint(call->error, ==, ENOMEM);
    call = SEND(c, 1, lopen, .fid = 1);
    test_exec_drain(c->exec);
    g_assert_cmpint(call->error, ==, 0);
    /* The file is closed nevertheless. */
    call = SEND(c, 1, clunk, .fid = 1);
    g_assert_true(test_exec_refuse(c->exec, client_job(call)));
    g_assert_cmpint(call->error, ==, ENOMEM);
    g_assert_true(test_exec_refuse(c->exec, test_exec_nth(c->exec, 0)));
    g_assert_cmpuint(test_exec_jobs(c->exec), ==, 0);
    g_assert_cmpuint(client_mem(c).files, ==, 0);
}

/* ---- requests of several steps, the last of which may wait longer ---- */

static Client *client_dotu(void)
{
    Client *c = client_new(memfs_open(), CLIENT_INLINE, NULL);

    for (unsigned i = 0; i < 10; i++) {
        g_autofree char *name = g_strdup_printf("file-%u", i);

        memfs_add(c->export, name, "");
    }
    g_assert_cmpint(client_version(c, 65536, "9P2000.u"), ==, 0);
    g_assert_cmpint(client_attach(c, 0, 1000), ==, 0);
    return c;
}

static int refuse_setattr(void *opaque, const MemCall *call)
{
    unsigned *renamed = opaque;

    *renamed += call->op == MEM_RENAME;
    return call->op == MEM_SETATTR && call->wait < FS_WAIT_ANYTHING ? -EAGAIN
                                                                    : 0;
}

/* The first step of a Twstat is not repeated. */
static void test_wstat(void)
{
    g_autoptr(Client) c = client_dotu();
    const P9Stat st = {
        .type = UINT16_MAX, .dev = UINT32_MAX,
        .qid = { UINT8_MAX, UINT32_MAX, UINT64_MAX },
        .mode = 0604, .atime = UINT32_MAX, .mtime = UINT32_MAX,
        .length = UINT64_MAX, .name = P9STR("new"), .uid = P9STR(""),
        .gid = P9STR(""), .muid = P9STR(""), .extension = P9STR(""),
        .n_uid = UINT32_MAX, .n_gid = UINT32_MAX, .n_muid = UINT32_MAX,
    };
    unsigned renamed = 0;

    g_assert_cmpint(client_walk(c, 0, 1, "file-3"), ==, 0);
    memfs_set_hook(c->export, refuse_setattr, &renamed);
    g_assert_cmpint(ASK(c, wstat, .fid = 1, .stat = st), ==, 0);
    g_assert_cmpuint(renamed, ==, 1);
    g_assert_cmpint(client_walk(c, 0, 2, "new"), ==, 0);
    g_assert_cmpint(ASK(c, stat, .fid = 2), ==, 0);
    g_assert_cmphex(client_last(c)->r.stat.stat.mode, ==, 0604);
}

static int refuse_one_lookup(void *opaque, const MemCall *call)
{
    unsigned *refused = opaque;

    if (call->op != MEM_LOOKUP || call->wait == FS_WAIT_ANYTHING ||
        strcmp(call->name, "file-7")) {
        return 0;
    }
    ++*refused;
    return -EAGAIN;
}

/* The Tread of a directory starts over, with all of its room. */
static void test_read_directory(void)
{
    g_autoptr(Client) c = client_dotu();
    g_autoptr(GBytes) whole = NULL;
    const GByteArray *reply;
    unsigned refused = 0;

    g_assert_cmpint(client_walk(c, 0, 1, ""), ==, 0);
    g_assert_cmpint(ASK(c, open, .fid = 1), ==, 0);
    g_assert_cmpint(client_read(c, 1, 0, 4096), >, 0);
    reply = client_last(c)->reply;
    whole = g_bytes_new(reply->data, reply->len);
    memfs_set_hook(c->export, refuse_one_lookup, &refused);
    g_assert_cmpint(client_read(c, 1, 0, 4096), >, 0);
    reply = client_last(c)->reply;
    g_assert_cmpmem(reply->data, reply->len, g_bytes_get_data(whole, NULL),
                    g_bytes_get_size(whole));
    g_assert_cmpuint(refused, ==, 1);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/apart/known-or-tried", test_known_or_tried);
    g_test_add_func("/apart/own-loop", test_own_loop);
    g_test_add_func("/apart/orphan", test_orphan);
    g_test_add_func("/apart/flush", test_flush);
    g_test_add_func("/apart/refused", test_refused);
    g_test_add_func("/apart/wstat", test_wstat);
    g_test_add_func("/apart/read-directory", test_read_directory);
    return g_test_run();
}
