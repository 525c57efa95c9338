/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The local driver and its host: which files it must never open, that nothing
 * is left behind when something fails, and what happens at the host's limits.
 */
#include "fsdev/core/p9-osdep.h"
#include <sys/inotify.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include "fsdev/host/host.h"
#include "fsdev/host/host-fs.h"
#include "local-env.h"
#include "lib/test-call.h"

#define ROOT_FD_MARGIN 24

static FsSetattr mode_of(uint32_t mode)
{
    return (FsSetattr) { .valid = FS_SET_MODE, .mode = mode };
}

static ssize_t write_byte(FsFile *file)
{
    struct iovec iov = { (void *)"x", 1 };

    return fs_write(&test_call, file, &iov, 1, 0);
}

/* ---- special files ---------------------------------------------------- */

static void try_everything(FsNode *root, const char *name)
{
    g_autoptr(FsNode) node = NULL;
    FsSetattr set = { .valid = FS_SET_SIZE, .size = 0 };
    char buf[16];
    FsAttr attr;
    struct statfs st;

    g_assert_cmpint(fs_lookup(&test_call, root, name, &node, &attr), ==, 0);
    g_assert_cmpint(fs_getattr(&test_call, node, NULL, 0, &attr), ==, 0);
    g_assert_cmpint(fs_statfs(&test_call, node, &st), ==, 0);
    g_assert_cmpint(local_env_try_open(node, O_RDONLY), ==, -ENXIO);
    g_assert_cmpint(local_env_try_open(node, O_WRONLY | O_TRUNC), ==, -ENXIO);
    g_assert_cmpint(local_env_try_open(node, O_RDWR), ==, -ENXIO);
    g_assert_cmpint(local_env_try_create(root, name, O_RDWR), ==, -ENXIO);
    g_assert_cmpint(local_env_try_create(root, name, O_RDWR | O_EXCL), ==,
                    -EEXIST);
    g_assert_cmpint(fs_setattr(&test_call, node, NULL, &set), ==, -ENXIO);
    g_assert_cmpint(fs_readlink(&test_call, node, buf, sizeof(buf)), ==,
                    -EINVAL);
    g_assert_cmpint(fs_getxattr(&test_call, node, "user.x", buf, sizeof(buf)),
                    <, 0);
    g_assert_cmpint(fs_setxattr(&test_call, node, "user.x", "x", 1, 0), <, 0);
    g_assert_cmpint(fs_listxattr(&test_call, node, buf, sizeof(buf)), ==, 0);
    set = mode_of(0640);
    /* mapped-xattr cannot store it for a real FIFO. */
    fs_setattr(&test_call, node, NULL, &set);
    g_assert_cmphex(attr.mode & S_IFMT & ~S_IFCHR & ~S_IFIFO & ~S_IFSOCK, ==,
                    0);
}

/* An inotify watch reports every open except with O_PATH. */
static void special_files_stay_closed(LocalEnv *env)
{
    struct inotify_event event;
    int watch = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
    const char *fifo = local_env_path(env, "fifo");
    const char *null = local_env_path(env, "null");

    g_assert_cmpint(watch, >=, 0);
    g_assert_cmpint(mkfifo(fifo, 0666), ==, 0);
    g_assert_cmpint(inotify_add_watch(watch, fifo, IN_OPEN), >=, 0);
    try_everything(env->root, "fifo");
    if (local_can_mknod()) {
        g_assert_cmpint(mknod(null, S_IFCHR | 0666, makedev(1, 3)), ==, 0);
        g_assert_cmpint(inotify_add_watch(watch, null, IN_OPEN), >=, 0);
        try_everything(env->root, "null");
    }
    g_assert_cmpint(read(watch, &event, sizeof(event)), ==, -1);
    g_assert_cmpint(errno, ==, EAGAIN);
    close(watch);
}

/* ---- names that the host gives to another file ------------------------ */

/*
 * The file is replaced right after its lookup.  A getattr with FS_FIRST_LOOK
 * still yields its attributes; one without this flag fails.
 */
static void replaced_when_just_found(LocalEnv *env)
{
    g_autoptr(FsNode) node = NULL;
    g_autofree char *from = NULL;
    FsAttr attr;

    local_env_put(env, "f", "old");
    local_env_put(env, "g", "newer");
    node = local_env_lookup(env, "f");
    from = g_strdup(local_env_path(env, "g"));
    g_assert_cmpint(rename(from, local_env_path(env, "f")), ==, 0);
    g_assert_cmpint(fs_getattr(&test_call, node, NULL, FS_FIRST_LOOK, &attr),
                    ==, 0);
    g_assert_cmpuint(attr.nlink, ==, 0);
    g_assert_cmpuint(attr.size, ==, 3);
    g_assert_cmpint(local_env_try_open(node, O_RDONLY), ==, 0);
    g_assert_cmpint(fs_getattr(&test_call, node, NULL, 0, &attr), ==, -ENOENT);
}

static void replaced_file_keeps_its_own(LocalEnv *env)
{
    g_autoptr(FsNode) node = NULL;
    g_autoptr(FsNode) now = NULL;
    g_autofree char *from = NULL;
    FsSetattr set = mode_of(0751);
    FsFile *file;
    FsAttr attr;

    local_env_put(env, "f", "old");
    local_env_put(env, "g", "new");
    g_assert_cmpint(chmod(local_env_path(env, "g"), 0604), ==, 0);
    node = local_env_lookup(env, "f");
    g_assert_cmpint(fs_open(&test_call, node, O_RDWR, &file), ==, 0);
    from = g_strdup(local_env_path(env, "g"));
    g_assert_cmpint(rename(from, local_env_path(env, "f")), ==, 0);
    g_assert_cmpint(fs_setattr(&test_call, node, file, &set), ==, 0);
    g_assert_cmpint(fs_getattr(&test_call, node, file, 0, &attr), ==, 0);
    g_assert_cmphex(attr.mode & 07777, ==, 0751);
    now = local_env_lookup(env, "f");
    g_assert_cmpint(fs_getattr(&test_call, now, NULL, 0, &attr), ==, 0);
    g_assert_cmphex(attr.mode & 07777, ==, 0604);
    fs_release(&test_call, file);
}

/* ---- links of the host ------------------------------------------------ */

static void links_lead_nowhere(LocalEnv *env)
{
    g_autofree char *outside = g_build_filename(env->fixture.outside, "f",
                                                NULL);
    g_autoptr(FsNode) link = NULL;
    g_autoptr(FsNode) dir = NULL;
    FsSetattr set = { .valid = FS_SET_SIZE | FS_SET_MODE, .mode = 0777 };

    g_assert_cmpint(symlink(outside, local_env_path(env, "dangling")), ==, 0);
    g_assert_cmpint(local_env_try_create(env->root, "dangling", O_RDWR), ==,
                    -ELOOP);
    g_assert_false(g_file_test(outside, G_FILE_TEST_EXISTS));
    g_assert_true(g_file_set_contents(outside, "canary", -1, NULL));
    g_assert_cmpint(chmod(outside, 0600), ==, 0);
    link = local_env_lookup(env, "dangling");
    g_assert_cmpint(local_env_try_open(link, O_RDWR | O_TRUNC), ==, -ELOOP);
    g_assert_cmpint(fs_setattr(&test_call, link, NULL, &set), <, 0);
    g_assert_cmpint(symlink(env->fixture.outside,
                            local_env_path(env, "dir")), ==, 0);
    dir = local_env_lookup(env, "dir");
    g_assert_cmpint(local_env_try_lookup(dir, "f"), ==, -ENOTDIR);
    g_assert_cmpint(local_env_try_create(dir, "g", O_RDWR), ==, -ENOTDIR);
    g_assert_cmpint(fs_unlink(&test_call, dir, "f", false), ==, -ENOTDIR);
    g_assert_cmpint(local_env_try_open(dir, O_RDONLY | O_DIRECTORY), ==,
                    -ELOOP);
    g_assert_cmphex(local_env_stat(env, "../outside/f").st_mode, ==,
                    S_IFREG | 0600);
    g_assert_cmpint(local_env_stat(env, "../outside/f").st_size, ==, 6);
}

/* ---- set-id bits ------------------------------------------------------ */

static void write_drops_host_setid(LocalEnv *env)
{
    g_autoptr(FsNode) node = NULL;
    g_autoptr(FsFile) file = NULL;
    FsSetattr set = { .valid = FS_SET_SIZE, .size = 5 };

    local_env_put(env, "f", "program");
    node = local_env_lookup(env, "f");
    g_assert_cmpint(fs_open(&test_call, node, O_RDWR, &file), ==, 0);
    for (int i = 0; i < 2; i++) {
        g_assert_cmpint(chmod(local_env_path(env, "f"), 06755), ==, 0);
        g_assert_cmpint(write_byte(file), ==, 1);
        g_assert_cmphex(local_env_stat(env, "f").st_mode, ==, S_IFREG | 0755);
    }
    g_assert_cmpint(chmod(local_env_path(env, "f"), 06755), ==, 0);
    g_assert_cmpint(fs_setattr(&test_call, node, NULL, &set), ==, 0);
    g_assert_cmphex(local_env_stat(env, "f").st_mode, ==, S_IFREG | 0755);
    g_assert_cmpint(chmod(local_env_path(env, "f"), 06755), ==, 0);
    g_assert_cmpint(local_env_try_open(node, O_RDONLY | O_TRUNC), ==, 0);
    g_assert_cmphex(local_env_stat(env, "f").st_mode, ==, S_IFREG | 0755);
}

/* ---- nothing half made ------------------------------------------------ */

static unsigned count_entries(const LocalEnv *env)
{
    g_autoptr(GDir) dir = g_dir_open(env->fixture.path, 0, NULL);
    unsigned count = 0;

    g_assert_nonnull(dir);
    while (g_dir_read_name(dir)) {
        count++;
    }
    return count;
}

/* With an owner that a user may not set, all calls fail and leave nothing. */
static void foreign_owner(LocalEnv *env)
{
    const FsCred root = { 0, 0 };
    g_autoptr(FsNode) node = NULL;
    g_autoptr(FsFile) file = NULL;
    g_autofree char *text = NULL;
    FsAttr attr;

    g_assert_cmpint(fs_create(CALL_AS(&root), env->root, "f", O_RDWR, 04755,
                              &node, &file, &attr),
                    ==, -EPERM);
    g_assert_cmpint(fs_mkdir(CALL_AS(&root), env->root, "d", 0755, &attr), ==,
                    -EPERM);
    g_assert_cmpint(fs_mknod(CALL_AS(&root), env->root, "p", S_IFIFO | 0644, 0,
                             &attr),
                    ==, -EPERM);
    g_assert_cmpint(fs_mknod(CALL_AS(&root), env->root, "r", S_IFREG | 0644, 0,
                             &attr),
                    ==, -EPERM);
    g_assert_cmpint(fs_symlink(CALL_AS(&root), env->root, "l", "x", &attr), ==,
                    -EPERM);
    g_assert_cmpuint(count_entries(env), ==, 0);
    /* A file that exists is opened, and keeps its owner and mode. */
    local_env_put(env, "old", "kept");
    g_assert_cmpint(fs_create(CALL_AS(&root), env->root, "old", O_RDWR, 04755,
                              &node, &file, &attr),
                    ==, 0);
    g_assert_cmpuint(attr.uid, ==, geteuid());
    g_assert_cmphex(local_env_stat(env, "old").st_mode, ==, S_IFREG | 0600);
    text = local_env_text(env, "old");
    g_assert_cmpstr(text, ==, "kept");
}

static int make_one(LocalEnv *env, unsigned i, const char *name)
{
    FsAttr attr;

    switch (i % 4) {
    case 0:
        return fs_mkdir(CALL_AS(&local_env_cred), env->root, name, 0755, &attr);
    case 1:
        return fs_symlink(CALL_AS(&local_env_cred), env->root, name,
                          "somewhere", &attr);
    case 2:
        return fs_mknod(CALL_AS(&local_env_cred), env->root, name,
                        S_IFIFO | 0644, 0, &attr);
    default:
        return local_env_try_create(env->root, name, O_RDWR);
    }
}

/* What was made can be looked up; what was refused does not exist. */
static void full_file_system(LocalEnv *env)
{
    unsigned made = 0, refused = 0;

    for (unsigned i = 0; i < 400 && refused < 8; i++) {
        g_autofree char *name = g_strdup_printf("n%u", i);
        int ret = make_one(env, i, name);

        if (ret == 0) {
            g_assert_cmpint(local_env_try_lookup(env->root, name), ==, 0);
            g_assert_cmpuint(local_env_attr(env, name).uid, ==, 1000);
            made++;
        } else {
            g_assert_cmpint(ret, ==, -ENOSPC);
            g_assert_false(local_env_exists(env, name));
            refused++;
        }
    }
    g_assert_cmpuint(made, >, 4);
    g_assert_cmpuint(refused, ==, 8);
}

static void full_disk(LocalEnv *env)
{
    g_autofree char *data = g_malloc0(65536);
    g_autoptr(FsNode) node = NULL;
    g_autoptr(FsFile) file = NULL;
    struct iovec iov = { data, 65536 };
    uint64_t offset = 0;
    FsAttr attr;
    ssize_t len;

    g_assert_cmpint(fs_create(CALL_AS(&local_env_cred), env->root, "f", O_RDWR,
                              0600, &node, &file, &attr),
                    ==, 0);
    while ((len = fs_write(&test_call, file, &iov, 1, offset)) > 0) {
        offset += len;
        g_assert_cmpuint(offset, <=, 1 << 20);
    }
    g_assert_cmpint(len, ==, -ENOSPC);
    g_assert_cmpint(fs_getattr(&test_call, node, file, 0, &attr), ==, 0);
    g_assert_cmpuint(attr.size, ==, offset);
}

/* ---- modes and masks -------------------------------------------------- */

static void umask_changes_no_mode(LocalEnv *env)
{
    g_autoptr(FsNode) dir = NULL;
    mode_t mask = umask(0777);
    FsAttr attr;

    local_env_create(env, "f", 0666);
    dir = local_env_made_dir(env, "d", 01777);
    g_assert_cmpint(fs_mknod(CALL_AS(&local_env_cred), env->root, "p",
                             S_IFIFO | 0622, 0, &attr),
                    ==, 0);
    umask(mask);
    g_assert_cmphex(local_env_stat(env, "f").st_mode, ==, S_IFREG | 0666);
    g_assert_cmphex(local_env_stat(env, "d").st_mode, ==, S_IFDIR | 01777);
    g_assert_cmphex(local_env_stat(env, "p").st_mode, ==, S_IFIFO | 0622);
    g_assert_cmpuint(local_env_stat(env, "f").st_uid, ==, 1000);
    g_assert_cmpuint(local_env_stat(env, "f").st_gid, ==, 1001);
}

/* ---- read-only exports ------------------------------------------------ */

static void read_only(LocalEnv *env)
{
    g_autoptr(FsExport) export = NULL;
    g_autoptr(FsNode) root = NULL;
    g_autoptr(FsNode) file = NULL;
    g_autoptr(FsNode) dir = NULL;
    FsSetattr set = { .valid = FS_SET_CTIME };
    const int writing[] = {
        O_WRONLY, O_RDWR, O_TRUNC, O_APPEND, O_WRONLY | O_TRUNC,
    };
    FsAttr attr;

    local_env_create(env, "f", 0644);
    dir = local_env_made_dir(env, "d", 0755);
    env->fixture.config.readonly = true;
    export = local_fixture_reopen(&env->fixture);
    root = fs_root(export);
    g_assert_cmpint(fs_lookup(&test_call, root, "f", &file, &attr), ==, 0);
    for (size_t i = 0; i < ARRAY_SIZE(writing); i++) {
        g_assert_cmpint(local_env_try_open(file, writing[i]), ==, -EROFS);
    }
    g_assert_cmpint(local_env_try_open(file, O_RDONLY), ==, 0);
    /* The two exports share a connection, on which only one may ask. */
    if (!env->fixture.proxy || local_is_plain_fs(&env->fixture)) {
        g_assert_cmpint(local_env_try_open(root, O_RDONLY), ==, 0);
    }
    g_assert_cmpint(local_env_try_create(root, "f", O_RDONLY), ==, -EROFS);
    g_assert_cmpint(local_env_try_create(root, "g", O_RDWR), ==, -EROFS);
    g_assert_cmpint(fs_mkdir(CALL_AS(&local_env_cred), root, "g", 0700, &attr),
                    ==, -EROFS);
    g_assert_cmpint(fs_mknod(CALL_AS(&local_env_cred), root, "g", S_IFIFO, 0,
                             &attr),
                    ==, -EROFS);
    g_assert_cmpint(fs_symlink(CALL_AS(&local_env_cred), root, "g", "x", &attr),
                    ==, -EROFS);
    g_assert_cmpint(fs_link(&test_call, file, root, "g"), ==, -EROFS);
    g_assert_cmpint(fs_rename(&test_call, root, "f", root, "g"), ==, -EROFS);
    g_assert_cmpint(fs_unlink(&test_call, root, "f", false), ==, -EROFS);
    g_assert_cmpint(fs_unlink(&test_call, root, "d", true), ==, -EROFS);
    g_assert_cmpint(fs_setattr(&test_call, file, NULL, &set), ==, -EROFS);
    g_assert_cmpint(fs_setxattr(&test_call, file, "user.x", "x", 1, 0), ==,
                    -EROFS);
    g_assert_cmpint(fs_removexattr(&test_call, file, "user.x"), ==, -EROFS);
    g_clear_pointer(&file, fs_node_unref);
    g_clear_pointer(&root, fs_node_unref);
}

/* ---- other file systems below ----------------------------------------- */

static void mounted_below(LocalEnv *env)
{
    g_autoptr(FsExport) export = NULL;
    g_autoptr(FsNode) root = NULL;
    FsAttr attr;

    local_env_mkdir(env, "mnt");
    if (!local_mount_tmpfs(local_env_path(env, "mnt"), "size=1m")) {
        g_test_skip("mounting a tmpfs is not allowed here");
        return;
    }
    local_env_put(env, "mnt/f", "below");
    attr = local_env_attr(env, "mnt");
    g_assert_cmpuint(attr.dev, !=, local_env_stat(env, "").st_dev);
    g_assert_cmpuint(attr.dev, ==, local_env_stat(env, "mnt").st_dev);
    env->fixture.config.multidevs = FS_MULTIDEVS_FORBID;
    export = local_fixture_reopen(&env->fixture);
    root = fs_root(export);
    g_assert_cmpint(local_env_try_lookup(root, "mnt"), ==, -ENODEV);
    g_assert_cmpint(umount2(local_env_path(env, "mnt"), MNT_DETACH), ==, 0);
    g_assert_cmpint(local_env_try_lookup(root, "mnt"), ==, 0);
    g_clear_pointer(&root, fs_node_unref);
}

/* ---- descriptors ------------------------------------------------------ */

static void descriptors_are_not_inherited(LocalEnv *env)
{
    g_autoptr(FsNode) dir = local_env_made_dir(env, "d", 0700);
    g_autoptr(FsNode) node = NULL;
    g_autoptr(FsFile) file = NULL;
    g_autoptr(FsFile) open_dir = NULL;
    g_autoptr(GDir) fds = NULL;
    const char *name;
    unsigned checked = 0;
    FsAttr attr;

    g_assert_cmpint(fs_create(CALL_AS(&local_env_cred), env->root, "f", O_RDWR,
                              0600, &node, &file, &attr),
                    ==, 0);
    g_assert_cmpint(fs_open(&test_call, dir, O_RDONLY, &open_dir), ==, 0);
    fds = g_dir_open("/proc/self/fd", 0, NULL);
    g_assert_nonnull(fds);
    while ((name = g_dir_read_name(fds))) {
        g_autofree char *path = g_build_filename("/proc/self/fd", name, NULL);
        g_autofree char *what = g_file_read_link(path, NULL);

        if (what && g_str_has_prefix(what, env->fixture.base)) {
            g_assert_cmphex(fcntl(atoi(name), F_GETFD), ==, FD_CLOEXEC);
            checked++;
        }
    }
    g_assert_cmpuint(checked, >=, 4);
}

static char *read_text(FsFile *file)
{
    char *text = g_malloc0(64);
    struct iovec iov = { text, 63 };

    g_assert_cmpint(fs_read(&test_call, file, &iov, 1, 0), >=, 0);
    return text;
}

/* With few descriptors, opening files fails with EMFILE, and nothing else. */
static void few_descriptors(LocalEnv *env)
{
    enum { FILES = 80 };
    FsNode *nodes[FILES] = { NULL };
    FsFile *files[FILES] = { NULL };
    struct rlimit before, limit;
    unsigned opened = 0;

    g_assert_cmpint(getrlimit(RLIMIT_NOFILE, &before), ==, 0);
    for (int i = 0; i < FILES; i++) {
        g_autofree char *name = g_strdup_printf("f%d", i);

        local_env_put(env, name, name);
    }
    limit = (struct rlimit) { env->fds + ROOT_FD_MARGIN, before.rlim_max };
    g_assert_cmpint(setrlimit(RLIMIT_NOFILE, &limit), ==, 0);
    for (int i = 0; i < FILES; i++) {
        g_autofree char *name = g_strdup_printf("f%d", i);
        int ret = fs_lookup(&test_call, env->root, name, &nodes[i],
                            &(FsAttr) { 0 });

        if (ret == 0) {
            ret = fs_open(&test_call, nodes[i], O_RDWR, &files[i]);
        }
        if (ret != -EMFILE) {
            g_assert_cmpint(ret, ==, 0);
        }
        opened += ret == 0;
    }
    g_assert_cmpint(setrlimit(RLIMIT_NOFILE, &before), ==, 0);
    g_assert_cmpuint(opened, >, 4);
    g_assert_cmpuint(opened, <, FILES);
    for (int i = 0; i < FILES; i++) {
        g_autofree char *name = g_strdup_printf("f%d", i);
        g_autofree char *text = files[i] ? read_text(files[i])
                                         : g_strdup(name);

        g_assert_cmpstr(text, ==, name);
        fs_release(&test_call, files[i]);
        fs_node_unref(nodes[i]);
    }
}

/* ---- without sleeping ------------------------------------------------- */

/*
 * Reading stored values may sleep.  Whether they are known already depends on
 * how much time has passed since the file was made.
 */
static void assert_not_slept(const LocalEnv *env, int ret)
{
    bool mapped = env->fixture.model == FS_SM_MAPPED_XATTR ||
                  env->fixture.model == FS_SM_MAPPED_FILE;

    g_assert_cmpint(mapped && ret == -EAGAIN ? 0 : ret, ==, 0);
}

/*
 * On a local file system, what is in the kernel's caches is read without
 * sleeping.
 */
static void cached_things_need_no_worker(LocalEnv *env)
{
    g_autoptr(FsNode) first = NULL;
    g_autoptr(FsNode) again = NULL;
    g_autoptr(FsFile) file = NULL;
    char text[8];
    struct iovec iov = { text, sizeof(text) };
    int fd = open(env->fixture.path, O_PATH | O_CLOEXEC);
    bool local = host_fs_is_local(fd);
    FsAttr attr;
    ssize_t len;

    close(fd);
    if (!local || !host_features()->resolve_cached) {
        g_test_skip("needs RESOLVE_CACHED and a local file system");
        return;
    }
    local_env_put(env, "f", "text");
    first = local_env_lookup(env, "f");
    assert_not_slept(env, fs_lookup(&test_call_never, env->root, "f", &again,
                                    &attr));
    assert_not_slept(env, fs_getattr(&test_call_never, first, NULL, 0, &attr));
    g_assert_cmpint(fs_open(&test_call, first, O_RDONLY, &file), ==, 0);
    g_assert_false(file->remote);
    len = fs_read(&test_call, file, &iov, 1, 0);
    g_assert_cmpint(len, ==, 4);
    len = fs_read(&test_call_never, file, &iov, 1, 0);
    g_assert_cmpint(len, ==, 4);
}

/* ---- options ---------------------------------------------------------- */

static void writeout_immediate(LocalEnv *env)
{
    g_autoptr(FsNode) node = NULL;
    g_autoptr(FsFile) file = NULL;
    g_autoptr(FsFile) appending = NULL;
    g_autofree char *text = NULL;
    FsAttr attr;

    env->export->config.writeout_immediate = true;
    g_assert_cmpint(fs_create(CALL_AS(&local_env_cred), env->root, "f", O_RDWR,
                              0600, &node, &file, &attr),
                    ==, 0);
    g_assert_cmpint(write_byte(file), ==, 1);
    g_assert_cmpint(fs_open(&test_call, node, O_WRONLY | O_APPEND, &appending),
                    ==, 0);
    g_assert_cmpint(write_byte(appending), ==, 1);
    text = read_text(file);
    g_assert_cmpstr(text, ==, "xx");
}

static void check_open_error(const char *path, const char *wanted)
{
    g_autoptr(GError) error = NULL;
    FsConfig config = { .driver = &fs_local_driver, .path = (char *)path };

    g_assert_null(fs_export_open(&config, &error));
    g_assert_nonnull(error);
    if (!strstr(error->message, wanted)) {
        g_error("expected '%s' in the message, got '%s'", wanted,
                error->message);
    }
}

static void errors_name_the_path(LocalEnv *env)
{
    local_env_put(env, "file", "x");
    check_open_error(local_env_path(env, "none"), "none");
    check_open_error(local_env_path(env, "none"), "No such file");
    check_open_error(local_env_path(env, "file"), "Not a directory");
    check_open_error(NULL, "path");
}

/* ---- main ------------------------------------------------------------- */

static const LocalEnvTest tests[] = {
    { "special-files-stay-closed", LOCAL_ALL | LOCAL_PROXY,
      special_files_stay_closed },
    { "replaced-file", LOCAL_ALL | LOCAL_PROXY, replaced_file_keeps_its_own },
    { "replaced-when-just-found", LOCAL_ALL | LOCAL_PROXY,
      replaced_when_just_found },
    { "links-lead-nowhere", LOCAL_ALL | LOCAL_PROXY, links_lead_nowhere },
    { "write-drops-host-setid", LOCAL_ALL | LOCAL_PROXY,
      write_drops_host_setid },
    { "foreign-owner", LOCAL_PASSTHROUGH, foreign_owner, .as_user = true },
    { "full-file-system", LOCAL_PASSTHROUGH | LOCAL_MAPPED, full_file_system,
      .tmpfs = "size=1m,nr_inodes=40" },
    { "full-disk", LOCAL_ALL | LOCAL_PROXY, full_disk,
      .tmpfs = "size=512k,nr_inodes=100" },
    { "umask", LOCAL_PASSTHROUGH | LOCAL_NONE, umask_changes_no_mode,
      .as_root = true },
    { "read-only", LOCAL_ALL | LOCAL_PROXY, read_only },
    { "mounted-below", LOCAL_ALL | LOCAL_PROXY, mounted_below },
    { "descriptors-not-inherited", LOCAL_ALL, descriptors_are_not_inherited },
    { "few-descriptors", LOCAL_ALL | LOCAL_PROXY, few_descriptors },
    { "cached-needs-no-worker", LOCAL_ALL, cached_things_need_no_worker },
    { "writeout-immediate", LOCAL_PASSTHROUGH, writeout_immediate },
    { "open-errors", LOCAL_PASSTHROUGH, errors_name_the_path },
};

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    umask(022);
    local_separate_mounts();
    local_env_add("/local/host", tests, ARRAY_SIZE(tests));
    return g_test_run();
}
