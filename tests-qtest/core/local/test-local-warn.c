/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the host is told when a guest cannot be served because of it: one line
 * a minute with the export, the cause and how to mend it.
 */
#include "fsdev/core/p9-osdep.h"
#include <sys/mount.h>
#include <sys/resource.h>
#include "lib/test-call.h"
#include "lib/warnings.h"
#include "local-env.h"

static void full(LocalEnv *env)
{
    g_autoptr(FsNode) node = NULL;
    g_autoptr(FsFile) file = NULL;
    g_autofree char *data = g_malloc0(1 << 20);
    struct iovec iov = { data, 1 << 20 };
    ssize_t ret = 0;

    local_env_create(env, "f", 0644);
    node = local_env_lookup(env, "f");
    g_assert_cmpint(fs_open(&test_call, node, O_WRONLY, &file), ==, 0);
    warnings_collect();
    for (unsigned i = 0; i < 8 && ret >= 0; i++) {
        ret = fs_write(&test_call, file, &iov, 1, (uint64_t)i << 20);
    }
    g_assert_cmpint(ret, ==, -ENOSPC);
    for (unsigned i = 0; i < 4; i++) {
        g_assert_cmpint(fs_write(&test_call, file, &iov, 1, 8 << 20), ==,
                        -ENOSPC);
    }
    g_assert_cmpuint(warnings_with("the host's file system is full"), ==, 1);
    g_assert_cmpuint(warnings_with("free space or inodes"), ==, 1);
    g_assert_cmpuint(warnings_with(env->fixture.path), ==, 1);
    warnings_end();
}

/* Which limit it is, and how to raise it. */
static void descriptors(LocalEnv *env)
{
    struct rlimit before, low;
    g_autofree char *text = NULL;
    int fd = dup(0);

    local_env_mkdir(env, "d");
    g_assert_cmpint(getrlimit(RLIMIT_NOFILE, &before), ==, 0);
    low = (struct rlimit) { fd, before.rlim_max };
    close(fd);
    warnings_collect();
    g_assert_cmpint(setrlimit(RLIMIT_NOFILE, &low), ==, 0);
    for (unsigned i = 0; i < 4; i++) {
        g_assert_cmpint(local_env_try_lookup(env->root, "d"), ==, -EMFILE);
    }
    g_assert_cmpint(setrlimit(RLIMIT_NOFILE, &before), ==, 0);
    text = g_strdup_printf("used up its %d descriptors", fd);
    g_assert_cmpuint(warnings_with(text), ==, 1);
    g_assert_cmpuint(warnings_with("ulimit -n"), ==, 1);
    warnings_end();
}

/* At the start, and with the first call that needs them. */
static void no_attributes(LocalEnv *env)
{
    const char *path = local_env_path(env, "m");
    FsConfig config = env->fixture.config;
    FsNode *root;
    FsAttr attr;
    FsExport *export;

    local_env_mkdir(env, "m");
    /* Has no attributes at all. */
    if (mount("none", path, "ramfs", MS_NOSUID | MS_NODEV, NULL) < 0) {
        g_test_skip("a ramfs cannot be mounted here");
        return;
    }
    config.path = (char *)path;
    config.id = (char *)"ram";
    warnings_collect();
    export = fs_export_open(&config, NULL);
    g_assert_cmpuint(warnings_with("'ram': mapped-xattr needs user attributes"),
                     ==, 1);
    root = fs_root(export);
    g_assert_cmpint(fs_mkdir(&test_call, root, "d", 0755, &attr), ==,
                    -EOPNOTSUPP);
    g_assert_cmpuint(warnings_with("use mapped-file"), ==, 1);
    fs_node_unref(root);
    fs_export_unref(export);
    /* Other models do not need them. */
    config.model = FS_SM_NONE;
    warnings_collect();
    export = fs_export_open(&config, NULL);
    fs_export_unref(export);
    g_assert_cmpuint(warnings_with("9p:"), ==, 0);
    warnings_end();
    umount2(path, MNT_DETACH);
}

/* How many warnings with @text a further opening of the export prints. */
static unsigned warned_at_start(const FsConfig *config, const char *text)
{
    FsExport *export;
    unsigned n;

    warnings_collect();
    export = fs_export_open(config, NULL);
    g_assert_nonnull(export);
    fs_export_unref(export);
    n = warnings_with(text);
    warnings_end();
    return n;
}

/* Only if guests can ask for other owners. */
static void no_right_to_chown(LocalEnv *env)
{
    FsConfig config = env->fixture.config;
    g_autoptr(IdMap) users = id_map_new("squash:1000", NULL);

    g_assert_cmpuint(warned_at_start(&config, "passthrough needs root or "
                                     "CAP_CHOWN"), ==, 1);
    config.users = users;
    g_assert_cmpuint(warned_at_start(&config, "9p:"), ==, 0);
    config.users = NULL;
    config.readonly = true;
    g_assert_cmpuint(warned_at_start(&config, "9p:"), ==, 0);
    config.readonly = false;
    config.model = FS_SM_NONE;
    g_assert_cmpuint(warned_at_start(&config, "9p:"), ==, 0);
}

static void right_to_chown(LocalEnv *env)
{
    g_assert_cmpuint(warned_at_start(&env->fixture.config, "9p:"), ==, 0);
}

/* The directory is there, but not for this user. */
static void no_right_to_enter(LocalEnv *env)
{
    FsConfig config = env->fixture.config;
    g_autoptr(GError) error = NULL;
    g_autoptr(FsExport) export = NULL;

    local_env_mkdir(env, "d");
    config.path = (char *)local_env_path(env, "d");
    g_assert_cmpint(chmod(config.path, 0600), ==, 0);
    g_assert_null(fs_export_open(&config, &error));
    g_assert_nonnull(strstr(error->message, config.path));
    g_assert_nonnull(strstr(error->message, "needs search permission (x)"));
    /* It need not be readable. */
    g_assert_cmpint(chmod(config.path, 0100), ==, 0);
    export = fs_export_open(&config, NULL);
    g_assert_nonnull(export);
}

/* What a guest may ask for is no reason to warn. */
static void guest_errors(LocalEnv *env)
{
    g_autoptr(FsNode) node = NULL;

    local_env_create(env, "f", 0644);
    node = local_env_lookup(env, "f");
    warnings_collect();
    fs_setxattr(&test_call, node, "system.nonsense", "x", 1, 0);
    fs_setxattr(&test_call, node, "nonsense", "x", 1, 0);
    local_env_try_lookup(env->root, "none");
    g_assert_cmpuint(warnings_with("9p:"), ==, 0);
    warnings_end();
}

static const LocalEnvTest tests[] = {
    { "full", LOCAL_ALL & ~(1u << FS_SM_MAPPED_XATTR), full,
      .tmpfs = "size=1m", .as_root = true },
    { "descriptors", LOCAL_PASSTHROUGH | LOCAL_NONE, descriptors },
    { "no-attributes", 1u << FS_SM_MAPPED_XATTR, no_attributes,
      .as_root = true },
    { "no-right-to-chown", LOCAL_PASSTHROUGH, no_right_to_chown,
      .as_user = true },
    { "right-to-chown", LOCAL_PASSTHROUGH, right_to_chown, .as_root = true },
    { "no-right-to-enter", LOCAL_ALL, no_right_to_enter, .as_user = true },
    { "guest-errors", LOCAL_ALL, guest_errors },
};

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    local_separate_mounts();
    local_env_add("/local/warn", tests, ARRAY_SIZE(tests));
    return g_test_run();
}
