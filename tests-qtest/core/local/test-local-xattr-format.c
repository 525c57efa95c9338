/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The attributes of the security model mapped-xattr: what is written, byte for
 * byte, and how attributes are read that QEMU or other programs wrote.
 */
#include "fsdev/core/p9-osdep.h"
#include <sys/xattr.h>
#include "local-env.h"
#include "lib/test-call.h"

#define MAPPED { .fixture = { .model = FS_SM_MAPPED_XATTR } }

static void check_bytes(const LocalEnv *env, const char *name,
                        const char *attr, const uint8_t *wanted, size_t size)
{
    uint8_t value[64];
    ssize_t len = lgetxattr(local_env_path(env, name), attr, value,
                            sizeof(value));

    g_assert_cmpint(len, ==, size);
    g_assert_cmpmem(value, len, wanted, size);
}

static bool has_attr(const LocalEnv *env, const char *name, const char *attr)
{
    return lgetxattr(local_env_path(env, name), attr, NULL, 0) >= 0;
}

static void put_attr(const LocalEnv *env, const char *name, const char *attr,
                     const void *value, size_t size)
{
    g_assert_cmpint(lsetxattr(local_env_path(env, name), attr, value, size, 0),
                    ==, 0);
}

static void put32(const LocalEnv *env, const char *name, const char *attr,
                  uint32_t value)
{
    value = htole32(value);
    put_attr(env, name, attr, &value, sizeof(value));
}

static void file_on_disk(void)
{
    LOCAL_ENV env = MAPPED;
    const uint8_t uid[] = { 0xe8, 0x03, 0, 0 };
    const uint8_t gid[] = { 0xe9, 0x03, 0, 0 };
    const uint8_t mode[] = { 0xed, 0x89, 0, 0 };    /* 0104755 */

    local_env_start(&env);
    if (!env.export) {
        return;
    }
    local_env_create(&env, "f", 04755);
    check_bytes(&env, "f", "user.virtfs.uid", uid, 4);
    check_bytes(&env, "f", "user.virtfs.gid", gid, 4);
    check_bytes(&env, "f", "user.virtfs.mode", mode, 4);
    g_assert_false(has_attr(&env, "f", "user.virtfs.rdev"));
    g_assert_cmphex(local_env_stat(&env, "f").st_mode, ==, S_IFREG | 0600);
    g_assert_cmpuint(local_env_stat(&env, "f").st_uid, ==, geteuid());
}

static void directory_on_disk(void)
{
    LOCAL_ENV env = MAPPED;
    const uint8_t mode[] = { 0xc9, 0x43, 0, 0 };    /* 041711 */
    g_autoptr(FsNode) dir = NULL;

    local_env_start(&env);
    if (!env.export) {
        return;
    }
    dir = local_env_made_dir(&env, "d", 01711);
    check_bytes(&env, "d", "user.virtfs.mode", mode, 4);
    g_assert_cmphex(local_env_stat(&env, "d").st_mode, ==, S_IFDIR | 0700);
}

static void device_on_disk(void)
{
    LOCAL_ENV env = MAPPED;
    const uint8_t mode[] = { 0xb0, 0x61, 0, 0 };    /* 060660 */
    const uint8_t rdev[] = { 0x34, 0x12, 0, 0, 0, 0, 0, 0 };
    const uint8_t none[8] = { 0 };
    FsAttr attr;

    local_env_start(&env);
    if (!env.export) {
        return;
    }
    g_assert_cmpint(fs_mknod(CALL_AS(&local_env_cred), env.root, "b",
                             S_IFBLK | 0660, makedev(0x12, 0x34), &attr),
                    ==, 0);
    check_bytes(&env, "b", "user.virtfs.mode", mode, 4);
    check_bytes(&env, "b", "user.virtfs.rdev", rdev, 8);
    g_assert_cmphex(local_env_stat(&env, "b").st_mode, ==, S_IFREG | 0600);
    g_assert_cmpint(fs_mknod(CALL_AS(&local_env_cred), env.root, "p",
                             S_IFIFO | 0660, 0, &attr),
                    ==, 0);
    check_bytes(&env, "p", "user.virtfs.rdev", none, 8);
    g_assert_cmphex(local_env_stat(&env, "p").st_mode, ==, S_IFREG | 0600);
}

static void link_on_disk(void)
{
    LOCAL_ENV env = MAPPED;
    const uint8_t mode[] = { 0xff, 0xa1, 0, 0 };    /* 0120777 */
    g_autofree char *text = NULL;
    FsAttr attr;

    local_env_start(&env);
    if (!env.export) {
        return;
    }
    g_assert_cmpint(fs_symlink(CALL_AS(&local_env_cred), env.root, "l",
                               "../target", &attr),
                    ==, 0);
    check_bytes(&env, "l", "user.virtfs.mode", mode, 4);
    text = local_env_text(&env, "l");
    g_assert_cmpstr(text, ==, "../target");
    g_assert_cmphex(local_env_stat(&env, "l").st_mode, ==, S_IFREG | 0600);
}

static void chmod_on_disk(void)
{
    LOCAL_ENV env = MAPPED;
    const uint8_t mode[] = { 0x80, 0xa1, 0, 0 };    /* 0120600 */
    FsSetattr set = { .valid = FS_SET_MODE, .mode = S_IFDIR | 0600 };
    g_autoptr(FsNode) link = NULL;
    FsAttr attr;

    local_env_start(&env);
    if (!env.export) {
        return;
    }
    g_assert_cmpint(fs_symlink(CALL_AS(&local_env_cred), env.root, "l", "x",
                               &attr),
                    ==, 0);
    link = local_env_lookup(&env, "l");
    g_assert_cmpint(fs_setattr(&test_call, link, NULL, &set), ==, 0);
    check_bytes(&env, "l", "user.virtfs.mode", mode, 4);
}

static void modes_of_host_files(void)
{
    LOCAL_ENV env = MAPPED;
    g_autoptr(FsNode) dir = NULL;
    mode_t mask;

    local_env_start(&env);
    if (!env.export) {
        return;
    }
    env.export->config.fmode = 0666;
    env.export->config.dmode = 0777;
    mask = umask(027);
    local_env_create(&env, "f", 0600);
    dir = local_env_made_dir(&env, "d", 0700);
    umask(mask);
    g_assert_cmphex(local_env_stat(&env, "f").st_mode, ==, S_IFREG | 0640);
    g_assert_cmphex(local_env_stat(&env, "d").st_mode, ==, S_IFDIR | 0750);
}

static void reads_stored_values(void)
{
    LOCAL_ENV env = MAPPED;
    const uint64_t rdev = htole64(makedev(8, 17));
    FsAttr attr;

    local_env_start(&env);
    if (!env.export) {
        return;
    }
    local_env_put(&env, "sda", "");
    put32(&env, "sda", "user.virtfs.uid", 11);
    put32(&env, "sda", "user.virtfs.gid", 0xfffffff0);
    put32(&env, "sda", "user.virtfs.mode", S_IFBLK | 0640);
    put_attr(&env, "sda", "user.virtfs.rdev", &rdev, 8);
    attr = local_env_attr(&env, "sda");
    g_assert_cmpuint(attr.uid, ==, 11);
    g_assert_cmpuint(attr.gid, ==, 0xfffffff0);
    g_assert_cmphex(attr.mode, ==, S_IFBLK | 0640);
    g_assert_cmphex(attr.rdev, ==, makedev(8, 17));
}

static void missing_values_are_the_hosts(void)
{
    LOCAL_ENV env = MAPPED;
    struct stat st;
    FsAttr attr;

    local_env_start(&env);
    if (!env.export) {
        return;
    }
    local_env_put(&env, "f", "x");
    g_assert_cmpint(chmod(local_env_path(&env, "f"), 0604), ==, 0);
    put32(&env, "f", "user.virtfs.gid", 77);
    st = local_env_stat(&env, "f");
    attr = local_env_attr(&env, "f");
    g_assert_cmpuint(attr.uid, ==, st.st_uid);
    g_assert_cmpuint(attr.gid, ==, 77);
    g_assert_cmphex(attr.mode, ==, S_IFREG | 0604);
}

static void damaged_values_are_none(void)
{
    LOCAL_ENV env = MAPPED;
    struct stat st;
    FsAttr attr;

    local_env_start(&env);
    if (!env.export) {
        return;
    }
    local_env_put(&env, "f", "x");
    put_attr(&env, "f", "user.virtfs.uid", "ab", 2);
    put_attr(&env, "f", "user.virtfs.gid", "", 0);
    put_attr(&env, "f", "user.virtfs.mode", "0123456789", 10);
    st = local_env_stat(&env, "f");
    attr = local_env_attr(&env, "f");
    g_assert_cmpuint(attr.uid, ==, st.st_uid);
    g_assert_cmpuint(attr.gid, ==, st.st_gid);
    g_assert_cmphex(attr.mode, ==, S_IFREG | 0600);
}

/*
 * A stored type is used only if the host's file is a regular file, and the type
 * is one that is represented by a regular file.
 */
static void stored_types_that_cannot_be(void)
{
    LOCAL_ENV env = MAPPED;
    g_autoptr(FsNode) dir = NULL;

    local_env_start(&env);
    if (!env.export) {
        return;
    }
    local_env_put(&env, "f", "x");
    put32(&env, "f", "user.virtfs.mode", S_IFDIR | 0711);
    g_assert_cmphex(local_env_attr(&env, "f").mode, ==, S_IFREG | 0711);
    put32(&env, "f", "user.virtfs.mode", 0xffffffff);
    g_assert_cmphex(local_env_attr(&env, "f").mode, ==, S_IFREG | 07777);
    put32(&env, "f", "user.virtfs.mode", 0644);
    g_assert_cmphex(local_env_attr(&env, "f").mode, ==, S_IFREG | 0644);
    local_env_mkdir(&env, "d");
    put32(&env, "d", "user.virtfs.mode", S_IFLNK | 0777);
    g_assert_cmphex(local_env_attr(&env, "d").mode, ==, S_IFDIR | 0777);
    dir = local_env_lookup(&env, "d");
    g_assert_cmpint(local_env_try_open(dir, O_RDONLY), ==, 0);
}

static void real_link_reads_as_link(void)
{
    LOCAL_ENV env = MAPPED;
    g_autoptr(FsNode) link = NULL;
    char target[16];

    local_env_start(&env);
    if (!env.export) {
        return;
    }
    g_assert_cmpint(symlink("real", local_env_path(&env, "l")), ==, 0);
    link = local_env_lookup(&env, "l");
    g_assert_cmphex(local_env_attr(&env, "l").mode & S_IFMT, ==, S_IFLNK);
    g_assert_cmpint(fs_readlink(&test_call, link, target, sizeof(target)), ==,
                    4);
    g_assert_cmpmem(target, 4, "real", 4);
    g_assert_cmpint(local_env_try_open(link, O_RDONLY), ==, -ELOOP);
}

/* A regular file whose stored type is a symbolic link may have any size. */
static void huge_link(void)
{
    LOCAL_ENV env = MAPPED;
    g_autofree char *target = g_malloc(100000);
    g_autoptr(FsNode) link = NULL;

    local_env_start(&env);
    if (!env.export) {
        return;
    }
    local_env_put(&env, "l", "some/target");
    g_assert_cmpint(truncate(local_env_path(&env, "l"), 1 << 30), ==, 0);
    put32(&env, "l", "user.virtfs.mode", S_IFLNK | 0777);
    link = local_env_lookup(&env, "l");
    g_assert_cmpint(fs_readlink(&test_call, link, target, 100000), ==, 11);
    memset(target, 'x', 100000);
    g_assert_true(g_file_set_contents(local_env_path(&env, "m"), target,
                                      100000, NULL));
    put32(&env, "m", "user.virtfs.mode", S_IFLNK | 0777);
    fs_node_unref(link);
    link = local_env_lookup(&env, "m");
    g_assert_cmpint(fs_readlink(&test_call, link, target, 100000), <=,
                    PATH_MAX);
}

/*
 * The guest cannot access the host's attributes user.virtfs.NAME.  The guest's
 * attributes of these names are others, so the guest can use the model itself.
 */
static void private_names(void)
{
    static const char *const names[] = {
        "user.virtfs.uid", "user.virtfs.gid", "user.virtfs.mode",
        "user.virtfs.rdev", "user.virtfs.", "user.virtfs.x",
        "user.virtfs.user.x", "user.virtfs.system.posix_acl_access",
    };
    LOCAL_ENV env = MAPPED;
    g_autoptr(FsNode) file = NULL;
    char value[64];

    local_env_start(&env);
    if (!env.export) {
        return;
    }
    local_env_create(&env, "f", 0640);
    put_attr(&env, "f", "user.virtfs.rdev", "theirs", 6);
    put_attr(&env, "f", "user.virtfs.x", "theirs", 6);
    put_attr(&env, "f", "user.virtfs.user.x", "theirs", 6);
    file = local_env_lookup(&env, "f");
    g_assert_cmpint(fs_listxattr(&test_call, file, value, sizeof(value)), ==,
                    0);
    for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
        g_autofree char *host = g_strconcat("user.virtfs.", names[i], NULL);

        g_assert_cmpint(fs_getxattr(&test_call, file, names[i], value,
                                    sizeof(value)),
                        ==, -ENODATA);
        g_assert_cmpint(fs_removexattr(&test_call, file, names[i]), ==,
                        -ENODATA);
        g_assert_cmpint(fs_setxattr(&test_call, file, names[i], "his", 3, 0),
                        ==, 0);
        check_bytes(&env, "f", host, (const uint8_t *)"his", 3);
        g_assert_cmpint(fs_removexattr(&test_call, file, names[i]), ==, 0);
        g_assert_false(has_attr(&env, "f", host));
    }
    check_bytes(&env, "f", "user.virtfs.rdev", (const uint8_t *)"theirs", 6);
    check_bytes(&env, "f", "user.virtfs.x", (const uint8_t *)"theirs", 6);
    check_bytes(&env, "f", "user.virtfs.user.x", (const uint8_t *)"theirs", 6);
    g_assert_cmphex(local_env_attr(&env, "f").mode, ==, S_IFREG | 0640);
}

static void acl_on_disk(void)
{
    LOCAL_ENV env = MAPPED;
    g_autoptr(FsNode) file = NULL;
    char list[64];

    local_env_start(&env);
    if (!env.export) {
        return;
    }
    local_env_create(&env, "f", 0640);
    file = local_env_lookup(&env, "f");
    g_assert_cmpint(fs_setxattr(&test_call, file, "system.posix_acl_access",
                                "any", 3, 0),
                    ==, 0);
    check_bytes(&env, "f", "user.virtfs.system.posix_acl_access",
                (const uint8_t *)"any", 3);
    g_assert_cmpint(fs_listxattr(&test_call, file, list, sizeof(list)), ==, 24);
    g_assert_cmpstr(list, ==, "system.posix_acl_access");
    g_assert_cmpint(fs_removexattr(&test_call, file, "system.posix_acl_access"),
                    ==, 0);
    g_assert_false(has_attr(&env, "f", "user.virtfs.system.posix_acl_access"));
}

/* The guest does not see the host's ACL, which is for access on the host. */
static void host_acl_is_not_shown(void)
{
    static const uint8_t acl[] = {
        2, 0, 0, 0,
        0x01, 0, 6, 0, 0xff, 0xff, 0xff, 0xff,
        0x02, 0, 4, 0, 33, 0, 0, 0,
        0x04, 0, 4, 0, 0xff, 0xff, 0xff, 0xff,
        0x10, 0, 4, 0, 0xff, 0xff, 0xff, 0xff,
        0x20, 0, 4, 0, 0xff, 0xff, 0xff, 0xff,
    };
    LOCAL_ENV env = MAPPED;
    g_autoptr(FsNode) file = NULL;
    char value[64];

    local_env_start(&env);
    if (!env.export) {
        return;
    }
    if (!local_can_acl()) {
        g_test_skip("the temporary directory has no ACLs");
        return;
    }
    local_env_create(&env, "f", 0640);
    put_attr(&env, "f", "system.posix_acl_access", acl, sizeof(acl));
    file = local_env_lookup(&env, "f");
    g_assert_cmpint(fs_listxattr(&test_call, file, value, sizeof(value)), ==,
                    0);
    g_assert_cmpint(fs_getxattr(&test_call, file, "system.posix_acl_access",
                                value, sizeof(value)),
                    ==, -ENODATA);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    umask(022);
    g_test_add_func("/local/mapped-xattr/disk/file", file_on_disk);
    g_test_add_func("/local/mapped-xattr/disk/directory", directory_on_disk);
    g_test_add_func("/local/mapped-xattr/disk/device", device_on_disk);
    g_test_add_func("/local/mapped-xattr/disk/link", link_on_disk);
    g_test_add_func("/local/mapped-xattr/disk/chmod", chmod_on_disk);
    g_test_add_func("/local/mapped-xattr/disk/host-modes",
                    modes_of_host_files);
    g_test_add_func("/local/mapped-xattr/disk/acl", acl_on_disk);
    g_test_add_func("/local/mapped-xattr/read/values", reads_stored_values);
    g_test_add_func("/local/mapped-xattr/read/missing",
                    missing_values_are_the_hosts);
    g_test_add_func("/local/mapped-xattr/read/damaged",
                    damaged_values_are_none);
    g_test_add_func("/local/mapped-xattr/read/impossible-type",
                    stored_types_that_cannot_be);
    g_test_add_func("/local/mapped-xattr/read/real-link",
                    real_link_reads_as_link);
    g_test_add_func("/local/mapped-xattr/read/huge-link", huge_link);
    g_test_add_func("/local/mapped-xattr/private-names", private_names);
    g_test_add_func("/local/mapped-xattr/host-acl", host_acl_is_not_shown);
    return g_test_run();
}
