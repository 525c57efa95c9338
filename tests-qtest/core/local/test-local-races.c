/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The local driver while the host changes the exported tree: objects keep their
 * identity, and nothing outside the export or made by the host is changed.  The
 * loops end after a fixed number of rounds; they can only fail if the driver is
 * wrong.
 */
#include "fsdev/core/p9-osdep.h"
#include "local-env.h"
#include "lib/test-call.h"

static char *read_text(FsFile *file)
{
    char *text = g_malloc0(64);
    struct iovec iov = { text, 63 };

    g_assert_cmpint(fs_read(&test_call, file, &iov, 1, 0), >=, 0);
    return text;
}

static void replaced_by_the_host(LocalEnv *env)
{
    g_autoptr(FsNode) node = NULL;
    g_autoptr(FsFile) file = NULL;
    g_autofree char *text = NULL;
    uint64_t ino;

    local_env_put(env, "f", "first");
    local_env_put(env, "g", "second");
    node = local_env_lookup(env, "f");
    ino = local_env_stat(env, "f").st_ino;
    g_assert_cmpint(fs_open(&test_call, node, O_RDONLY, &file), ==, 0);
    g_assert_cmpint(rename(local_env_path(env, "g"),
                           local_env_path(env, "f")), ==, 0);
    text = read_text(file);
    g_assert_cmpstr(text, ==, "first");
    g_assert_cmpuint(local_env_attr(env, "f").ino, !=, ino);
}

/* A directory that the host moved outside is not a way out of the export. */
static void directory_moved_outside(LocalEnv *env)
{
    g_autoptr(FsNode) dir = NULL;
    g_autoptr(FsNode) sub = NULL;
    g_autoptr(FsNode) parent = NULL;
    g_autofree char *away = g_build_filename(env->fixture.outside, "away",
                                             NULL);
    FsAttr attr;

    local_env_mkdir(env, "d");
    local_env_mkdir(env, "d/sub");
    dir = local_env_lookup(env, "d");
    g_assert_cmpint(fs_lookup(&test_call, dir, "sub", &sub, &attr), ==, 0);
    g_assert_cmpint(rename(local_env_path(env, "d"), away), ==, 0);
    parent = fs_parent(dir);
    g_assert_true(parent == env->root);
    g_assert_cmpint(local_env_try_lookup(env->root, "d"), ==, -ENOENT);
    g_assert_true(local_env_lists(sub, ".."));
}

/* Swaps two names on the host as fast as it can. */
typedef struct Swapper {
    char *dir;
    char *link;
    gint stop;
} Swapper;

static gpointer swap_thread(gpointer opaque)
{
    Swapper *swapper = opaque;

    while (!g_atomic_int_get(&swapper->stop)) {
        renameat2(AT_FDCWD, swapper->dir, AT_FDCWD, swapper->link,
                  RENAME_EXCHANGE);
    }
    return NULL;
}

static void use_directory(LocalEnv *env, unsigned i)
{
    g_autofree char *name = g_strdup_printf("n%u", i % 8);
    g_autoptr(FsNode) dir = NULL;
    g_autoptr(FsNode) node = NULL;
    FsSetattr set = {
        .valid = FS_SET_MODE | FS_SET_SIZE | FS_SET_MTIME, .mode = 0666,
        .size = 1,
    };
    FsAttr attr;

    if (fs_lookup(&test_call, env->root, "d", &dir, &attr) < 0) {
        return;
    }
    fs_mkdir(CALL_AS(&local_env_cred), env->root, "x", 0700, &attr);
    local_env_try_create(dir, name, O_RDWR | O_TRUNC);
    fs_mkdir(CALL_AS(&local_env_cred), dir, "made", 0700, &attr);
    fs_symlink(CALL_AS(&local_env_cred), dir, "link", "x", &attr);
    fs_setattr(&test_call, dir, NULL, &set);
    if (fs_lookup(&test_call, dir, "canary", &node, &attr) == 0) {
        local_env_try_open(node, O_RDWR | O_TRUNC);
        fs_setattr(&test_call, node, NULL, &set);
        fs_setxattr(&test_call, node, "user.x", "x", 1, 0);
        fs_link(&test_call, node, env->root, "hard");
        g_assert_cmpuint(attr.size, !=, 6);
    }
    fs_unlink(&test_call, dir, name, false);
    fs_unlink(&test_call, dir, "canary", false);
    fs_rename(&test_call, dir, "canary", env->root, "stolen");
    fs_unlink(&test_call, dir, "made", true);
}

static void swapped_with_a_link(LocalEnv *env)
{
    g_autofree char *canary = g_build_filename(env->fixture.outside, "canary",
                                               NULL);
    g_autofree char *text = NULL;
    g_autoptr(GDir) dir = NULL;
    Swapper swapper = {
        .dir = g_strdup(local_env_path(env, "d")),
        .link = g_strdup(local_env_path(env, "l")),
    };
    GThread *thread;
    struct stat before, after;

    g_assert_true(g_file_set_contents(canary, "canary", -1, NULL));
    g_assert_cmpint(lstat(canary, &before), ==, 0);
    local_env_mkdir(env, "d");
    g_assert_cmpint(symlink(env->fixture.outside, swapper.link), ==, 0);
    thread = g_thread_new("swapper", swap_thread, &swapper);
    for (unsigned i = 0; i < 1500; i++) {
        use_directory(env, i);
    }
    g_atomic_int_set(&swapper.stop, 1);
    g_thread_join(thread);
    g_free(swapper.dir);
    g_free(swapper.link);
    g_assert_cmpint(lstat(canary, &after), ==, 0);
    g_assert_true(before.st_ctim.tv_sec == after.st_ctim.tv_sec &&
                  before.st_ctim.tv_nsec == after.st_ctim.tv_nsec);
    g_assert_true(g_file_get_contents(canary, &text, NULL, NULL));
    g_assert_cmpstr(text, ==, "canary");
    dir = g_dir_open(env->fixture.outside, 0, NULL);
    g_assert_cmpstr(g_dir_read_name(dir), ==, "canary");
    g_assert_null(g_dir_read_name(dir));
}

/*
 * The host replaces a directory that a request has just created by another one,
 * which must not get the owner and mode of the created directory.
 */
static void new_directory_swapped(LocalEnv *env)
{
    Swapper swapper = {
        .dir = g_strdup(local_env_path(env, "new")),
        .link = g_strdup(local_env_path(env, "hosts")),
    };
    struct stat before, after;
    GThread *thread;
    FsAttr attr;

    g_assert_cmpint(mkdir(swapper.link, 0750), ==, 0);
    local_env_put(env, "hosts/keeps it from being removed", "");
    before = local_env_stat(env, "hosts");
    thread = g_thread_new("swapper", swap_thread, &swapper);
    for (unsigned i = 0; i < 1500; i++) {
        fs_mkdir(CALL_AS(&local_env_cred), env->root, "new", 01777, &attr);
        /* The new directory is the empty one; remove it, whatever its name. */
        while (local_env_exists(env, "new") &&
               local_env_exists(env, "hosts")) {
            rmdir(swapper.dir);
            rmdir(swapper.link);
        }
        rename(swapper.dir, swapper.link);
    }
    g_atomic_int_set(&swapper.stop, 1);
    g_thread_join(thread);
    g_free(swapper.dir);
    g_free(swapper.link);
    after = local_env_stat(env, "hosts");
    g_assert_cmpuint(after.st_ino, ==, before.st_ino);
    g_assert_cmphex(after.st_mode, ==, S_IFDIR | 0750);
    g_assert_cmpuint(after.st_uid, ==, before.st_uid);
}

static const LocalEnvTest tests[] = {
    { "replaced-by-host", LOCAL_ALL | LOCAL_PROXY, replaced_by_the_host },
    { "moved-outside", LOCAL_ALL | LOCAL_PROXY, directory_moved_outside },
    { "swapped-with-link", LOCAL_ALL | LOCAL_PROXY, swapped_with_a_link },
    { "new-directory-swapped", LOCAL_PASSTHROUGH | LOCAL_NONE | LOCAL_PROXY,
      new_directory_swapped },
};

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    umask(022);
    local_env_add("/local/races", tests, ARRAY_SIZE(tests));
    return g_test_run();
}
