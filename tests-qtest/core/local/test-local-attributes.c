/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Extended attributes of local exports as seen from the host: their names
 * there, what the host refuses, and when a capability is dropped.
 */
#include "fsdev/core/p9-osdep.h"
#include <linux/capability.h>
#include <sys/mount.h>
#include <sys/xattr.h>
#include "local-env.h"
#include "lib/test-call.h"

#define CAPABILITY "security.capability"
#define PRIVATE_CAPABILITY "user.virtfs.security.capability"
#define ACL "system.posix_acl_access"

/* Capabilities that are valid for the host's kernel too; set by main(). */
static struct vfs_cap_data caps;

static bool host_has(const LocalEnv *env, const char *name, const char *attr)
{
    return lgetxattr(local_env_path(env, name), attr, NULL, 0) >= 0;
}

static ssize_t write_byte(FsFile *file)
{
    struct iovec iov = { (void *)"x", 1 };

    return fs_write(&test_call, file, &iov, 1, 0);
}

static bool user_xattrs_or_skip(void)
{
    if (!local_can_user_xattr()) {
        g_test_skip("the temporary directory has no user.* attributes");
        return false;
    }
    return true;
}

/* ---- names on the host ------------------------------------------------ */

typedef struct HostName {
    const char *guest;
    const char *host;
    unsigned models;            /* LOCAL_*, 1 << FS_SM_* */
} HostName;

static const HostName host_names[] = {
    { "user.x", "user.x", LOCAL_MAPPED },
    { "security.selinux", "user.virtfs.security.selinux", LOCAL_MAPPED },
    { CAPABILITY, PRIVATE_CAPABILITY, LOCAL_MAPPED },
    { "trusted.overlay.opaque", "user.virtfs.trusted.overlay.opaque",
      LOCAL_MAPPED },
    { "user.virtfs.security.x", "user.virtfs.user.virtfs.security.x",
      LOCAL_MAPPED },
    { "user.virtfs.user.virtfs.trusted.x",
      "user.virtfs.user.virtfs.user.virtfs.trusted.x", LOCAL_MAPPED },
    { ACL, "user.virtfs." ACL, 1u << FS_SM_MAPPED_XATTR },
    { "user.virtfs.uid", "user.virtfs.user.virtfs.uid",
      1u << FS_SM_MAPPED_XATTR },
    { "user.virtfs.x", "user.virtfs.user.virtfs.x",
      1u << FS_SM_MAPPED_XATTR },
    /* This model stores nothing in attributes, so names are not changed. */
    { "user.virtfs.uid", "user.virtfs.uid", 1u << FS_SM_MAPPED_FILE },
    { "user.virtfs." ACL, "user.virtfs." ACL, 1u << FS_SM_MAPPED_FILE },
};

static void lies_under(LocalEnv *env, const HostName *row)
{
    g_autoptr(FsNode) node = local_env_lookup(env, "f");
    const char *path = local_env_path(env, "f");
    char list[128];
    char value[8];

    g_assert_cmpint(fs_setxattr(&test_call, node, row->guest, "guest", 5, 0),
                    ==, 0);
    g_assert_cmpint(getxattr(path, row->host, value, sizeof(value)), ==, 5);
    g_assert_cmpmem(value, 5, "guest", 5);
    g_assert_cmpint(setxattr(path, row->host, "host", 4, 0), ==, 0);
    g_assert_cmpint(fs_getxattr(&test_call, node, row->guest, value,
                                sizeof(value)),
                    ==, 4);
    g_assert_cmpmem(value, 4, "host", 4);
    g_assert_cmpint(fs_listxattr(&test_call, node, NULL, 0), ==,
                    strlen(row->guest) + 1);
    g_assert_cmpint(fs_listxattr(&test_call, node, list, strlen(row->guest)),
                    ==, -ERANGE);
    g_assert_cmpint(fs_listxattr(&test_call, node, list, sizeof(list)), ==,
                    strlen(row->guest) + 1);
    g_assert_cmpstr(list, ==, row->guest);
    g_assert_cmpint(fs_removexattr(&test_call, node, row->guest), ==, 0);
    g_assert_false(host_has(env, "f", row->host));
}

static void names_on_disk(LocalEnv *env)
{
    if (!user_xattrs_or_skip()) {
        return;
    }
    local_env_create(env, "f", 0640);
    for (size_t i = 0; i < ARRAY_SIZE(host_names); i++) {
        if (host_names[i].models & (1u << env->fixture.model)) {
            lies_under(env, &host_names[i]);
        }
    }
}

/* Attributes of the host's kernel and root are not visible in the guest. */
static void hosts_own_names(LocalEnv *env)
{
    static const char *const names[] = {
        "trusted.x", "security.p9-test", CAPABILITY,
    };
    g_autoptr(FsNode) node = NULL;
    int absent = LOCAL_MAPPED & (1u << env->fixture.model) ? -ENODATA
                                                           : -EOPNOTSUPP;
    char list[64];

    if (!user_xattrs_or_skip()) {
        return;
    }
    local_env_create(env, "f", 0640);
    node = local_env_lookup(env, "f");
    for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
        if (setxattr(local_env_path(env, "f"), names[i], &caps, sizeof(caps),
                     0) < 0) {
            g_test_skip("no privileged attributes here");
            return;
        }
        g_assert_cmpint(fs_getxattr(&test_call, node, names[i], NULL, 0), ==,
                        absent);
        g_assert_cmpint(fs_listxattr(&test_call, node, list, sizeof(list)), ==,
                        0);
        g_assert_cmpint(fs_removexattr(&test_call, node, names[i]), ==, absent);
        g_assert_true(host_has(env, "f", names[i]));
    }
}

/* Other versions of QEMU leave an empty value where an ACL was removed. */
static void empty_acl_left(LocalEnv *env)
{
    static const char *const names[] = { ACL, "system.posix_acl_default" };
    g_autoptr(FsNode) dir = NULL;

    if (!user_xattrs_or_skip()) {
        return;
    }
    dir = local_env_made_dir(env, "d", 0750);
    for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
        g_autofree char *host = g_strconcat("user.virtfs.", names[i], NULL);

        g_assert_cmpint(setxattr(local_env_path(env, "d"), host, "", 0, 0), ==,
                        0);
        g_assert_cmpint(fs_getxattr(&test_call, dir, names[i], NULL, 0), ==,
                        -ENODATA);
        g_assert_cmpint(fs_listxattr(&test_call, dir, NULL, 0), ==, 0);
        g_assert_cmpint(fs_removexattr(&test_call, dir, names[i]), ==, 0);
        g_assert_false(host_has(env, "d", host));
    }
}

/* ---- where the host cannot store them --------------------------------- */

static void check_no_place(FsNode *node, int absent, int refused)
{
    static const char *const names[] = { CAPABILITY, "trusted.x" };

    for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
        g_assert_cmpint(fs_getxattr(&test_call, node, names[i], NULL, 0), ==,
                        absent);
        g_assert_cmpint(fs_setxattr(&test_call, node, names[i], "x", 1, 0), ==,
                        refused);
        g_assert_cmpint(fs_removexattr(&test_call, node, names[i]), ==,
                        refused);
    }
    g_assert_cmpint(fs_listxattr(&test_call, node, NULL, 0), <=, 0);
}

static void real_special_files(LocalEnv *env)
{
    g_autoptr(FsNode) link = NULL;
    g_autoptr(FsNode) fifo = NULL;

    g_assert_cmpint(symlink("nowhere", local_env_path(env, "l")), ==, 0);
    g_assert_cmpint(mkfifo(local_env_path(env, "p"), 0600), ==, 0);
    link = local_env_lookup(env, "l");
    fifo = local_env_lookup(env, "p");
    check_no_place(link, -ENODATA, -EOPNOTSUPP);
    check_no_place(fifo, -ENODATA, -EOPNOTSUPP);
    g_assert_cmpint(fs_getxattr(&test_call, link, ACL, NULL, 0), ==,
                    -EOPNOTSUPP);
    g_assert_cmpint(fs_getxattr(&test_call, fifo, ACL, NULL, 0), ==, -ENODATA);
}

/*
 * Where the model's attributes cannot be stored, creating an object fails and
 * leaves nothing behind.
 */
static void check_nothing_made(FsNode *dir, const char *path)
{
    g_autoptr(GDir) host = NULL;
    FsAttr attr;

    g_assert_cmpint(local_env_try_create(dir, "new", O_RDWR), ==,
                    -EOPNOTSUPP);
    g_assert_cmpint(fs_mkdir(CALL_AS(&local_env_cred), dir, "new", 0755, &attr),
                    ==, -EOPNOTSUPP);
    g_assert_cmpint(fs_mknod(CALL_AS(&local_env_cred), dir, "new",
                             S_IFCHR | 0600, 0x103, &attr),
                    ==, -EOPNOTSUPP);
    g_assert_cmpint(fs_symlink(CALL_AS(&local_env_cred), dir, "new", "f",
                               &attr),
                    ==, -EOPNOTSUPP);
    host = g_dir_open(path, 0, NULL);
    g_assert_cmpstr(g_dir_read_name(host), ==, "f");
    g_assert_null(g_dir_read_name(host));
}

/* A ramfs has no attributes; files that exist there can be used. */
static void no_attributes_at_all(LocalEnv *env)
{
    g_autoptr(FsNode) dir = NULL;
    g_autoptr(FsNode) file = NULL;
    g_autoptr(FsFile) opened = NULL;
    FsSetattr set = { .valid = FS_SET_SIZE, .size = 3 };
    const char *path = local_env_path(env, "ram");
    FsAttr attr;

    local_env_mkdir(env, "ram");
    if (mount("ramfs", path, "ramfs", MS_NOSUID | MS_NODEV, "") < 0) {
        g_test_skip("mounting a ramfs is not allowed here");
        return;
    }
    local_env_put(env, "ram/f", "text");
    dir = local_env_lookup(env, "ram");
    g_assert_cmpint(fs_lookup(&test_call, dir, "f", &file, &attr), ==, 0);
    check_no_place(file, -EOPNOTSUPP, -EOPNOTSUPP);
    g_assert_cmpint(fs_setxattr(&test_call, file, "user.x", "x", 1, 0), ==,
                    -EOPNOTSUPP);
    g_assert_cmpint(fs_getxattr(&test_call, file, ACL, NULL, 0), ==,
                    -EOPNOTSUPP);
    g_assert_cmpint(fs_open(&test_call, file, O_RDWR, &opened), ==, 0);
    g_assert_cmpint(write_byte(opened), ==, 1);
    g_assert_cmpint(fs_setattr(&test_call, file, NULL, &set), ==, 0);
    if (env->fixture.model == FS_SM_MAPPED_XATTR) {
        check_nothing_made(dir, path);
    }
    g_assert_cmpint(umount2(path, MNT_DETACH), ==, 0);
}

/*
 * A client takes any errno that does not mean "no such attribute" for an error
 * of the lookup.
 */
static void unreadable_acl(LocalEnv *env)
{
    g_autoptr(FsNode) node = NULL;

    local_env_put(env, "f", "text");
    g_assert_cmpint(chmod(local_env_path(env, "f"), 0), ==, 0);
    node = local_env_lookup(env, "f");
    if (env->fixture.model == FS_SM_MAPPED_XATTR) {
        g_assert_cmpint(fs_getxattr(&test_call, node, "user.x", NULL, 0), ==,
                        -EACCES);
        g_assert_cmpint(fs_getxattr(&test_call, node, ACL, NULL, 0), ==,
                        -ENODATA);
    } else {
        g_assert_cmpint(fs_getxattr(&test_call, node, ACL, NULL, 0), ==,
                        local_can_acl() ? -ENODATA : -EOPNOTSUPP);
    }
}

/* Owners are stored in another file, so they do not need write permission. */
static void chown_of_unwritable(LocalEnv *env)
{
    const FsSetattr set = { .valid = FS_SET_UID, .uid = 1234 };
    g_autoptr(FsNode) node = NULL;

    local_env_put(env, "f", "text");
    g_assert_cmpint(chmod(local_env_path(env, "f"), 0444), ==, 0);
    node = local_env_lookup(env, "f");
    g_assert_cmpint(fs_setattr(&test_call, node, NULL, &set), ==, 0);
    g_assert_cmpuint(local_env_attr(env, "f").uid, ==, 1234);
}

/* ---- capabilities ----------------------------------------------------- */

static bool give_capability(const LocalEnv *env)
{
    bool mapped = LOCAL_MAPPED & (1u << env->fixture.model);

    return setxattr(local_env_path(env, "f"),
                    mapped ? PRIVATE_CAPABILITY : CAPABILITY, &caps,
                    sizeof(caps), 0) == 0;
}

static bool has_capability(const LocalEnv *env)
{
    return host_has(env, "f", CAPABILITY) ||
           host_has(env, "f", PRIVATE_CAPABILITY);
}

typedef void DropFn(LocalEnv *env, FsNode *node);

static void by_writing(LocalEnv *env, FsNode *node)
{
    g_autoptr(FsFile) file = NULL;

    g_assert_cmpint(fs_open(&test_call, node, O_RDWR, &file), ==, 0);
    g_assert_cmpint(write_byte(file), ==, 1);
}

static void by_truncating(LocalEnv *env, FsNode *node)
{
    const FsSetattr set = { .valid = FS_SET_SIZE, .size = 3 };

    g_assert_cmpint(fs_setattr(&test_call, node, NULL, &set), ==, 0);
}

static void by_truncating_open_file(LocalEnv *env, FsNode *node)
{
    const FsSetattr set = { .valid = FS_SET_SIZE, .size = 4 };
    g_autoptr(FsFile) file = NULL;

    g_assert_cmpint(fs_open(&test_call, node, O_RDWR, &file), ==, 0);
    g_assert_cmpint(fs_setattr(&test_call, node, file, &set), ==, 0);
}

static void by_opening(LocalEnv *env, FsNode *node)
{
    g_assert_cmpint(local_env_try_open(node, O_RDWR | O_TRUNC), ==, 0);
}

static void by_creating(LocalEnv *env, FsNode *node)
{
    g_assert_cmpint(local_env_try_create(env->root, "f", O_RDWR | O_TRUNC), ==,
                    0);
}

static void by_changing_owner(LocalEnv *env, FsNode *node)
{
    const FsSetattr set = { .valid = FS_SET_UID, .uid = 1234 };

    g_assert_cmpint(fs_setattr(&test_call, node, NULL, &set), ==, 0);
}

static void by_changing_group(LocalEnv *env, FsNode *node)
{
    const FsSetattr set = { .valid = FS_SET_GID, .gid = 1234 };

    g_assert_cmpint(fs_setattr(&test_call, node, NULL, &set), ==, 0);
}

/*
 * The kernel drops security.capability itself; a mapped capability is dropped
 * by the driver.
 */
static void capability_dropped(LocalEnv *env)
{
    static DropFn *const ways[] = {
        by_writing, by_truncating, by_truncating_open_file, by_opening,
        by_creating, by_changing_owner, by_changing_group,
    };
    g_autoptr(FsNode) node = NULL;

    local_env_put(env, "f", "program");
    if (!give_capability(env)) {
        g_test_skip("file capabilities cannot be set here");
        return;
    }
    node = local_env_lookup(env, "f");
    for (size_t i = 0; i < ARRAY_SIZE(ways); i++) {
        g_assert_true(give_capability(env));
        g_assert_true(has_capability(env));
        ways[i](env, node);
        g_assert_false(has_capability(env));
    }
}

/*
 * Without nested-export=on, a guest cannot set the owners and modes that the
 * file gets when its directory is exported with a mapped model.
 */
static void names_of_mapped_models_refused(LocalEnv *env)
{
    static const char *const names[] = {
        "user.virtfs.uid", "user.virtfs.mode", "user.virtfs.x", "user.virtfs.",
        PRIVATE_CAPABILITY, "user.virtfs.user.virtfs.uid",
    };
    g_autoptr(FsNode) node = NULL;
    char value[8];

    if (!user_xattrs_or_skip()) {
        return;
    }
    local_env_create(env, "f", 0640);
    node = local_env_lookup(env, "f");
    for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
        g_assert_cmpint(fs_setxattr(&test_call, node, names[i], "x", 1, 0), ==,
                        -EOPNOTSUPP);
        g_assert_false(host_has(env, "f", names[i]));
        g_assert_cmpint(setxattr(local_env_path(env, "f"), names[i], "host", 4,
                                 0), ==, 0);
        g_assert_cmpint(fs_removexattr(&test_call, node, names[i]), ==,
                        -EOPNOTSUPP);
        g_assert_cmpint(fs_getxattr(&test_call, node, names[i], value,
                                    sizeof(value)), ==, 4);
        g_assert_true(host_has(env, "f", names[i]));
    }
    g_assert_cmpint(fs_setxattr(&test_call, node, "user.virtfs", "x", 1, 0),
                    ==, 0);
}

static const LocalEnvTest tests[] = {
    { "names", LOCAL_MAPPED, names_on_disk },
    { "names-of-mapped-models-refused", LOCAL_PASSTHROUGH | LOCAL_NONE,
      names_of_mapped_models_refused },
    { "names-of-the-host", LOCAL_ALL, hosts_own_names, .as_root = true },
    { "empty-acl-left", 1u << FS_SM_MAPPED_XATTR, empty_acl_left },
    { "real-special-files", LOCAL_MAPPED, real_special_files },
    { "no-attributes", LOCAL_MAPPED, no_attributes_at_all, .as_root = true },
    { "unreadable-acl", LOCAL_MAPPED, unreadable_acl, .as_user = true },
    { "chown-of-unwritable", 1u << FS_SM_MAPPED_FILE, chown_of_unwritable,
      .as_user = true },
    { "capability-dropped", LOCAL_ALL, capability_dropped, .as_root = true },
};

int main(int argc, char **argv)
{
    local_separate_mounts();
    g_test_init(&argc, &argv, NULL);
    umask(022);
    caps.magic_etc = htole32(VFS_CAP_REVISION_2);
    caps.data[0].permitted = htole32(1u << CAP_NET_RAW);
    local_env_add("/local/attributes", tests, ARRAY_SIZE(tests));
    return g_test_run();
}
