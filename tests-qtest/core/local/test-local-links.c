/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The number of links of a directory: two, and one for each subdirectory that
 * the guest can see.  The folder in which mapped-file keeps values is none of
 * these, whoever has made it and whenever.
 */
#include "fsdev/core/p9-osdep.h"
#include "local-env.h"
#include "lib/test-call.h"

/* Does the host count subdirectories?  Some file systems always say 1. */
static bool host_counts(const LocalEnv *env)
{
    bool counts;

    local_env_mkdir(env, "probe");
    counts = local_env_stat(env, "probe").st_nlink == 2;
    g_assert_cmpint(rmdir(local_env_path(env, "probe")), ==, 0);
    if (!counts) {
        g_test_skip("this file system does not count subdirectories");
    }
    return counts;
}

/* By a lookup, by a fid that is not open and one that is, and from above. */
static void check_links(const LocalEnv *env, FsNode *dir, uint64_t links)
{
    g_autoptr(FsFile) file = NULL;
    FsAttr attr;

    g_assert_cmpint(fs_getattr(&test_call, dir, NULL, 0, &attr), ==, 0);
    g_assert_cmpuint(attr.nlink, ==, links);
    g_assert_cmpint(fs_open_attr(&test_call, dir, O_RDONLY, &file, &attr), ==,
                    0);
    g_assert_cmpuint(attr.nlink, ==, links);
    g_assert_cmpint(fs_getattr(&test_call, dir, file, 0, &attr), ==, 0);
    g_assert_cmpuint(attr.nlink, ==, links);
}

static void check_name(const LocalEnv *env, const char *name, uint64_t links)
{
    g_autoptr(FsNode) node = NULL;
    FsAttr attr;

    g_assert_cmpint(fs_lookup(&test_call, env->root, name, &node, &attr), ==,
                    0);
    g_assert_cmpuint(attr.nlink, ==, links);
    check_links(env, node, links);
}

static void make_dir(FsNode *dir, const char *name)
{
    FsAttr attr;

    g_assert_cmpint(fs_mkdir(CALL_AS(&local_env_cred), dir, name, 0755, &attr),
                    ==, 0);
    g_assert_cmpuint(attr.nlink, ==, 2);
}

static void guest_makes_all(LocalEnv *env)
{
    g_autoptr(FsNode) dir = NULL;

    if (!host_counts(env)) {
        return;
    }
    dir = local_env_made_dir(env, "d", 0755);
    check_name(env, "d", 2);
    g_assert_cmpint(local_env_try_create(dir, "f", O_RDWR), ==, 0);
    check_name(env, "d", 2);
    make_dir(dir, "one");
    make_dir(dir, "two");
    check_name(env, "d", 4);
    check_links(env, env->root, 3);
    g_assert_cmpint(fs_rename(&test_call, dir, "one", env->root, "up"), ==, 0);
    check_name(env, "d", 3);
    check_links(env, env->root, 4);
    g_assert_cmpint(fs_unlink(&test_call, dir, "two", true), ==, 0);
    g_assert_cmpint(fs_unlink(&test_call, dir, "f", false), ==, 0);
    check_name(env, "d", 2);
}

/* What was found is used again, but not after another one's change. */
static void host_and_others_change(LocalEnv *env)
{
    g_autoptr(FsExport) other = NULL;
    g_autoptr(FsNode) root = NULL;
    g_autoptr(FsNode) dir = NULL;

    if (!host_counts(env)) {
        return;
    }
    local_env_mkdir(env, "d");
    local_env_mkdir(env, "d/sub");
    check_name(env, "d", 3);
    local_env_await_tick();
    check_name(env, "d", 3);
    check_name(env, "d", 3);
    other = local_fixture_reopen(&env->fixture);
    root = fs_root(other);
    g_assert_cmpint(fs_lookup(&test_call, root, "d", &dir, &(FsAttr) { 0 }),
                    ==, 0);
    g_assert_cmpint(local_env_try_create(dir, "f", O_RDWR), ==, 0);
    check_name(env, "d", 3);
    local_env_await_tick();
    check_name(env, "d", 3);
    local_env_mkdir(env, "d/more");
    check_name(env, "d", 4);
    g_assert_cmpint(fs_unlink(&test_call, dir, "f", false), ==, 0);
    check_name(env, "d", 4);
}

/* What has the name of the folder but is none does not count on the host. */
static void not_a_folder(LocalEnv *env)
{
    if (!host_counts(env)) {
        return;
    }
    local_env_mkdir(env, "d");
    local_env_mkdir(env, "d/sub");
    local_env_put(env, "d/.virtfs_metadata", "");
    check_name(env, "d", 3);
    g_assert_cmpint(unlink(local_env_path(env, "d/.virtfs_metadata")), ==, 0);
    g_assert_cmpint(symlink("sub", local_env_path(env, "d/.virtfs_metadata")),
                    ==, 0);
    check_name(env, "d", 3);
}

static const LocalEnvTest tests[] = {
    { "guest-makes-all", LOCAL_ALL | LOCAL_PROXY, guest_makes_all },
    { "host-and-others-change", LOCAL_ALL, host_and_others_change },
    { "not-a-folder", LOCAL_ALL, not_a_folder },
};

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    local_env_add("/local-links", tests, ARRAY_SIZE(tests));
    return g_test_run();
}
