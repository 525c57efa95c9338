/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Every message that acts on an object, with owners inside and outside of the
 * maps of the export, in each driver and security model.
 *
 * What a message gets for an object that is not mapped is what Linux returns
 * for it through a mount with the same map, which /owners/kernel checks.
 */
#include "fsdev/core/p9-osdep.h"
#include <sys/xattr.h>
#include "owners-kernel.h"
#include "owners-world.h"

#define ACL_ACCESS "system.posix_acl_access"

/* The bits of Tsetattr. */
enum {
    SET_MODE = 1, SET_UID = 2, SET_GID = 4, SET_SIZE = 8, SET_ATIME = 16,
    SET_MTIME = 32, SET_ATIME_TO = 128, SET_MTIME_TO = 256,
};

/* ---- messages on a file ----------------------------------------------- */

/* Each walks to the object as fid 1 and returns 0 or -errno. */
typedef int Act(OwnersWorld *w, const char *name);

static int walk(OwnersWorld *w, const char *name)
{
    return client_walk(w->client, 0, 1, name);
}

static int chmod_setid(OwnersWorld *w, const char *name)
{
    int ret = walk(w, name);

    return ret < 0 ? ret : ASK(w->client, setattr, .fid = 1, .valid = SET_MODE,
                               .mode = 06755);
}

static int chown_both(OwnersWorld *w, const char *name)
{
    int ret = walk(w, name);

    return ret < 0 ? ret : ASK(w->client, setattr, .fid = 1,
                               .valid = SET_UID | SET_GID,
                               .uid = owners_guest(w, 1),
                               .gid = owners_guest(w, 1));
}

static int chown_user(OwnersWorld *w, const char *name)
{
    int ret = walk(w, name);

    return ret < 0 ? ret : ASK(w->client, setattr, .fid = 1, .valid = SET_UID,
                               .uid = owners_guest(w, 1));
}

/* An id that is not to be changed is no way round the check. */
static int chown_none(OwnersWorld *w, const char *name)
{
    int ret = walk(w, name);

    return ret < 0 ? ret : ASK(w->client, setattr, .fid = 1,
                               .valid = SET_UID | SET_GID | SET_MODE,
                               .uid = ID_NONE, .gid = ID_NONE, .mode = 04711);
}

static int set_size(OwnersWorld *w, const char *name)
{
    int ret = walk(w, name);

    return ret < 0 ? ret : ASK(w->client, setattr, .fid = 1, .valid = SET_SIZE,
                               .size = 1);
}

static int set_times(OwnersWorld *w, const char *name)
{
    int ret = walk(w, name);

    return ret < 0 ? ret : ASK(w->client, setattr, .fid = 1,
                               .valid = SET_ATIME | SET_ATIME_TO | SET_MTIME |
                                        SET_MTIME_TO,
                               .atime_sec = 1, .mtime_sec = 1);
}

static int touch(OwnersWorld *w, const char *name)
{
    int ret = walk(w, name);

    return ret < 0 ? ret : ASK(w->client, setattr, .fid = 1,
                               .valid = SET_ATIME | SET_MTIME);
}

static int open_as(OwnersWorld *w, const char *name, uint32_t flags)
{
    int ret = walk(w, name);

    return ret < 0 ? ret : ASK(w->client, lopen, .fid = 1, .flags = flags);
}

static int open_read(OwnersWorld *w, const char *name)
{
    return open_as(w, name, O_RDONLY);
}

static int open_write(OwnersWorld *w, const char *name)
{
    return open_as(w, name, O_WRONLY);
}

static int open_append(OwnersWorld *w, const char *name)
{
    return open_as(w, name, O_RDWR | O_APPEND);
}

static int open_truncate(OwnersWorld *w, const char *name)
{
    return open_as(w, name, O_RDONLY | O_TRUNC);
}

static int create_over(OwnersWorld *w, const char *name)
{
    int ret = walk(w, "");

    return ret < 0 ? ret : ASK(w->client, lcreate, .fid = 1,
                               .name = P9NAME(name), .flags = O_RDWR | O_TRUNC,
                               .mode = 06755, .gid = owners_guest(w, 0));
}

static int set_xattr(OwnersWorld *w, const char *name)
{
    int ret = walk(w, name);

    return ret < 0 ? ret : client_set_xattr(w->client, 1, "user.x", "y", 1, 0);
}

/* The guest removes an attribute by a value without bytes. */
static int remove_xattr(OwnersWorld *w, const char *name)
{
    int ret = walk(w, name);

    ret = ret < 0 ? ret : client_set_xattr(w->client, 1, "user.x", "", 0,
                                           XATTR_REPLACE);
    return ret == -ENODATA ? 0 : ret;
}

/* The mode 0777 as an ACL of version 2. */
static int set_acl(OwnersWorld *w, const char *name)
{
    static const uint8_t acl[] = {
        2, 0, 0, 0,
        0x01, 0, 7, 0, 0xff, 0xff, 0xff, 0xff,
        0x04, 0, 7, 0, 0xff, 0xff, 0xff, 0xff,
        0x20, 0, 7, 0, 0xff, 0xff, 0xff, 0xff,
    };
    int ret = walk(w, name);

    ret = ret < 0 ? ret : client_set_xattr(w->client, 1, ACL_ACCESS, acl,
                                           sizeof(acl), 0);
    /* The model none has no ACLs, for any file. */
    return ret == -EOPNOTSUPP && w->place == OWNERS_NONE ? 0 : ret;
}

static int get_xattr(OwnersWorld *w, const char *name)
{
    int ret = walk(w, name);

    ret = ret < 0 ? ret : ASK(w->client, xattrwalk, .fid = 1, .newfid = 2,
                              .name = P9STR("user.x"));
    return ret == -ENODATA ? 0 : ret;
}

static int link_it(OwnersWorld *w, const char *name)
{
    int ret = walk(w, name);

    return ret < 0 ? ret : ASK(w->client, link, .dfid = 0, .fid = 1,
                               .name = P9NAME("new"));
}

static int rename_it(OwnersWorld *w, const char *name)
{
    int ret = walk(w, name);

    return ret < 0 ? ret : ASK(w->client, rename, .fid = 1, .dfid = 0,
                               .name = P9NAME("new"));
}

static int renameat_it(OwnersWorld *w, const char *name)
{
    return ASK(w->client, renameat, .olddirfid = 0, .oldname = P9NAME(name),
               .newdirfid = 0, .newname = P9NAME("new"));
}

static int rename_over(OwnersWorld *w, const char *name)
{
    return ASK(w->client, renameat, .olddirfid = 0, .oldname = P9NAME("mine"),
               .newdirfid = 0, .newname = P9NAME(name));
}

static int unlink_it(OwnersWorld *w, const char *name)
{
    return ASK(w->client, unlinkat, .dfid = 0, .name = P9NAME(name));
}

static int remove_it(OwnersWorld *w, const char *name)
{
    int ret = walk(w, name);

    return ret < 0 ? ret : ASK(w->client, remove, .fid = 1);
}

/* ---- messages on a directory ------------------------------------------ */

static int search(OwnersWorld *w, const char *name)
{
    int ret = walk(w, name);

    return ret < 0 ? ret : client_walk(w->client, 1, 2, "in");
}

static int create_in(OwnersWorld *w, const char *name)
{
    int ret = walk(w, name);

    return ret < 0 ? ret : ASK(w->client, lcreate, .fid = 1,
                               .name = P9NAME("new"), .flags = O_RDWR,
                               .mode = 0600, .gid = owners_guest(w, 0));
}

static int mkdir_in(OwnersWorld *w, const char *name)
{
    int ret = walk(w, name);

    return ret < 0 ? ret : ASK(w->client, mkdir, .fid = 1,
                               .name = P9NAME("new"), .mode = 0700,
                               .gid = owners_guest(w, 0));
}

static int mknod_in(OwnersWorld *w, const char *name)
{
    int ret = walk(w, name);

    return ret < 0 ? ret : ASK(w->client, mknod, .fid = 1,
                               .name = P9NAME("new"), .mode = S_IFIFO | 0600,
                               .gid = owners_guest(w, 0));
}

static int symlink_in(OwnersWorld *w, const char *name)
{
    int ret = walk(w, name);

    return ret < 0 ? ret : ASK(w->client, symlink, .fid = 1,
                               .name = P9NAME("new"), .target = P9STR("x"),
                               .gid = owners_guest(w, 0));
}

static int link_into(OwnersWorld *w, const char *name)
{
    int ret = walk(w, name);

    ret = ret < 0 ? ret : client_walk(w->client, 0, 2, "mine");
    return ret < 0 ? ret : ASK(w->client, link, .dfid = 1, .fid = 2,
                               .name = P9NAME("new"));
}

static int rename_into(OwnersWorld *w, const char *name)
{
    int ret = walk(w, name);

    return ret < 0 ? ret : ASK(w->client, renameat, .olddirfid = 0,
                               .oldname = P9NAME("mine"), .newdirfid = 1,
                               .newname = P9NAME("new"));
}

static int rename_out(OwnersWorld *w, const char *name)
{
    int ret = walk(w, name);

    return ret < 0 ? ret : ASK(w->client, renameat, .olddirfid = 1,
                               .oldname = P9NAME("in"), .newdirfid = 0,
                               .newname = P9NAME("new"));
}

static int unlink_in(OwnersWorld *w, const char *name)
{
    int ret = walk(w, name);

    return ret < 0 ? ret : ASK(w->client, unlinkat, .dfid = 1,
                               .name = P9NAME("in"));
}

static int rmdir_it(OwnersWorld *w, const char *name)
{
    int ret = ASK(w->client, unlinkat, .dfid = 0, .name = P9NAME(name),
                  .flags = AT_REMOVEDIR);

    return ret == -ENOTEMPTY ? 0 : ret;
}

/* ---- the table -------------------------------------------------------- */

#define FILE_OF(bits) (S_IFREG | (bits))
#define DIR_OF(bits) (S_IFDIR | (bits))

static const struct {
    const char *name;
    Act *act;
    uint32_t mode;              /* of the object, "o" */
    int foreign;                /* result for an owner that is not mapped */
    bool changes;               /* what a snapshot shows */
    bool xattr;                 /* needs user attributes on the host */
    bool acl;
} acts[] = {
    { "chmod", chmod_setid, FILE_OF(0600), -EOVERFLOW, .changes = true },
    { "chown", chown_both, FILE_OF(0600), -EOVERFLOW, .changes = true },
    { "chown-user", chown_user, FILE_OF(0600), -EOVERFLOW, .changes = true },
    { "chown-none", chown_none, FILE_OF(0600), -EOVERFLOW, .changes = true },
    { "size", set_size, FILE_OF(0666), -EACCES, .changes = true },
    { "times", set_times, FILE_OF(0666), -EOVERFLOW, .changes = true },
    { "touch", touch, FILE_OF(0666), -EACCES },
    { "read", open_read, FILE_OF(0640), -EACCES },
    { "read-public", open_read, FILE_OF(0604), 0 },
    { "write", open_write, FILE_OF(0666), -EACCES },
    { "append", open_append, FILE_OF(0666), -EACCES },
    { "truncate", open_truncate, FILE_OF(0666), -EACCES, .changes = true },
    { "create-over", create_over, FILE_OF(0666), -EACCES, .changes = true },
    { "setxattr", set_xattr, FILE_OF(0666), -EPERM,
      .changes = true, .xattr = true },
    { "removexattr", remove_xattr, FILE_OF(0666), -EPERM, .xattr = true },
    { "acl", set_acl, FILE_OF(0666), -EPERM, .xattr = true, .acl = true },
    { "getxattr", get_xattr, FILE_OF(0600), -EACCES, .xattr = true },
    { "getxattr-public", get_xattr, FILE_OF(0604), 0, .xattr = true },
    { "link", link_it, FILE_OF(0666), -EOVERFLOW, .changes = true },
    { "rename", rename_it, FILE_OF(0666), -EOVERFLOW, .changes = true },
    { "renameat", renameat_it, FILE_OF(0666), -EOVERFLOW, .changes = true },
    { "rename-over", rename_over, FILE_OF(0666), -EOVERFLOW, .changes = true },
    { "unlink", unlink_it, FILE_OF(0666), -EOVERFLOW, .changes = true },
    { "remove", remove_it, FILE_OF(0666), -EOVERFLOW, .changes = true },
    { "dir-search", search, DIR_OF(0700), -EACCES },
    { "dir-search-public", search, DIR_OF(0701), 0 },
    { "dir-read", open_read, DIR_OF(0701), -EACCES },
    { "dir-read-public", open_read, DIR_OF(0705), 0 },
    { "dir-create", create_in, DIR_OF(0777), -EACCES, .changes = true },
    { "dir-mkdir", mkdir_in, DIR_OF(0777), -EACCES, .changes = true },
    { "dir-mknod", mknod_in, DIR_OF(0777), -EACCES, .changes = true },
    { "dir-symlink", symlink_in, DIR_OF(0777), -EACCES, .changes = true },
    { "dir-link", link_into, DIR_OF(0777), -EACCES, .changes = true },
    { "dir-rename-into", rename_into, DIR_OF(0777), -EACCES, .changes = true },
    { "dir-rename-out", rename_out, DIR_OF(0777), -EACCES, .changes = true },
    { "dir-unlink-in", unlink_in, DIR_OF(0777), -EACCES, .changes = true },
    { "dir-rename", renameat_it, DIR_OF(0777), -EOVERFLOW, .changes = true },
    { "rmdir", rmdir_it, DIR_OF(0777), -EOVERFLOW },
    { "dir-chmod", chmod_setid, DIR_OF(0777), -EOVERFLOW, .changes = true },
};

static const struct {
    const char *name;
    uint32_t uid;
    uint32_t gid;
    bool mapped;
    bool stored;                /* only where owners are stored in xattrs */
} owners[] = {
    { "mapped", OWNERS_BASE, OWNERS_BASE, .mapped = true },
    { "unmapped", OWNERS_NOT_HOST, OWNERS_NOT_HOST },
    { "unmapped-user", OWNERS_NOT_HOST, OWNERS_BASE },
    { "unmapped-group", OWNERS_BASE, OWNERS_NOT_HOST },
    { "qemu", 0, 0 },
    { "none", ID_NONE, OWNERS_BASE, .stored = true },
};

static const OwnersObject mine = { OWNERS_BASE, OWNERS_BASE, FILE_OF(0600) };

static void clunk_all(OwnersWorld *w)
{
    for (uint32_t fid = 1; fid <= 2; fid++) {
        client_ask(w->client, P9_TCLUNK, &(P9Tmsg) { .clunk = { fid } });
    }
}

/*
 * Permissions of a class of users that the guest may belong to count: with a
 * mapped owner, an object of an unmapped group can be read by that owner.
 */
static bool is_public(size_t act, size_t owner)
{
    uint32_t bits = acts[act].mode & 07;

    bits |= owners[owner].uid == OWNERS_BASE ? acts[act].mode >> 6 : 0;
    bits |= owners[owner].gid == OWNERS_BASE ? acts[act].mode >> 3 : 0;
    return acts[act].act == search ? bits & 1 : bits & 4;
}

static bool only_reads(size_t act)
{
    return acts[act].act == open_read || acts[act].act == search ||
           acts[act].act == get_xattr;
}

static int expected(size_t act, size_t owner)
{
    if (owners[owner].mapped || (only_reads(act) && is_public(act, owner))) {
        return 0;
    }
    return acts[act].foreign;
}

static void check_act(OwnersWorld *w, size_t act, size_t owner)
{
    const OwnersObject object = { owners[owner].uid, owners[owner].gid,
                                  acts[act].mode };
    g_autofree char *before = NULL;
    g_autofree char *after = NULL;
    int want = expected(act, owner);
    int ret;

    owners_put(w, "mine", &mine);
    owners_put(w, "o", &object);
    before = owners_snapshot(w);
    ret = acts[act].act(w, "o");
    if (ret != want) {
        g_error("%s, %s: %d, expected %d", acts[act].name, owners[owner].name,
                ret, want);
    }
    after = owners_snapshot(w);
    if (want < 0) {
        g_assert_cmpstr(after, ==, before);
    } else if (owners[owner].mapped && acts[act].changes) {
        g_assert_cmpstr(after, !=, before);
    }
    clunk_all(w);
    owners_clear(w);
}

static void test_acts(gconstpointer opaque)
{
    OWNERS_WORLD w = { 0 };

    if (!owners_world_start(&w, GPOINTER_TO_UINT(opaque), false,
                            "9P2000.L")) {
        return;
    }
    for (size_t act = 0; act < ARRAY_SIZE(acts); act++) {
        if ((acts[act].xattr && !local_can_user_xattr()) ||
            (acts[act].acl && !local_can_acl())) {
            g_test_message("%s cannot be tested here", acts[act].name);
            continue;
        }
        for (size_t owner = 0; owner < ARRAY_SIZE(owners); owner++) {
            if (!owners[owner].stored || w.place == OWNERS_MAPPED_XATTR) {
                check_act(&w, act, owner);
            }
        }
    }
}

/* The table against Linux, for the owner that is not mapped at all. */
static void test_kernel(void)
{
    for (size_t act = 0; act < ARRAY_SIZE(acts); act++) {
        int ret;

        if (!owners_kernel_try(acts[act].name, acts[act].mode, &ret)) {
            continue;
        }
        if (ret != acts[act].foreign) {
            g_error("%s: %d, expected %d", acts[act].name, ret,
                    acts[act].foreign);
        }
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    umask(022);
    local_separate_mounts();
    for (unsigned place = 0; place < OWNERS_PLACES; place++) {
        g_autofree char *path = g_strdup_printf("/owners/acts/%s",
                                                owners_place_names[place]);

        g_test_add_data_func(path, GUINT_TO_POINTER(place), test_acts);
    }
    g_test_add_func("/owners/kernel", test_kernel);
    return g_test_run();
}
