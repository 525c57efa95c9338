/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Inode numbers: a Linux guest shows qid.path + 2.  In every reply with a qid
 * that has to be the number on the host.
 */
#include "fsdev/core/p9-osdep.h"
#include "lib/client.h"
#include "lib/test-call.h"

/* st_ino of @path on the host. */
static uint64_t on_host(Client *c, const char *path)
{
    FsNode *node = memfs_node(c->export, path);
    FsAttr attr;

    g_assert_nonnull(node);
    g_assert_cmpint(fs_getattr(&test_call, node, NULL, 0, &attr), ==, 0);
    fs_node_unref(node);
    return attr.ino;
}

static void check(Client *c, const P9Qid *qid, const char *path)
{
    g_test_message("%s", path);
    g_assert_cmphex(qid->path + 2, ==, on_host(c, path));
}

static P9Rmsg *last(Client *c)
{
    return &client_last(c)->r;
}

static Client *start(const char *version)
{
    Client *c = client_new(memfs_open(), CLIENT_INLINE, NULL);

    memfs_add(c->export, "file", "text");
    memfs_add(c->export, "dir", NULL);
    memfs_add(c->export, "dir/sub", NULL);
    memfs_add(c->export, "dir/sub/deep", "text");
    g_assert_cmpint(client_version(c, 65536, version), ==, 0);
    g_assert_cmpint(client_attach(c, 0, 0), ==, 0);
    check(c, &last(c)->attach.qid, "");
    return c;
}

static void check_walks(Client *c)
{
    g_assert_cmpint(client_walk(c, 0, 1, "dir/sub/deep"), ==, 0);
    g_assert_cmpuint(last(c)->walk.qids.n, ==, 3);
    check(c, &last(c)->walk.qids.qid[0], "dir");
    check(c, &last(c)->walk.qids.qid[1], "dir/sub");
    check(c, &last(c)->walk.qids.qid[2], "dir/sub/deep");
    g_assert_cmpint(client_walk(c, 0, 2, "dir/.."), ==, 0);
    check(c, &last(c)->walk.qids.qid[1], "");
}

static void test_attach(void)
{
    g_autoptr(Client) c = start("9P2000.L");

    g_assert_cmpint(client_attach_to(c, 5, "dir/sub"), ==, 0);
    check(c, &last(c)->attach.qid, "dir/sub");
}

static void test_walk(void)
{
    g_autoptr(Client) l = start("9P2000.L");
    g_autoptr(Client) u = start("9P2000.u");

    check_walks(l);
    check_walks(u);
}

static void test_new(void)
{
    g_autoptr(Client) c = start("9P2000.L");

    g_assert_cmpint(ASK(c, mkdir, .fid = 0, .name = P9NAME("d")), ==, 0);
    check(c, &last(c)->mkdir.qid, "d");
    g_assert_cmpint(ASK(c, mknod, .fid = 0, .name = P9NAME("p"),
                        .mode = S_IFIFO), ==, 0);
    check(c, &last(c)->mknod.qid, "p");
    g_assert_cmpint(ASK(c, symlink, .fid = 0, .name = P9NAME("l"),
                        .target = P9STR("x")), ==, 0);
    check(c, &last(c)->symlink.qid, "l");
    g_assert_cmpint(client_walk(c, 0, 1, ""), ==, 0);
    g_assert_cmpint(ASK(c, lcreate, .fid = 1, .name = P9NAME("f"),
                        .flags = O_RDWR, .mode = 0600), ==, 0);
    check(c, &last(c)->lcreate.qid, "f");
    g_assert_cmpint(ASK(c, getattr, .fid = 1), ==, 0);
    check(c, &last(c)->getattr.qid, "f");
}

static void test_open_getattr(void)
{
    g_autoptr(Client) c = start("9P2000.L");

    g_assert_cmpint(client_walk(c, 0, 1, "file"), ==, 0);
    g_assert_cmpint(ASK(c, getattr, .fid = 1), ==, 0);
    check(c, &last(c)->getattr.qid, "file");
    g_assert_cmpint(ASK(c, lopen, .fid = 1), ==, 0);
    check(c, &last(c)->lopen.qid, "file");
}

/* Entries of "dir": ".", ".." and "sub", in the order of memfs. */
static void test_readdir(void)
{
    static const char *const paths[] = { "dir", "", "dir/sub" };
    g_autoptr(Client) c = start("9P2000.L");
    struct iovec iov;
    P9Cursor cursor;

    g_assert_cmpint(client_walk(c, 0, 1, "dir"), ==, 0);
    g_assert_cmpint(ASK(c, lopen, .fid = 1), ==, 0);
    g_assert_cmpint(ASK(c, readdir, .fid = 1, .count = 4096), ==, 0);
    iov = (struct iovec) {
        client_last(c)->reply->data, client_last(c)->reply->len,
    };
    p9_cursor_init(&cursor, &iov, 1, SIZE_MAX);
    p9_skip(&cursor, P9_IO_HDRSZ);
    for (unsigned i = 0; i < ARRAY_SIZE(paths); i++) {
        P9Qid qid = p9_get_qid(&cursor);

        check(c, &qid, paths[i]);
        p9_skip(&cursor, 8 + 1);
        p9_skip(&cursor, p9_get_u16(&cursor));
    }
    g_assert_false(cursor.failed);
}

static void test_dotu(void)
{
    g_autoptr(Client) c = start("9P2000.u");
    const uint8_t *p;
    uint64_t path;

    g_assert_cmpint(client_walk(c, 0, 1, "file"), ==, 0);
    g_assert_cmpint(ASK(c, stat, .fid = 1), ==, 0);
    check(c, &last(c)->stat.stat.qid, "file");
    g_assert_cmpint(ASK(c, open, .fid = 1), ==, 0);
    check(c, &last(c)->open.qid, "file");
    g_assert_cmpint(client_walk(c, 0, 2, "dir"), ==, 0);
    g_assert_cmpint(ASK(c, open, .fid = 2), ==, 0);
    /* The first entry is ".": size, type, dev, then the qid. */
    g_assert_cmpint(client_read(c, 2, 0, 4096), >, 0);
    p = client_last(c)->reply->data + P9_IO_HDRSZ;
    memcpy(&path, p + 2 + 2 + 4 + 5, 8);
    g_assert_cmphex(le64_to_cpu(path) + 2, ==, on_host(c, "dir"));
    g_assert_cmpint(client_walk(c, 0, 3, ""), ==, 0);
    g_assert_cmpint(ASK(c, create, .fid = 3, .name = P9NAME("f"),
                        .perm = 0600, .mode = 2), ==, 0);
    check(c, &last(c)->create.qid, "f");
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/numbers/attach", test_attach);
    g_test_add_func("/numbers/walk", test_walk);
    g_test_add_func("/numbers/new", test_new);
    g_test_add_func("/numbers/open-getattr", test_open_getattr);
    g_test_add_func("/numbers/readdir", test_readdir);
    g_test_add_func("/numbers/dotu", test_dotu);
    return g_test_run();
}
