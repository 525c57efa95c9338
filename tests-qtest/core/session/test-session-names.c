/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Names through a session: making, renaming and removing objects.
 */
#include "fsdev/core/p9-osdep.h"
#include "lib/client.h"

static struct P9Rgetattr getattr(Client *c, uint32_t fid)
{
    g_assert_cmpint(ASK(c, getattr, .fid = fid, .request_mask = UINT64_MAX),
                    ==, 0);
    return client_last(c)->r.getattr;
}

static void test_make(void)
{
    g_autoptr(Client) c = client_start_files();
    const struct {
        const char *name;
        uint32_t mode;
        uint8_t qid;
    } made[] = {
        { "d", S_IFDIR | 0750, P9_QTDIR },
        { "p", S_IFIFO | 0640, P9_QTFILE },
        { "s", S_IFLNK | 0777, P9_QTSYMLINK },
    };

    /* The owner is the user of the Tattach, the group is in the message. */
    g_assert_cmpint(client_attach(c, 5, 1000), ==, 0);
    g_assert_cmpint(ASK(c, mkdir, .fid = 5, .name = P9NAME("d"),
                        .mode = 0170750, .gid = 7), ==, 0);
    g_assert_cmphex(client_last(c)->r.mkdir.qid.type, ==, P9_QTDIR);
    g_assert_cmpint(ASK(c, mknod, .fid = 5, .name = P9NAME("p"),
                        .mode = S_IFIFO | 0640, .gid = 7), ==, 0);
    g_assert_cmpint(ASK(c, symlink, .fid = 5, .name = P9NAME("s"),
                        .target = P9STR("../x/"), .gid = 7), ==, 0);
    for (unsigned i = 0; i < ARRAY_SIZE(made); i++) {
        struct P9Rgetattr r;

        g_assert_cmpint(client_walk(c, 5, 10 + i, made[i].name), ==, 0);
        r = getattr(c, 10 + i);
        g_assert_cmphex(r.mode, ==, made[i].mode);
        g_assert_cmphex(r.qid.type, ==, made[i].qid);
        g_assert_cmpuint(r.uid, ==, 1000);
        g_assert_cmpuint(r.gid, ==, 7);
    }
    g_assert_cmpint(ASK(c, readlink, .fid = 12), ==, 0);
    g_assert_cmpstr(client_last(c)->r.readlink.target.s, ==, "../x/");
    g_assert_cmpint(ASK(c, mkdir, .fid = 5, .name = P9NAME("d")), ==,
                    -EEXIST);
    g_assert_cmpint(ASK(c, mknod, .fid = 5, .name = P9NAME("q"),
                        .mode = S_IFDIR), ==, -EINVAL);
    g_assert_cmpint(ASK(c, symlink, .fid = 5, .name = P9NAME("e"),
                        .target = P9STR("")), ==, -ENOENT);
    g_assert_cmpint(ASK(c, mkdir, .fid = 1, .name = P9NAME("d")), ==,
                    -ENOTDIR);
}

static void test_long_target(void)
{
    g_autoptr(Client) c = client_start_files();
    g_autofree char *target = g_strnfill(PATH_MAX, 't');

    g_assert_cmpint(ASK(c, symlink, .fid = 0, .name = P9NAME("l"),
                        .target = P9STR(target)), ==, -ENAMETOOLONG);
    target[PATH_MAX - 1] = '\0';
    g_assert_cmpint(ASK(c, symlink, .fid = 0, .name = P9NAME("l"),
                        .target = P9STR(target)), ==, 0);
    g_assert_cmpint(client_walk(c, 0, 5, "l"), ==, 0);
    c->in_bytes = 8192;
    g_assert_cmpint(ASK(c, readlink, .fid = 5), ==, 0);
    g_assert_cmpstr(client_last(c)->r.readlink.target.s, ==, target);
}

/* Treadlink of anything but a symbolic link fails and reads no data. */
static void test_readlink_of_other(void)
{
    g_autoptr(Client) c = client_start_files();

    for (uint32_t fid = 0; fid < 3; fid++) {
        g_assert_cmpint(ASK(c, readlink, .fid = fid), ==, -EINVAL);
    }
    g_assert_cmpuint(client_mem(c).calls[MEM_READ], ==, 0);
}

/* Every message with a name refuses names that lead elsewhere. */
static void test_bad_names(void)
{
    static const struct {
        const char *name;
        int make, rename, unlink;
    } bad[] = {
        { "..", EEXIST, EISDIR, ENOTEMPTY },
        { ".", EEXIST, EISDIR, EINVAL },
        { "../x", ENOENT, ENOENT, ENOENT },
        { "/x", ENOENT, ENOENT, ENOENT },
        { "a/b", ENOENT, ENOENT, ENOENT },
        { "", ENOENT, ENOENT, ENOENT },
    };
    g_autoptr(Client) c = client_start_files();
    unsigned objects = client_mem(c).objects;

    for (unsigned i = 0; i < ARRAY_SIZE(bad); i++) {
        P9Name name = P9NAME(bad[i].name);
        P9Name good = P9NAME("file");

        g_assert_cmpint(ASK(c, lcreate, 2, name), ==, -bad[i].make);
        g_assert_cmpint(ASK(c, mkdir, 2, name), ==, -bad[i].make);
        g_assert_cmpint(ASK(c, mknod, 2, name, S_IFIFO), ==, -bad[i].make);
        g_assert_cmpint(ASK(c, symlink, 2, name, P9STR("t")), ==,
                        -bad[i].make);
        g_assert_cmpint(ASK(c, link, 2, 1, name), ==, -bad[i].make);
        g_assert_cmpint(ASK(c, rename, 1, 2, name), ==, -bad[i].rename);
        g_assert_cmpint(ASK(c, renameat, 0, good, 2, name), ==,
                        -bad[i].rename);
        g_assert_cmpint(ASK(c, renameat, 2, name, 0, P9NAME("n")), ==,
                        -bad[i].rename);
        g_assert_cmpint(ASK(c, unlinkat, 2, name, 0), ==, -bad[i].unlink);
        g_assert_cmpint(ASK(c, unlinkat, 2, name, 0x200), ==,
                        -bad[i].unlink);
    }
    g_assert_cmpuint(client_mem(c).objects, ==, objects);
    client_check_content(c, "file", "0123456789");
}

/* Fids of and below a renamed object stay valid; bad renames are refused. */
static void test_rename(void)
{
    g_autoptr(Client) c = client_start_files();
    P9Name dir = P9NAME("dir"), sub = P9NAME("sub");

    memfs_add(c->export, "dir/sub", NULL);
    memfs_add(c->export, "dir/sub/f", "deep");
    g_assert_cmpint(client_walk(c, 0, 3, "dir/sub"), ==, 0);
    g_assert_cmpint(client_open(c, 4, "dir/sub/f", O_RDWR), ==, 0);
    g_assert_cmpint(client_walk(c, 0, 5, "dir/sub/f"), ==, 0);
    /* Directories above open and unopened fids, by both messages. */
    g_assert_cmpint(ASK(c, renameat, 0, dir, 0, P9NAME("d2")), ==, 0);
    g_assert_cmpint(ASK(c, rename, 3, 0, P9NAME("top")), ==, 0);
    g_assert_cmpint(client_read(c, 4, 0, 10), ==, 4);
    g_assert_cmpint(client_write(c, 4, 0, "D", 1), ==, 1);
    client_check_content(c, "top/f", "Deep");
    g_assert_cmpint(ASK(c, lopen, .fid = 5), ==, 0);
    /* Onto itself, into itself, over a full directory, of the root. */
    g_assert_cmpint(ASK(c, renameat, 0, P9NAME("top"), 0, P9NAME("top")),
                    ==, 0);
    g_assert_cmpint(ASK(c, renameat, 0, P9NAME("top"), 3, P9NAME("in")), ==,
                    -EINVAL);
    g_assert_cmpint(ASK(c, renameat, 0, P9NAME("d2"), 0, P9NAME("top")), ==,
                    -ENOTEMPTY);
    g_assert_cmpint(client_walk(c, 0, 6, ""), ==, 0);
    g_assert_cmpint(ASK(c, rename, 6, 0, P9NAME("r")), ==, -EBUSY);
    g_assert_cmpint(ASK(c, renameat, 0, sub, 0, P9NAME("n")), ==, -ENOENT);
    /* Over a file with an open fid: that fid keeps the old file. */
    g_assert_cmpint(client_open(c, 7, "file", O_RDONLY), ==, 0);
    memfs_add(c->export, "new", "new");
    g_assert_cmpint(ASK(c, renameat, 0, P9NAME("new"), 0, P9NAME("file")),
                    ==, 0);
    g_assert_cmpint(client_read(c, 7, 0, 100), ==, 10);
    client_check_content(c, "file", "new");
    g_assert_cmpint(ASK(c, rename, 1, 0, P9NAME("back")), ==, -ENOENT);
}

static void test_unlink(void)
{
    g_autoptr(Client) c = client_start_files();
    P9Name file = P9NAME("file"), dir = P9NAME("dir");

    g_assert_cmpint(ASK(c, unlinkat, 0, file, 0x200), ==, -ENOTDIR);
    g_assert_cmpint(ASK(c, unlinkat, 0, dir, 0), ==, -EISDIR);
    g_assert_cmpint(ASK(c, unlinkat, 0, file, 1), ==, -EINVAL);
    g_assert_cmpint(ASK(c, unlinkat, 0, file, 0x400), ==, -EINVAL);
    g_assert_cmpint(ASK(c, unlinkat, 0, file, 0x201), ==, -EINVAL);
    client_check_content(c, "file", "0123456789");
    g_assert_cmpint(ASK(c, unlinkat, 0, file, 0), ==, 0);
    g_assert_cmpint(ASK(c, unlinkat, 0, dir, 0x200), ==, 0);
    g_assert_cmpint(ASK(c, unlinkat, 0, dir, 0x200), ==, -ENOENT);
    g_assert_cmpint(ASK(c, mkdir, 2, P9NAME("x")), ==, -ENOENT);
}

/* CVE-2016-9105, CVE-2016-9106: messages that fail must not leak. */
static void test_no_leaks(void)
{
    g_autoptr(Client) c = client_start_files();
    MemStats before = client_mem(c);

    for (unsigned i = 0; i < 300; i++) {
        ASK(c, link, 2, 1, P9NAME("l"));
        client_write(c, 2, 0, "x", 1);
        client_write(c, 1, 0, "x", 1);
        client_read(c, 1, 0, 10);
        ASK(c, link, 2, 1, P9NAME("file"));
        ASK(c, rename, 2, 1, P9NAME("x"));
        ASK(c, unlinkat, 2, P9NAME("l"), 0);
        client_walk(c, 0, 9, "dir/none/none");
    }
    ASK(c, unlinkat, 2, P9NAME("file"), 0);
    g_assert_cmpuint(client_mem(c).nodes, ==, before.nodes);
    g_assert_cmpuint(client_mem(c).files, ==, 0);
    g_assert_cmpuint(client_mem(c).objects, ==, before.objects);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/session/names/make", test_make);
    g_test_add_func("/session/names/long-target", test_long_target);
    g_test_add_func("/session/names/readlink", test_readlink_of_other);
    g_test_add_func("/session/names/bad", test_bad_names);
    g_test_add_func("/session/names/rename", test_rename);
    g_test_add_func("/session/names/unlink", test_unlink);
    g_test_add_func("/session/names/no-leaks", test_no_leaks);
    return g_test_run();
}
