/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Whiteouts in mapped exports: a directory in which the guest made one, by
 * whatever call, reports the types of its entries; for other directories these
 * are not looked up.
 */
#include "fsdev/core/p9-osdep.h"
#include "local-env.h"
#include "lib/test-call.h"

typedef struct Search {
    const char *name;
    int type;                   /* DT_*, -1: not listed */
} Search;

static int note_type(void *opaque, const FsDirent *entry)
{
    Search *search = opaque;

    if (!strcmp(entry->name, search->name)) {
        search->type = entry->type;
    }
    return 0;
}

static int listed_type(FsNode *dir, const char *name)
{
    g_autoptr(FsFile) file = NULL;
    Search search = { name, -1 };

    g_assert_cmpint(fs_open(&test_call, dir, O_RDONLY, &file), ==, 0);
    g_assert_cmpint(fs_readdir(&test_call, file, 0, 0, note_type, &search), ==,
                    0);
    return search.type;
}

static void make_device(FsNode *dir, const char *name, uint64_t rdev)
{
    FsAttr attr;

    g_assert_cmpint(fs_mknod(CALL_AS(&local_env_cred), dir, name,
                             S_IFCHR | 0600, rdev, &attr),
                    ==, 0);
    g_assert_cmphex(attr.mode & S_IFMT, ==, S_IFCHR);
}

static FsNode *lookup_in(FsNode *dir, const char *name)
{
    FsNode *node = NULL;
    FsAttr attr;

    g_assert_cmpint(fs_lookup(&test_call, dir, name, &node, &attr), ==, 0);
    return node;
}

static void test_made(LocalEnv *env)
{
    g_autoptr(FsNode) dir = local_env_made_dir(env, "d", 0755);

    local_env_put(env, "d/empty", "");
    local_env_put(env, "d/text", "text");
    local_env_mkdir(env, "d/sub");
    g_assert_cmpint(listed_type(dir, "empty"), ==, DT_UNKNOWN);
    make_device(dir, "w", 0);
    g_assert_cmpint(listed_type(dir, "w"), ==, DT_CHR);
    g_assert_cmpint(listed_type(dir, "empty"), ==, DT_REG);
    g_assert_cmpint(listed_type(dir, "text"), ==, DT_UNKNOWN);
    g_assert_cmpint(listed_type(dir, "sub"), ==, DT_DIR);
    g_assert_cmpint(listed_type(env->root, "d"), ==, DT_DIR);
}

static void test_in_root(LocalEnv *env)
{
    make_device(env->root, "w", 0);
    g_assert_cmpint(listed_type(env->root, "w"), ==, DT_CHR);
}

/* A device that is not a whiteout does not mark the directory. */
static void test_other_devices(LocalEnv *env)
{
    g_autoptr(FsNode) dir = local_env_made_dir(env, "d", 0755);

    make_device(dir, "null", 0x103);
    g_assert_cmpint(listed_type(dir, "null"), ==, DT_UNKNOWN);
}

static void test_renamed(LocalEnv *env)
{
    g_autoptr(FsNode) work = local_env_made_dir(env, "work", 0755);
    g_autoptr(FsNode) upper = local_env_made_dir(env, "upper", 0755);

    make_device(work, "#1", 0);
    g_assert_cmpint(fs_rename(&test_call, work, "#1", upper, "gone"), ==, 0);
    g_assert_cmpint(listed_type(upper, "gone"), ==, DT_CHR);
    g_assert_cmpint(listed_type(work, "#1"), ==, -1);
}

static void test_linked(LocalEnv *env)
{
    g_autoptr(FsNode) work = local_env_made_dir(env, "work", 0755);
    g_autoptr(FsNode) upper = local_env_made_dir(env, "upper", 0755);
    g_autoptr(FsNode) node = NULL;

    make_device(work, "#1", 0);
    node = lookup_in(work, "#1");
    g_assert_cmpint(fs_link(&test_call, node, upper, "gone"), ==, 0);
    g_assert_cmpint(listed_type(upper, "gone"), ==, DT_CHR);
    g_assert_cmpint(listed_type(work, "#1"), ==, DT_CHR);
}

static void test_directory_moved_and_changed(LocalEnv *env)
{
    const FsSetattr set = {
        .valid = FS_SET_MODE | FS_SET_UID, .mode = 0700, .uid = 77,
    };
    g_autoptr(FsNode) dir = local_env_made_dir(env, "d", 0755);

    make_device(dir, "w", 0);
    g_assert_cmpint(fs_setattr(&test_call, dir, NULL, &set), ==, 0);
    g_assert_cmpint(fs_rename(&test_call, env->root, "d", env->root, "e"), ==,
                    0);
    g_assert_cmphex(local_env_attr(env, "e").mode, ==, S_IFDIR | 0700);
    g_assert_cmpint(listed_type(dir, "w"), ==, DT_CHR);
}

/*
 * Another export of the same directory knows which directories are marked, and
 * marks others.
 */
static void test_another_export(LocalEnv *env)
{
    g_autoptr(FsNode) dir = local_env_made_dir(env, "d", 0755);
    g_autoptr(FsNode) other = local_env_made_dir(env, "other", 0755);
    g_autoptr(FsExport) later = NULL;
    g_autoptr(FsNode) root = NULL;
    g_autoptr(FsNode) later_dir = NULL;
    g_autoptr(FsNode) later_other = NULL;
    g_autoptr(FsNode) device = NULL;

    make_device(dir, "w", 0);
    later = local_fixture_reopen(&env->fixture);
    root = fs_root(later);
    later_dir = lookup_in(root, "d");
    later_other = lookup_in(root, "other");
    g_assert_cmpint(listed_type(later_dir, "w"), ==, DT_CHR);
    device = lookup_in(later_dir, "w");
    g_assert_cmpint(fs_rename(&test_call, later_dir, "w", later_other, "w"), ==,
                    0);
    g_assert_cmpint(listed_type(later_other, "w"), ==, DT_CHR);
    g_assert_cmpint(listed_type(other, "w"), ==, DT_CHR);
}

static void test_hidden_and_removed(LocalEnv *env)
{
    g_autoptr(FsNode) dir = local_env_made_dir(env, "d", 0755);
    char list[256];

    make_device(dir, "w", 0);
    g_assert_cmpint(fs_listxattr(&test_call, dir, list, sizeof(list)), ==, 0);
    g_assert_cmpint(fs_unlink(&test_call, env->root, "d", true), ==,
                    -ENOTEMPTY);
    g_assert_cmpint(fs_unlink(&test_call, dir, "w", false), ==, 0);
    g_assert_cmpint(fs_unlink(&test_call, env->root, "d", true), ==, 0);
    g_assert_false(local_env_exists(env, "d"));
    g_assert_false(local_env_exists(env, ".virtfs_metadata/d"));
}

static int take_one(void *opaque, const FsDirent *entry)
{
    unsigned *taken = opaque;

    return (*taken)++ > 0;
}

/* Without waiting, entries whose type must be looked up are not returned. */
static void test_without_waiting(LocalEnv *env)
{
    g_autoptr(FsNode) dir = local_env_made_dir(env, "d", 0755);
    g_autoptr(FsFile) file = NULL;
    Search search = { "w", -1 };
    unsigned taken = 0;

    make_device(dir, "w", 0);
    g_assert_cmpint(fs_open(&test_call, dir, O_RDONLY, &file), ==, 0);
    g_assert_cmpint(fs_readdir(&test_call, file, 0, 0, take_one, &taken), ==,
                    0);
    fs_readdir(&test_call_never, file, 0, 0, note_type, &search);
    g_assert_cmpint(search.type, ==, -1);
}

/* If the directory cannot be marked, the whiteout is made nevertheless. */
static void test_no_room_for_mark(LocalEnv *env)
{
    g_autoptr(FsNode) dir = local_env_made_dir(env, "d", 0755);
    g_autofree char *meta = g_strdup(local_env_path(env,
                                                    ".virtfs_metadata/d"));

    g_assert_cmpint(unlink(meta), ==, 0);
    g_assert_cmpint(mkdir(meta, 0700), ==, 0);
    make_device(dir, "w", 0);
    g_assert_cmpint(listed_type(dir, "w"), ==, DT_UNKNOWN);
    g_assert_cmpint(rmdir(meta), ==, 0);
    g_assert_cmphex(local_env_attr(env, "d").mode & S_IFMT, ==, S_IFDIR);
}

static const LocalEnvTest tests[] = {
    { "made", LOCAL_MAPPED, test_made },
    { "in-root", LOCAL_MAPPED, test_in_root },
    { "other-devices", LOCAL_MAPPED, test_other_devices },
    { "renamed", LOCAL_MAPPED, test_renamed },
    { "linked", LOCAL_MAPPED, test_linked },
    { "directory-moved-and-changed", LOCAL_MAPPED,
      test_directory_moved_and_changed },
    { "another-export", LOCAL_MAPPED, test_another_export },
    { "hidden-and-removed", LOCAL_MAPPED, test_hidden_and_removed },
    { "without-waiting", LOCAL_MAPPED, test_without_waiting },
    { "no-room-for-mark", 1u << FS_SM_MAPPED_FILE, test_no_room_for_mark },
};

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    umask(022);
    local_env_add("/local-whiteout", tests, ARRAY_SIZE(tests));
    return g_test_run();
}
