/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Fids: walking, their states, their limit, and when a number is in use.
 */
#include "fsdev/core/p9-osdep.h"
#include "lib/client.h"
#include "lib/sample.h"

/* root: file, dir/sub/deep, link → file, fifo */
static Client *client_with_tree(void)
{
    Client *c = client_start(memfs_open(), CLIENT_INLINE);

    memfs_add(c->export, "file", "0123456789");
    memfs_add(c->export, "dir", NULL);
    memfs_add(c->export, "dir/sub", NULL);
    memfs_add(c->export, "dir/sub/deep", "deep");
    g_assert_cmpint(ASK(c, symlink, .fid = 0, .name = P9NAME("link"),
                        .target = P9STR("file")), ==, 0);
    g_assert_cmpint(ASK(c, mknod, .fid = 0, .name = P9NAME("fifo"),
                        .mode = S_IFIFO | 0644), ==, 0);
    return c;
}

static unsigned fids(Client *c)
{
    P9SessionInfo info;

    client_info(c, &info);
    return info.fids;
}

static P9Qid walked_qid(Client *c, unsigned i)
{
    const P9Qids *qids = &client_last(c)->r.walk.qids;

    g_assert_cmpuint(i, <, qids->n);
    return qids->qid[i];
}

static void assert_same_qid(P9Qid a, P9Qid b)
{
    g_assert_cmphex(a.type, ==, b.type);
    g_assert_cmphex(a.path, ==, b.path);
    g_assert_cmphex(a.version, ==, b.version);
}

/* ---- walk ---- */

static void test_walk(void)
{
    g_autoptr(Client) c = client_with_tree();
    P9Qid dir, sub;

    g_assert_cmpint(client_walk(c, 0, 1, "dir/sub/deep"), ==, 0);
    g_assert_cmpuint(client_last(c)->r.walk.qids.n, ==, 3);
    dir = walked_qid(c, 0);
    sub = walked_qid(c, 1);
    g_assert_cmphex(dir.type, ==, P9_QTDIR);
    g_assert_cmphex(walked_qid(c, 2).type, ==, P9_QTFILE);
    g_assert_cmphex(dir.path, !=, sub.path);
    g_assert_cmpint(client_walk(c, 0, 2, "dir"), ==, 0);
    assert_same_qid(walked_qid(c, 0), dir);
    g_assert_cmpint(client_walk(c, 2, 3, "sub"), ==, 0);
    assert_same_qid(walked_qid(c, 0), sub);
    /* A walk of no names makes a second fid of the same object. */
    g_assert_cmpint(client_walk(c, 3, 4, ""), ==, 0);
    g_assert_cmpuint(client_last(c)->r.walk.qids.n, ==, 0);
    g_assert_cmpint(client_walk(c, 4, 5, "deep"), ==, 0);
    g_assert_cmpint(client_walk(c, 0, 6, "link"), ==, 0);
    g_assert_cmphex(walked_qid(c, 0).type, ==, P9_QTSYMLINK);
    g_assert_cmpuint(fids(c), ==, 7);
}

static void test_walk_part(void)
{
    g_autoptr(Client) c = client_with_tree();

    /* If the first name does not exist, the reply is an error. */
    g_assert_cmpint(client_walk(c, 0, 1, "none/sub"), ==, -ENOENT);
    g_assert_cmpint(client_last(c)->error, ==, ENOENT);
    /* If a later name does not, the reply has fewer qids; no fid is made. */
    g_assert_cmpint(client_walk(c, 0, 1, "dir/none/deep"), ==, -ENOENT);
    g_assert_cmpint(client_last(c)->error, ==, 0);
    g_assert_cmpuint(client_last(c)->r.walk.qids.n, ==, 1);
    g_assert_cmpint(client_walk(c, 0, 1, "dir/sub/deep/more"), ==, -ENOENT);
    g_assert_cmpuint(client_last(c)->r.walk.qids.n, ==, 3);
    g_assert_cmpuint(fids(c), ==, 1);
    /* The Linux client then clunks that fid; this only gets an error. */
    g_assert_cmpint(ASK(c, clunk, .fid = 1), ==, -ENOENT);
    /* A partial walk with newfid equal to fid leaves the fid where it is. */
    g_assert_cmpint(client_walk(c, 0, 1, "dir"), ==, 0);
    g_assert_cmpint(client_walk(c, 1, 1, "sub/none"), ==, -ENOENT);
    g_assert_cmpint(client_walk(c, 1, 2, "sub"), ==, 0);
}

/* Lookups of names other than "dir" would have to sleep. */
static int only_first(void *opaque G_GNUC_UNUSED, const MemCall *call)
{
    return call->op == MEM_LOOKUP && call->wait == FS_WAIT_NEVER &&
                   strcmp(call->name, "dir")
           ? -EAGAIN
           : 0;
}

/* If a part of a walk would have to sleep, a worker does the whole walk. */
static void test_walk_part_cached(void)
{
    g_autoptr(Client) c = client_with_tree();

    memfs_set_hook(c->export, only_first, NULL);
    g_assert_cmpint(client_walk(c, 0, 1, "dir/sub/deep"), ==, 0);
    g_assert_cmpuint(client_last(c)->r.walk.qids.n, ==, 3);
    g_assert_cmpint(client_walk(c, 0, 2, "dir/none"), ==, -ENOENT);
    g_assert_cmpuint(client_last(c)->r.walk.qids.n, ==, 1);
}

/* ".." is the parent by which the fid was reached, and stops at the root. */
static void test_walk_dotdot(void)
{
    g_autoptr(Client) c = client_with_tree();
    const char *many = "../../../../../../../../../../../../../../../..";
    P9Qid root, dir;

    g_assert_cmpint(client_walk(c, 0, 1, ".."), ==, 0);
    root = walked_qid(c, 0);
    g_assert_cmphex(root.type, ==, P9_QTDIR);
    g_assert_cmpint(client_walk(c, 0, 2, many), ==, 0);
    assert_same_qid(walked_qid(c, 15), root);
    g_assert_cmpint(client_walk(c, 0, 3, "dir/sub/deep"), ==, 0);
    dir = walked_qid(c, 0);
    g_assert_cmpint(client_walk(c, 3, 4, "../../.."), ==, 0);
    assert_same_qid(walked_qid(c, 1), dir);
    assert_same_qid(walked_qid(c, 2), root);
    g_assert_cmpint(client_walk(c, 3, 5, many), ==, 0);
    assert_same_qid(walked_qid(c, 15), root);
    g_assert_cmpint(client_walk(c, 0, 6, "dir/./sub/../."), ==, 0);
    assert_same_qid(walked_qid(c, 4), dir);
}

/* After a rename, ".." is the new parent. */
static void test_walk_after_rename(void)
{
    g_autoptr(Client) c = client_with_tree();
    P9Qid other;

    memfs_add(c->export, "other", NULL);
    g_assert_cmpint(client_walk(c, 0, 1, "other"), ==, 0);
    other = walked_qid(c, 0);
    g_assert_cmpint(client_walk(c, 0, 2, "dir/sub/deep"), ==, 0);
    g_assert_cmpint(client_walk(c, 0, 3, "dir/sub"), ==, 0);
    g_assert_cmpint(ASK(c, rename, .fid = 3, .dfid = 1,
                        .name = P9NAME("moved")), ==, 0);
    g_assert_cmpint(client_walk(c, 2, 4, "../.."), ==, 0);
    g_assert_cmphex(walked_qid(c, 1).path, ==, other.path);
    g_assert_cmpint(client_walk(c, 0, 5, "other/moved/deep"), ==, 0);
    g_assert_cmpint(client_walk(c, 0, 6, "dir/sub"), ==, -ENOENT);
}

/* A walk with an illegal name is refused as a whole. */
static void test_walk_bad_names(void)
{
    static const struct {
        const char *bytes;
        uint8_t len;
        int error;
    } names[] = {
        { "", 0, ENOENT }, { "/", 1, ENOENT }, { "../x", 4, ENOENT },
        { "a/b", 3, ENOENT }, { "/etc", 4, ENOENT }, { "file\0", 5, EINVAL },
        { "dir\0/../..", 10, EINVAL },
    };
    g_autoptr(Client) c = client_with_tree();
    unsigned calls = client_mem(c).calls[MEM_LOOKUP];

    for (unsigned i = 0; i < ARRAY_SIZE(names); i++) {
        P9Names bad = { .n = 1 };

        bad.name[0] = (P9Name) { names[i].bytes, names[i].len, 0 };
        g_assert_cmpint(ASK(c, walk, 0, 1, bad), ==, -names[i].error);
        /* Legal names before the illegal one are not looked up either. */
        bad.n = 2;
        bad.name[1] = bad.name[0];
        bad.name[0] = P9NAME("dir");
        g_assert_cmpint(ASK(c, walk, 0, 1, bad), ==, -names[i].error);
    }
    g_assert_cmpuint(client_mem(c).calls[MEM_LOOKUP], ==, calls);
    g_assert_cmpuint(fids(c), ==, 1);
}

static void test_walk_too_many(void)
{
    g_autoptr(Client) c = client_with_tree();
    /* Twalk from fid 0 to newfid 1 with 17 names of one byte. */
    uint8_t bytes[128] = { 0, 0, 0, 0, P9_TWALK, 1, 0, 0, 0, 0, 0,
                           1, 0, 0, 0 };
    Call *call;

    for (unsigned i = 0; i < 17; i++) {
        bytes[17 + 3 * i] = 1;
        bytes[19 + 3 * i] = '.';
    }
    bytes[15] = 17;
    sample_set_size(bytes, 17 + 3 * 17);
    call = client_send_bytes(c, bytes, 17 + 3 * 17, 8192);
    client_wait(call);
    g_assert_cmpint(call->error, ==, EINVAL);
    bytes[15] = bytes[16] = 0xff;
    call = client_send_bytes(c, bytes, 17 + 3 * 17, 8192);
    client_wait(call);
    g_assert_cmpint(call->error, ==, EINVAL);
    bytes[15] = 16;
    bytes[16] = 0;
    call = client_send_bytes(c, bytes, 17 + 3 * 17, 8192);
    client_wait(call);
    g_assert_cmpint(call->error, ==, 0);
    g_assert_cmpuint(call->r.walk.qids.n, ==, 16);
}

/* With newfid equal to fid, the fid itself moves, unless it is open. */
static void test_walk_in_place(void)
{
    g_autoptr(Client) c = client_with_tree();

    g_assert_cmpint(client_walk(c, 0, 1, "dir"), ==, 0);
    g_assert_cmpint(client_walk(c, 1, 1, "sub"), ==, 0);
    g_assert_cmpint(client_walk(c, 1, 1, "deep"), ==, 0);
    g_assert_cmpint(client_walk(c, 1, 1, ""), ==, 0);
    g_assert_cmpint(ASK(c, lopen, .fid = 1), ==, 0);
    g_assert_cmpint(client_read(c, 1, 0, 10), ==, 4);
    g_assert_cmpint(client_walk(c, 1, 1, ".."), ==, -EINVAL);
    g_assert_cmpint(client_walk(c, 1, 1, ""), ==, -EINVAL);
    g_assert_cmpint(client_read(c, 1, 0, 10), ==, 4);
    g_assert_cmpuint(fids(c), ==, 2);
}

/* The Linux client walks from open fids, which the protocol forbids. */
static void test_walk_from_open(void)
{
    g_autoptr(Client) c = client_with_tree();

    g_assert_cmpint(client_open(c, 1, "file", O_RDONLY), ==, 0);
    g_assert_cmpint(client_walk(c, 1, 2, ""), ==, 0);
    g_assert_cmpint(ASK(c, lopen, .fid = 2, .flags = O_RDWR), ==, 0);
    g_assert_cmpint(client_open(c, 3, "dir", O_RDONLY), ==, 0);
    g_assert_cmpint(client_walk(c, 3, 4, "sub"), ==, 0);
    /* Also after the name was removed. */
    g_assert_cmpint(ASK(c, unlinkat, .dfid = 0, .name = P9NAME("file")), ==,
                    0);
    g_assert_cmpint(client_walk(c, 1, 5, ""), ==, 0);
    g_assert_cmpint(ASK(c, lopen, .fid = 5), ==, 0);
    g_assert_cmpint(client_read(c, 5, 0, 10), ==, 10);
}

/* A newfid must not be in use, and must not be NOFID. */
static void test_newfid_taken(void)
{
    g_autoptr(Client) c = client_with_tree();
    static const uint32_t bad[] = { 0, 1, P9_NOFID };

    g_assert_cmpint(client_walk(c, 0, 1, "file"), ==, 0);
    for (unsigned i = 0; i < ARRAY_SIZE(bad); i++) {
        if (bad[i]) {
            g_assert_cmpint(client_walk(c, 0, bad[i], "dir"), ==, -EINVAL);
            g_assert_cmpint(client_walk(c, 0, bad[i], ""), ==, -EINVAL);
        }
        g_assert_cmpint(client_attach(c, bad[i], 0), ==, -EINVAL);
        g_assert_cmpint(ASK(c, xattrwalk, .fid = 1, .newfid = bad[i],
                            .name = P9STR("")), ==, -EINVAL);
    }
    g_assert_cmpuint(fids(c), ==, 2);
    /* The largest legal number. */
    g_assert_cmpint(client_walk(c, 0, P9_NOFID - 1, "file"), ==, 0);
    g_assert_cmpint(ASK(c, clunk, .fid = P9_NOFID - 1), ==, 0);
}

static void test_fid_limit(void)
{
    const FsConfig config = { .max_fids = 10 };
    g_autoptr(Client) c = client_new(memfs_open_config(&config),
                                     CLIENT_INLINE, NULL);

    client_version(c, 65536, "9P2000.L");
    for (unsigned i = 0; i < 10; i++) {
        g_assert_cmpint(client_attach(c, i, 0), ==, 0);
    }
    g_assert_cmpint(client_attach(c, 10, 0), ==, -EMFILE);
    g_assert_cmpint(client_walk(c, 0, 10, ""), ==, -EMFILE);
    g_assert_cmpint(ASK(c, xattrwalk, .fid = 0, .newfid = 10,
                        .name = P9STR("")), ==, -EMFILE);
    g_assert_cmpint(ASK(c, clunk, .fid = 3), ==, 0);
    g_assert_cmpint(client_walk(c, 0, 10, ""), ==, 0);
    g_assert_cmpuint(fids(c), ==, 10);
}

/* ---- states ---- */

/* What each message answers for a fid in each state. */
static void test_states(void)
{
    enum { NONE = 1, FILE_, DIR_, XWALK, XCREATE };
    static const uint8_t fid_only[] = {
        P9_TLOPEN, P9_TREADDIR, P9_TFSYNC, P9_TLOCK, P9_TGETLOCK, P9_TREAD,
        P9_TWRITE,
    };
    /* errno by message and state, in the orders above */
    static const int expected[ARRAY_SIZE(fid_only)][5] = {
        { 0, EINVAL, EINVAL, EINVAL, EINVAL },
        { ENOTDIR, ENOTDIR, 0, ENOTDIR, ENOTDIR },
        { EBADF, 0, 0, EBADF, EBADF },
        { EBADF, 0, 0, EBADF, EBADF },
        { EBADF, 0, 0, EBADF, EBADF },
        { EINVAL, 0, EOPNOTSUPP, 0, 0 },
        { EINVAL, 0, EINVAL, EINVAL, 0 },
    };

    for (unsigned state = NONE; state <= XCREATE; state++) {
        for (unsigned i = 0; i < ARRAY_SIZE(fid_only); i++) {
            g_autoptr(Client) c = client_with_tree();
            P9Tmsg t = { 0 };

            g_assert_cmpint(client_walk(c, 0, NONE, "file"), ==, 0);
            g_assert_cmpint(client_open(c, FILE_, "file", O_RDWR), ==, 0);
            g_assert_cmpint(client_open(c, DIR_, "dir", O_RDONLY), ==, 0);
            g_assert_cmpint(ASK(c, xattrwalk, .fid = 0, .newfid = XWALK,
                                .name = P9STR("")), ==, 0);
            g_assert_cmpint(client_walk(c, 0, XCREATE, "file"), ==, 0);
            g_assert_cmpint(ASK(c, xattrcreate, .fid = XCREATE,
                                .name = P9STR("user.x"), .size = 4), ==, 0);
            t.read.fid = state;         /* fid is their first field */
            if (fid_only[i] == P9_TREADDIR) {
                t.readdir.count = 4096;
            } else if (fid_only[i] == P9_TLOCK) {
                t.lock.client_id = P9STR("");
            } else if (fid_only[i] == P9_TGETLOCK) {
                t.getlock.client_id = P9STR("");
            }
            g_test_message("state %u, T%s", state,
                           p9_message_info(fid_only[i])->name);
            g_assert_cmpint(client_ask(c, fid_only[i], &t), ==,
                            -expected[i][state - 1]);
        }
    }
}

/* CVE-2017-7377 and similar ones: opening a fid twice must not leak. */
static void test_open_twice(void)
{
    g_autoptr(Client) c = client_with_tree();

    g_assert_cmpint(client_open(c, 1, "file", O_RDWR), ==, 0);
    g_assert_cmpint(client_open(c, 2, "dir", O_RDONLY), ==, 0);
    for (unsigned i = 0; i < 100; i++) {
        g_assert_cmpint(ASK(c, lopen, .fid = 1), ==, -EINVAL);
        g_assert_cmpint(ASK(c, lcreate, .fid = 1, .name = P9NAME("n")), ==,
                        -EINVAL);
        g_assert_cmpint(ASK(c, lcreate, .fid = 2, .name = P9NAME("n")), ==,
                        -EINVAL);
        g_assert_cmpint(ASK(c, xattrcreate, .fid = 1,
                            .name = P9STR("user.x"), .size = 1), ==, -EINVAL);
        g_assert_cmpint(ASK(c, rename, .fid = 1, .dfid = 0,
                            .name = P9NAME("n")), ==, -EINVAL);
    }
    g_assert_cmpuint(client_mem(c).files, ==, 2);
    client_check_content(c, "n", NULL);
}

static void test_failed_open(void)
{
    g_autoptr(Client) c = client_with_tree();

    g_assert_cmpint(client_walk(c, 0, 1, "file"), ==, 0);
    memfs_fail(c->export, MEM_OPEN, EMFILE, 1);
    g_assert_cmpint(ASK(c, lopen, .fid = 1), ==, -EMFILE);
    /* The open succeeds, but getattr fails: the file is closed again. */
    memfs_fail(c->export, MEM_GETATTR, EIO, 1);
    g_assert_cmpint(ASK(c, lopen, .fid = 1), ==, -EIO);
    test_exec_drain(c->exec);
    g_assert_cmpuint(client_mem(c).files, ==, 0);
    /* The fid is unchanged, so it can still be opened. */
    g_assert_cmpint(ASK(c, lopen, .fid = 1), ==, 0);

    g_assert_cmpint(client_walk(c, 0, 2, "dir"), ==, 0);
    memfs_fail(c->export, MEM_CREATE, EDQUOT, 1);
    g_assert_cmpint(ASK(c, lcreate, .fid = 2, .name = P9NAME("n"),
                        .mode = 0644), ==, -EDQUOT);
    g_assert_cmpint(ASK(c, lcreate, .fid = 2, .name = P9NAME("n"),
                        .mode = 0644), ==, 0);
    client_check_content(c, "dir/n", "");
}

/* Only regular files and directories are ever opened. */
static void test_open_special(void)
{
    g_autoptr(Client) c = client_with_tree();

    g_assert_cmpint(client_open(c, 1, "fifo", O_RDONLY), ==, -ENXIO);
    g_assert_cmpint(client_open(c, 2, "link", O_RDONLY), ==, -ENXIO);
    g_assert_cmpint(client_open(c, 3, "dir", O_RDWR), ==, -EISDIR);
    g_assert_cmpint(client_open(c, 4, "file", 0200000), ==, -ENOTDIR);
    g_assert_cmpuint(client_mem(c).files, ==, 0);
}

/* After Tlcreate the fid is the new file, and open. */
static void test_create(void)
{
    g_autoptr(Client) c = client_with_tree();
    P9Qid created;

    g_assert_cmpint(client_walk(c, 0, 1, "dir"), ==, 0);
    g_assert_cmpint(ASK(c, lcreate, .fid = 1, .name = P9NAME("new"),
                        .flags = O_RDWR, .mode = 0100640, .gid = 7), ==, 0);
    created = client_last(c)->r.lcreate.qid;
    g_assert_cmpuint(client_last(c)->r.lcreate.iounit, ==, 65536 - 4096);
    g_assert_cmpint(client_write(c, 1, 0, "abc", 3), ==, 3);
    g_assert_cmpint(ASK(c, getattr, .fid = 1, .request_mask = 0x7ff), ==, 0);
    g_assert_cmphex(client_last(c)->r.getattr.mode, ==, 0100640);
    g_assert_cmpuint(client_last(c)->r.getattr.gid, ==, 7);
    g_assert_cmpuint(client_last(c)->r.getattr.size, ==, 3);
    g_assert_cmphex(client_last(c)->r.getattr.qid.path, ==, created.path);
    g_assert_cmpint(client_walk(c, 1, 2, "../new"), ==, 0);
    client_check_content(c, "dir/new", "abc");
    /* Without O_EXCL, an existing file is opened. */
    g_assert_cmpint(client_walk(c, 0, 3, "dir"), ==, 0);
    g_assert_cmpint(ASK(c, lcreate, .fid = 3, .name = P9NAME("new"),
                        .flags = O_RDWR | 0200, .mode = 0600), ==, -EEXIST);
    g_assert_cmpint(ASK(c, lcreate, .fid = 3, .name = P9NAME("new"),
                        .flags = O_RDWR, .mode = 0600), ==, 0);
    g_assert_cmpint(client_read(c, 3, 0, 10), ==, 3);
}

static void test_remove(void)
{
    g_autoptr(Client) c = client_with_tree();

    g_assert_cmpint(client_walk(c, 0, 1, "file"), ==, 0);
    g_assert_cmpint(client_walk(c, 0, 2, "dir"), ==, 0);
    g_assert_cmpint(client_walk(c, 0, 3, ""), ==, 0);
    g_assert_cmpint(ASK(c, remove, .fid = 1), ==, 0);
    client_check_content(c, "file", NULL);
    /* The fid is gone even when the removal fails. */
    g_assert_cmpint(ASK(c, remove, .fid = 1), ==, -EINVAL);
    g_assert_cmpint(ASK(c, remove, .fid = 2), ==, -ENOTEMPTY);
    g_assert_cmpint(ASK(c, clunk, .fid = 2), ==, -ENOENT);
    /* The root cannot be removed. */
    g_assert_cmpint(ASK(c, remove, .fid = 3), <, 0);
    g_assert_cmpuint(fids(c), ==, 1);
    g_assert_cmpint(client_walk(c, 0, 1, "dir"), ==, 0);
}

/* The Linux client drops a stale name only when getattr fails with ENOENT. */
static void test_unlinked(void)
{
    g_autoptr(Client) c = client_with_tree();

    g_assert_cmpint(client_walk(c, 0, 1, "file"), ==, 0);
    g_assert_cmpint(client_open(c, 2, "file", O_RDWR), ==, 0);
    g_assert_cmpint(ASK(c, unlinkat, .dfid = 0, .name = P9NAME("file")), ==,
                    0);
    g_assert_cmpint(ASK(c, getattr, .fid = 1, .request_mask = 0x7ff), ==, 0);
    g_assert_cmpint(client_read(c, 2, 0, 100), ==, 10);
    g_assert_cmpint(client_write(c, 2, 10, "x", 1), ==, 1);
    g_assert_cmpint(ASK(c, clunk, .fid = 2), ==, 0);
    g_assert_cmpint(ASK(c, getattr, .fid = 1, .request_mask = 0x7ff), ==,
                    -ENOENT);
    g_assert_cmpint(ASK(c, rename, .fid = 1, .dfid = 0, .name = P9NAME("n")),
                    ==, -ENOENT);
    g_assert_cmpint(ASK(c, clunk, .fid = 1), ==, 0);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/session/walk/names", test_walk);
    g_test_add_func("/session/walk/part-of-the-way", test_walk_part);
    g_test_add_func("/session/walk/part-cached", test_walk_part_cached);
    g_test_add_func("/session/walk/dotdot", test_walk_dotdot);
    g_test_add_func("/session/walk/after-rename", test_walk_after_rename);
    g_test_add_func("/session/walk/bad-names", test_walk_bad_names);
    g_test_add_func("/session/walk/too-many", test_walk_too_many);
    g_test_add_func("/session/walk/in-place", test_walk_in_place);
    g_test_add_func("/session/walk/from-open", test_walk_from_open);
    g_test_add_func("/session/fid/taken", test_newfid_taken);
    g_test_add_func("/session/fid/limit", test_fid_limit);
    g_test_add_func("/session/fid/states", test_states);
    g_test_add_func("/session/fid/open-twice", test_open_twice);
    g_test_add_func("/session/fid/failed-open", test_failed_open);
    g_test_add_func("/session/fid/open-special", test_open_special);
    g_test_add_func("/session/fid/create", test_create);
    g_test_add_func("/session/fid/remove", test_remove);
    g_test_add_func("/session/fid/unlinked", test_unlinked);
    return g_test_run();
}
