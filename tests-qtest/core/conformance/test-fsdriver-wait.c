/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Tests of fsdriver.c: which calls it refuses because they may not wait for as
 * long as the driver might need, and which it lets the driver try at once.
 *
 * The driver here is memfs, except that each of its entries only notes the
 * FsCall that it gets.
 */
#include "fsdev/core/p9-osdep.h"
#include "lib/memfs.h"
#include "lib/test-call.h"

static FsWait reaches;          /* what the driver says of the root … */
static FsWait dir_reaches;      /* … and of the directory "d" */
static FsNode *dir_node;        /* borrowed: "d" */
static unsigned called;         /* entries of the driver */
static FsCall seen;             /* what the last of them got */

static FsWait reach(FsNode *node)
{
    return node == dir_node ? dir_reaches : reaches;
}

/* What each entry does: note the call and fail, so there is no output. */
static int note(const FsCall *call)
{
    called++;
    seen = *call;
    return -EIO;
}

#define NOTES(type, entry, ...) \
    static type note_##entry(const FsCall *call, __VA_ARGS__) \
    { \
        return note(call); \
    }

NOTES(int, lookup, FsNode *dir, const char *name, FsNode **node, FsAttr *attr)
NOTES(int, getattr, FsNode *node, FsFile *file, unsigned flags, FsAttr *attr)
NOTES(int, setattr, FsNode *node, FsFile *file, const FsSetattr *set)
NOTES(ssize_t, readlink, FsNode *node, char *buf, size_t size)
NOTES(int, statfs, FsNode *node, struct statfs *st)
NOTES(int, create, FsNode *dir, const char *name, int flags, uint32_t mode,
      FsNode **node, FsFile **file, FsAttr *attr)
NOTES(int, mkdir, FsNode *dir, const char *name, uint32_t mode, FsAttr *attr)
NOTES(int, mknod, FsNode *dir, const char *name, uint32_t mode, uint64_t rdev,
      FsAttr *attr)
NOTES(int, symlink, FsNode *dir, const char *name, const char *target,
      FsAttr *attr)
NOTES(int, link, FsNode *node, FsNode *dir, const char *name)
NOTES(int, unlink, FsNode *dir, const char *name, bool is_dir)
NOTES(int, rename, FsNode *dir, const char *name, FsNode *newdir,
      const char *newname)
NOTES(int, open, FsNode *node, int flags, FsFile **file)
NOTES(ssize_t, read, FsFile *file, const struct iovec *iov, int iovcnt,
      uint64_t offset)
NOTES(ssize_t, write, FsFile *file, const struct iovec *iov, int iovcnt,
      uint64_t offset)
NOTES(int, fsync, FsFile *file, bool datasync)
NOTES(int, readdir, FsFile *file, uint64_t cookie, unsigned flags,
      FsDirSink *sink, void *opaque)
NOTES(ssize_t, getxattr, FsNode *node, const char *name, void *buf, size_t size)
NOTES(ssize_t, listxattr, FsNode *node, char *buf, size_t size)
NOTES(int, setxattr, FsNode *node, const char *name, const void *value,
      size_t size, int flags)
NOTES(int, removexattr, FsNode *node, const char *name)
NOTES(int, locker_open, FsFile *file, bool may_write, FsLocker **locker)
NOTES(int, lock, FsLocker *locker, const FsLock *lock)
NOTES(int, getlock, FsLocker *locker, FsLock *lock)

/* The file is closed by the test itself. */
static void note_release(FsFile *file G_GNUC_UNUSED)
{
    called++;
}

/* ---- one call of each kind -------------------------------------------- */

typedef struct Env {
    FsExport *export;
    FsDriver driver;
    FsNode *root;
    FsFile *file;
    FsLocker locker;
} Env;

static FsNode *node_out;
static FsFile *file_out;
static FsLocker *locker_out;
static FsAttr attr_out;
static char buf[8];
static const struct iovec iov = { buf, sizeof(buf) };

#define CALLS(name, ...) \
    static ssize_t call_##name(const FsCall *call, Env *env) \
    { \
        return fs_##name(call, __VA_ARGS__); \
    }

CALLS(lookup, env->root, "x", &node_out, &attr_out)
CALLS(getattr, env->root, NULL, 0, &attr_out)
CALLS(setattr, env->root, NULL, &(FsSetattr) { 0 })
CALLS(readlink, env->root, buf, sizeof(buf))
CALLS(statfs, env->root, &(struct statfs) { 0 })
CALLS(create, env->root, "x", O_RDWR, 0, &node_out, &file_out, &attr_out)
CALLS(mkdir, env->root, "x", 0, &attr_out)
CALLS(mknod, env->root, "x", S_IFIFO, 0, &attr_out)
CALLS(symlink, env->root, "x", "y", &attr_out)
CALLS(link, env->root, env->root, "x")
CALLS(unlink, env->root, "x", false)
CALLS(rename, env->root, "x", env->root, "y")
CALLS(open, env->root, 0, &file_out)
CALLS(open_attr, env->root, 0, &file_out, &attr_out)
CALLS(read, env->file, &iov, 1, 0)
CALLS(write, env->file, &iov, 1, 0)
CALLS(fsync, env->file, false)
CALLS(readdir, env->file, 0, 0, NULL, NULL)
CALLS(release, env->file)
CALLS(getxattr, env->root, "x", buf, sizeof(buf))
CALLS(listxattr, env->root, buf, sizeof(buf))
CALLS(setxattr, env->root, "x", buf, sizeof(buf), 0)
CALLS(removexattr, env->root, "x")
CALLS(locker_open, env->file, &locker_out)
CALLS(lock, &env->locker, &(FsLock) { 0 })
CALLS(getlock, &env->locker, &(FsLock) { 0 })

static const struct {
    const char *name;
    ssize_t (*call)(const FsCall *call, Env *env);
    bool tries;                 /* called for what it can do at once */
    bool on_file;               /* FsFile.remote counts */
    bool on_locker;             /* FsLocker.remote counts, and nothing else */
} calls[] = {
    { "lookup", call_lookup, .tries = true },
    { "getattr", call_getattr, .tries = true },
    { "setattr", call_setattr },
    { "readlink", call_readlink },
    { "statfs", call_statfs },
    { "create", call_create },
    { "mkdir", call_mkdir },
    { "mknod", call_mknod },
    { "symlink", call_symlink },
    { "link", call_link },
    { "unlink", call_unlink },
    { "rename", call_rename },
    { "open", call_open },
    { "open_attr", call_open_attr },
    { "read", call_read, .tries = true, .on_file = true },
    { "write", call_write, .tries = true, .on_file = true },
    { "fsync", call_fsync, .on_file = true },
    { "readdir", call_readdir, .tries = true, .on_file = true },
    { "release", call_release, .on_file = true },
    { "getxattr", call_getxattr },
    { "listxattr", call_listxattr },
    { "setxattr", call_setxattr },
    { "removexattr", call_removexattr },
    { "locker_open", call_locker_open, .on_file = true },
    { "lock", call_lock, .tries = true, .on_locker = true },
    { "getlock", call_getlock, .tries = true, .on_locker = true },
};

static void env_start(Env *env)
{
    *env = (Env) { .export = memfs_open() };
    memfs_add(env->export, "d", NULL);
    memfs_add(env->export, "f", "");
    env->root = fs_root(env->export);
    dir_node = memfs_node(env->export, "d");
    node_out = memfs_node(env->export, "f");
    g_assert_cmpint(fs_open(&test_call, node_out, O_RDWR, &env->file), ==, 0);
    fs_node_unref(node_out);
    env->locker.export = env->export;
    env->driver = memfs_driver;
#define ENTRY(entry) env->driver.entry = note_##entry;
    ENTRY(lookup) ENTRY(getattr) ENTRY(setattr) ENTRY(readlink) ENTRY(statfs)
    ENTRY(create) ENTRY(mkdir) ENTRY(mknod) ENTRY(symlink) ENTRY(link)
    ENTRY(unlink) ENTRY(rename) ENTRY(open) ENTRY(read) ENTRY(write)
    ENTRY(fsync) ENTRY(readdir) ENTRY(getxattr) ENTRY(listxattr)
    ENTRY(setxattr) ENTRY(removexattr) ENTRY(locker_open) ENTRY(lock)
    ENTRY(getlock)
#undef ENTRY
    env->driver.release = note_release;
    env->driver.reach = reach;
    env->export->driver = &env->driver;
    reaches = dir_reaches = FS_WAIT_STORAGE;
}

static void env_end(Env *env)
{
    env->export->driver = &memfs_driver;
    env->file->remote = false;
    fs_release(&test_call, env->file);
    g_clear_pointer(&dir_node, fs_node_unref);
    fs_node_unref(env->root);
    fs_export_unref(env->export);
}
#define ENV __attribute__((cleanup(env_end))) Env

static const FsYield no_yield;

/* Make call @i with @wait where it may have to wait for @needs. */
static void check(Env *env, unsigned i, FsWait wait, FsWait needs)
{
    const FsCall call = {
        .wait = wait, .yield = &no_yield, .cred = TEST_NOBODY,
    };
    bool enough = wait >= needs;
    bool asked = enough || calls[i].tries;
    ssize_t ret;

    called = 0;
    seen = (FsCall) { 0 };
    ret = calls[i].call(&call, env);
    g_test_message("%s, may wait %d, needs %d", calls[i].name, wait, needs);
    g_assert_cmpuint(called, ==, asked);
    if (!asked) {
        g_assert_cmpint(ret, ==, -EAGAIN);
    } else if (calls[i].call == call_release) {
        g_assert_cmpint(ret, ==, 0);
    } else {
        g_assert_cmpint(ret, ==, -EIO);
        g_assert_cmpint(seen.wait, ==, enough ? wait : FS_WAIT_NEVER);
        if (enough) {
            g_assert_true(seen.yield == &no_yield);
        } else if (wait > FS_WAIT_NEVER) {
            g_assert_null(seen.yield);
        }
    }
}

/* ---- tests ------------------------------------------------------------ */

/* Each call is refused, or only tried, if the node needs more. */
static void test_each_level(void)
{
    ENV env;

    env_start(&env);
    for (unsigned i = 0; i < ARRAY_SIZE(calls); i++) {
        for (reaches = FS_WAIT_NEVER; reaches <= FS_WAIT_ANYTHING; reaches++) {
            FsWait needs = calls[i].on_locker ? FS_WAIT_STORAGE : reaches;

            for (FsWait wait = 0; wait <= FS_WAIT_ANYTHING; wait++) {
                check(&env, i, wait, needs);
            }
        }
    }
}

/*
 * Calls on a remote file, and on a locker of one, may have to wait for
 * anything, whatever those on its node may have to wait for.
 */
static void test_remote(void)
{
    ENV env;

    env_start(&env);
    env.file->remote = env.locker.remote = true;
    reaches = FS_WAIT_NEVER;
    for (unsigned i = 0; i < ARRAY_SIZE(calls); i++) {
        for (FsWait wait = 0; wait <= FS_WAIT_ANYTHING; wait++) {
            check(&env, i, wait, calls[i].on_file || calls[i].on_locker
                                 ? FS_WAIT_ANYTHING : FS_WAIT_NEVER);
        }
    }
}

/* A call on two nodes may have to wait for the slower one. */
static void test_two_nodes(void)
{
    ENV env;

    env_start(&env);
    called = 0;
    dir_reaches = FS_WAIT_ANYTHING;
    g_assert_cmpint(fs_link(&test_call_storage, env.root, dir_node, "x"), ==,
                    -EAGAIN);
    g_assert_cmpint(fs_link(&test_call_storage, dir_node, env.root, "x"), ==,
                    -EAGAIN);
    g_assert_cmpint(fs_rename(&test_call_storage, env.root, "x", dir_node, "y"),
                    ==, -EAGAIN);
    g_assert_cmpint(fs_rename(&test_call_storage, dir_node, "x", env.root, "y"),
                    ==, -EAGAIN);
    g_assert_cmpuint(called, ==, 0);
    dir_reaches = FS_WAIT_STORAGE;
    g_assert_cmpint(fs_link(&test_call_storage, env.root, dir_node, "x"), ==,
                    -EIO);
    g_assert_cmpint(fs_rename(&test_call_storage, env.root, "x", dir_node, "y"),
                    ==, -EIO);
    g_assert_cmpuint(called, ==, 2);
}

/* A driver that does not say how long calls may take may need any time. */
static void test_unknown(void)
{
    ENV env;

    env_start(&env);
    env.driver.reach = NULL;
    g_assert_cmpint(fs_node_reach(env.root), ==, FS_WAIT_ANYTHING);
    for (unsigned i = 0; i < ARRAY_SIZE(calls); i++) {
        if (!calls[i].on_locker) {
            check(&env, i, FS_WAIT_STORAGE, FS_WAIT_ANYTHING);
        }
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/fsdriver-wait/each-level", test_each_level);
    g_test_add_func("/fsdriver-wait/remote", test_remote);
    g_test_add_func("/fsdriver-wait/two-nodes", test_two_nodes);
    g_test_add_func("/fsdriver-wait/unknown", test_unknown);
    return g_test_run();
}
