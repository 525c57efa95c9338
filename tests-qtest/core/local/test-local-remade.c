/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A directory that is removed on the host and made anew, while a fid of the
 * guest refers to the one that was removed, as that of a working directory does
 * in a Linux guest: lookups and creations go on in the new one.
 */
#include "fsdev/core/p9-osdep.h"
#include <ftw.h>
#include "lib/test-call.h"
#include "local-env.h"

static int remove_one(const char *path, const struct stat *st, int type,
                      struct FTW *ftw)
{
    return remove(path);
}

/* rm -r NAME && mkdir NAME, with a file "f" in it. */
static void make_anew(LocalEnv *env, const char *name)
{
    g_autofree char *file = g_build_filename(name, "f", NULL);

    g_assert_cmpint(nftw(local_env_path(env, name), remove_one, 16,
                         FTW_DEPTH | FTW_PHYS), ==, 0);
    local_env_mkdir(env, name);
    if (env->fixture.proxy) {
        g_assert_cmpint(chown(local_env_path(env, name), 1000, 1001), ==, 0);
    }
    local_env_put(env, file, "new");
}

static FsNode *sub_of(FsNode *dir, const char *name)
{
    FsNode *node;
    FsAttr attr;

    g_assert_cmpint(fs_lookup(&test_call, dir, name, &node, &attr), ==, 0);
    return node;
}

static uint64_t ino_at(FsNode *dir, const char *name)
{
    FsNode *node;
    FsAttr attr;

    g_assert_cmpint(fs_lookup(&test_call, dir, name, &node, &attr), ==, 0);
    fs_node_unref(node);
    return attr.ino;
}

/* Each call that has a directory, in @dir, which is dead. */
static void use_all(LocalEnv *env, FsNode *dir)
{
    g_autoptr(FsNode) file = NULL;
    g_autoptr(FsNode) made = NULL;
    FsFile *opened;
    FsAttr attr;

    g_assert_cmpuint(ino_at(dir, "f"), ==,
                     local_env_stat(env, "build/f").st_ino);
    g_assert_cmpint(local_env_try_lookup(dir, "none"), ==, -ENOENT);
    g_assert_cmpint(fs_getattr(&test_call, dir, NULL, 0, &attr), ==, 0);
    g_assert_cmpuint(attr.ino, ==, local_env_stat(env, "build").st_ino);
    file = sub_of(dir, "f");
    g_assert_cmpint(fs_mkdir(&test_call, dir, "sub", 0755, &attr), ==, 0);
    g_assert_true(local_env_exists(env, "build/sub"));
    g_assert_cmpint(fs_create(&test_call, dir, "made", O_RDWR, 0644, &made,
                              &opened, &attr), ==, 0);
    test_file_release(opened);
    g_assert_true(local_env_exists(env, "build/made"));
    g_assert_cmpint(fs_symlink(&test_call, dir, "link", "f", &attr), ==, 0);
    g_assert_cmpint(fs_mknod(&test_call, dir, "fifo", S_IFIFO | 0600, 0,
                             &attr), ==, 0);
    g_assert_cmpint(fs_link(&test_call, file, dir, "hard"), ==, 0);
    g_assert_cmpint(fs_rename(&test_call, dir, "hard", dir, "moved"), ==, 0);
    g_assert_true(local_env_exists(env, "build/moved"));
    g_assert_cmpint(fs_rename(&test_call, dir, "moved", env->root, "out"), ==,
                    0);
    g_assert_cmpint(fs_rename(&test_call, env->root, "out", dir, "in"), ==, 0);
    g_assert_true(local_env_exists(env, "build/in"));
    g_assert_cmpint(fs_unlink(&test_call, dir, "in", false), ==, 0);
    g_assert_cmpint(fs_open_attr(&test_call, dir, O_RDONLY, &opened, &attr),
                    ==, 0);
    g_assert_cmpuint(opened->ino, ==, local_env_stat(env, "build").st_ino);
    test_file_release(opened);
}

static void once(LocalEnv *env)
{
    g_autoptr(FsNode) dir = local_env_made_dir(env, "build", 0755);

    local_env_put(env, "build/f", "old");
    g_assert_cmpint(local_env_try_lookup(dir, "f"), ==, 0);
    make_anew(env, "build");
    use_all(env, dir);
}

/* Also if other fids have found the new one before. */
static void looked_up_before(LocalEnv *env)
{
    g_autoptr(FsNode) dir = local_env_made_dir(env, "build", 0755);
    g_autoptr(FsNode) other = NULL;

    make_anew(env, "build");
    other = local_env_lookup(env, "build");
    use_all(env, dir);
}

static void often(LocalEnv *env)
{
    g_autoptr(FsNode) dir = local_env_made_dir(env, "build", 0755);

    for (unsigned i = 0; i < 20; i++) {
        make_anew(env, "build");
        g_assert_cmpuint(ino_at(dir, "f"), ==,
                         local_env_stat(env, "build/f").st_ino);
        if (i % 3 == 0) {
            fs_node_unref(local_env_lookup(env, "build"));
        }
    }
    use_all(env, dir);
}

/* The directories above were removed as well. */
static void below(LocalEnv *env)
{
    g_autoptr(FsNode) a = local_env_made_dir(env, "a", 0755);
    g_autoptr(FsNode) b = NULL;
    g_autoptr(FsNode) c = NULL;
    FsAttr attr;

    g_assert_cmpint(fs_mkdir(&test_call, a, "b", 0755, &attr), ==, 0);
    b = sub_of(a, "b");
    g_assert_cmpint(fs_mkdir(&test_call, b, "c", 0755, &attr), ==, 0);
    c = sub_of(b, "c");
    make_anew(env, "a");
    g_assert_cmpint(local_env_try_lookup(c, "f"), ==, -ENOENT);
    local_env_mkdir(env, "a/b");
    local_env_mkdir(env, "a/b/c");
    local_env_put(env, "a/b/c/f", "new");
    g_assert_cmpuint(ino_at(c, "f"), ==,
                     local_env_stat(env, "a/b/c/f").st_ino);
}

/* The new directory follows when the guest renames it. */
static void renamed(LocalEnv *env)
{
    g_autoptr(FsNode) dir = local_env_made_dir(env, "build", 0755);

    make_anew(env, "build");
    g_assert_cmpint(local_env_try_lookup(dir, "f"), ==, 0);
    g_assert_cmpint(fs_rename(&test_call, env->root, "build", env->root,
                              "other"), ==, 0);
    local_env_mkdir(env, "build");
    g_assert_cmpuint(ino_at(dir, "f"), ==,
                     local_env_stat(env, "other/f").st_ino);
}

/* ---- what does not follow --------------------------------------------- */

static void removed_by_guest(LocalEnv *env)
{
    g_autoptr(FsNode) dir = local_env_made_dir(env, "build", 0755);
    g_autoptr(FsNode) over = local_env_made_dir(env, "over", 0755);
    FsAttr attr;

    fs_node_unref(local_env_made_dir(env, "new", 0755));
    g_assert_cmpint(fs_unlink(&test_call, env->root, "build", true), ==, 0);
    local_env_mkdir(env, "build");
    local_env_put(env, "build/f", "new");
    g_assert_cmpint(local_env_try_lookup(dir, "f"), ==, -ENOENT);
    g_assert_cmpint(fs_mkdir(&test_call, dir, "x", 0755, &attr), ==, -ENOENT);
    g_assert_false(local_env_exists(env, "build/x"));
    /* The guest has replaced it by another directory. */
    g_assert_cmpint(fs_rename(&test_call, env->root, "new", env->root, "over"),
                    ==, 0);
    g_assert_cmpint(fs_mkdir(&test_call, over, "x", 0755, &attr), ==, -ENOENT);
    g_assert_false(local_env_exists(env, "over/x"));
}

/* A directory that was moved on the host is not dead. */
static void moved_by_host(LocalEnv *env)
{
    g_autoptr(FsNode) dir = local_env_made_dir(env, "build", 0755);
    FsAttr attr;

    g_assert_cmpint(rename(local_env_path(env, "build"),
                           local_env_path(env, "old")), ==, 0);
    local_env_mkdir(env, "build");
    local_env_put(env, "build/f", "new");
    g_assert_cmpint(local_env_try_lookup(dir, "f"), ==, -ENOENT);
    g_assert_cmpint(fs_mkdir(&test_call, dir, "x", 0755, &attr), ==, 0);
    g_assert_true(local_env_exists(env, "old/x"));
}

static void other_kinds(LocalEnv *env)
{
    g_autoptr(FsNode) dir = local_env_made_dir(env, "build", 0755);
    g_autoptr(FsNode) file = NULL;
    FsAttr attr;

    /* Nothing, a file or a link in its place. */
    g_assert_cmpint(rmdir(local_env_path(env, "build")), ==, 0);
    g_assert_cmpint(local_env_try_lookup(dir, "f"), ==, -ENOENT);
    local_env_put(env, "build", "text");
    g_assert_cmpint(local_env_try_lookup(dir, "f"), ==, -ENOENT);
    g_assert_cmpint(unlink(local_env_path(env, "build")), ==, 0);
    local_env_mkdir(env, "real");
    local_env_put(env, "real/f", "text");
    g_assert_cmpint(symlink("real", local_env_path(env, "build")), ==, 0);
    g_assert_cmpint(local_env_try_lookup(dir, "f"), ==, -ENOENT);
    /* A file never becomes another one. */
    file = local_env_lookup(env, "real");
    g_clear_pointer(&file, fs_node_unref);
    local_env_put(env, "file", "old");
    file = local_env_lookup(env, "file");
    g_assert_cmpint(unlink(local_env_path(env, "file")), ==, 0);
    local_env_put(env, "file", "new");
    g_assert_cmpint(fs_getattr(&test_call, file, NULL, 0, &attr), ==, -ENOENT);
}

/* A chain of removed directories that is too long is not followed. */
static void deep(LocalEnv *env)
{
    enum { DEPTH = 200 };
    g_autoptr(GString) path = g_string_new("d");
    g_autoptr(FsNode) at = local_env_made_dir(env, "d", 0755);

    for (unsigned i = 0; i < DEPTH; i++) {
        FsNode *next;
        FsAttr attr;

        g_assert_cmpint(fs_mkdir(&test_call, at, "d", 0755, &attr), ==, 0);
        next = sub_of(at, "d");
        fs_node_unref(at);
        at = next;
        g_string_append(path, "/d");
    }
    make_anew(env, "d");
    g_assert_cmpint(g_mkdir_with_parents(local_env_path(env, path->str), 0755),
                    ==, 0);
    g_assert_cmpint(local_env_try_lookup(at, "f"), ==, -ENOENT);
}

static const LocalEnvTest tests[] = {
    { "once", LOCAL_ALL | LOCAL_PROXY, once },
    { "looked-up-before", LOCAL_ALL | LOCAL_PROXY, looked_up_before },
    { "often", LOCAL_ALL, often },
    { "below", LOCAL_ALL | LOCAL_PROXY, below },
    { "renamed", LOCAL_ALL | LOCAL_PROXY, renamed },
    { "removed-by-guest", LOCAL_ALL, removed_by_guest },
    { "moved-by-host", LOCAL_ALL, moved_by_host },
    { "other-kinds", LOCAL_PASSTHROUGH | LOCAL_NONE, other_kinds },
    { "deep", LOCAL_PASSTHROUGH, deep },
};

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    local_env_add("/local/remade", tests, ARRAY_SIZE(tests));
    return g_test_run();
}
