/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the local driver keeps for a guest is limited: names, their bytes, and
 * the buffers of open directories.
 */
#include "fsdev/core/p9-osdep.h"
#include "local-env.h"
#include "lib/test-call.h"

#define ENTRIES 40

static void set_limit(LocalEnv *env, FsBudgetItem item, gsize limit)
{
    env->export->limits.item[item] = limit;
}

static gsize used(LocalEnv *env, FsBudgetItem item)
{
    return fs_budget_used(&env->export->budget, item);
}

/* How many of the files with these names can be in use at once. */
static unsigned count_in_use(LocalEnv *env, const char *format, unsigned max)
{
    g_autoptr(GPtrArray) nodes =
        g_ptr_array_new_with_free_func((GDestroyNotify)fs_node_unref);
    int ret = 0;

    while (ret == 0 && nodes->len < max) {
        g_autofree char *name = g_strdup_printf(format, nodes->len);
        FsNode *node;
        FsAttr attr;

        local_env_put(env, name, "");
        ret = fs_lookup(&test_call, env->root, name, &node, &attr);
        if (ret == 0) {
            g_ptr_array_add(nodes, node);
        }
    }
    if (ret < 0) {
        g_assert_cmpint(ret, ==, -ENFILE);
    }
    return nodes->len;
}

static void names_are_limited(LocalEnv *env)
{
    set_limit(env, FS_BUDGET_NAMES, 20);
    g_assert_cmpuint(count_in_use(env, "f%u", 50), ==, 19);
    /* All of them are given back. */
    g_assert_cmpuint(count_in_use(env, "f%u", 50), ==, 19);
    set_limit(env, FS_BUDGET_NAMES, 0);
    g_assert_cmpuint(count_in_use(env, "f%u", 50), ==, 50);
}

static void bytes_of_names_are_limited(LocalEnv *env)
{
    set_limit(env, FS_BUDGET_PATHS, 1000);
    g_assert_cmpuint(count_in_use(env, "%0200u", 50), ==, 5);
    g_assert_cmpuint(count_in_use(env, "%0100u", 50), ==, 10);
    g_assert_cmpuint(count_in_use(env, "%0200u", 50), ==, 5);
}

/* A rename changes the bytes that count. */
static void renamed_names_are_counted(LocalEnv *env)
{
    g_autofree char *longer = g_strnfill(200, 'l');
    g_autoptr(FsNode) node = NULL;
    FsAttr attr;

    local_env_put(env, "short", "");
    g_assert_cmpint(fs_lookup(&test_call, env->root, "short", &node, &attr),
                    ==, 0);
    g_assert_cmpint(fs_rename(&test_call, env->root, "short", env->root,
                              longer), ==, 0);
    set_limit(env, FS_BUDGET_PATHS, 400);
    g_assert_cmpuint(count_in_use(env, "%0200u", 50), ==, 1);
    g_assert_cmpint(fs_rename(&test_call, env->root, longer, env->root,
                              "short"), ==, 0);
    set_limit(env, FS_BUDGET_PATHS, 405);
    g_assert_cmpuint(count_in_use(env, "%0200u", 50), ==, 2);
}

/* Takes one entry for each call. */
typedef struct One {
    char name[NAME_MAX + 1];
    uint64_t next;
    bool taken;
} One;

static int take_one(void *opaque, const FsDirent *entry)
{
    One *one = opaque;

    if (one->taken) {
        return 1;
    }
    strcpy(one->name, entry->name);
    one->next = entry->next;
    one->taken = true;
    return 0;
}

static void check_listing(FsFile *dir)
{
    g_autoptr(GHashTable) seen = g_hash_table_new_full(g_str_hash, g_str_equal,
                                                       g_free, NULL);
    One one = { 0 };

    do {
        one.taken = false;
        g_assert_cmpint(fs_readdir(&test_call, dir, one.next, 0, take_one,
                                   &one), ==, 0);
        if (one.taken) {
            g_assert_true(g_hash_table_add(seen, g_strdup(one.name)));
        }
    } while (one.taken);
    g_assert_cmpuint(g_hash_table_size(seen), ==, ENTRIES + 2);
}

/* Over the limit a directory has no buffer of its own, and is listed as well */
static void directories_are_limited(LocalEnv *env)
{
    g_autoptr(FsNode) node = NULL;
    FsFile *dirs[8];
    FsAttr attr;

    local_env_mkdir(env, "d");
    for (unsigned i = 0; i < ENTRIES; i++) {
        g_autofree char *name = g_strdup_printf("d/entry%u", i);

        local_env_put(env, name, "");
    }
    g_assert_cmpint(fs_lookup(&test_call, env->root, "d", &node, &attr), ==,
                    0);
    set_limit(env, FS_BUDGET_DIRS, 3 * 32768);
    for (unsigned i = 0; i < ARRAY_SIZE(dirs); i++) {
        g_assert_cmpint(fs_open(&test_call, node, O_DIRECTORY, &dirs[i]), ==,
                        0);
        check_listing(dirs[i]);
    }
    g_assert_cmpuint(used(env, FS_BUDGET_DIRS), ==, 3 * 32768);
    for (unsigned i = 0; i < ARRAY_SIZE(dirs); i++) {
        check_listing(dirs[i]);
    }
    for (unsigned i = 0; i < ARRAY_SIZE(dirs); i++) {
        test_file_release(dirs[i]);
    }
    g_assert_cmpuint(used(env, FS_BUDGET_DIRS), ==, 0);
}

static const LocalEnvTest tests[] = {
    { "names", LOCAL_NONE, names_are_limited },
    { "bytes-of-names", LOCAL_NONE | LOCAL_PROXY, bytes_of_names_are_limited },
    { "renamed-names", LOCAL_NONE, renamed_names_are_counted },
    { "directories", LOCAL_NONE | LOCAL_MAPPED, directories_are_limited },
};

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    local_env_add("/local-budget", tests, ARRAY_SIZE(tests));
    return g_test_run();
}
