/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The sizes of files that the host's kernel makes when they are read: a guest
 * sees 0, in every reply with attributes, and reads what the host reads.
 */
#include "fsdev/core/p9-osdep.h"
#include <ftw.h>
#include <sys/mount.h>
#include "hw/9pfs/9p.h"
#include "lib/client.h"
#include "lib/test-call.h"
#include "local-env.h"

enum { TEXT_SIZE = 8192 };

/* The first readable regular file that has a size, by nftw(3). */
static char *found;             /* owned */

static int find_one(const char *path, const struct stat *st, int type,
                    struct FTW *ftw)
{
    char byte;
    int fd;

    if (type != FTW_F || !S_ISREG(st->st_mode) || !st->st_size ||
        !(st->st_mode & 0444)) {
        return 0;
    }
    fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd >= 0 && read(fd, &byte, 1) == 1) {
        found = g_strdup(path);
    }
    if (fd >= 0) {
        close(fd);
    }
    return found != NULL;
}

static ssize_t read_guest(FsFile *file, char *text)
{
    struct iovec iov = { text, TEXT_SIZE };

    return fs_read(&test_call, file, &iov, 1, 0);
}

/* Of the file @name in the folder @dir, in each way that a guest has. */
static void check_file(FsNode *dir, const char *name, uint64_t size)
{
    g_autoptr(FsNode) node = NULL;
    g_autoptr(FsFile) file = NULL;
    FsAttr attr;

    g_assert_cmpint(fs_lookup(&test_call, dir, name, &node, &attr), ==, 0);
    g_assert_cmpuint(attr.size, ==, size);
    g_assert_cmpint(fs_getattr(&test_call, node, NULL, 0, &attr), ==, 0);
    g_assert_cmpuint(attr.size, ==, size);
    g_assert_cmpint(fs_open_attr(&test_call, node, O_RDONLY, &file, &attr), ==,
                    0);
    g_assert_cmpuint(attr.size, ==, size);
    g_assert_cmpint(fs_getattr(&test_call, node, file, 0, &attr), ==, 0);
    g_assert_cmpuint(attr.size, ==, size);
}

static void check_text(FsNode *dir, const char *name, const char *path)
{
    g_autofree char *text = g_malloc(TEXT_SIZE);
    g_autofree char *host = g_malloc(TEXT_SIZE);
    g_autoptr(FsNode) node = NULL;
    g_autoptr(FsFile) file = NULL;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    FsAttr attr;
    ssize_t len;

    g_assert_cmpint(fs_lookup(&test_call, dir, name, &node, &attr), ==, 0);
    g_assert_cmpint(fs_open(&test_call, node, O_RDONLY, &file), ==, 0);
    len = read_guest(file, text);
    g_assert_cmpint(len, >, 0);
    g_assert_cmpint(read(fd, host, TEXT_SIZE), ==, len);
    close(fd);
}

/* ---- each file system ------------------------------------------------- */

static void check_by_session(LocalEnv *env, const char *path, bool dotu)
{
    Client *c = client_new(local_fixture_reopen(&env->fixture), CLIENT_INLINE,
                           NULL);
    uint64_t size;

    g_assert_cmpint(client_version(c, 8192, dotu ? "9P2000.u" : "9P2000.L"),
                    ==, 0);
    g_assert_cmpint(client_attach(c, 0, 0), ==, 0);
    g_assert_cmpint(client_walk(c, 0, 1, path), ==, 0);
    if (dotu) {
        g_assert_cmpint(ASK(c, stat, .fid = 1), ==, 0);
        size = client_last(c)->r.stat.stat.length;
    } else {
        g_assert_cmpint(ASK(c, getattr, .fid = 1,
                            .request_mask = UINT64_MAX), ==, 0);
        size = client_last(c)->r.getattr.size;
    }
    g_assert_cmpuint(size, ==, 0);
    client_free(c);
}

static FsNode *walk(const LocalEnv *env, const char *path)
{
    g_auto(GStrv) parts = g_strsplit(path, "/", -1);
    FsNode *at = fs_node_ref(env->root);

    for (unsigned i = 0; parts[i]; i++) {
        FsNode *next;
        FsAttr attr;

        g_assert_cmpint(fs_lookup(&test_call, at, parts[i], &next, &attr), ==,
                        0);
        fs_node_unref(at);
        at = next;
    }
    return at;
}

static void check_found(LocalEnv *env)
{
    const char *below = found + strlen(env->fixture.path) + 1;
    g_autofree char *parent = g_path_get_dirname(below);
    g_autofree char *name = g_path_get_basename(below);
    g_autoptr(FsNode) dir = walk(env, parent);
    struct stat st;
    FsAttr attr;

    check_file(dir, name, 0);
    check_text(dir, name, found);
    check_by_session(env, below, false);
    check_by_session(env, below, true);
    /* A directory keeps the size that the host tells. */
    g_assert_cmpint(fs_getattr(&test_call, dir, NULL, 0, &attr), ==, 0);
    g_assert_cmpint(stat(local_env_path(env, parent), &st), ==, 0);
    g_assert_cmpuint(attr.size, ==, st.st_size);
}

static bool check_type(LocalEnv *env, const char *type)
{
    const char *path = local_env_path(env, "m");
    bool done = false;

    if (mount("none", path, type, MS_NOSUID | MS_NODEV, NULL) < 0) {
        return false;
    }
    if (!strcmp(type, "mqueue")) {
        int fd = open(local_env_path(env, "m/queue"),
                      O_RDWR | O_CREAT | O_CLOEXEC, 0600);

        close(fd);
    }
    nftw(path, find_one, 16, FTW_PHYS | FTW_MOUNT);
    if (found) {
        check_found(env);
        done = true;
    }
    g_clear_pointer(&found, g_free);
    if (!strcmp(type, "mqueue")) {
        unlink(local_env_path(env, "m/queue"));
    }
    umount2(path, MNT_DETACH);
    return done;
}

static void invented(LocalEnv *env)
{
    static const char *const types[] = {
        "sysfs", "mqueue", "configfs", "cgroup2", "tracefs", "debugfs",
        "securityfs", "selinuxfs",
    };
    unsigned done = 0;

    local_env_mkdir(env, "m");
    for (unsigned i = 0; i < ARRAY_SIZE(types); i++) {
        if (check_type(env, types[i])) {
            done++;
            g_test_message("%s", types[i]);
        }
    }
    if (!done) {
        g_test_skip("no such file system can be mounted here");
    }
}

/* ---- others ----------------------------------------------------------- */

/* A file may have no blocks on any file system. */
static void sparse(LocalEnv *env)
{
    local_env_put(env, "sparse", "");
    g_assert_cmpint(truncate(local_env_path(env, "sparse"), 4096), ==, 0);
    check_file(env->root, "sparse", 4096);
}

static const LocalEnvTest tests[] = {
    { "invented", LOCAL_ALL | LOCAL_PROXY, invented, .as_root = true },
    { "sparse", LOCAL_ALL, sparse },
    { "sparse-tmpfs", LOCAL_PASSTHROUGH, sparse, .tmpfs = "size=1m",
      .as_root = true },
};

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    local_separate_mounts();
    local_env_add("/local/sizes", tests, ARRAY_SIZE(tests));
    return g_test_run();
}
