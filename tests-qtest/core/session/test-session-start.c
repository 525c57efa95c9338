/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The start of a session: framing, Tversion, dialects, Tattach, and that each
 * message is refused in the cases that its row of the table specifies.
 */
#include "fsdev/core/p9-osdep.h"
#include "lib/client.h"
#include "lib/sample.h"

static void test_version(void)
{
    static const struct {
        uint32_t asked, came;
    } sizes[] = {
        { 4096, 4096 }, { 4097, 4097 }, { 65536, 65536 },
        { 512000, 512000 }, { 512001, 512000 }, { INT32_MAX, 512000 },
        { (uint32_t)INT32_MAX + 1, 512000 }, { UINT32_MAX, 512000 },
    };
    g_autoptr(Client) c = client_new(memfs_open(), CLIENT_INLINE, NULL);

    for (unsigned i = 0; i < ARRAY_SIZE(sizes); i++) {
        P9SessionInfo info;

        g_assert_cmpint(client_version(c, sizes[i].asked, "9P2000.L"), ==, 0);
        g_assert_cmpuint(client_last(c)->r.version.msize, ==, sizes[i].came);
        g_assert_cmpstr(client_last(c)->r.version.version.s, ==, "9P2000.L");
        client_info(c, &info);
        g_assert_cmpuint(info.msize, ==, sizes[i].came);
        g_assert_cmpuint(info.dialect, ==, P9_DIALECT_L);
    }
}

/* An msize that is too small gets EMSGSIZE, and ends the old session. */
static void test_small_msize(void)
{
    static const uint32_t sizes[] = { 0, 7, 24, 4095 };
    g_autoptr(Client) c = client_start(memfs_open(), CLIENT_INLINE);

    for (unsigned i = 0; i < ARRAY_SIZE(sizes); i++) {
        P9SessionInfo info;

        g_assert_cmpint(client_version(c, sizes[i], "9P2000.L"), ==,
                        -EMSGSIZE);
        client_info(c, &info);
        g_assert_cmpuint(info.msize, ==, 0);
        g_assert_cmpuint(info.fids, ==, 0);
        g_assert_cmpint(client_attach(c, 0, 0), ==, -EPROTO);
        g_assert_cmpint(client_version(c, 4096, "9P2000.L"), ==, 0);
        g_assert_cmpint(client_attach(c, 0, 0), ==, 0);
    }
}

/* Any string that is not exactly a known version gets "unknown". */
static void test_unknown_version(void)
{
    static const struct {
        const char *bytes;
        uint16_t len;
    } versions[] = {
        { "", 0 }, { "9P2000\0", 7 }, { "9P2000.l", 8 }, { "9P2000.L ", 9 },
        { "9P2000.L\0x", 10 }, { "9P2000.L\0", 9 }, { "9P2000.", 7 },
        { "unknown", 7 }, { "\0", 1 },
    };
    g_autoptr(Client) c = client_start(memfs_open(), CLIENT_INLINE);
    g_autofree char *longest = g_strnfill(65535, '9');
    P9SessionInfo info;

    for (unsigned i = 0; i <= ARRAY_SIZE(versions); i++) {
        P9String version = { longest, 65535 };

        if (i < ARRAY_SIZE(versions)) {
            version = (P9String) { versions[i].bytes, versions[i].len };
        }
        g_assert_cmpint(client_version(c, 65536, "9P2000.L"), ==, 0);
        g_assert_cmpint(client_attach(c, 0, 0), ==, 0);
        g_assert_cmpint(ASK(c, version, 65536, version), ==, 0);
        g_assert_cmpstr(client_last(c)->r.version.version.s, ==, "unknown");
        client_info(c, &info);
        g_assert_cmpuint(info.dialect, ==, P9_DIALECT_NONE);
        g_assert_cmpuint(info.fids, ==, 0);
        g_assert_cmpint(client_attach(c, 0, 0), ==, -EPROTO);
    }
}

/* Another Tversion ends the session: no fid survives. */
static void test_version_again(void)
{
    g_autoptr(Client) c = client_start(memfs_open(), CLIENT_INLINE);
    P9SessionInfo info;
    MemStats stats;

    memfs_add(c->export, "file", "text");
    g_assert_cmpint(client_open(c, 1, "file", 0), ==, 0);
    g_assert_cmpint(client_walk(c, 0, 2, "file"), ==, 0);
    g_assert_true(c->busy);
    g_assert_cmpint(client_version(c, 8192, "9P2000.L"), ==, 0);
    g_assert_false(c->busy);
    client_info(c, &info);
    g_assert_cmpuint(info.fids, ==, 0);
    test_exec_drain(c->exec);
    stats = client_mem(c);
    g_assert_cmpuint(stats.files, ==, 0);
    g_assert_cmpuint(stats.nodes, ==, 1);
    g_assert_cmpint(client_walk(c, 0, 3, ""), ==, -ENOENT);
    g_assert_cmpint(client_attach(c, 1, 0), ==, 0);
}

/* Only Tversion is served before a Tversion has succeeded. */
static void test_before_version(void)
{
    g_autoptr(Client) c = client_new(memfs_open(), CLIENT_INLINE, NULL);
    P9SessionInfo info;

    for (unsigned i = 0; i < n_sample_rows; i++) {
        g_autoptr(Sample) s = sample_new(&sample_rows[i], false, NULL);
        Call *call;

        if (s->type == P9_TVERSION) {
            continue;
        }
        call = client_send_bytes(c, s->wire->data, s->wire->len, 8192);
        client_wait(call);
        g_test_message("T%s", sample_rows[i].name);
        g_assert_cmpint(call->state, ==, CALL_ANSWERED);
        g_assert_cmpint(call->error, ==, EPROTO);
    }
    client_info(c, &info);
    g_assert_cmpuint(info.fids, ==, 0);
    g_assert_cmpuint(client_mem(c).nodes, ==, 1);
}

/* Message types that are not requests of this dialect are refused. */
static void test_foreign_messages(void)
{
    g_autoptr(Client) c = client_start(memfs_open(), CLIENT_INLINE);

    for (unsigned type = 0; type < 256; type++) {
        const P9MessageInfo *info = p9_message_info(type);
        uint8_t bytes[64] = { sizeof(bytes), 0, 0, 0, type, 5, 0 };
        Call *call;

        if (info && (info->dialects & P9_DIALECT_L)) {
            continue;
        }
        call = client_send_bytes(c, bytes, sizeof(bytes), 8192);
        client_wait(call);
        g_test_message("type %u", type);
        g_assert_cmpint(call->state, ==, CALL_ANSWERED);
        g_assert_cmpint(call->error, ==, EOPNOTSUPP);
    }
}

/* ---- framing ---- */

/*
 * Messages that are cut short, or have a wrong size field, break the device
 * and have no effect.
 */
static void test_broken_framing(void)
{
    g_autoptr(Client) c = client_start(memfs_open(), CLIENT_INLINE);
    unsigned objects = client_mem(c).objects;

    for (unsigned i = 0; i < n_sample_rows; i++) {
        g_autoptr(Sample) s = sample_new(&sample_rows[i], false, NULL);

        /* Messages of another dialect are refused without being decoded. */
        if (!(p9_message_info(sample_rows[i].number)->dialects &
              P9_DIALECT_L)) {
            continue;
        }
        for (size_t len = 0; len < s->wire->len; len++) {
            Call *call;

            call = client_send_bytes(c, s->wire->data, len, 8192);
            g_assert_cmpint(call->state, ==, CALL_BROKEN);
            if (len >= P9_HDRSZ) {
                sample_set_size(s->wire->data, len);
                call = client_send_bytes(c, s->wire->data, len, 8192);
                g_assert_cmpint(call->state, ==, CALL_BROKEN);
                sample_set_size(s->wire->data, s->wire->len);
            }
        }
        for (unsigned j = 0; j < 4; j++) {
            const uint32_t wrong[] = { 0, 6, s->wire->len + 1, UINT32_MAX };
            Call *call;

            sample_set_size(s->wire->data, wrong[j]);
            call = client_send_bytes(c, s->wire->data, s->wire->len, 8192);
            g_assert_cmpint(call->state, ==, CALL_BROKEN);
        }
    }
    g_assert_cmpuint(client_mem(c).objects, ==, objects);
    g_assert_cmpint(client_walk(c, 0, 1, ""), ==, 0);
}

/*
 * A reply buffer that is too small breaks the device before the request has
 * any effect.
 */
static void test_no_room_for_reply(void)
{
    g_autoptr(Client) c = client_start(memfs_open(), CLIENT_INLINE);

    for (size_t room = 0; room < 20; room++) {
        Call *call;

        c->in_bytes = room ? room : SIZE_MAX;
        if (!room) {
            uint8_t clunk[11] = { 11, 0, 0, 0, P9_TCLUNK, 1, 0, 0, 0, 0, 0 };

            call = client_send_bytes(c, clunk, sizeof(clunk), 0);
        } else {
            call = SEND(c, 1, mkdir, .fid = 0, .name = P9NAME("d"),
                        .mode = 0755);
        }
        g_assert_cmpint(call->state, ==, CALL_BROKEN);
        g_assert_null(memfs_node(c->export, "d"));
    }
    /* The header of 7 bytes and the qid just fit. */
    c->in_bytes = 20;
    g_assert_cmpint(ASK(c, mkdir, .fid = 0, .name = P9NAME("d"),
                        .mode = 0755), ==, 0);
    /* The root fid is still there: the Tclunk above did nothing. */
    c->in_bytes = 0;
    g_assert_cmpint(client_walk(c, 0, 1, "d"), ==, 0);
}

/* The room that a Twalk needs depends on the number of its names. */
static void test_no_room_for_qids(void)
{
    g_autoptr(Client) c = client_start(memfs_open(), CLIENT_INLINE);
    g_auto(GStrv) parts = g_strsplit("d/d/d", "/", -1);
    P9Tmsg t = client_walk_msg(0, 1, "d/d/d", parts);
    P9SessionInfo info;
    Call *call;

    memfs_add(c->export, "d", NULL);
    memfs_add(c->export, "d/d", NULL);
    memfs_add(c->export, "d/d/d", NULL);
    c->in_bytes = 9 + 3 * 13 - 1;
    call = client_send(c, P9_TWALK, 1, &t, NULL);
    g_assert_cmpint(call->state, ==, CALL_BROKEN);
    client_info(c, &info);
    g_assert_cmpuint(info.fids, ==, 1);
    c->in_bytes++;
    g_assert_cmpint(client_ask(c, P9_TWALK, &t), ==, 0);
    g_assert_cmpuint(client_last(c)->r.walk.qids.n, ==, 3);
}

/*
 * A reply whose length is known only afterwards is replaced by an error if it
 * does not fit.
 */
static void test_reply_too_long(void)
{
    g_autoptr(Client) c = client_start(memfs_open(), CLIENT_INLINE);
    g_autofree char *target = g_strnfill(100, 't');

    g_assert_cmpint(ASK(c, symlink, .fid = 0, .name = P9NAME("l"),
                        .target = P9STR(target)), ==, 0);
    g_assert_cmpint(client_walk(c, 0, 1, "l"), ==, 0);
    for (c->in_bytes = 11; c->in_bytes < 109; c->in_bytes++) {
        g_assert_cmpint(ASK(c, readlink, .fid = 1), ==, -EMSGSIZE);
    }
    g_assert_cmpint(ASK(c, readlink, .fid = 1), ==, 0);
    g_assert_cmpstr(client_last(c)->r.readlink.target.s, ==, target);
}

/* ---- attach ---- */

static void test_attach(void)
{
    g_autoptr(Client) c = client_new(memfs_open(), CLIENT_INLINE, NULL);

    client_version(c, 65536, "9P2000.L");
    g_assert_false(c->busy);
    g_assert_cmpint(client_attach(c, 3, 1000), ==, 0);
    g_assert_true(c->busy);
    g_assert_cmphex(client_last(c)->r.attach.qid.type, ==, P9_QTDIR);
    /* The Linux client sends a Tattach for every user. */
    g_assert_cmpint(client_attach(c, 4, 1001), ==, 0);
    g_assert_cmpint(client_attach(c, 3, 1000), ==, -EINVAL);
    g_assert_cmpint(client_attach(c, P9_NOFID, 1000), ==, -EINVAL);
    /* uname and afid are ignored, as QEMU has always done. */
    g_assert_cmpint(ASK(c, attach, .fid = 5, .afid = 7, .uname = P9STR("x"),
                        .aname = P9STR("/")), ==, 0);
    g_assert_cmpint(ASK(c, clunk, .fid = 3), ==, 0);
    g_assert_cmpint(ASK(c, clunk, .fid = 4), ==, 0);
    g_assert_true(c->busy);
    g_assert_cmpint(ASK(c, clunk, .fid = 5), ==, 0);
    g_assert_false(c->busy);
}

static void test_attach_refused(void)
{
    g_autoptr(Client) c = client_new(memfs_open(), CLIENT_INLINE, NULL);
    P9SessionInfo info;

    client_version(c, 65536, "9P2000.L");
    c->refuse_busy = -EBUSY;
    g_assert_cmpint(client_attach(c, 0, 0), ==, -EBUSY);
    client_info(c, &info);
    g_assert_cmpuint(info.fids, ==, 0);
    c->refuse_busy = 0;
    memfs_fail(c->export, MEM_GETATTR, EIO, 1);
    g_assert_cmpint(client_attach(c, 0, 0), ==, -EIO);
    g_assert_false(c->busy);
    g_assert_cmpint(client_attach(c, 0, 0), ==, 0);
}

/* ---- rows: read-only ---- */

/* Every message whose row has P9_F_WRITES, and opens for writing. */
static void test_readonly(void)
{
    FsConfig config = { .readonly = true };
    g_autoptr(Client) c = client_new(memfs_open_config(&config),
                                     CLIENT_INLINE, NULL);
    static const uint32_t opens[] = {
        01, 02, 03, 01000, 02000, 01 | 0100, 02 | 01000,
    };
    MemStats before;

    client_version(c, 65536, "9P2000.L");
    client_attach(c, 0, 0);
    memfs_add(c->export, "file", "text");
    g_assert_cmpint(client_walk(c, 0, 1, "file"), ==, 0);
    before = client_mem(c);
    for (unsigned i = 0; i < n_sample_rows; i++) {
        const P9MessageInfo *info = p9_message_info(sample_rows[i].number);
        g_autoptr(Sample) s = sample_new(&sample_rows[i], false, NULL);
        Call *call;

        if (!(info->flags & P9_F_WRITES) ||
            !(info->dialects & P9_DIALECT_L)) {
            continue;
        }
        call = client_send_bytes(c, s->wire->data, s->wire->len, 8192);
        client_wait(call);
        g_test_message("T%s", info->name);
        g_assert_cmpint(call->error, ==, EROFS);
    }
    for (unsigned i = 0; i < ARRAY_SIZE(opens); i++) {
        g_assert_cmpint(ASK(c, lopen, .fid = 1, .flags = opens[i]), ==,
                        -EROFS);
    }
    g_assert_cmpuint(client_mem(c).objects, ==, before.objects);
    g_assert_cmpuint(client_mem(c).calls[MEM_OPEN], ==, 0);
    g_assert_cmpint(ASK(c, lopen, .fid = 1, .flags = 0), ==, 0);
    g_assert_cmpint(client_read(c, 1, 0, 10), ==, 4);
    /* A Tremove that is refused clunks its fid nevertheless. */
    g_assert_cmpint(ASK(c, remove, .fid = 1), ==, -EROFS);
    g_assert_cmpint(ASK(c, clunk, .fid = 1), ==, -ENOENT);
    client_check_content(c, "file", "text");
}

/* ---- rows: unknown fids ---- */

/* The errno is the one that QEMU has always returned; see the rows. */
static void test_unknown_fid(void)
{
    static const struct {
        const char *name;
        int error;
    } expected[] = {
        { "statfs", ENOENT }, { "lopen", ENOENT }, { "lcreate", ENOENT },
        { "symlink", EINVAL }, { "mknod", ENOENT }, { "rename", ENOENT },
        { "readlink", ENOENT }, { "getattr", ENOENT }, { "setattr", EINVAL },
        { "xattrwalk", ENOENT }, { "xattrcreate", EINVAL },
        { "readdir", EINVAL }, { "fsync", ENOENT }, { "lock", ENOENT },
        { "getlock", ENOENT }, { "link", ENOENT }, { "mkdir", ENOENT },
        { "renameat", ENOENT }, { "unlinkat", EINVAL }, { "walk", ENOENT },
        { "read", EINVAL }, { "write", EINVAL }, { "clunk", ENOENT },
        { "remove", EINVAL },
    };
    g_autoptr(Client) c = client_start(memfs_open(), CLIENT_INLINE);
    unsigned found = 0;

    for (unsigned i = 0; i < n_sample_rows; i++) {
        for (unsigned j = 0; j < ARRAY_SIZE(expected); j++) {
            g_autoptr(Sample) s = NULL;
            Call *call;

            if (strcmp(sample_rows[i].name, expected[j].name)) {
                continue;
            }
            found++;
            s = sample_new(&sample_rows[i], false, NULL);
            call = client_send_bytes(c, s->wire->data, s->wire->len, 8192);
            client_wait(call);
            g_test_message("T%s", sample_rows[i].name);
            g_assert_cmpint(call->state, ==, CALL_ANSWERED);
            g_assert_cmpint(call->error, ==, expected[j].error);
        }
    }
    g_assert_cmpuint(found, ==, ARRAY_SIZE(expected));
}

/* The second fid of a message is checked in the same way as the first. */
static void test_unknown_second_fid(void)
{
    g_autoptr(Client) c = client_start(memfs_open(), CLIENT_INLINE);

    memfs_add(c->export, "f", "");
    g_assert_cmpint(client_walk(c, 0, 1, "f"), ==, 0);
    g_assert_cmpint(ASK(c, link, .dfid = 0, .fid = 9, .name = P9NAME("l")),
                    ==, -ENOENT);
    g_assert_cmpint(ASK(c, rename, .fid = 1, .dfid = 9, .name = P9NAME("l")),
                    ==, -ENOENT);
    g_assert_cmpint(ASK(c, renameat, .olddirfid = 0, .oldname = P9NAME("f"),
                        .newdirfid = 9, .newname = P9NAME("g")), ==, -ENOENT);
    client_check_content(c, "f", "");
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/session/version/msize", test_version);
    g_test_add_func("/session/version/small-msize", test_small_msize);
    g_test_add_func("/session/version/unknown", test_unknown_version);
    g_test_add_func("/session/version/again", test_version_again);
    g_test_add_func("/session/version/before", test_before_version);
    g_test_add_func("/session/foreign-messages", test_foreign_messages);
    g_test_add_func("/session/framing/broken", test_broken_framing);
    g_test_add_func("/session/framing/no-room", test_no_room_for_reply);
    g_test_add_func("/session/framing/no-room-for-qids",
                    test_no_room_for_qids);
    g_test_add_func("/session/framing/reply-too-long", test_reply_too_long);
    g_test_add_func("/session/attach/fids", test_attach);
    g_test_add_func("/session/attach/refused", test_attach_refused);
    g_test_add_func("/session/rows/read-only", test_readonly);
    g_test_add_func("/session/rows/unknown-fid", test_unknown_fid);
    g_test_add_func("/session/rows/unknown-second-fid",
                    test_unknown_second_fid);
    return g_test_run();
}
