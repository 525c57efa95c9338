/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * readonly=on with the local driver: whatever a guest reads or tries to change,
 * every inode of the export stays as it was, including its access time.  And
 * exports that can be written to of what the host cannot write to.
 */
#include "fsdev/core/p9-osdep.h"
#include <sys/mount.h>
#include <sys/xattr.h>
#include "local-env.h"
#include "lib/test-call.h"

/* All paths on the host; each model has only some of those of metadata. */
static const char *const paths[] = {
    "", "file", "dir", "dir/inner", "link", "fifo",
    ".virtfs_metadata", ".virtfs_metadata/file", ".virtfs_metadata/dir",
    ".virtfs_metadata/link", ".virtfs_metadata/fifo", "dir/.virtfs_metadata",
    "dir/.virtfs_metadata/inner", ".virtfs_metadata_root",
};

static void add_time(GString *text, const struct timespec *ts)
{
    g_string_append_printf(text, " %" PRId64 ".%09ld", (int64_t)ts->tv_sec,
                           ts->tv_nsec);
}

/* The state of all inodes, obtained without reading files or directories. */
static char *snapshot(const LocalEnv *env)
{
    GString *text = g_string_new(NULL);

    for (size_t i = 0; i < ARRAY_SIZE(paths); i++) {
        const char *path = local_env_path(env, paths[i]);
        struct stat st;

        if (lstat(path, &st) < 0) {
            continue;
        }
        g_string_append_printf(text, "'%s' %ju %o %u:%u %ju %ju %zd",
                               paths[i], (uintmax_t)st.st_ino, st.st_mode,
                               st.st_uid, st.st_gid, (uintmax_t)st.st_nlink,
                               (uintmax_t)st.st_size,
                               llistxattr(path, NULL, 0));
        add_time(text, &st.st_mtim);
        add_time(text, &st.st_ctim);
        add_time(text, &st.st_atim);
        g_string_append_c(text, '\n');
    }
    return g_string_free(text, false);
}

/* Make access times so old that a read would set them even with relatime. */
static void age(const LocalEnv *env)
{
    const struct timespec times[2] = {
        { .tv_sec = 1000 }, { .tv_nsec = UTIME_OMIT },
    };

    for (size_t i = 0; i < ARRAY_SIZE(paths); i++) {
        int ret = utimensat(AT_FDCWD, local_env_path(env, paths[i]), times,
                            AT_SYMLINK_NOFOLLOW);

        g_assert_true(ret == 0 || errno == ENOENT);
    }
}

static void make_tree(const LocalEnv *env)
{
    g_autoptr(FsNode) dir = local_env_made_dir(env, "dir", 0755);
    g_autoptr(FsNode) file = NULL;
    FsAttr attr;

    local_env_create(env, "file", 0644);
    local_env_put(env, "file", "content");
    g_assert_cmpint(local_env_try_create(dir, "inner", O_RDWR), ==, 0);
    g_assert_cmpint(fs_symlink(CALL_AS(&local_env_cred), env->root, "link",
                               "dir", &attr),
                    ==, 0);
    g_assert_cmpint(fs_mknod(CALL_AS(&local_env_cred), env->root, "fifo",
                             S_IFIFO | 0600, 0, &attr),
                    ==, 0);
    file = local_env_lookup(env, "file");
    if (local_can_user_xattr()) {
        g_assert_cmpint(fs_setxattr(&test_call, file, "user.x", "x", 1, 0), ==,
                        0);
    }
}

static int any_entry(void *opaque G_GNUC_UNUSED,
                     const FsDirent *entry G_GNUC_UNUSED)
{
    return 0;
}

static void read_dir(FsNode *dir)
{
    g_autoptr(FsFile) file = NULL;

    g_assert_cmpint(fs_open(&test_call, dir, O_RDONLY, &file), ==, 0);
    g_assert_cmpint(fs_readdir(&test_call, file, 0, 0, any_entry, NULL), ==, 0);
    g_assert_cmpint(fs_readdir(&test_call, file, 0, FS_READDIR_DEV, any_entry,
                               NULL),
                    ==, 0);
}

static void read_file(FsNode *node)
{
    FsLock lock = { .type = F_RDLCK };
    FsLocker *locker = NULL;
    g_autoptr(FsFile) file = NULL;
    char buf[16] = "";
    struct iovec iov = { buf, sizeof(buf) };
    int ret;

    g_assert_cmpint(fs_open(&test_call, node, O_RDONLY, &file), ==, 0);
    g_assert_cmpint(fs_read(&test_call, file, &iov, 1, 0), ==,
                    strlen("content"));
    g_assert_cmpstr(buf, ==, "content");
    g_assert_cmpint(fs_write(&test_call, file, &iov, 1, 0), <, 0);
    ret = fs_fsync(&test_call, file, false);
    /* The host's error where nothing can be written, as on squashfs. */
    g_assert_cmpint(ret == -EINVAL ? 0 : ret, ==, 0);
    g_assert_cmpint(fs_locker_open(&test_call, file, &locker), ==, 0);
    g_assert_cmpint(fs_lock(&test_call, locker, &lock), ==, 0);
    fs_locker_close(locker);
}

static void read_all(const LocalEnv *env, FsNode *root)
{
    g_autoptr(FsNode) file = NULL;
    g_autoptr(FsNode) dir = NULL;
    g_autoptr(FsNode) inner = NULL;
    g_autoptr(FsNode) link = NULL;
    struct statfs st;
    char buf[PATH_MAX];
    FsAttr attr;

    g_assert_cmpint(fs_lookup(&test_call, root, "file", &file, &attr), ==, 0);
    g_assert_cmpint(fs_lookup(&test_call, root, "dir", &dir, &attr), ==, 0);
    g_assert_cmpint(fs_lookup(&test_call, dir, "inner", &inner, &attr), ==, 0);
    g_assert_cmpint(fs_lookup(&test_call, root, "link", &link, &attr), ==, 0);
    g_assert_cmpint(fs_getattr(&test_call, file, NULL, 0, &attr), ==, 0);
    g_assert_cmpint(fs_statfs(&test_call, root, &st), ==, 0);
    g_assert_cmpint(fs_listxattr(&test_call, file, buf, sizeof(buf)), >=, 0);
    fs_getxattr(&test_call, file, "user.x", buf, sizeof(buf));
    read_file(file);
    read_dir(root);
    read_dir(dir);
    /* The kernel sets the access time of a real link when it is read. */
    if (S_ISREG(local_env_stat(env, "link").st_mode)) {
        g_assert_cmpint(fs_readlink(&test_call, link, buf, sizeof(buf)), ==, 3);
    }
}

static void refuses_names(FsNode *root, FsNode *file)
{
    FsAttr attr;

    g_assert_cmpint(fs_mkdir(CALL_AS(&local_env_cred), root, "new", 0755,
                             &attr),
                    ==, -EROFS);
    g_assert_cmpint(fs_symlink(CALL_AS(&local_env_cred), root, "new", "x",
                               &attr),
                    ==, -EROFS);
    g_assert_cmpint(fs_mknod(CALL_AS(&local_env_cred), root, "new",
                             S_IFIFO | 0600, 0, &attr),
                    ==, -EROFS);
    g_assert_cmpint(fs_link(&test_call, file, root, "new"), ==, -EROFS);
    g_assert_cmpint(fs_rename(&test_call, root, "file", root, "new"), ==,
                    -EROFS);
    g_assert_cmpint(fs_unlink(&test_call, root, "file", false), ==, -EROFS);
}

static void try_to_change(FsNode *root)
{
    static const int flags[] = {
        O_WRONLY, O_RDWR, O_TRUNC, O_APPEND, O_WRONLY | O_TRUNC,
        O_RDONLY | O_TRUNC | O_APPEND,
    };
    const FsSetattr sets[] = {
        { .valid = FS_SET_MODE, .mode = 0600 }, { .valid = FS_SET_CTIME },
        { .valid = FS_SET_UID, .uid = UINT32_MAX },
        { .valid = FS_SET_SIZE, .size = 7 },
        { .valid = FS_SET_ATIME, .atime.tv_nsec = UTIME_NOW }, { 0 },
    };
    g_autoptr(FsNode) file = NULL;
    FsAttr attr;

    g_assert_cmpint(fs_lookup(&test_call, root, "file", &file, &attr), ==, 0);
    for (size_t i = 0; i < ARRAY_SIZE(flags); i++) {
        g_assert_cmpint(local_env_try_open(file, flags[i]), ==, -EROFS);
        g_assert_cmpint(local_env_try_create(root, "file", flags[i]), ==,
                        -EROFS);
        g_assert_cmpint(local_env_try_create(root, "new", flags[i]), ==,
                        -EROFS);
    }
    for (size_t i = 0; i < ARRAY_SIZE(sets); i++) {
        g_assert_cmpint(fs_setattr(&test_call, file, NULL, &sets[i]), ==,
                        -EROFS);
    }
    refuses_names(root, file);
    g_assert_cmpint(fs_unlink(&test_call, root, "dir", true), ==, -EROFS);
    g_assert_cmpint(fs_setxattr(&test_call, file, "user.x", "y", 1, 0), ==,
                    -EROFS);
    g_assert_cmpint(fs_removexattr(&test_call, file, "user.x"), ==, -EROFS);
}

static void nothing_changes(LocalEnv *env)
{
    g_autofree char *before = NULL, *after = NULL;
    g_autoptr(FsExport) export = NULL;
    g_autoptr(FsNode) root = NULL;

    make_tree(env);
    age(env);
    before = snapshot(env);
    env->fixture.config.readonly = true;
    export = local_fixture_reopen(&env->fixture);
    root = fs_root(export);
    read_all(env, root);
    try_to_change(root);
    after = snapshot(env);
    g_assert_cmpstr(after, ==, before);
    /* A writable export does change access times, unless mounted noatime. */
    read_dir(env->root);
    g_free(after);
    after = snapshot(env);
    if (!strcmp(after, before)) {
        g_test_message("mounted with noatime: times of access not tested");
    }
    g_clear_pointer(&root, fs_node_unref);
}

/* ---- where the host cannot write -------------------------------------- */

static void host_refuses(FsNode *root)
{
    const FsSetattr sets[] = {
        { .valid = FS_SET_MODE, .mode = 0600 },
        { .valid = FS_SET_SIZE, .size = 7 },
        { .valid = FS_SET_MTIME, .mtime.tv_nsec = UTIME_NOW },
    };
    g_autoptr(FsNode) file = NULL;
    FsAttr attr;

    g_assert_cmpint(fs_lookup(&test_call, root, "file", &file, &attr), ==, 0);
    g_assert_cmpint(local_env_try_open(file, O_RDWR), ==, -EROFS);
    g_assert_cmpint(local_env_try_create(root, "new", O_RDWR), ==, -EROFS);
    for (size_t i = 0; i < ARRAY_SIZE(sets); i++) {
        g_assert_cmpint(fs_setattr(&test_call, file, NULL, &sets[i]), ==,
                        -EROFS);
    }
    refuses_names(root, file);
}

/* As the fixture's export, but of @path, in which the tree is. */
static void check_unwritable(LocalEnv *env, const char *path)
{
    char *own = env->fixture.path;
    g_autoptr(FsExport) export = NULL;
    g_autoptr(FsNode) root = NULL;

    env->fixture.path = (char *)path;
    export = local_fixture_reopen(&env->fixture);
    root = fs_root(export);
    read_all(env, root);
    host_refuses(root);
    read_all(env, root);
    env->fixture.path = own;
    g_clear_pointer(&root, fs_node_unref);
}

static void bind_mount(LocalEnv *env)
{
    const char *path = env->fixture.path;

    make_tree(env);
    if (mount(path, path, NULL, MS_BIND, NULL) < 0) {
        g_test_skip("mounting is not allowed here");
        return;
    }
    g_assert_cmpint(mount(NULL, path, NULL,
                          MS_REMOUNT | MS_BIND | MS_RDONLY, NULL),
                    ==, 0);
    check_unwritable(env, path);
    g_assert_cmpint(umount2(path, MNT_DETACH), ==, 0);
}

static void read_only_file_system(LocalEnv *env)
{
    const char *path = g_getenv("P9_READONLY_TREE");

    if (!path) {
        g_test_skip("needs a read-only file system in P9_READONLY_TREE");
        return;
    }
    check_unwritable(env, path);
}

static const LocalEnvTest tests[] = {
    { "nothing-changes", LOCAL_ALL, nothing_changes },
    { "bind-mount", LOCAL_ALL, bind_mount, .as_root = true },
    { "file-system", LOCAL_ALL, read_only_file_system },
};

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    umask(022);
    local_separate_mounts();
    local_env_add("/local/readonly", tests, ARRAY_SIZE(tests));
    return g_test_run();
}
