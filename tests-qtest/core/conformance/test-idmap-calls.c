/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * uidmap= and gidmap= in the driver interface: every call passes host ids to
 * the driver and returns guest ids, and an id that is not mapped does not come
 * in, whatever message has it.
 */
#include "fsdev/core/p9-osdep.h"
#include "lib/client.h"
#include "lib/test-call.h"

G_DEFINE_AUTOPTR_CLEANUP_FUNC(FsExport, fs_export_unref)

static FsExport *mapped_memfs(const char *users, const char *groups)
{
    FsConfig config = {
        .users = id_map_new(users, NULL),
        .groups = id_map_new(groups, NULL),
    };
    FsExport *export = memfs_open_config(&config);

    g_assert_nonnull(config.users);
    g_assert_nonnull(config.groups);
    id_map_unref(config.users);
    id_map_unref(config.groups);
    return export;
}

/* The driver is called directly, as a program on the host would. */
static void own_root(FsExport *export, uint32_t uid, uint32_t gid)
{
    const FsSetattr set = {
        .valid = FS_SET_UID | FS_SET_GID, .uid = uid, .gid = gid,
    };
    FsNode *root = fs_root(export);

    g_assert_cmpint(memfs_driver.setattr(&test_call, root, NULL, &set), ==, 0);
    fs_node_unref(root);
}

/*
 * The guest sees 7 and 8, and the driver, which is called directly for this
 * check, has @uid and @gid.
 */
static void check_owner(FsNode *dir, const char *name, const FsAttr *told,
                        uint32_t uid, uint32_t gid)
{
    FsNode *node = NULL;
    FsAttr attr;

    g_assert_cmpuint(told->uid, ==, 7);
    g_assert_cmpuint(told->gid, ==, 8);
    g_assert_cmpint(fs_lookup(&test_call, dir, name, &node, &attr), ==, 0);
    g_assert_cmpuint(attr.uid, ==, 7);
    g_assert_cmpuint(attr.gid, ==, 8);
    g_assert_cmpint(fs_getattr(&test_call, node, NULL, 0, &attr), ==, 0);
    g_assert_cmpuint(attr.uid, ==, 7);
    g_assert_cmpuint(attr.gid, ==, 8);
    g_assert_cmpint(memfs_driver.getattr(&test_call, node, NULL, 0, &attr), ==,
                    0);
    g_assert_cmpuint(attr.uid, ==, uid);
    g_assert_cmpuint(attr.gid, ==, gid);
    fs_node_unref(node);
}

static void test_every_call(void)
{
    g_autoptr(FsExport) export = mapped_memfs("7:70:1", "8:80:1");
    FsNode *root = fs_root(export);
    FsCred cred = { .uid = 7, .gid = 8 };
    FsCred nobody[] = {
        { .uid = 70, .gid = 8 }, { .uid = 7, .gid = 80 },
        { .uid = ID_NONE, .gid = 8 }, { .uid = 7, .gid = ID_NONE },
    };
    FsNode *node = NULL;
    FsFile *file = NULL;
    FsAttr attr;

    /* The owner on the host is not in the maps. */
    g_assert_cmpint(fs_getattr(&test_call, root, NULL, 0, &attr), ==, 0);
    g_assert_cmpuint(attr.uid, ==, ID_OVERFLOW);
    g_assert_cmpuint(attr.gid, ==, ID_OVERFLOW);
    own_root(export, 70, 80);
    g_assert_cmpint(fs_create(CALL_AS(&cred), root, "file", O_RDWR, 0600, &node,
                              &file, &attr),
                    ==, 0);
    check_owner(root, "file", &attr, 70, 80);
    fs_release(&test_call, file);
    g_assert_cmpint(fs_mkdir(CALL_AS(&cred), root, "dir", 0700, &attr), ==, 0);
    check_owner(root, "dir", &attr, 70, 80);
    g_assert_cmpint(fs_mknod(CALL_AS(&cred), root, "fifo", S_IFIFO | 0600, 0,
                             &attr),
                    ==, 0);
    check_owner(root, "fifo", &attr, 70, 80);
    g_assert_cmpint(fs_symlink(CALL_AS(&cred), root, "link", "x", &attr), ==,
                    0);
    check_owner(root, "link", &attr, 70, 80);
    for (unsigned i = 0; i < ARRAY_SIZE(nobody); i++) {
        bool named = nobody[i].uid != ID_NONE && nobody[i].gid != ID_NONE;
        FsSetattr set = {
            .valid = FS_SET_UID | FS_SET_GID,
            .uid = nobody[i].uid, .gid = nobody[i].gid,
        };

        g_assert_cmpint(fs_create(CALL_AS(&nobody[i]), root, "no", O_RDWR, 0600,
                                  &node, &file, &attr),
                        ==, -EOVERFLOW);
        g_assert_cmpint(fs_mkdir(CALL_AS(&nobody[i]), root, "no", 0700, &attr),
                        ==, -EOVERFLOW);
        g_assert_cmpint(fs_mknod(CALL_AS(&nobody[i]), root, "no", S_IFIFO, 0,
                                 &attr),
                        ==, -EOVERFLOW);
        g_assert_cmpint(fs_symlink(CALL_AS(&nobody[i]), root, "no", "x", &attr),
                        ==, -EOVERFLOW);
        /* Without an id the owner stays, as for chown(2). */
        g_assert_cmpint(fs_setattr(&test_call, node, NULL, &set), ==,
                        named ? -EOVERFLOW : 0);
        /* An owner that is not to be set need not be mapped. */
        set.valid = FS_SET_CTIME;
        g_assert_cmpint(fs_setattr(&test_call, node, NULL, &set), ==, 0);
        set = (FsSetattr) {
            .valid = FS_SET_UID | FS_SET_GID,
            .uid = UINT32_MAX, .gid = UINT32_MAX,
        };
        g_assert_cmpint(fs_setattr(&test_call, node, NULL, &set), ==, 0);
    }
    g_assert_null(memfs_node(export, "no"));
    check_owner(root, "file", &attr, 70, 80);
    fs_node_unref(node);
    fs_node_unref(root);
}

/* The gid of a file that is created in fid @fid, and of what is left there. */
static void check_create(Client *c, uint32_t fid, const char *name,
                         uint32_t gid, int ret)
{
    g_assert_cmpint(client_walk(c, fid, 9, ""), ==, 0);
    g_assert_cmpint(ASK(c, lcreate, .fid = 9, .name = P9NAME(name),
                        .flags = O_RDWR, .mode = 06755, .gid = gid), ==, ret);
    if (ret < 0) {
        client_check_content(c, name, NULL);
    }
    g_assert_cmpint(ASK(c, clunk, .fid = 9), ==, 0);
}

static void test_attach(void)
{
    FsExport *export = mapped_memfs("0:70:1", "0:80:1");
    g_autoptr(Client) c = client_new(export, CLIENT_INLINE, NULL);

    own_root(export, 70, 80);
    g_assert_cmpint(client_version(c, 65536, "9P2000.L"), ==, 0);
    g_assert_cmpint(client_attach(c, 0, 0), ==, 0);
    g_assert_cmpint(client_attach(c, 1, 70), ==, -EOVERFLOW);
    /* The fid of a refused Tattach is free. */
    g_assert_cmpint(client_attach(c, 1, 1), ==, -EOVERFLOW);
    /* A Linux client mounts without a user, who may not create anything. */
    g_assert_cmpint(client_attach(c, 1, P9_NONUNAME), ==, 0);
    check_create(c, 1, "nobody", 0, -EOVERFLOW);
    check_create(c, 0, "own", ID_NONE, -EOVERFLOW);
    check_create(c, 0, "foreign", 80, -EOVERFLOW);
    check_create(c, 0, "good", 0, 0);
}

/* With squash, a call that names no user or group gets its id. */
static void test_attach_squashed(void)
{
    FsExport *export = mapped_memfs("squash:5", "0:80:1+squash:6");
    static const uint32_t uids[] = { 0, 1234, P9_NONUNAME };
    static const uint32_t gids[] = { 0, 77, ID_NONE };
    g_autoptr(Client) c = client_new(export, CLIENT_INLINE, NULL);
    FsAttr attr;

    own_root(export, 5, 80);
    g_assert_cmpint(client_version(c, 65536, "9P2000.L"), ==, 0);
    for (unsigned i = 0; i < ARRAY_SIZE(uids); i++) {
        g_autofree char *name = g_strdup_printf("f%u", i);
        FsNode *node;

        g_assert_cmpint(client_attach(c, 10 + i, uids[i]), ==, 0);
        g_assert_cmpint(ASK(c, lcreate, .fid = 10 + i, .name = P9NAME(name),
                            .flags = O_RDWR, .mode = 0600, .gid = gids[i]),
                        ==, 0);
        g_assert_cmpint(ASK(c, getattr, .fid = 10 + i, .request_mask = 0x7ff),
                        ==, 0);
        g_assert_cmpuint(client_last(c)->r.getattr.uid, ==, ID_OVERFLOW);
        g_assert_cmpuint(client_last(c)->r.getattr.gid, ==,
                         gids[i] ? ID_OVERFLOW : 0);
        node = memfs_node(export, name);
        g_assert_cmpint(memfs_driver.getattr(&test_call, node, NULL, 0, &attr),
                        ==, 0);
        g_assert_cmpuint(attr.uid, ==, 5);
        g_assert_cmpuint(attr.gid, ==, gids[i] ? 6 : 80);
        fs_node_unref(node);
    }
}

/*
 * Plain 9P2000 has no n_uname, and 9P2000.u has no gid: then the owner or group
 * is that of QEMU itself, if it is mapped.
 */
static void test_attach_without_ids(void)
{
    g_autofree char *me = g_strdup_printf("0:70:1+1:%u:1", geteuid());
    g_autofree char *own = g_strdup_printf("0:%u:1", getegid());
    g_autofree char *other = g_strdup_printf("0:%u:1", getegid() + 1);
    const struct {
        const char *version, *users, *groups;
        uint32_t uid, root_gid;
        int create;
    } rows[] = {
        { "9P2000", "0:70:1", own, P9_NONUNAME, getegid(), -EOVERFLOW },
        { "9P2000", "0:70:1+squash:9", own, P9_NONUNAME, getegid(), 0 },
        { "9P2000", me, own, P9_NONUNAME, getegid(), 0 },
        { "9P2000.u", "0:70:1", own, P9_NONUNAME, getegid(), -EOVERFLOW },
        { "9P2000.u", "0:70:1", own, 0, getegid(), 0 },
        { "9P2000.u", "0:70:1", other, 0, getegid() + 1, -EOVERFLOW },
        { "9P2000.u", "0:70:1", "0:9:1+squash:4", 0, 9, 0 },
    };

    for (unsigned i = 0; i < ARRAY_SIZE(rows); i++) {
        FsExport *export = mapped_memfs(rows[i].users, rows[i].groups);
        g_autoptr(Client) c = client_new(export, CLIENT_INLINE, NULL);
        int ret;

        own_root(export, 70, rows[i].root_gid);
        g_assert_cmpint(client_version(c, 65536, rows[i].version), ==, 0);
        g_assert_cmpint(client_attach(c, 0, rows[i].uid), ==, 0);
        ret = ASK(c, create, .fid = 0, .name = P9NAME("f"), .perm = 0600,
                  .mode = 2);
        /* Plain 9P2000 has no numbers of errors. */
        g_assert_cmpint(MAX(ret, -EOVERFLOW), ==, rows[i].create);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/idmap-calls/every-call", test_every_call);
    g_test_add_func("/idmap-calls/attach", test_attach);
    g_test_add_func("/idmap-calls/attach-squashed", test_attach_squashed);
    g_test_add_func("/idmap-calls/attach-without-ids",
                    test_attach_without_ids);
    return g_test_run();
}
