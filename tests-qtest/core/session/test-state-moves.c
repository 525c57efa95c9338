/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A session that is moved to another process while it is used: what its fids
 * refer to, and what becomes of requests in flight.
 */
#include "fsdev/core/p9-osdep.h"
#include <sys/xattr.h>
#include "conformance/synth-fixture.h"
#include "session/gate.h"
#include "session/move.h"

typedef struct World {
    Scratch *scratch;
    Client *c;
} World;

static World world_start(ClientKind kind)
{
    World w = { .scratch = scratch_new() };

    scratch_mkdir(w.scratch, "dir");
    scratch_mkdir(w.scratch, "dir/deep");
    scratch_write(w.scratch, "file", "0123456789");
    scratch_write(w.scratch, "dir/deep/inner", "inner");
    w.c = client_start(move_export(w.scratch->path), kind);
    return w;
}

static void world_move(World *w)
{
    w->c = move_client(w->c, move_export(w->scratch->path));
    test_exec_drain(w->c->exec);
}

static void world_end(World *w)
{
    client_free(w->c);
    scratch_free(w->scratch);
}

static void check_file(const World *w, const char *name, const char *text)
{
    g_autofree char *path = g_build_filename(w->scratch->path, name, NULL);
    g_autofree char *there = NULL;

    g_assert_true(g_file_get_contents(path, &there, NULL, NULL));
    g_assert_cmpstr(there, ==, text);
}

static P9Qid qid_of(Client *c, uint32_t fid)
{
    g_assert_cmpint(ASK(c, getattr, .fid = fid, .request_mask = 0x7ff), ==, 0);
    return client_last(c)->r.getattr.qid;
}

/* ---- fids ---- */

static void test_idle_fids(void)
{
    World w = world_start(CLIENT_INLINE);
    P9SessionInfo before, after;
    P9Qid qids[3], same;

    g_assert_cmpint(client_walk(w.c, 0, 1, "file"), ==, 0);
    g_assert_cmpint(client_walk(w.c, 0, 2, "dir/deep/inner"), ==, 0);
    g_assert_cmpint(client_attach_to(w.c, 3, "dir/deep"), ==, 0);
    for (unsigned i = 0; i < 3; i++) {
        qids[i] = qid_of(w.c, i);
    }
    client_info(w.c, &before);
    world_move(&w);
    client_info(w.c, &after);
    g_assert_cmpuint(after.fids, ==, before.fids);
    g_assert_cmpuint(after.msize, ==, before.msize);
    g_assert_cmpuint(after.dialect, ==, before.dialect);
    for (unsigned i = 0; i < 3; i++) {
        same = qid_of(w.c, i);
        g_assert_cmpmem(&same, sizeof(same), &qids[i], sizeof(same));
    }
    /* The root of an attach is still one. */
    g_assert_cmpint(client_walk(w.c, 3, 4, ".."), ==, 0);
    g_assert_cmpuint(qid_of(w.c, 4).path, ==, qid_of(w.c, 3).path);
    g_assert_cmpint(client_walk(w.c, 2, 5, "../../.."), ==, 0);
    g_assert_cmpuint(qid_of(w.c, 5).path, ==, qids[0].path);
    world_end(&w);
}

static void test_open_file(void)
{
    World w = world_start(CLIENT_INLINE);

    g_assert_cmpint(client_open(w.c, 1, "file", O_RDWR | 02000), ==, 0);
    g_assert_cmpint(client_write(w.c, 1, 0, "abc", 3), ==, 3);
    world_move(&w);
    g_assert_cmpint(client_write(w.c, 1, 0, "def", 3), ==, 3);
    g_assert_cmpint(client_read(w.c, 1, 0, 100), ==, 16);
    client_check_payload(w.c, "0123456789abcdef");
    check_file(&w, "file", "0123456789abcdef");
    world_end(&w);
}

/* The flags that an open has once are not applied a second time. */
static void test_created_file(void)
{
    World w = world_start(CLIENT_INLINE);

    g_assert_cmpint(client_walk(w.c, 0, 1, ""), ==, 0);
    g_assert_cmpint(ASK(w.c, lcreate, .fid = 1, .name = P9NAME("new"),
                        .flags = 0102 | 0200 | 01000, .mode = 0600), ==, 0);
    g_assert_cmpint(client_write(w.c, 1, 0, "kept", 4), ==, 4);
    world_move(&w);
    g_assert_cmpint(client_read(w.c, 1, 0, 100), ==, 4);
    client_check_payload(w.c, "kept");
    world_end(&w);
}

static unsigned list_some(Client *c, GHashTable *seen, uint64_t *offset,
                          uint32_t count)
{
    const struct P9Rreaddir *r;
    const Call *call;
    struct iovec iov;
    unsigned n = 0;
    P9Cursor at;

    g_assert_cmpint(ASK(c, readdir, .fid = 1, .offset = *offset,
                        .count = count), ==, 0);
    call = client_last(c);
    r = &call->r.readdir;
    iov = (struct iovec) { call->reply->data + P9_IO_HDRSZ, r->data.count };
    p9_cursor_init(&at, &iov, 1, SIZE_MAX);
    while (at.pos < r->data.count) {
        char name[NAME_MAX + 1] = "";

        p9_skip(&at, P9_QID_SZ);
        *offset = p9_get_u64(&at);
        p9_get_u8(&at);
        p9_get_bytes(&at, name, p9_get_u16(&at));
        g_assert_true(g_hash_table_add(seen, g_strdup(name)));
        n++;
    }
    return n;
}

static void test_directory_half_read(void)
{
    World w = world_start(CLIENT_INLINE);
    g_autoptr(GHashTable) seen = g_hash_table_new_full(g_str_hash, g_str_equal,
                                                       g_free, NULL);
    uint64_t offset = 0;

    for (unsigned i = 0; i < 100; i++) {
        g_autofree char *name = g_strdup_printf("dir/file%u", i);

        scratch_write(w.scratch, name, "");
    }
    g_assert_cmpint(client_open(w.c, 1, "dir", O_RDONLY), ==, 0);
    g_assert_cmpuint(list_some(w.c, seen, &offset, 1000), >, 0);
    world_move(&w);
    while (list_some(w.c, seen, &offset, 1000)) {
        /* Until all are seen, each of them once. */
    }
    g_assert_cmpuint(g_hash_table_size(seen), ==, 103);
    world_end(&w);
}

/* Parts of a listing in 9P2000.u follow each other by their offsets. */
static void test_dotu_directory_half_read(void)
{
    World w = world_start(CLIENT_INLINE);
    unsigned whole = 0, parts = 0;
    uint64_t offset = 0;
    ssize_t n;

    for (unsigned i = 0; i < 50; i++) {
        g_autofree char *name = g_strdup_printf("dir/file%u", i);

        scratch_write(w.scratch, name, "");
    }
    g_assert_cmpint(client_version(w.c, 65536, "9P2000.u"), ==, 0);
    g_assert_cmpint(client_attach(w.c, 0, 0), ==, 0);
    for (unsigned fid = 1; fid <= 2; fid++) {
        g_assert_cmpint(client_walk(w.c, 0, fid, "dir"), ==, 0);
        g_assert_cmpint(ASK(w.c, open, .fid = fid), ==, 0);
    }
    while ((n = client_read(w.c, 1, whole, 60000)) > 0) {
        whole += n;
    }
    n = client_read(w.c, 2, 0, 1000);
    g_assert_cmpint(n, >, 0);
    offset = parts = n;
    world_move(&w);
    while ((n = client_read(w.c, 2, offset, 1000)) > 0) {
        parts += n;
        offset += n;
    }
    g_assert_cmpint(n, ==, 0);
    g_assert_cmpuint(parts, ==, whole);
    world_end(&w);
}

/* The synth driver has attributes everywhere, which it does not keep. */
static Client *synth_client(void)
{
    SynthFixture s = synth_fixture_open("synth", true, false);

    fs_node_unref(s.root);
    return client_start(s.export, CLIENT_INLINE);
}

static Client *move_synth(Client *c)
{
    SynthFixture s = synth_fixture_open("synth", true, false);

    fs_node_unref(s.root);
    return move_client(c, s.export);
}

static void test_attribute_half_written(void)
{
    g_autoptr(Client) c = synth_client();

    g_assert_cmpint(client_walk(c, 0, 1, "WRITE"), ==, 0);
    g_assert_cmpint(ASK(c, xattrcreate, .fid = 1, .name = P9STR("user.x"),
                        .size = 6), ==, 0);
    g_assert_cmpint(client_write(c, 1, 0, "abc", 3), ==, 3);
    c = move_synth(c);
    g_assert_cmpint(c->export->xattr_fids, ==, 1);
    /* Not all of it is there, as before. */
    g_assert_cmpint(client_walk(c, 0, 2, "WRITE"), ==, 0);
    g_assert_cmpint(client_write(c, 1, 3, "de", 2), ==, 2);
    c = move_synth(c);
    g_assert_cmpint(client_write(c, 1, 5, "f", 1), ==, 1);
    g_assert_cmpint(ASK(c, clunk, .fid = 1), ==, 0);
    g_assert_cmpint(ASK(c, xattrcreate, .fid = 2, .name = P9STR("user.x"),
                        .size = 6), ==, 0);
    g_assert_cmpint(client_write(c, 2, 0, "abc", 3), ==, 3);
    c = move_synth(c);
    g_assert_cmpint(ASK(c, clunk, .fid = 2), ==, -EINVAL);
}

static void test_attribute_half_read(void)
{
    World w = world_start(CLIENT_INLINE);
    g_autofree char *path = g_build_filename(w.scratch->path, "file", NULL);

    if (setxattr(path, "user.x", "value", 5, 0) < 0) {
        g_test_skip("no extended attributes here");
        world_end(&w);
        return;
    }
    g_assert_cmpint(client_walk(w.c, 0, 1, "file"), ==, 0);
    g_assert_cmpint(ASK(w.c, xattrwalk, .fid = 1, .newfid = 2,
                        .name = P9STR("user.x")), ==, 0);
    g_assert_cmpint(client_read(w.c, 2, 0, 2), ==, 2);
    /* It is the value of when it was walked to. */
    g_assert_cmpint(setxattr(path, "user.x", "other", 5, 0), ==, 0);
    world_move(&w);
    g_assert_cmpint(client_read(w.c, 2, 2, 100), ==, 3);
    client_check_payload(w.c, "lue");
    world_end(&w);
}

/* ---- locks ---- */

static Call *send_lock(Client *c, uint16_t tag, uint8_t type, uint32_t proc_id)
{
    Call *call = SEND(c, tag, lock, .fid = 1, .type = type,
                      .flags = P9_LOCK_FLAGS_BLOCK, .proc_id = proc_id,
                      .client_id = P9STR("guest"));

    test_exec_drain(c->exec);
    g_assert_true(client_is_parked(call));
    return call;
}

static void retry_locks(Client *c)
{
    client_tick(c);
    test_exec_drain(c->exec);
}

static uint8_t try_lock(Client *c, uint8_t type, uint64_t start,
                        uint64_t length)
{
    g_assert_cmpint(ASK(c, lock, .fid = 1, .type = type, .start = start,
                        .length = length, .proc_id = 9,
                        .client_id = P9STR("guest")), ==, 0);
    return client_last(c)->r.lock.status;
}

static void test_locks(void)
{
    World w = world_start(CLIENT_INLINE);
    Client *other = client_start(move_export(w.scratch->path), CLIENT_INLINE);
    Call *waiting;

    g_assert_cmpint(client_open(w.c, 1, "file", O_RDWR), ==, 0);
    g_assert_cmpint(client_open(other, 1, "file", O_RDWR), ==, 0);
    g_assert_cmpuint(try_lock(w.c, P9_LOCK_TYPE_WRLCK, 0, 5), ==, 0);
    g_assert_cmpuint(try_lock(w.c, P9_LOCK_TYPE_RDLCK, 8, 0), ==, 0);
    /* Another process of the same guest waits, and does so afterwards. */
    waiting = send_lock(w.c, 7, P9_LOCK_TYPE_WRLCK, 10);
    world_move(&w);
    g_assert_cmpint(waiting->state, ==, CALL_PENDING);
    g_assert_cmpuint(try_lock(other, P9_LOCK_TYPE_RDLCK, 4, 1), ==,
                     P9_LOCK_BLOCKED);
    g_assert_cmpuint(try_lock(other, P9_LOCK_TYPE_WRLCK, 100, 1), ==,
                     P9_LOCK_BLOCKED);
    g_assert_cmpuint(try_lock(other, P9_LOCK_TYPE_WRLCK, 5, 3), ==, 0);
    g_assert_cmpuint(try_lock(other, P9_LOCK_TYPE_UNLCK, 0, 0), ==, 0);
    g_assert_cmpuint(try_lock(w.c, P9_LOCK_TYPE_UNLCK, 0, 0), ==, 0);
    retry_locks(w.c);
    g_assert_cmpint(waiting->state, ==, CALL_ANSWERED);
    g_assert_cmpuint(waiting->r.lock.status, ==, P9_LOCK_SUCCESS);
    g_assert_cmpuint(try_lock(other, P9_LOCK_TYPE_WRLCK, 0, 0), ==,
                     P9_LOCK_BLOCKED);
    /* The owner of the moved fid releases them with its last fid. */
    g_assert_cmpint(ASK(w.c, clunk, .fid = 1), ==, 0);
    test_exec_drain(w.c->exec);
    g_assert_cmpuint(try_lock(other, P9_LOCK_TYPE_WRLCK, 0, 0), ==, 0);
    client_free(other);
    world_end(&w);
}

/* A migration that failed after the state was saved: the locks are back. */
static void test_goes_on_with_its_locks(void)
{
    World w = world_start(CLIENT_INLINE);
    Client *other = client_start(move_export(w.scratch->path), CLIENT_INLINE);
    g_autoptr(GByteArray) bytes = g_byte_array_new();
    g_autofree char *why = NULL;
    P9HeldLocks *locks;
    Call *waiting;

    g_assert_cmpint(client_open(w.c, 1, "file", O_RDWR), ==, 0);
    g_assert_cmpint(client_open(other, 1, "file", O_RDWR), ==, 0);
    g_assert_cmpuint(try_lock(w.c, P9_LOCK_TYPE_WRLCK, 0, 5), ==, 0);
    waiting = send_lock(w.c, 7, P9_LOCK_TYPE_WRLCK, 10);
    client_pause(w.c);
    g_assert_cmpint(move_save(w.c, false, bytes, &why), ==, 0);
    locks = p9_held_locks_new(w.c->session);
    p9_held_locks_release(locks);
    g_assert_cmpuint(try_lock(other, P9_LOCK_TYPE_WRLCK, 0, 0), ==, 0);
    g_assert_cmpuint(try_lock(other, P9_LOCK_TYPE_UNLCK, 0, 0), ==, 0);
    g_assert_cmpuint(p9_held_locks_take(locks), ==, 0);
    p9_held_locks_free(locks);
    client_resume(w.c);
    test_exec_drain(w.c->exec);
    g_assert_true(client_is_parked(waiting));
    g_assert_cmpuint(try_lock(other, P9_LOCK_TYPE_WRLCK, 0, 0), ==,
                     P9_LOCK_BLOCKED);
    g_assert_cmpuint(try_lock(w.c, P9_LOCK_TYPE_UNLCK, 0, 0), ==, 0);
    retry_locks(w.c);
    g_assert_cmpint(waiting->state, ==, CALL_ANSWERED);
    client_free(other);
    world_end(&w);
}

/* ---- requests in flight ---- */

/* A write that never completes, and a Tflush that is sent after the move */
static void test_parked_write(void)
{
    g_autoptr(Client) c = synth_client();
    Call *parked, *flush;

    g_assert_cmpint(client_open(c, 1, "FLUSH", O_WRONLY), ==, 0);
    parked = client_send_write(c, 7, 1, 0, "\1", 1);
    g_assert_true(client_is_parked(parked));
    c = move_synth(c);
    g_assert_cmpint(parked->state, ==, CALL_PENDING);
    flush = SEND(c, 8, flush, .oldtag = 7);
    g_assert_cmpint(parked->state, ==, CALL_FLUSHED);
    g_assert_cmpint(flush->state, ==, CALL_ANSWERED);
}

/* A Tflush waits for a request that a worker has done meanwhile. */
static void test_flush_of_running(void)
{
    World w = world_start(CLIENT_STEPPED);
    Call *mkdir, *flush;

    mkdir = SEND(w.c, 7, mkdir, .fid = 0, .name = P9NAME("made"),
                 .mode = 0700);
    g_assert_true(client_is_job(mkdir));
    client_run(mkdir);
    flush = SEND(w.c, 8, flush, .oldtag = 7);
    g_assert_cmpint(flush->state, ==, CALL_PENDING);
    world_move(&w);
    g_assert_cmpint(mkdir->state, ==, CALL_ANSWERED);
    g_assert_cmpint(mkdir->error, ==, 0);
    g_assert_cmpint(flush->state, ==, CALL_ANSWERED);
    g_assert_cmpuint(mkdir->order, <, flush->order);
    world_end(&w);
}

/* What a worker has done is answered once, and not done once more. */
static void test_running_requests(void)
{
    World w = world_start(CLIENT_STEPPED);
    Call *create, *walk, *clunk, *write, *read;
    P9Tmsg t;

    w.c->by_hand = false;
    g_assert_cmpint(client_open(w.c, 1, "file", O_RDWR), ==, 0);
    g_assert_cmpint(client_walk(w.c, 0, 2, ""), ==, 0);
    g_assert_cmpint(client_walk(w.c, 0, 3, "dir"), ==, 0);
    w.c->by_hand = true;
    create = SEND(w.c, 5, lcreate, .fid = 2, .name = P9NAME("new"),
                  .flags = O_RDWR | 0200, .mode = 0600);
    write = client_send_write(w.c, 6, 1, 0, "abc", 3);
    {
        char *parts[] = { (char *)"deep", NULL };

        t = client_walk_msg(3, 4, "deep", parts);
        walk = client_send(w.c, P9_TWALK, 7, &t, NULL);
    }
    clunk = SEND(w.c, 8, clunk, .fid = 3);
    read = SEND(w.c, 9, read, .fid = 1, .offset = 5, .count = 100);
    world_move(&w);
    g_assert_cmpint(create->state, ==, CALL_ANSWERED);
    g_assert_cmpint(create->error, ==, 0);
    g_assert_cmpint(write->error, ==, 0);
    g_assert_cmpuint(write->r.write.count, ==, 3);
    g_assert_cmpint(walk->error, ==, 0);
    g_assert_cmpuint(walk->r.walk.qids.n, ==, 1);
    g_assert_cmpint(clunk->error, ==, 0);
    g_assert_cmpuint(read->r.read.data.count, ==, 5);
    g_assert_cmpmem(read->reply->data + P9_IO_HDRSZ, 5, "56789", 5);
    g_assert_cmpint(client_write(w.c, 2, 0, "new", 3), ==, 3);
    g_assert_cmpint(client_walk(w.c, 4, 5, "inner"), ==, 0);
    g_assert_cmpint(ASK(w.c, getattr, .fid = 3), ==, -ENOENT);
    check_file(&w, "file", "abc3456789");
    world_end(&w);
}

/* A throttled write has not begun, and is done by the session that gets it. */
static void test_throttled(void)
{
    World w = world_start(CLIENT_INLINE);
    g_autoptr(GByteArray) bytes = g_byte_array_new();
    g_autofree char *why = NULL;
    Call *write;
    Gate gate;

    g_assert_cmpint(client_open(w.c, 1, "file", O_RDWR), ==, 0);
    gate_install(&gate, w.c, false);
    write = client_send_write(w.c, 6, 1, 0, "abc", 3);
    g_assert_cmpuint(gate.waiting.length, ==, 1);
    client_pause(w.c);
    g_assert_cmpint(move_save(w.c, false, bytes, &why), ==, 0);
    g_assert_cmpuint(gate.waiting.length, ==, 0);
    client_resume(w.c);
    /* Here it is throttled again, and there it is not. */
    g_assert_cmpuint(gate.waiting.length, ==, 1);
    world_move(&w);
    g_assert_cmpuint(gate.waiting.length, ==, 0);
    g_string_free(gate.log, TRUE);
    g_assert_cmpint(write->state, ==, CALL_ANSWERED);
    g_assert_cmpuint(write->r.write.count, ==, 3);
    check_file(&w, "file", "abc3456789");
    world_end(&w);
}

/* A Tversion waits for a job, and what was sent after it waits for it. */
static void test_version_in_flight(void)
{
    World w = world_start(CLIENT_STEPPED);
    Call *mkdir, *version, *attach;
    P9SessionInfo info;

    mkdir = SEND(w.c, 7, mkdir, .fid = 0, .name = P9NAME("made"),
                 .mode = 0700);
    client_run(mkdir);
    version = SEND(w.c, P9_NOTAG, version, .msize = 8192,
                   .version = P9STR("9P2000.L"));
    attach = SEND(w.c, 8, attach, .fid = 5, .afid = P9_NOFID,
                  .uname = P9STR(""), .aname = P9STR(""));
    world_move(&w);
    g_assert_cmpint(mkdir->state, ==, CALL_ANSWERED);
    g_assert_cmpint(version->state, ==, CALL_ANSWERED);
    g_assert_cmpint(attach->state, ==, CALL_ANSWERED);
    g_assert_cmpint(attach->error, ==, 0);
    client_info(w.c, &info);
    g_assert_cmpuint(info.fids, ==, 1);
    g_assert_cmpuint(info.msize, ==, 8192);
    world_end(&w);
}

/* Requests that came while guest memory was shut, and in what order */
static void test_not_begun(void)
{
    World w = world_start(CLIENT_INLINE);
    Call *calls[3];

    client_pause(w.c);
    for (unsigned i = 0; i < 3; i++) {
        calls[i] = SEND(w.c, i, getattr, .fid = 0);
        g_assert_cmpint(calls[i]->state, ==, CALL_PENDING);
    }
    world_move(&w);
    for (unsigned i = 0; i < 3; i++) {
        g_assert_cmpint(calls[i]->state, ==, CALL_ANSWERED);
        g_assert_cmpuint(calls[i]->order, ==, calls[0]->order + i);
    }
    world_end(&w);
}

/* ---- snapshots ---- */

static void test_snapshot_twice(void)
{
    World w = world_start(CLIENT_INLINE);
    g_autoptr(GByteArray) bytes = g_byte_array_new();
    g_autofree char *why = NULL;
    P9SessionInfo info;

    g_assert_cmpint(client_open(w.c, 1, "file", O_RDWR), ==, 0);
    client_pause(w.c);
    g_assert_cmpint(move_save(w.c, false, bytes, &why), ==, 0);
    client_resume(w.c);
    for (unsigned i = 0; i < 3; i++) {
        g_autofree char *losses = NULL;

        g_assert_cmpint(client_write(w.c, 1, i, "x", 1), ==, 1);
        g_assert_cmpint(client_walk(w.c, 0, 2, "dir"), ==, 0);
        client_reset(w.c);
        client_pause(w.c);
        losses = move_load(w.c, bytes, w.c);
        g_assert_cmpstr(losses, ==, NULL);
        client_resume(w.c);
        client_info(w.c, &info);
        g_assert_cmpuint(info.fids, ==, 2);
    }
    g_assert_cmpint(client_read(w.c, 1, 0, 100), ==, 10);
    client_check_payload(w.c, "xxx3456789");
    world_end(&w);
}

/* What a device that is not mounted has is nothing. */
static void test_not_needed(void)
{
    World w = world_start(CLIENT_INLINE);

    g_assert_true(p9_state_needed(w.c->session));
    g_assert_cmpint(ASK(w.c, clunk, .fid = 0), ==, 0);
    g_assert_false(p9_state_needed(w.c->session));
    g_assert_cmpint(client_version(w.c, 65536, "9P2000.L"), ==, 0);
    g_assert_true(p9_state_needed(w.c->session));
    client_reset(w.c);
    g_assert_false(p9_state_needed(w.c->session));
    world_end(&w);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
#define ADD(name, fn) g_test_add_func("/state/" name, fn)
    ADD("idle-fids", test_idle_fids);
    ADD("open-file", test_open_file);
    ADD("created-file", test_created_file);
    ADD("directory-half-read", test_directory_half_read);
    ADD("dotu-directory-half-read", test_dotu_directory_half_read);
    ADD("attribute-half-written", test_attribute_half_written);
    ADD("attribute-half-read", test_attribute_half_read);
    ADD("locks", test_locks);
    ADD("goes-on-with-its-locks", test_goes_on_with_its_locks);
    ADD("parked-write", test_parked_write);
    ADD("flush-of-running", test_flush_of_running);
    ADD("running-requests", test_running_requests);
    ADD("throttled", test_throttled);
    ADD("version-in-flight", test_version_in_flight);
    ADD("not-begun", test_not_begun);
    ADD("snapshot-twice", test_snapshot_twice);
    ADD("not-needed", test_not_needed);
#undef ADD
    return g_test_run();
}
