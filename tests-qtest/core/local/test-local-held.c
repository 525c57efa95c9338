/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Owner and mode of a file that has several names, some of which go while the
 * file is in use: what is changed by any name or fid is seen by all others, and
 * after a restart.
 */
#include "fsdev/core/p9-osdep.h"
#include "local-env.h"
#include "lib/test-call.h"

/* How the guest has the file in use. */
typedef struct Held {
    FsNode *node;
    FsFile *file;               /* NULL: looked up, but not open */
} Held;

static void held_end(Held *held)
{
    fs_release(&test_call, held->file);
    fs_node_unref(held->node);
}
#define HELD __attribute__((cleanup(held_end))) Held

static Held hold(LocalEnv *env, const char *name, bool open)
{
    Held held = { .node = local_env_lookup(env, name) };

    if (open) {
        g_assert_cmpint(fs_open(&test_call, held.node, O_RDWR, &held.file),
                        ==, 0);
    }
    return held;
}

static FsAttr held_attr(const Held *held)
{
    FsAttr attr;

    g_assert_cmpint(fs_getattr(&test_call, held->node, held->file, 0, &attr),
                    ==, 0);
    return attr;
}

static void change(FsNode *node, FsFile *file, uint32_t mode, uint32_t uid)
{
    const FsSetattr mode_only = { .valid = FS_SET_MODE, .mode = mode };
    const FsSetattr owner = {
        .valid = FS_SET_UID | FS_SET_GID, .uid = uid, .gid = uid + 1,
    };

    g_assert_cmpint(fs_setattr(&test_call, node, file, &mode_only), ==, 0);
    g_assert_cmpint(fs_setattr(&test_call, node, file, &owner), ==, 0);
}

static void change_name(LocalEnv *env, const char *name, uint32_t mode,
                        uint32_t uid)
{
    g_autoptr(FsNode) node = local_env_lookup(env, name);

    change(node, NULL, mode, uid);
}

static void check(const FsAttr *attr, uint32_t mode, uint32_t uid)
{
    g_assert_cmphex(attr->mode, ==, S_IFREG | mode);
    g_assert_cmpuint(attr->uid, ==, uid);
    g_assert_cmpuint(attr->gid, ==, uid + 1);
}

static void check_held(const Held *held, uint32_t mode, uint32_t uid)
{
    FsAttr attr = held_attr(held);

    check(&attr, mode, uid);
}

/* Also by another export, which has nothing in its caches. */
static void check_name(LocalEnv *env, const char *name, uint32_t mode,
                       uint32_t uid)
{
    g_autoptr(FsExport) other = local_fixture_reopen(&env->fixture);
    g_autoptr(FsNode) root = fs_root(other);
    g_autoptr(FsNode) node = NULL;
    FsAttr attr = local_env_attr(env, name);

    check(&attr, mode, uid);
    g_assert_cmpint(fs_lookup(&test_call, root, name, &node, &attr), ==, 0);
    check(&attr, mode, uid);
}

static void add_link(LocalEnv *env, const char *name, const char *newname)
{
    g_autoptr(FsNode) node = local_env_lookup(env, name);

    g_assert_cmpint(fs_link(&test_call, node, env->root, newname), ==, 0);
}

/* Take the name "a" away in each way that there is. */
static void remove_a(LocalEnv *env)
{
    g_assert_cmpint(fs_unlink(&test_call, env->root, "a", false), ==, 0);
}

static void replace_a(LocalEnv *env)
{
    local_env_create(env, "c", 0644);
    g_assert_cmpint(fs_rename(&test_call, env->root, "c", env->root, "a"), ==,
                    0);
}

static void make_by_guest(LocalEnv *env)
{
    local_env_create(env, "a", 0640);
}

static void make_by_host(LocalEnv *env)
{
    local_env_put(env, "a", "text");
}

static const struct {
    void (*make)(LocalEnv *env);
    void (*lose)(LocalEnv *env);
    bool open;
} ways[] = {
    { make_by_guest, remove_a, true },
    { make_by_guest, remove_a, false },
    { make_by_guest, replace_a, true },
    { make_by_guest, replace_a, false },
    { make_by_host, remove_a, true },
    { make_by_host, remove_a, false },
    { make_by_host, replace_a, true },
    { make_by_host, replace_a, false },
};

static void tidy(LocalEnv *env)
{
    static const char *const names[] = { "a", "b", "d" };

    for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
        fs_unlink(&test_call, env->root, names[i], false);
    }
}

static void by_fid(LocalEnv *env)
{
    for (size_t i = 0; i < ARRAY_SIZE(ways); i++) {
        ways[i].make(env);
        {
            HELD held = hold(env, "a", ways[i].open);

            add_link(env, "a", "b");
            ways[i].lose(env);
            change(held.node, held.file, 0600, 77);
            check_held(&held, 0600, 77);
            check_name(env, "b", 0600, 77);
            change(held.node, held.file, 0755, 177);
            check_held(&held, 0755, 177);
            check_name(env, "b", 0755, 177);
        }
        check_name(env, "b", 0755, 177);
        tidy(env);
    }
}

static void by_other_name(LocalEnv *env)
{
    for (size_t i = 0; i < ARRAY_SIZE(ways); i++) {
        ways[i].make(env);
        {
            HELD held = hold(env, "a", ways[i].open);

            add_link(env, "a", "b");
            ways[i].lose(env);
            change_name(env, "b", 0600, 77);
            check_held(&held, 0600, 77);
            change_name(env, "b", 0640, 78);
            check_held(&held, 0640, 78);
            g_assert_cmpint(fs_rename(&test_call, env->root, "b", env->root,
                                      "d"), ==, 0);
            change(held.node, held.file, 0711, 79);
            check_name(env, "d", 0711, 79);
        }
        tidy(env);
    }
}

/* With all names, before any of them goes. */
static void by_either_name(LocalEnv *env)
{
    for (size_t i = 0; i < ARRAY_SIZE(ways); i += 4) {
        ways[i].make(env);
        add_link(env, "a", "b");
        change_name(env, "a", 0600, 77);
        check_name(env, "b", 0600, 77);
        change_name(env, "b", 0604, 78);
        check_name(env, "a", 0604, 78);
        tidy(env);
    }
}

/* The values are kept for a file that is open, and given to a new name. */
static void after_last_name(LocalEnv *env)
{
    for (size_t i = 0; i < ARRAY_SIZE(ways); i++) {
        ways[i].make(env);
        {
            HELD held = hold(env, "a", true);

            add_link(env, "a", "b");
            ways[i].lose(env);
            change(held.node, held.file, 0600, 77);
            g_assert_cmpint(fs_unlink(&test_call, env->root, "b", false), ==,
                            0);
            check_held(&held, 0600, 77);
            change(held.node, held.file, 0640, 78);
            check_held(&held, 0640, 78);
        }
        tidy(env);
    }
}

static void new_name_from_fid(LocalEnv *env)
{
    for (size_t i = 0; i < ARRAY_SIZE(ways); i++) {
        ways[i].make(env);
        {
            HELD held = hold(env, "a", ways[i].open);

            add_link(env, "a", "b");
            ways[i].lose(env);
            change(held.node, held.file, 0600, 77);
            g_assert_cmpint(fs_link(&test_call, held.node, env->root, "d"),
                            ==, 0);
            check_name(env, "d", 0600, 77);
            change_name(env, "d", 0640, 78);
            check_name(env, "b", 0640, 78);
            check_held(&held, 0640, 78);
        }
        tidy(env);
    }
}

/* Another file of that name has values of its own. */
static void new_file_of_old_name(LocalEnv *env)
{
    HELD held = { 0 };

    local_env_create(env, "a", 0640);
    held = hold(env, "a", true);
    add_link(env, "a", "b");
    remove_a(env);
    local_env_create(env, "a", 0604);
    change_name(env, "a", 0611, 90);
    change(held.node, held.file, 0600, 77);
    check_name(env, "a", 0611, 90);
    check_name(env, "b", 0600, 77);
    check_held(&held, 0600, 77);
}

static const LocalEnvTest tests[] = {
    { "by-fid", LOCAL_ALL | LOCAL_PROXY, by_fid, .as_root = true },
    { "by-other-name", LOCAL_ALL | LOCAL_PROXY, by_other_name,
      .as_root = true },
    { "by-either-name", LOCAL_ALL | LOCAL_PROXY, by_either_name,
      .as_root = true },
    { "after-last-name", LOCAL_ALL | LOCAL_PROXY, after_last_name,
      .as_root = true },
    { "new-name-from-fid", LOCAL_ALL | LOCAL_PROXY, new_name_from_fid,
      .as_root = true },
    { "new-file-of-old-name", LOCAL_ALL | LOCAL_PROXY, new_file_of_old_name,
      .as_root = true },
    { "mapped-as-user/by-fid", LOCAL_MAPPED, by_fid, .as_user = true },
    { "mapped-as-user/by-other-name", LOCAL_MAPPED, by_other_name,
      .as_user = true },
};

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    local_env_add("/local-held", tests, ARRAY_SIZE(tests));
    return g_test_run();
}
