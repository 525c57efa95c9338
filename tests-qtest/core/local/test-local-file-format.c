/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The files of the security model mapped-file: what is written, how files are
 * read that other programs wrote or damaged, and that the guest cannot access
 * them.
 */
#include "fsdev/core/p9-osdep.h"
#include "metadata-names.h"
#include "lib/test-call.h"

/* ---- writing ---------------------------------------------------------- */

static void file_on_disk(void)
{
    LOCAL_ENV env = MAPPED;

    local_env_start(&env);
    local_env_create(&env, "f", 04755);
    local_env_check_text(&env, META("f"), "virtfs.uid=1000\nvirtfs.gid=1001\n"
                         "virtfs.mode=35309\n");
    g_assert_cmphex(local_env_stat(&env, META("f")).st_mode, ==,
                    S_IFREG | 0600);
    g_assert_cmphex(local_env_stat(&env, DIR_NAME).st_mode, ==,
                    S_IFDIR | 0700);
    g_assert_cmphex(local_env_stat(&env, "f").st_mode, ==, S_IFREG | 0600);
    g_assert_cmpuint(local_env_count(&env, DIR_NAME), ==, 1);
}

static void directory_on_disk(void)
{
    LOCAL_ENV env = MAPPED;
    g_autoptr(FsNode) dir = NULL;

    local_env_start(&env);
    dir = local_env_made_dir(&env, "d", 0750);
    local_env_check_text(&env, META("d"), "virtfs.uid=1000\nvirtfs.gid=1001\n"
                         "virtfs.mode=16872\n");
    g_assert_cmphex(local_env_stat(&env, "d").st_mode, ==, S_IFDIR | 0700);
}

static void device_on_disk(void)
{
    LOCAL_ENV env = MAPPED;
    FsAttr attr;

    local_env_start(&env);
    g_assert_cmpint(fs_mknod(CALL_AS(&local_env_cred), env.root, "null",
                             S_IFCHR | 0666, makedev(1, 3), &attr),
                    ==, 0);
    local_env_check_text(&env, META("null"),
                         "virtfs.uid=1000\nvirtfs.gid=1001\n"
                         "virtfs.mode=8630\nvirtfs.rdev=259\n");
    /* Numbers have always been written with "%d". */
    g_assert_cmpint(fs_mknod(CALL_AS(&local_env_cred), env.root, "high",
                             S_IFCHR | 0666, 0xfffffff0, &attr),
                    ==, 0);
    local_env_check_text(&env, META("high"),
                         "virtfs.uid=1000\nvirtfs.gid=1001\n"
                         "virtfs.mode=8630\nvirtfs.rdev=-16\n");
    g_assert_cmphex(local_env_attr(&env, "high").rdev, ==, 0xfffffff0);
}

static void link_on_disk(void)
{
    LOCAL_ENV env = MAPPED;
    FsAttr attr;

    local_env_start(&env);
    g_assert_cmpint(fs_symlink(CALL_AS(&local_env_cred), env.root, "l",
                               "../target", &attr),
                    ==, 0);
    local_env_check_text(&env, META("l"), "virtfs.uid=1000\nvirtfs.gid=1001\n"
                         "virtfs.mode=41471\n");
    local_env_check_text(&env, "l", "../target");
}

static void root_on_disk(void)
{
    LOCAL_ENV env = MAPPED;
    FsSetattr set = { .valid = FS_SET_MODE | FS_SET_UID, .mode = 0711,
                      .uid = 5 };

    local_env_start(&env);
    g_assert_cmpint(fs_setattr(&test_call, env.root, NULL, &set), ==, 0);
    local_env_check_text(&env, ROOT_NAME, "virtfs.uid=5\nvirtfs.mode=16841\n");
    g_assert_cmphex(local_env_stat(&env, ROOT_NAME).st_mode, ==,
                    S_IFREG | 0600);
    g_assert_false(local_env_exists(&env, DIR_NAME));
    g_assert_cmpuint(local_env_count(&env, ""), ==, 1);
}

static void changes_keep_the_rest(void)
{
    LOCAL_ENV env = MAPPED;

    local_env_start(&env);
    local_env_put(&env, "f", "x");
    local_env_mkdir(&env, DIR_NAME);
    local_env_put(&env, META("f"), "virtfs.gid=7\nvirtfs.rdev=9\nother=1\n");
    g_assert_cmpint(local_env_try_chmod(&env, "f", 0600), ==, 0);
    local_env_check_text(&env, META("f"),
                         "virtfs.gid=7\nvirtfs.mode=33152\nvirtfs.rdev=9\n");
    g_assert_cmpuint(local_env_count(&env, DIR_NAME), ==, 1);
}

static void new_file_takes_nothing_over(void)
{
    LOCAL_ENV env = MAPPED;
    FsAttr attr;

    local_env_start(&env);
    local_env_mkdir(&env, DIR_NAME);
    local_env_put(&env, META("f"), "virtfs.uid=7\nvirtfs.rdev=9\n");
    local_env_create(&env, "f", 0600);
    local_env_check_text(&env, META("f"), "virtfs.uid=1000\nvirtfs.gid=1001\n"
                         "virtfs.mode=33152\n");
    local_env_put(&env, META("l"), "virtfs.uid=7\nvirtfs.rdev=9\n");
    g_assert_cmpint(fs_symlink(CALL_AS(&local_env_cred), env.root, "l", "x",
                               &attr),
                    ==, 0);
    local_env_check_text(&env, META("l"), "virtfs.uid=1000\nvirtfs.gid=1001\n"
                         "virtfs.mode=41471\n");
}

/* ---- names that come and go ------------------------------------------- */

static void unlink_takes_it_along(void)
{
    LOCAL_ENV env = MAPPED;
    g_autoptr(FsNode) dir = NULL;

    local_env_start(&env);
    local_env_create(&env, "f", 0600);
    dir = local_env_made_dir(&env, "d", 0700);
    g_assert_cmpint(fs_unlink(&test_call, env.root, "f", false), ==, 0);
    g_assert_cmpint(fs_unlink(&test_call, env.root, "d", true), ==, 0);
    g_assert_cmpuint(local_env_count(&env, DIR_NAME), ==, 0);
}

/* A removal that fails must not remove the stored values. */
static void failed_unlink_keeps_it(void)
{
    LOCAL_ENV env = MAPPED;
    g_autoptr(FsNode) dir = NULL;

    local_env_start(&env);
    local_env_create(&env, "f", 0640);
    dir = local_env_made_dir(&env, "d", 0750);
    g_assert_cmpint(fs_unlink(&test_call, env.root, "f", true), ==, -ENOTDIR);
    g_assert_cmpint(fs_unlink(&test_call, env.root, "d", false), ==, -EISDIR);
    g_assert_cmpint(local_env_try_create(dir, "x", O_RDWR), ==, 0);
    g_assert_cmpint(fs_unlink(&test_call, env.root, "d", true), ==, -ENOTEMPTY);
    g_assert_cmpuint(local_env_count(&env, DIR_NAME), ==, 2);
    g_assert_cmpuint(local_env_count(&env, "d/" DIR_NAME), ==, 1);
}

static void rename_takes_it_along(void)
{
    LOCAL_ENV env = MAPPED;
    g_autoptr(FsNode) dir = NULL;

    local_env_start(&env);
    local_env_create(&env, "f", 0640);
    dir = local_env_made_dir(&env, "d", 0750);
    g_assert_cmpint(fs_rename(&test_call, env.root, "f", dir, "g"), ==, 0);
    g_assert_false(local_env_exists(&env, META("f")));
    local_env_check_text(&env, "d/" META("g"),
                         "virtfs.uid=1000\nvirtfs.gid=1001\n"
                         "virtfs.mode=33184\n");
}

/* A file without values must not get those of the file that it replaces. */
static void renamed_host_file_takes_nothing_over(void)
{
    LOCAL_ENV env = MAPPED;

    local_env_start(&env);
    local_env_put(&env, "host", "x");
    local_env_create(&env, "f", 04755);
    g_assert_cmpint(fs_rename(&test_call, env.root, "host", env.root, "f"), ==,
                    0);
    g_assert_cmphex(local_env_attr(&env, "f").mode, ==, S_IFREG | 0600);
    g_assert_cmpuint(local_env_attr(&env, "f").uid, ==, geteuid());
    g_assert_false(local_env_exists(&env, META("f")));
}

static void linked_host_file_takes_nothing_over(void)
{
    LOCAL_ENV env = MAPPED;
    g_autoptr(FsNode) node = NULL;

    local_env_start(&env);
    local_env_put(&env, "host", "x");
    local_env_mkdir(&env, DIR_NAME);
    local_env_put(&env, META("l"), "virtfs.uid=7\nvirtfs.mode=35309\n");
    node = local_env_lookup(&env, "host");
    g_assert_cmpint(fs_link(&test_call, node, env.root, "l"), ==, 0);
    g_assert_cmphex(local_env_attr(&env, "l").mode, ==, S_IFREG | 0600);
    /* Both share a file without values, for those that one of them gets. */
    local_env_check_text(&env, META("l"), "");
    g_assert_cmpuint(local_env_stat(&env, META("l")).st_ino, ==,
                     local_env_stat(&env, META("host")).st_ino);
}

static void links_share_one_file(void)
{
    LOCAL_ENV env = MAPPED;
    g_autoptr(FsNode) node = NULL;
    g_autoptr(FsNode) dir = NULL;

    local_env_start(&env);
    local_env_create(&env, "f", 0777);
    dir = local_env_made_dir(&env, "d", 0750);
    node = local_env_lookup(&env, "f");
    g_assert_cmpint(fs_link(&test_call, node, dir, "l"), ==, 0);
    g_assert_cmpuint(local_env_stat(&env, META("f")).st_ino, ==,
                     local_env_stat(&env, "d/" META("l")).st_ino);
    /* They still do after a change, also if the text gets shorter. */
    g_assert_cmpint(local_env_try_chmod(&env, "f", 0), ==, 0);
    g_assert_cmpuint(local_env_stat(&env, META("f")).st_ino, ==,
                     local_env_stat(&env, "d/" META("l")).st_ino);
    local_env_check_text(&env, "d/" META("l"),
                         "virtfs.uid=1000\nvirtfs.gid=1001\n"
                         "virtfs.mode=32768\n");
}

/*
 * If the metadata file is a hard link to another file, that file must not be
 * changed.
 */
static void planted_link_is_not_written(void)
{
    LOCAL_ENV env = MAPPED;

    local_env_start(&env);
    local_env_put(&env, "canary", "precious");
    local_env_put(&env, "f", "x");
    local_env_mkdir(&env, DIR_NAME);
    g_assert_cmpint(link(local_env_path(&env, "canary"),
                         local_env_path(&env, META("f"))), ==, 0);
    g_assert_cmpint(local_env_try_chmod(&env, "f", 0640), ==, 0);
    local_env_check_text(&env, "canary", "precious");
    g_assert_cmphex(local_env_attr(&env, "f").mode, ==, S_IFREG | 0640);
}

static void rmdir_clears_what_is_stale(void)
{
    LOCAL_ENV env = MAPPED;
    g_autoptr(FsNode) dir = NULL;

    local_env_start(&env);
    dir = local_env_made_dir(&env, "d", 0750);
    g_assert_cmpint(local_env_try_create(dir, "f", O_RDWR), ==, 0);
    /* Removed on the host, without the metadata file. */
    g_assert_cmpint(unlink(local_env_path(&env, "d/f")), ==, 0);
    g_assert_true(local_env_exists(&env, "d/" META("f")));
    g_assert_cmpint(fs_unlink(&test_call, env.root, "d", true), ==, 0);
    g_assert_false(local_env_exists(&env, "d"));
}

static void rmdir_refused_changes_nothing(void)
{
    LOCAL_ENV env = MAPPED;
    g_autoptr(FsNode) dir = NULL;

    local_env_start(&env);
    dir = local_env_made_dir(&env, "d", 0750);
    g_assert_cmpint(local_env_try_create(dir, "f", O_RDWR), ==, 0);
    g_assert_cmpint(unlink(local_env_path(&env, "d/f")), ==, 0);
    local_env_mkdir(&env, "d/" META("strange"));
    g_assert_cmpint(fs_unlink(&test_call, env.root, "d", true), ==, -ENOTEMPTY);
    g_assert_true(local_env_exists(&env, "d/" META("f")));
    g_assert_true(local_env_exists(&env, META("d")));
}

/* ---- reading ---------------------------------------------------------- */

static void reads_stored_values(void)
{
    LOCAL_ENV env = MAPPED;
    FsAttr attr;

    local_env_start(&env);
    local_env_put(&env, "sda", "");
    local_env_mkdir(&env, DIR_NAME);
    local_env_put(&env, META("sda"), "virtfs.rdev=2065\nvirtfs.mode=25008\n"
                                     "virtfs.gid=-16\nvirtfs.uid=11\n");
    attr = local_env_attr(&env, "sda");
    g_assert_cmpuint(attr.uid, ==, 11);
    g_assert_cmpuint(attr.gid, ==, 0xfffffff0);
    g_assert_cmphex(attr.mode, ==, S_IFBLK | 0660);
    g_assert_cmphex(attr.rdev, ==, makedev(8, 17));
    local_env_put(&env, ROOT_NAME, "virtfs.uid=33\nvirtfs.mode=16877");
    g_assert_cmpint(fs_getattr(&test_call, env.root, NULL, 0, &attr), ==, 0);
    g_assert_cmpuint(attr.uid, ==, 33);
    g_assert_cmphex(attr.mode, ==, S_IFDIR | 0755);
}

static void damaged_text_is_skipped(void)
{
    static const char *const texts[] = {
        "", "\n\n\n", "virtfs.uid", "virtfs.uid=", "virtfs.uid=\n",
        "virtfs.uid=x\n", "virtfs.uid=12x\n", "virtfs.uid=-\n",
        "virtfs.uid=99999999999999999999999\n", "virtfs.uid=4294967296\n",
        "virtfs.uid=-2147483649\n", "virtfs.uid=-1\n", "virtfs.uid= 5\n",
        "virtfs.uids=5\n", "VIRTFS.UID=5\n", "\xff\xfe\x01virtfs.uid=5\n",
        "virtfs.mode=0x1ff\nvirtfs.gid=1.5\nvirtfs.rdev=--5\n",
        "xvirtfs.uid=5\nvirtfs.uid=5 6\n",
    };
    LOCAL_ENV env = MAPPED;

    local_env_start(&env);
    local_env_put(&env, "f", "x");
    local_env_mkdir(&env, DIR_NAME);
    for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
        FsAttr attr;

        local_env_put(&env, META("f"), texts[i]);
        attr = local_env_attr(&env, "f");
        g_assert_cmpuint(attr.uid, ==, geteuid());
        g_assert_cmpuint(attr.gid, ==, getegid());
        g_assert_cmphex(attr.mode, ==, S_IFREG | 0600);
    }
    /* A valid line among invalid ones is used. */
    local_env_put(&env, META("f"), "junk\nvirtfs.uid=5 \nvirtfs.gid=y\n");
    g_assert_cmpuint(local_env_attr(&env, "f").uid, ==, 5);
    g_assert_cmpint(local_env_try_chmod(&env, "f", 0600), ==, 0);
    local_env_check_text(&env, META("f"), "virtfs.uid=5\nvirtfs.mode=33152\n");
}

static void huge_text_is_bounded(void)
{
    LOCAL_ENV env = MAPPED;

    local_env_start(&env);
    local_env_put(&env, "f", "x");
    local_env_mkdir(&env, DIR_NAME);
    local_env_put(&env, META("f"), "virtfs.uid=5\n");
    g_assert_cmpint(truncate(local_env_path(&env, META("f")), 1 << 30), ==, 0);
    g_assert_cmpuint(local_env_attr(&env, "f").uid, ==, 5);
    g_assert_cmpint(local_env_try_chmod(&env, "f", 0600), ==, 0);
    g_assert_cmpint(local_env_stat(&env, META("f")).st_size, <, 100);
}

/* ---- out of the guest's reach ----------------------------------------- */

static void check_refused(const LocalEnv *env, FsNode *dir, const char *name)
{
    g_autoptr(FsNode) file = local_env_lookup(env, "f");
    FsAttr attr;

    g_assert_cmpint(local_env_try_lookup(dir, name), ==, -EINVAL);
    g_assert_cmpint(local_env_try_create(dir, name, O_RDWR), ==, -EINVAL);
    g_assert_cmpint(fs_mkdir(CALL_AS(&local_env_cred), dir, name, 0700, &attr),
                    ==, -EINVAL);
    g_assert_cmpint(fs_mknod(CALL_AS(&local_env_cred), dir, name,
                             S_IFREG | 0600, 0, &attr),
                    ==, -EINVAL);
    g_assert_cmpint(fs_symlink(CALL_AS(&local_env_cred), dir, name, "x", &attr),
                    ==, -EINVAL);
    g_assert_cmpint(fs_link(&test_call, file, dir, name), ==, -EINVAL);
    g_assert_cmpint(fs_unlink(&test_call, dir, name, false), ==, -EINVAL);
    g_assert_cmpint(fs_unlink(&test_call, dir, name, true), ==, -EINVAL);
    g_assert_cmpint(fs_rename(&test_call, dir, name, dir, "x"), ==, -EINVAL);
    g_assert_cmpint(fs_rename(&test_call, env->root, "f", dir, name), ==,
                    -EINVAL);
}

static void names_are_refused_and_hidden(void)
{
    static const char *const names[] = {
        DIR_NAME, ROOT_NAME, ".VIRTFS_METADATA", ".Virtfs_Metadata_Root",
        /* Equal after case folding: the long s, code points left out. */
        ".virtf\xc5\xbf_metadata", ".virtfs\xe2\x80\x8b_metadata",
        ".VIRTF\xc5\xbf_METADATA_ROOT", "\xc2\xad.virtfs_metadata",
        ".virtfs_metadata\xc2\xad", ".vir\xcd\x8ftfs_metadata",
        ".virtfs\xe3\x85\xa4_metadata", ".virtfs_metadata\xef\xb8\x8f",
        ".v\xe1\xa0\x8firtfs_metadata_root",
        ".virtfs_metadata_roo\xf3\xa0\x80\x81t",
    };
    LOCAL_ENV env = MAPPED;
    g_autoptr(FsNode) dir = NULL;
    FsSetattr set = { .valid = FS_SET_MODE, .mode = 0755 };

    local_env_start(&env);
    local_env_create(&env, "f", 0600);
    dir = local_env_made_dir(&env, "d", 0750);
    g_assert_cmpint(local_env_try_create(dir, "x", O_RDWR), ==, 0);
    g_assert_cmpint(fs_setattr(&test_call, env.root, NULL, &set), ==, 0);
    for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
        check_refused(&env, env.root, names[i]);
        check_refused(&env, dir, names[i]);
        g_assert_false(local_env_lists(env.root, names[i]));
        g_assert_false(local_env_lists(dir, names[i]));
    }
    g_assert_true(local_env_exists(&env, DIR_NAME));
    g_assert_true(local_env_exists(&env, ROOT_NAME));
    g_assert_true(local_env_lists(dir, "x"));
}

static void similar_names_are_free(void)
{
    static const char *const names[] = {
        ".virtfs_metadata2", "virtfs_metadata", ".virtfs_metadata_roots",
        ".virtfs", ".virtfs_tmp-0123456789abcdef", ".virtfs-metadata",
        ".virtfs_metadata\xc3\xa9", ".virtf\xc3\x9f_metadata",
        ".virtfs_metadat\xc2", "\xc2\xad", ".virtfs_\xc2\xad",
    };
    LOCAL_ENV env = MAPPED;

    local_env_start(&env);
    for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
        local_env_create(&env, names[i], 0611);
        g_assert_cmphex(local_env_attr(&env, names[i]).mode, ==,
                        S_IFREG | 0611);
        g_assert_true(local_env_lists(env.root, names[i]));
    }
}

int main(int argc, char **argv)
{
    static const struct {
        const char *path;
        void (*run)(void);
    } tests[] = {
        { "disk/file", file_on_disk },
        { "disk/directory", directory_on_disk },
        { "disk/device", device_on_disk },
        { "disk/link", link_on_disk },
        { "disk/root", root_on_disk },
        { "disk/changes-keep-the-rest", changes_keep_the_rest },
        { "disk/new-file-takes-nothing-over", new_file_takes_nothing_over },
        { "names/unlink", unlink_takes_it_along },
        { "names/failed-unlink", failed_unlink_keeps_it },
        { "names/rename", rename_takes_it_along },
        { "names/rename-of-host-file", renamed_host_file_takes_nothing_over },
        { "names/link-of-host-file", linked_host_file_takes_nothing_over },
        { "names/links-share", links_share_one_file },
        { "names/rmdir-clears-stale", rmdir_clears_what_is_stale },
        { "names/rmdir-refused", rmdir_refused_changes_nothing },
        { "read/values", reads_stored_values },
        { "read/damaged", damaged_text_is_skipped },
        { "read/huge", huge_text_is_bounded },
        { "hidden/refused", names_are_refused_and_hidden },
        { "hidden/similar-names", similar_names_are_free },
        { "hostile/planted-hard-link", planted_link_is_not_written },
    };

    g_test_init(&argc, &argv, NULL);
    umask(022);
    for (size_t i = 0; i < ARRAY_SIZE(tests); i++) {
        g_autofree char *path = g_strdup_printf("/local/mapped-file/%s",
                                                tests[i].path);

        g_test_add_func(path, tests[i].run);
    }
    return g_test_run();
}
