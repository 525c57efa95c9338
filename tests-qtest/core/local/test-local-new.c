/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * New files of the local driver: their owner and mode, whatever the host gives
 * to new files, and what happens when their name is lost before it was ever
 * looked up.
 */
#include "fsdev/core/p9-osdep.h"
#include "fsdev/host/host.h"
#include "local-env.h"
#include "lib/test-call.h"

/* Create a file with the owner @cred; returns its state on the host. */
static struct stat make(LocalEnv *env, const char *name, uint32_t mode,
                        FsCred cred)
{
    g_autoptr(FsNode) node = NULL;
    g_autoptr(FsFile) file = NULL;
    FsAttr attr;

    g_assert_cmpint(fs_create(CALL_AS(&cred), env->root, name, O_RDWR | O_EXCL,
                              mode, &node, &file, &attr),
                    ==, 0);
    g_assert_cmpuint(attr.uid, ==, cred.uid);
    g_assert_cmpuint(attr.gid, ==, cred.gid);
    g_assert_cmphex(attr.mode, ==, S_IFREG | mode);
    return local_env_stat(env, name);
}

/*
 * Files with alternating owners and modes, so that each is made after one that
 * differs.
 */
static void test_owners_in_turn(LocalEnv *env)
{
    const FsCred creds[] = { { 0, 0 }, { 1000, 1001 }, { 0, 5 }, { 7, 0 } };
    const uint32_t modes[] = { 0644, 0600, 0, 0777, 04755, 02775, 01666 };
    char name[32];

    for (unsigned i = 0; i < 4 * 7 * 3; i++) {
        const FsCred *cred = &creds[i / 2 % 4];
        uint32_t mode = modes[i / 3 % 7];
        struct stat st;

        snprintf(name, sizeof(name), "f%u", i);
        st = make(env, name, mode, *cred);
        g_assert_cmpuint(st.st_uid, ==, cred->uid);
        g_assert_cmpuint(st.st_gid, ==, cred->gid);
        g_assert_cmphex(st.st_mode, ==, S_IFREG | mode);
    }
}

static void test_umask(LocalEnv *env)
{
    mode_t old = umask(077);

    for (int i = 0; i < 3; i++) {
        char name[] = { 'a' + i, '\0' };

        g_assert_cmphex(make(env, name, 0664, (FsCred) { 0, 0 }).st_mode, ==,
                        S_IFREG | 0664);
    }
    umask(old);
}

/*
 * In a set-group-id directory new files get the directory's group; the group
 * that the guest asked for is set nevertheless.
 */
static void test_group_of_directory(LocalEnv *env)
{
    make(env, "before", 0660, (FsCred) { 0, 0 });
    g_assert_cmpint(chown(env->fixture.path, 0, 7), ==, 0);
    g_assert_cmpint(chmod(env->fixture.path, 02755), ==, 0);
    for (int i = 0; i < 3; i++) {
        char name[] = { 'a' + i, '\0' };
        struct stat st = make(env, name, 0660, (FsCred) { 0, i == 2 ? 7 : 0 });

        g_assert_cmpuint(st.st_gid, ==, i == 2 ? 7 : 0);
        g_assert_cmphex(st.st_mode, ==, S_IFREG | 0660);
    }
}

/* ---- names that are lost ---------------------------------------------- */

typedef struct New {
    FsNode *node;
    FsFile *file;
    FsAttr attr;
} New;

static New make_new(LocalEnv *env, const char *name)
{
    New new;

    g_assert_cmpint(fs_create(CALL_AS(&local_env_cred), env->root, name,
                              O_RDWR | O_EXCL, 0640, &new.node, &new.file,
                              &new.attr),
                    ==, 0);
    return new;
}

static void drop_new(New *new)
{
    fs_release(&test_call, new->file);
    fs_node_unref(new->node);
}

static void assert_same(const New *new, FsFile *file)
{
    FsAttr attr;

    g_assert_cmpint(fs_getattr(&test_call, new->node, file, 0, &attr), ==, 0);
    g_assert_cmpuint(attr.ino, ==, new->attr.ino);
    g_assert_cmphex(attr.mode, ==, S_IFREG | 0640);
    g_assert_cmpuint(attr.uid, ==, local_env_cred.uid);
}

static void test_unlinked(LocalEnv *env)
{
    New new = make_new(env, "f");

    g_assert_cmpint(fs_unlink(&test_call, env->root, "f", false), ==, 0);
    assert_same(&new, new.file);
    assert_same(&new, NULL);
    drop_new(&new);
}

static void test_renamed(LocalEnv *env)
{
    New new = make_new(env, "f");

    g_assert_cmpint(fs_rename(&test_call, env->root, "f", env->root, "g"), ==,
                    0);
    assert_same(&new, NULL);
    drop_new(&new);
}

static void test_renamed_over(LocalEnv *env)
{
    New new = make_new(env, "f");

    local_env_create(env, "g", 0600);
    g_assert_cmpint(fs_rename(&test_call, env->root, "g", env->root, "f"), ==,
                    0);
    assert_same(&new, NULL);
    assert_same(&new, new.file);
    drop_new(&new);
}

/*
 * Replaced by the host when the driver has the file open, but has no other
 * descriptor of it: the node does not lead to the other file.
 */
static void test_replaced_on_host(LocalEnv *env)
{
    New new = make_new(env, "f");
    FsAttr attr;

    local_env_put(env, "g", "other");
    g_assert_cmpint(rename(local_env_path(env, "g"),
                           local_env_path(env, "f")), ==, 0);
    g_assert_cmpint(fs_getattr(&test_call, new.node, new.file, 0, &attr), ==,
                    0);
    g_assert_cmpuint(attr.ino, ==, new.attr.ino);
    if (local_is_plain_fs(&env->fixture)) {
        g_assert_cmpint(fs_getattr(&test_call, new.node, NULL, 0, &attr), ==,
                        -ESTALE);
    } else if (fs_getattr(&test_call, new.node, NULL, 0, &attr) == 0) {
        g_assert_cmpuint(attr.ino, ==, new.attr.ino);
    }
    g_assert_cmpuint(local_env_attr(env, "f").ino, !=, new.attr.ino);
    drop_new(&new);
}

/*
 * A new file does not use values left by an earlier file of its name, and does
 * not overwrite them if they are shared with another file.
 */
static void test_old_values(LocalEnv *env)
{
    g_autofree char *text = NULL;

    local_env_mkdir(env, ".virtfs_metadata");
    local_env_put(env, ".virtfs_metadata/other",
                  "virtfs.uid=5\nvirtfs.rdev=9\n");
    g_assert_cmpint(link(local_env_path(env, ".virtfs_metadata/other"),
                         local_env_path(env, ".virtfs_metadata/f")), ==, 0);
    local_env_create(env, "f", 0640);
    g_assert_cmpuint(local_env_attr(env, "f").uid, ==, local_env_cred.uid);
    text = local_env_text(env, ".virtfs_metadata/f");
    g_assert_null(strstr(text, "rdev"));
    g_free(text);
    text = local_env_text(env, ".virtfs_metadata/other");
    g_assert_cmpstr(text, ==, "virtfs.uid=5\nvirtfs.rdev=9\n");
}

static const LocalEnvTest tests[] = {
    { "owners-in-turn", LOCAL_PASSTHROUGH | LOCAL_NONE, test_owners_in_turn,
      .as_root = true },
    { "umask", LOCAL_PASSTHROUGH | LOCAL_NONE, test_umask, .as_root = true },
    { "group-of-directory", LOCAL_PASSTHROUGH | LOCAL_NONE,
      test_group_of_directory, .as_root = true },
    { "old-values", 1u << FS_SM_MAPPED_FILE, test_old_values },
    { "unlinked", LOCAL_ALL, test_unlinked, .as_root = true },
    { "renamed", LOCAL_ALL, test_renamed, .as_root = true },
    { "renamed-over", LOCAL_ALL, test_renamed_over, .as_root = true },
    { "replaced-on-host", LOCAL_ALL, test_replaced_on_host, .as_root = true },
};

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    umask(022);
    local_env_add("/local-new", tests, ARRAY_SIZE(tests));
    return g_test_run();
}
