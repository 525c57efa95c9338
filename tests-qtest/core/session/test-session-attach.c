/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Tattach to a directory below the export's root: which directory an aname
 * names, and that this directory is the root for every fid derived from it.
 */
#include "fsdev/core/p9-osdep.h"
#include "lib/client.h"
#include "lib/test-call.h"

static const char *const dialects[] = { "9P2000.L", "9P2000.u", "9P2000" };

static Client *start(const char *version)
{
    Client *c = client_new(memfs_open(), CLIENT_INLINE, NULL);
    FsCred cred = { 0 };
    FsNode *root = fs_root(c->export);
    FsAttr attr;

    memfs_add(c->export, "a", NULL);
    memfs_add(c->export, "a/b", NULL);
    memfs_add(c->export, "a/b/c", NULL);
    memfs_add(c->export, "a/b/file", "inside");
    memfs_add(c->export, "other", NULL);
    memfs_add(c->export, "file", "outside");
    g_assert_cmpint(fs_symlink(CALL_AS(&cred), root, "link", "a", &attr), ==,
                    0);
    fs_node_unref(root);
    g_assert_cmpint(client_version(c, 65536, version), ==, 0);
    g_assert_cmpint(client_attach_to(c, 0, ""), ==, 0);
    return c;
}

/* The qid of the last name of a walk from @fid. */
static P9Qid walk_qid(Client *c, uint32_t fid, const char *path)
{
    P9Qids *qids;
    P9Qid qid;

    g_assert_cmpint(client_walk(c, fid, 99, path), ==, 0);
    qids = &client_last(c)->r.walk.qids;
    g_assert_cmpuint(qids->n, >, 0);
    qid = qids->qid[qids->n - 1];
    g_assert_cmpint(ASK(c, clunk, .fid = 99), ==, 0);
    return qid;
}

static void assert_same_qid(P9Qid a, P9Qid b)
{
    g_assert_cmphex(a.path, ==, b.path);
    g_assert_cmphex(a.type, ==, b.type);
}

/* ---- which directory an aname names ---- */

static void test_paths(void)
{
    static const struct {
        const char *aname;
        const char *path;       /* NULL: the export's root */
    } good[] = {
        { "", NULL }, { "/", NULL }, { "///", NULL }, { "a", "a" },
        { "/a", "a" }, { "a/", "a" }, { "a/b", "a/b" }, { "/a//b/", "a/b" },
        { "//a/b/c", "a/b/c" },
    };

    for (unsigned d = 0; d < ARRAY_SIZE(dialects); d++) {
        g_autoptr(Client) c = start(dialects[d]);
        P9Qid root = walk_qid(c, 0, "..");

        for (unsigned i = 0; i < ARRAY_SIZE(good); i++) {
            P9Qid qid;

            g_assert_cmpint(client_attach_to(c, 1, good[i].aname), ==, 0);
            qid = client_last(c)->r.attach.qid;
            assert_same_qid(qid, good[i].path ? walk_qid(c, 0, good[i].path)
                                              : root);
            assert_same_qid(walk_qid(c, 1, ".."), qid);
            g_assert_cmpint(ASK(c, clunk, .fid = 1), ==, 0);
        }
    }
}

static void test_refused(void)
{
    g_autofree char *longest = g_strnfill(255, 'x');
    g_autofree char *longer = g_strnfill(256, 'x');
    const struct {
        const char *aname;
        int error;
    } bad[] = {
        { "none", ENOENT }, { "a/none", ENOENT }, { "none/..", ENOENT },
        { "file", ENOTDIR }, { "a/b/file", ENOTDIR }, { "file/x", ENOTDIR },
        { "link", ELOOP }, { "link/b", ELOOP }, { "link/", ELOOP },
        { "..", EINVAL }, { ".", EINVAL }, { "/..", EINVAL },
        { "a/..", EINVAL }, { "a/./b", EINVAL }, { "a/../other", EINVAL },
        { "a\\b", ENOENT }, { " ", ENOENT }, { "...", ENOENT },
        { longest, ENOENT }, { longer, ENAMETOOLONG },
    };
    g_autoptr(Client) c = start("9P2000.L");
    unsigned nodes = client_mem(c).nodes;
    P9SessionInfo info;

    for (unsigned i = 0; i < ARRAY_SIZE(bad); i++) {
        g_assert_cmpint(client_attach_to(c, 1, bad[i].aname), ==,
                        -bad[i].error);
    }
    g_assert_cmpint(ASK(c, attach, .fid = 1,
                        .aname = { .s = "a\0b", .len = 3 }), ==, -EINVAL);
    client_info(c, &info);
    g_assert_cmpuint(info.fids, ==, 1);
    g_assert_cmpuint(client_mem(c).nodes, ==, nodes);
    memfs_fail(c->export, MEM_LOOKUP, EIO, 1);
    g_assert_cmpint(client_attach_to(c, 1, "a/b"), ==, -EIO);
}

/* ---- the directory as a root ---- */

static void test_dotdot(void)
{
    for (unsigned d = 0; d < ARRAY_SIZE(dialects); d++) {
        g_autoptr(Client) c = start(dialects[d]);
        P9Qid sub;

        g_assert_cmpint(client_attach_to(c, 1, "a/b"), ==, 0);
        sub = client_last(c)->r.attach.qid;
        assert_same_qid(walk_qid(c, 1, "c/../.."), sub);
        assert_same_qid(walk_qid(c, 1, "../../../.."), sub);
        assert_same_qid(walk_qid(c, 1, "../c/../../c/.."), sub);
        g_assert_cmpint(client_walk(c, 1, 9, "../other"), ==, -ENOENT);
        /* Fids derived from fid 1 keep its root; fids 0 and 4 have others. */
        g_assert_cmpint(client_walk(c, 1, 2, ""), ==, 0);
        assert_same_qid(walk_qid(c, 2, ".."), sub);
        g_assert_cmpint(client_walk(c, 2, 2, "c"), ==, 0);
        g_assert_cmpint(client_walk(c, 2, 3, ""), ==, 0);
        g_assert_cmpint(ASK(c, clunk, .fid = 1), ==, 0);
        g_assert_cmpint(ASK(c, clunk, .fid = 2), ==, 0);
        assert_same_qid(walk_qid(c, 3, "../.."), sub);
        g_assert_cmpint(client_attach_to(c, 4, "a"), ==, 0);
        assert_same_qid(walk_qid(c, 4, "b/../../b"), sub);
        g_assert_cmpint(client_walk(c, 0, 5, "a/b/../../other"), ==, 0);
    }
}

/* One session attaches to several directories as several users. */
static void test_many(void)
{
    static const char *const anames[] = { "", "a", "a/b", "a/b/c" };
    g_autoptr(Client) c = start("9P2000.L");

    for (uint32_t i = 0; i < ARRAY_SIZE(anames); i++) {
        g_assert_cmpint(ASK(c, attach, .fid = 10 + i, .afid = P9_NOFID,
                            .uname = P9STR(""), .aname = P9STR(anames[i]),
                            .n_uname = 1000 + i), ==, 0);
        g_assert_cmpint(ASK(c, mkdir, .fid = 10 + i, .name = P9NAME("made"),
                            .mode = 0755), ==, 0);
    }
    for (uint32_t i = 0; i < ARRAY_SIZE(anames); i++) {
        g_autofree char *path = g_strdup_printf("%s%smade", anames[i],
                                                i ? "/" : "");

        g_assert_cmpint(client_walk(c, 0, 1, path), ==, 0);
        g_assert_cmpint(ASK(c, getattr, .fid = 1, .request_mask = 0x7ff), ==,
                        0);
        g_assert_cmpuint(client_last(c)->r.getattr.uid, ==, 1000 + i);
        g_assert_cmpint(ASK(c, clunk, .fid = 1), ==, 0);
    }
}

/* A fid that is a root cannot be used to move or remove that directory. */
static void test_root_is_busy(void)
{
    g_autoptr(Client) c = start("9P2000.L");
    g_autoptr(Client) u = start("9P2000.u");

    g_assert_cmpint(client_attach_to(c, 1, "a/b/c"), ==, 0);
    g_assert_cmpint(client_attach_to(c, 2, "a"), ==, 0);
    g_assert_cmpint(ASK(c, rename, .fid = 1, .dfid = 2,
                        .name = P9NAME("moved")), ==, -EBUSY);
    g_assert_cmpint(ASK(c, remove, .fid = 1), ==, -EBUSY);
    g_assert_cmpint(client_walk(c, 0, 3, "a/b/c"), ==, 0);
    g_assert_cmpint(ASK(c, remove, .fid = 3), ==, 0);
    /* Rstat shows the name "/", as for any root. */
    g_assert_cmpint(client_attach_to(u, 1, "a/b"), ==, 0);
    g_assert_cmpint(ASK(u, stat, .fid = 1), ==, 0);
    g_assert_cmpstr(client_last(u)->r.stat.stat.name.s, ==, "/");
    g_assert_cmpint(client_walk(u, 0, 2, "a/b"), ==, 0);
    g_assert_cmpint(ASK(u, stat, .fid = 2), ==, 0);
    g_assert_cmpstr(client_last(u)->r.stat.stat.name.s, ==, "b");
}

/*
 * The directory stays the root when it is renamed by way of another fid.  From
 * a directory that was moved out of it, ".." leads nowhere.
 */
static void test_moved(void)
{
    g_autoptr(Client) c = start("9P2000.L");
    P9Qid sub;

    g_assert_cmpint(client_attach_to(c, 1, "a/b"), ==, 0);
    sub = client_last(c)->r.attach.qid;
    g_assert_cmpint(client_walk(c, 1, 2, "c"), ==, 0);
    g_assert_cmpint(client_walk(c, 0, 3, "a"), ==, 0);
    g_assert_cmpint(client_walk(c, 0, 4, "other"), ==, 0);
    g_assert_cmpint(ASK(c, renameat, .olddirfid = 3, .oldname = P9NAME("b"),
                        .newdirfid = 4, .newname = P9NAME("B")), ==, 0);
    assert_same_qid(walk_qid(c, 1, ".."), sub);
    assert_same_qid(walk_qid(c, 2, "../.."), sub);
    /* Move "c" out of the subtree. */
    g_assert_cmpint(ASK(c, renameat, .olddirfid = 1, .oldname = P9NAME("c"),
                        .newdirfid = 0, .newname = P9NAME("c")), ==, 0);
    g_assert_cmpint(client_walk(c, 2, 9, ".."), ==, -ENOENT);
    g_assert_cmpint(client_walk(c, 2, 9, "../../a"), ==, -ENOENT);
    g_assert_cmpint(client_walk(c, 0, 9, "c/.."), ==, 0);
    /* Move it back. */
    g_assert_cmpint(ASK(c, renameat, .olddirfid = 0, .oldname = P9NAME("c"),
                        .newdirfid = 1, .newname = P9NAME("c")), ==, 0);
    assert_same_qid(walk_qid(c, 2, ".."), sub);
}

/* Removing the directory has the effects of removing any directory. */
static void test_removed(void)
{
    g_autoptr(Client) c = start("9P2000.L");

    g_assert_cmpint(client_attach_to(c, 1, "a/b/c"), ==, 0);
    g_assert_cmpint(client_walk(c, 0, 2, "a/b"), ==, 0);
    g_assert_cmpint(ASK(c, unlinkat, .dfid = 2, .name = P9NAME("c"),
                        .flags = P9_DOTL_AT_REMOVEDIR), ==, 0);
    g_assert_cmpint(ASK(c, getattr, .fid = 1), ==, -ENOENT);
    g_assert_cmpint(client_attach_to(c, 3, "a/b/c"), ==, -ENOENT);
    g_assert_cmpint(ASK(c, clunk, .fid = 1), ==, 0);
}

/* ---- ".." in directory reads ---- */

/* The qid path of "..", which is the second entry of any directory. */
static uint64_t dotdot_of_readdir(Client *c, uint32_t fid, const char *path)
{
    struct iovec iov;
    P9Cursor cursor;
    P9Qid qid;

    g_assert_cmpint(client_walk(c, fid, 98, path), ==, 0);
    g_assert_cmpint(ASK(c, lopen, .fid = 98), ==, 0);
    g_assert_cmpint(ASK(c, readdir, .fid = 98, .count = 4096), ==, 0);
    iov = (struct iovec) {
        client_last(c)->reply->data, client_last(c)->reply->len,
    };
    p9_cursor_init(&cursor, &iov, 1, SIZE_MAX);
    p9_skip(&cursor, P9_IO_HDRSZ + P9_QID_SZ + 8 + 1 + 2 + 1);
    qid = p9_get_qid(&cursor);
    g_assert_false(cursor.failed);
    g_assert_cmpint(ASK(c, clunk, .fid = 98), ==, 0);
    return qid.path;
}

static uint64_t dotdot_of_read(Client *c, uint32_t fid, const char *path)
{
    const uint8_t *p;
    struct iovec iov;
    P9Cursor cursor;

    g_assert_cmpint(client_walk(c, fid, 98, path), ==, 0);
    g_assert_cmpint(ASK(c, open, .fid = 98), ==, 0);
    g_assert_cmpint(client_read(c, 98, 0, 4096), >, 0);
    p = client_last(c)->reply->data + P9_IO_HDRSZ;
    p += 2 + (p[0] | p[1] << 8);
    iov = (struct iovec) { (void *)(p + 2 + 2 + 4), P9_QID_SZ };
    p9_cursor_init(&cursor, &iov, 1, SIZE_MAX);
    g_assert_cmpint(ASK(c, clunk, .fid = 98), ==, 0);
    return p9_get_qid(&cursor).path;
}

static void test_dotdot_entries(void)
{
    for (unsigned d = 0; d < ARRAY_SIZE(dialects); d++) {
        g_autoptr(Client) c = start(dialects[d]);
        uint64_t (*dotdot)(Client *, uint32_t, const char *) =
            d ? dotdot_of_read : dotdot_of_readdir;
        uint64_t a = walk_qid(c, 0, "a").path;
        uint64_t b = walk_qid(c, 0, "a/b").path;

        g_assert_cmpint(client_attach_to(c, 1, "a/b"), ==, 0);
        g_assert_cmphex(dotdot(c, 0, "a/b"), ==, a);
        g_assert_cmphex(dotdot(c, 1, ""), ==, b);
        g_assert_cmphex(dotdot(c, 1, "c"), ==, b);
        g_assert_cmphex(dotdot(c, 1, "c/.."), ==, b);
    }
}

/* ---- devices ---- */

/*
 * The export's device is that of its root, whichever directory is attached to
 * first; and an aname may cross devices only where a walk may.
 */
static void test_multidevs(void)
{
    FsConfig config = { .multidevs = FS_MULTIDEVS_FORBID };
    g_autoptr(Client) c = client_new(memfs_open_config(&config),
                                     CLIENT_INLINE, NULL);
    FsNode *node;

    memfs_add(c->export, "mnt", NULL);
    memfs_add(c->export, "mnt/dir", NULL);
    node = memfs_node(c->export, "mnt");
    memfs_set_dev(node, MEMFS_DEV + 1);
    fs_node_unref(node);
    client_version(c, 65536, "9P2000.L");
    g_assert_cmpint(client_attach_to(c, 0, "mnt"), ==, -ENODEV);
    g_assert_cmpint(client_attach_to(c, 0, "mnt/dir"), ==, -ENODEV);
    g_assert_cmpint(client_attach_to(c, 0, ""), ==, 0);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/attach/paths", test_paths);
    g_test_add_func("/attach/refused", test_refused);
    g_test_add_func("/attach/dotdot", test_dotdot);
    g_test_add_func("/attach/many", test_many);
    g_test_add_func("/attach/root-is-busy", test_root_is_busy);
    g_test_add_func("/attach/moved", test_moved);
    g_test_add_func("/attach/removed", test_removed);
    g_test_add_func("/attach/dotdot-entries", test_dotdot_entries);
    g_test_add_func("/attach/multidevs", test_multidevs);
    return g_test_run();
}
