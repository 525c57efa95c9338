/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The files of the security model mapped-file on a hostile host, which has put
 * other objects in their place.
 */
#include "fsdev/core/p9-osdep.h"
#include "metadata-names.h"
#include "lib/test-call.h"

/*
 * If the metadata of "f" is not a regular file, "f" cannot be looked up or
 * opened, but can be removed.
 */
static void check_spoilt_file(LocalEnv *env)
{
    FsAttr attr;
    g_autoptr(FsNode) node = NULL;

    g_assert_cmpint(fs_lookup(&test_call, env->root, "f", &node, &attr), ==,
                    -EIO);
    g_assert_cmpint(local_env_try_create(env->root, "f", O_RDWR), ==, -EIO);
    g_assert_cmpint(fs_unlink(&test_call, env->root, "f", false), ==, 0);
}

static void values_are_a_link(void)
{
    LOCAL_ENV env = MAPPED;
    g_autofree char *canary = NULL;

    local_env_start(&env);
    canary = g_build_filename(env.fixture.outside, "canary", NULL);
    g_assert_true(g_file_set_contents(canary, "virtfs.uid=5\n", -1, NULL));
    local_env_put(&env, "f", "x");
    local_env_mkdir(&env, DIR_NAME);
    g_assert_cmpint(symlink(canary, local_env_path(&env, META("f"))), ==, 0);
    check_spoilt_file(&env);
    local_env_create(&env, "f", 0600);
    local_env_check_text(&env, "../outside/canary", "virtfs.uid=5\n");
}

static void values_are_a_fifo(void)
{
    LOCAL_ENV env = MAPPED;

    local_env_start(&env);
    local_env_put(&env, "f", "x");
    local_env_mkdir(&env, DIR_NAME);
    g_assert_cmpint(mkfifo(local_env_path(&env, META("f")), 0600), ==, 0);
    check_spoilt_file(&env);
    g_assert_cmpint(mkfifo(local_env_path(&env, ROOT_NAME), 0600), ==, 0);
    g_assert_cmpint(local_env_try_create(env.root, "g", O_RDWR), ==, 0);
}

static void values_are_a_directory(void)
{
    LOCAL_ENV env = MAPPED;

    local_env_start(&env);
    local_env_put(&env, "f", "x");
    local_env_mkdir(&env, DIR_NAME);
    local_env_mkdir(&env, META("f"));
    check_spoilt_file(&env);
    /* It cannot be removed, so creating "f" fails and leaves nothing. */
    g_assert_cmpint(local_env_try_create(env.root, "f", O_RDWR), ==, -EIO);
    g_assert_false(local_env_exists(&env, "f"));
}

static void all_values_are_elsewhere(LocalEnv *env)
{
    FsAttr attr;

    g_assert_cmpint(local_env_try_create(env->root, "new", O_RDWR), ==, -EIO);
    g_assert_cmpint(fs_mkdir(CALL_AS(&local_env_cred), env->root, "new", 0700,
                             &attr),
                    ==, -EIO);
    g_assert_cmpint(fs_symlink(CALL_AS(&local_env_cred), env->root, "new", "x",
                               &attr),
                    ==, -EIO);
    g_assert_cmpint(fs_mknod(CALL_AS(&local_env_cred), env->root, "new",
                             S_IFIFO, 0, &attr),
                    ==, -EIO);
    g_assert_false(local_env_exists(env, "new"));
    g_assert_cmpint(fs_rename(&test_call, env->root, "f", env->root, "g"), ==,
                    -EIO);
    g_assert_true(local_env_exists(env, "f"));
    g_assert_cmpint(fs_unlink(&test_call, env->root, "f", false), ==, 0);
}

static void directory_is_a_link(void)
{
    LOCAL_ENV env = MAPPED;

    local_env_start(&env);
    local_env_put(&env, "f", "x");
    g_assert_cmpint(symlink(env.fixture.outside,
                            local_env_path(&env, DIR_NAME)), ==, 0);
    /* It is not followed, whether it leads to values or not. */
    g_assert_cmpint(local_env_try_lookup(env.root, "f"), ==, -EIO);
    local_env_put(&env, "../outside/f", "virtfs.uid=5\n");
    g_assert_cmpint(local_env_try_lookup(env.root, "f"), ==, -EIO);
    all_values_are_elsewhere(&env);
    g_assert_cmpuint(local_env_count(&env, "../outside"), ==, 1);
}

static void directory_is_a_file(void)
{
    LOCAL_ENV env = MAPPED;

    local_env_start(&env);
    local_env_put(&env, "f", "x");
    local_env_put(&env, DIR_NAME, "virtfs.uid=0\n");
    g_assert_cmpint(local_env_try_lookup(env.root, "f"), ==, -EIO);
    all_values_are_elsewhere(&env);
}

static void directory_is_a_fifo(void)
{
    LOCAL_ENV env = MAPPED;

    local_env_start(&env);
    local_env_put(&env, "f", "x");
    g_assert_cmpint(mkfifo(local_env_path(&env, DIR_NAME), 0600), ==, 0);
    g_assert_cmpint(local_env_try_lookup(env.root, "f"), ==, -EIO);
    all_values_are_elsewhere(&env);
}

/*
 * A metadata file that may not be read, as it is another user's, is treated as
 * missing, and replaced on a change.
 */
static void values_are_foreign(void)
{
    LOCAL_ENV env = {
        .fixture = { .model = FS_SM_MAPPED_FILE, .as_user = true },
    };

    local_env_start(&env);
    if (!env.export) {
        return;
    }
    local_env_put(&env, "f", "x");
    local_env_mkdir(&env, DIR_NAME);
    local_env_put(&env, META("f"), "virtfs.uid=5\n");
    g_assert_cmpint(seteuid(0), ==, 0);
    g_assert_cmpint(chown(local_env_path(&env, META("f")), 0, 0), ==, 0);
    g_assert_cmpint(seteuid(65534), ==, 0);
    g_assert_cmpuint(local_env_attr(&env, "f").uid, ==, 65534);
    g_assert_cmpint(local_env_try_chmod(&env, "f", 0640), ==, 0);
    local_env_check_text(&env, META("f"), "virtfs.mode=33184\n");
    g_assert_cmpuint(local_env_stat(&env, META("f")).st_uid, ==, 65534);
}

int main(int argc, char **argv)
{
    static const struct {
        const char *path;
        void (*run)(void);
    } tests[] = {
        { "values-link", values_are_a_link },
        { "values-fifo", values_are_a_fifo },
        { "values-directory", values_are_a_directory },
        { "directory-link", directory_is_a_link },
        { "directory-file", directory_is_a_file },
        { "directory-fifo", directory_is_a_fifo },
        { "values-foreign", values_are_foreign },
    };

    g_test_init(&argc, &argv, NULL);
    umask(022);
    for (size_t i = 0; i < ARRAY_SIZE(tests); i++) {
        g_autofree char *path = g_strdup_printf("/local/mapped-file/hostile/%s",
                                                tests[i].path);

        g_test_add_func(path, tests[i].run);
    }
    return g_test_run();
}
