/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Extended attributes through a session: fids that carry a value.
 */
#include "fsdev/core/p9-osdep.h"
#include <sys/xattr.h>
#include "lib/client.h"
#include "lib/test-call.h"

/* A client with a file as fid 3. */
static Client *client_with_file(void)
{
    Client *c = client_start(memfs_open(), CLIENT_INLINE);

    memfs_add(c->export, "file", "0123456789");
    g_assert_cmpint(client_walk(c, 0, 3, "file"), ==, 0);
    return c;
}

static void check_xattr(Client *c, const char *name, const char *value)
{
    int ret = ASK(c, xattrwalk, .fid = 3, .newfid = 90, .name = P9STR(name));

    if (!value) {
        g_assert_cmpint(ret, ==, -ENODATA);
        return;
    }
    g_assert_cmpint(ret, ==, 0);
    g_assert_cmpuint(client_last(c)->r.xattrwalk.size, ==, strlen(value));
    g_assert_cmpint(client_read(c, 90, 0, 65536), ==, strlen(value));
    client_check_payload(c, value);
    g_assert_cmpint(ASK(c, clunk, .fid = 90), ==, 0);
}

static int set_xattr(Client *c, const char *name, const char *value,
                     uint32_t flags)
{
    g_assert_cmpint(client_walk(c, 3, 91, ""), ==, 0);
    return client_set_xattr(c, 91, name, value, strlen(value), flags);
}

static void test_xattr(void)
{
    g_autoptr(Client) c = client_with_file();

    g_assert_cmpint(set_xattr(c, "user.a", "alpha", 0), ==, 0);
    g_assert_cmpint(set_xattr(c, "user.b", "beta", XATTR_CREATE), ==, 0);
    g_assert_cmpint(set_xattr(c, "user.a", "x", XATTR_CREATE), ==, -EEXIST);
    g_assert_cmpint(set_xattr(c, "user.c", "x", XATTR_REPLACE), ==, -ENODATA);
    g_assert_cmpint(set_xattr(c, "user.a", "again", XATTR_REPLACE), ==, 0);
    g_assert_cmpint(set_xattr(c, "user.e", "", 0), ==, 0);
    check_xattr(c, "user.a", "again");
    check_xattr(c, "user.b", "beta");
    check_xattr(c, "user.c", NULL);
    check_xattr(c, "user.e", "");
    g_assert_cmpint(ASK(c, xattrwalk, .fid = 3, .newfid = 90,
                        .name = P9STR("")), ==, 0);
    g_assert_cmpint(client_read(c, 90, 0, 4096), ==, 21);
    g_assert_cmpmem(client_last(c)->reply->data + 11, 21,
                    "user.a\0user.b\0user.e", 21);
    g_assert_cmpint(ASK(c, clunk, .fid = 90), ==, 0);
    /* Linux removes an attribute by an empty value with XATTR_REPLACE. */
    g_assert_cmpint(set_xattr(c, "user.b", "", XATTR_REPLACE), ==, 0);
    check_xattr(c, "user.b", NULL);
    g_assert_cmpint(set_xattr(c, "user.b", "", XATTR_REPLACE), ==, -ENODATA);
    g_assert_cmpint(set_xattr(c, "system.x", "v", 0), ==, -EOPNOTSUPP);
}

/* CVE-2016-9104: no offset or count reaches outside the value. */
static void test_xattr_offsets(void)
{
    static const uint64_t outside[] = {
        8, 9, INT32_MAX, (uint64_t)INT32_MAX + 1, UINT32_MAX,
        (uint64_t)UINT32_MAX + 1, INT64_MAX, (uint64_t)INT64_MAX + 1,
        UINT64_MAX, UINT64_MAX - 3, UINT64_MAX - 7,
    };
    g_autoptr(Client) c = client_with_file();

    g_assert_cmpint(set_xattr(c, "user.a", "12345678", 0), ==, 0);
    g_assert_cmpint(ASK(c, xattrwalk, .fid = 3, .newfid = 5,
                        .name = P9STR("user.a")), ==, 0);
    g_assert_cmpint(client_walk(c, 3, 6, ""), ==, 0);
    g_assert_cmpint(ASK(c, xattrcreate, .fid = 6, .name = P9STR("user.b"),
                        .size = 8), ==, 0);
    for (unsigned i = 0; i < ARRAY_SIZE(outside); i++) {
        g_assert_cmpint(client_read(c, 5, outside[i], 8), ==, 0);
        g_assert_cmpint(client_read(c, 6, outside[i], 8), ==, 0);
        g_assert_cmpint(client_write(c, 6, outside[i], "xxxxxxxx", 8), <=, 0);
        if (outside[i] > 8) {
            g_assert_cmpint(client_last(c)->error, ==, ENOSPC);
        }
    }
    g_assert_cmpint(client_read(c, 5, 6, UINT32_MAX), ==, 2);
    client_check_payload(c, "78");
    g_assert_cmpint(client_read(c, 5, 0, 3), ==, 3);
    client_check_payload(c, "123");
    /* A value is zero where it was not written yet (CVE-2016-9103). */
    g_assert_cmpint(client_read(c, 6, 0, 8), ==, 8);
    g_assert_cmpmem(client_last(c)->reply->data + 11, 8,
                    "\0\0\0\0\0\0\0\0", 8);
    /* A fid of Txattrwalk cannot be written to. */
    g_assert_cmpint(client_write(c, 5, 0, "x", 1), ==, -EINVAL);
    check_xattr(c, "user.a", "12345678");
}

/* Tclunk sets the attribute only if every byte of its value was written. */
static void test_xattr_coverage(void)
{
    g_autoptr(Client) c = client_with_file();

    g_assert_cmpint(client_walk(c, 3, 5, ""), ==, 0);
    g_assert_cmpint(ASK(c, xattrcreate, .fid = 5, .name = P9STR("user.a"),
                        .size = 4), ==, 0);
    g_assert_cmpint(client_write(c, 5, 0, "ab", 2), ==, 2);
    g_assert_cmpint(client_write(c, 5, 0, "cd", 2), ==, 2);
    g_assert_cmpint(ASK(c, clunk, .fid = 5), ==, -EINVAL);
    check_xattr(c, "user.a", NULL);

    g_assert_cmpint(client_walk(c, 3, 5, ""), ==, 0);
    g_assert_cmpint(ASK(c, xattrcreate, .fid = 5, .name = P9STR("user.a"),
                        .size = 4), ==, 0);
    g_assert_cmpint(client_write(c, 5, 2, "CD", 2), ==, 2);
    g_assert_cmpint(client_write(c, 5, 1, "BC", 2), ==, 2);
    g_assert_cmpint(client_write(c, 5, 0, "AB", 2), ==, 2);
    g_assert_cmpint(client_write(c, 5, 3, "DE", 2), ==, 1);
    g_assert_cmpint(ASK(c, clunk, .fid = 5), ==, 0);
    check_xattr(c, "user.a", "ABCD");

    /* Twice on one fid (CVE-2016-9102), too large, unknown flags. */
    g_assert_cmpint(client_walk(c, 3, 5, ""), ==, 0);
    g_assert_cmpint(ASK(c, xattrcreate, .fid = 5, .name = P9STR("user.b"),
                        .size = 65537), ==, -E2BIG);
    g_assert_cmpint(ASK(c, xattrcreate, .fid = 5, .name = P9STR("user.b"),
                        .size = UINT64_MAX), ==, -E2BIG);
    g_assert_cmpint(ASK(c, xattrcreate, .fid = 5, .name = P9STR("user.b"),
                        .flags = 4), ==, -EINVAL);
    g_assert_cmpint(ASK(c, xattrcreate, .fid = 5, .name = P9STR("user.b"),
                        .size = 65536), ==, 0);
    g_assert_cmpint(ASK(c, xattrcreate, .fid = 5, .name = P9STR("user.b"),
                        .size = 1), ==, -EINVAL);
    g_assert_cmpint(ASK(c, clunk, .fid = 5), ==, -EINVAL);
    check_xattr(c, "user.b", NULL);
}

static void test_xattr_limit(void)
{
    FsConfig config = { .max_xattr = 3 };
    g_autoptr(Client) c = client_new(memfs_open_config(&config),
                                     CLIENT_INLINE, NULL);
    P9SessionInfo info;

    client_version(c, 65536, "9P2000.L");
    client_attach(c, 0, 0);
    for (uint32_t fid = 10; fid < 14; fid++) {
        g_assert_cmpint(client_walk(c, 0, fid, ""), ==, 0);
    }
    g_assert_cmpint(ASK(c, xattrcreate, .fid = 10, .name = P9STR("user.a"),
                        .size = 65536), ==, 0);
    for (uint32_t fid = 20; fid < 22; fid++) {
        g_assert_cmpint(ASK(c, xattrwalk, .fid = 0, .newfid = fid,
                            .name = P9STR("")), ==, 0);
    }
    for (unsigned i = 0; i < 5; i++) {
        g_assert_cmpint(ASK(c, xattrwalk, .fid = 0, .newfid = 23,
                            .name = P9STR("")), ==, -ENOSPC);
        g_assert_cmpint(ASK(c, xattrcreate, .fid = 11, .size = 1,
                            .name = P9STR("user.a")), ==, -ENOSPC);
    }
    client_info(c, &info);
    g_assert_cmpuint(info.used[FS_BUDGET_XATTRS], ==, 3);
    /* A request that fails does not count. */
    g_assert_cmpint(ASK(c, clunk, .fid = 20), ==, 0);
    for (unsigned i = 0; i < 5; i++) {
        g_assert_cmpint(ASK(c, xattrwalk, .fid = 0, .newfid = 23,
                            .name = P9STR("user.none")), ==, -ENODATA);
    }
    g_assert_cmpint(ASK(c, xattrwalk, .fid = 0, .newfid = 23,
                        .name = P9STR("")), ==, 0);
    g_assert_cmpint(ASK(c, clunk, .fid = 10), ==, -EINVAL);
    g_assert_cmpint(ASK(c, remove, .fid = 21), <, 0);
    g_assert_cmpint(ASK(c, clunk, .fid = 23), ==, 0);
    client_info(c, &info);
    g_assert_cmpuint(info.used[FS_BUDGET_XATTRS], ==, 0);
}

/* CVE-2017-15038: the value changes between getting its size and reading it. */
static int grow_value(void *opaque, const MemCall *call)
{
    Client *c = opaque;

    if (call->op == MEM_GETXATTR) {
        static const char *const values[] = { "1", "22222222", "", "333" };
        static unsigned n;
        FsNode *node;

        memfs_set_hook(c->export, NULL, NULL);
        node = memfs_node(c->export, "file");
        n++;
        g_assert_cmpint(fs_setxattr(&test_call, node, "user.a", values[n % 4],
                                    strlen(values[n % 4]), 0),
                        ==, 0);
        fs_node_unref(node);
        memfs_set_hook(c->export, grow_value, c);
    }
    return 0;
}

static void test_xattr_changing(void)
{
    g_autoptr(Client) c = client_with_file();

    g_assert_cmpint(set_xattr(c, "user.a", "start", 0), ==, 0);
    memfs_set_hook(c->export, grow_value, c);
    for (unsigned i = 0; i < 20; i++) {
        uint64_t size;
        const uint8_t *value;

        g_assert_cmpint(ASK(c, xattrwalk, .fid = 3, .newfid = 9,
                            .name = P9STR("user.a")), ==, 0);
        size = client_last(c)->r.xattrwalk.size;
        g_assert_cmpint(client_read(c, 9, 0, 100), ==, size);
        value = client_last(c)->reply->data + 11;
        for (uint64_t j = 0; j < size; j++) {
            g_assert_cmpuint(value[j], ==,
                             size == 1 ? '1' : size == 8 ? '2' : '3');
        }
        g_assert_cmpint(ASK(c, clunk, .fid = 9), ==, 0);
    }
    memfs_set_hook(c->export, NULL, NULL);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/session/xattr/set-and-get", test_xattr);
    g_test_add_func("/session/xattr/offsets", test_xattr_offsets);
    g_test_add_func("/session/xattr/coverage", test_xattr_coverage);
    g_test_add_func("/session/xattr/limit", test_xattr_limit);
    g_test_add_func("/session/xattr/changing", test_xattr_changing);
    return g_test_run();
}
