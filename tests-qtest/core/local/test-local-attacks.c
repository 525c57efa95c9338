/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Attacks on the local driver that are no races: a share that contains itself
 * or /proc, or that is replaced; and a shortage of descriptors or of quota.
 */
#include "fsdev/core/p9-osdep.h"
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/xattr.h>
#include "local-env.h"
#include "lib/test-call.h"

static char *text_of(FsFile *file)
{
    char *text = g_malloc0(64);
    struct iovec iov = { text, 63 };

    g_assert_cmpint(fs_read(&test_call, file, &iov, 1, 0), >=, 0);
    return text;
}

static int put_text(FsFile *file, const char *text)
{
    struct iovec iov = { (void *)text, strlen(text) };

    return fs_write(&test_call, file, &iov, 1, 0);
}

/* ---- what the share contains ------------------------------------------ */

/* Skips the test if it may not mount. */
static bool bind(const char *what, const char *path)
{
    if (mount(what, path, NULL, MS_BIND, NULL) == 0) {
        return true;
    }
    g_test_skip("mounting is not allowed here");
    return false;
}

static void share_within_itself(LocalEnv *env)
{
    const char *self = local_env_path(env, "self");
    g_autoptr(FsNode) inner = NULL;
    g_autoptr(FsNode) end = NULL;
    g_autoptr(FsNode) up = NULL;
    FsAttr attr;

    local_env_mkdir(env, "self");
    local_env_put(env, "f", "text");
    if (!bind(env->fixture.path, self)) {
        return;
    }
    inner = local_env_lookup(env, "self");
    g_assert_true(local_env_lists(inner, "f"));
    g_assert_cmpint(fs_lookup(&test_call, inner, "self", &end, &attr), ==, 0);
    g_assert_false(local_env_lists(end, "f"));
    g_assert_cmpint(local_env_try_lookup(end, "self"), ==, -ENOENT);
    up = fs_parent(end);
    g_assert_true(up == inner);
    fs_unlink(&test_call, inner, "f", false);
    g_assert_false(local_env_exists(env, "f"));
    umount2(self, MNT_DETACH);
}

/* The number of links to @victim below /proc that the driver was led to */
static unsigned try_links(FsNode *proc, const char *dir, const char *name,
                          bool set)
{
    FsSetattr mode = { .valid = FS_SET_MODE, .mode = 0777 };
    g_autoptr(FsNode) process = NULL;
    g_autoptr(FsNode) fds = NULL;
    g_autoptr(FsNode) link = NULL;
    char value[16];
    FsAttr attr;

    if (fs_lookup(&test_call, proc, dir, &process, &attr) < 0) {
        return 0;
    }
    if (strchr(name, '/')) {
        if (fs_lookup(&test_call, process, "fd", &fds, &attr) < 0) {
            return 0;
        }
        name = strchr(name, '/') + 1;
    } else {
        fds = fs_node_ref(process);
    }
    if (fs_lookup(&test_call, fds, name, &link, &attr) < 0) {
        return 0;
    }
    g_assert_true(S_ISLNK(attr.mode));
    g_assert_cmpint(local_env_try_lookup(link, "etc"), ==, -ENOTDIR);
    g_assert_cmpint(local_env_try_open(link, O_RDONLY), <, 0);
    g_assert_cmpint(local_env_try_open(link, O_RDWR | O_TRUNC), <, 0);
    g_assert_cmpint(fs_getxattr(&test_call, link, "user.x", value,
                                sizeof(value)), <, 0);
    if (set) {
        fs_setattr(&test_call, link, NULL, &mode);
        fs_setxattr(&test_call, link, "user.x", "x", 1, 0);
    }
    return 1;
}

/*
 * The links of /proc/PID lead to files without a path walk of their own.  The
 * test's own process has the victim open.
 */
static void proc_in_the_share(LocalEnv *env)
{
    g_autofree char *victim = g_build_filename(env->fixture.outside, "f",
                                               NULL);
    g_autofree char *pid = g_strdup_printf("%d", getpid());
    g_autofree char *fd_name = NULL;
    g_autofree char *path = g_strdup(local_env_path(env, "proc"));
    g_autoptr(FsNode) proc = NULL;
    g_autoptr(FsNode) self = NULL;
    struct stat before, after;
    int fd;

    local_env_mkdir(env, "proc");
    g_assert_true(g_file_set_contents(victim, "canary", -1, NULL));
    g_assert_cmpint(chmod(victim, 0600), ==, 0);
    lsetxattr(victim, "user.x", "secret", 6, 0);
    g_assert_cmpint(stat(victim, &before), ==, 0);
    if (!bind("/proc", path)) {
        return;
    }
    fd = open(victim, O_RDWR | O_CLOEXEC);
    fd_name = g_strdup_printf("fd/%d", fd);
    proc = local_env_lookup(env, "proc");
    g_assert_cmpint(fs_lookup(&test_call, proc, "self", &self,
                              &(FsAttr) { 0 }), ==, 0);
    g_assert_cmpint(local_env_try_lookup(self, "root"), ==, -ENOTDIR);
    g_assert_cmpuint(try_links(proc, pid, "root", false) +
                     try_links(proc, pid, "cwd", false) +
                     try_links(proc, pid, "exe", false) +
                     try_links(proc, pid, fd_name, true), ==, 4);
    close(fd);
    umount2(path, MNT_DETACH);
    g_assert_cmpint(stat(victim, &after), ==, 0);
    g_assert_cmpint(after.st_ctim.tv_sec, ==, before.st_ctim.tv_sec);
    g_assert_cmpint(after.st_ctim.tv_nsec, ==, before.st_ctim.tv_nsec);
    g_assert_cmpint(after.st_size, ==, 6);
}

/* The export remains the directory that was opened, wherever it is. */
static void root_is_replaced(LocalEnv *env)
{
    g_autofree char *path = g_strdup(env->fixture.path);
    g_autofree char *away = g_build_filename(env->fixture.base, "away", NULL);
    g_autofree char *made = g_build_filename(away, "made", NULL);
    FsSetattr set = { .valid = FS_SET_MODE, .mode = 0710 };
    struct stat st;

    local_env_put(env, "f", "first");
    g_assert_cmpint(rename(path, away), ==, 0);
    g_assert_cmpint(mkdir(path, 0755), ==, 0);
    local_env_put(env, "g", "second");
    g_assert_cmpint(local_env_try_lookup(env->root, "f"), ==, 0);
    g_assert_cmpint(local_env_try_lookup(env->root, "g"), ==, -ENOENT);
    g_assert_cmpint(local_env_try_create(env->root, "made", O_RDWR), ==, 0);
    g_assert_cmpint(stat(made, &st), ==, 0);
    g_assert_false(local_env_exists(env, "made"));
    fs_setattr(&test_call, env->root, NULL, &set);
    g_assert_cmpint(fs_unlink(&test_call, env->root, "g", false), ==, -ENOENT);
    g_assert_cmphex(local_env_stat(env, "").st_mode, ==, S_IFDIR | 0755);
    g_assert_cmpuint(local_env_count(env, ""), ==, 1);
}

/* ---- shortage --------------------------------------------------------- */

enum { FILES = 100, SPARE_FDS = 24, RESERVED_FDS = 64 };

typedef struct Short {
    FsExport *export;
    FsNode *root;
    FsNode *nodes[FILES];
    FsFile *files[FILES];
    struct rlimit before;
} Short;

/* A second export of the same directory, with a budget of few descriptors. */
static void short_start(LocalEnv *env, Short *s, int flags, unsigned *opened)
{
    struct rlimit limit;

    *s = (Short) { 0 };
    *opened = 0;
    g_assert_cmpint(getrlimit(RLIMIT_NOFILE, &s->before), ==, 0);
    for (unsigned i = 0; i < FILES; i++) {
        g_autofree char *name = g_strdup_printf("f%u", i);

        local_env_put(env, name, name);
    }
    limit = (struct rlimit) {
        conformance_count_fds() + RESERVED_FDS + SPARE_FDS, s->before.rlim_max,
    };
    g_assert_cmpint(setrlimit(RLIMIT_NOFILE, &limit), ==, 0);
    s->export = local_fixture_reopen(&env->fixture);
    s->root = fs_root(s->export);
    for (unsigned i = 0; i < FILES; i++) {
        g_autofree char *name = g_strdup_printf("f%u", i);
        int ret;

        g_assert_cmpint(fs_lookup(&test_call, s->root, name, &s->nodes[i],
                                  &(FsAttr) { 0 }), ==, 0);
        ret = fs_open(&test_call, s->nodes[i], flags, &s->files[i]);
        if (ret != -EMFILE) {
            g_assert_cmpint(ret, ==, 0);
        }
        *opened += ret == 0;
    }
    g_assert_cmpuint(*opened, >, 4);
    g_assert_cmpuint(*opened, <, FILES);
}

static void short_end(Short *s)
{
    for (unsigned i = 0; i < FILES; i++) {
        fs_release(&test_call, s->files[i]);
        fs_node_unref(s->nodes[i]);
    }
    fs_node_unref(s->root);
    fs_export_unref(s->export);
    g_assert_cmpint(setrlimit(RLIMIT_NOFILE, &s->before), ==, 0);
}

/*
 * What was opened is read on from the file that was opened; what was looked up
 * is that file or none.
 */
static void replaced_while_short(LocalEnv *env)
{
    unsigned opened;
    Short s;

    short_start(env, &s, O_RDONLY, &opened);
    for (unsigned i = 0; i < FILES; i++) {
        g_autofree char *name = g_strdup_printf("f%u", i);

        local_env_put(env, "replacement", "the host's");
        g_assert_cmpint(rename(local_env_path(env, "replacement"),
                               local_env_path(env, name)), ==, 0);
    }
    for (unsigned i = 0; i < FILES; i++) {
        g_autofree char *name = g_strdup_printf("f%u", i);
        FsFile *file = s.files[i];
        g_autofree char *text = NULL;
        int ret = 0;

        if (!file) {
            ret = fs_open(&test_call, s.nodes[i], O_RDONLY, &file);
        }
        if (ret < 0) {
            g_assert_true(ret == -ESTALE || ret == -ENOENT ||
                          ret == -EMFILE);
            continue;
        }
        text = text_of(file);
        g_assert_cmpstr(text, ==, name);
        if (file != s.files[i]) {
            fs_release(&test_call, file);
        }
    }
    short_end(&s);
}

/* O_TRUNC acts once, however often the descriptor of the file is given up. */
static void truncated_while_short(LocalEnv *env)
{
    unsigned opened;
    Short s;

    short_start(env, &s, O_RDWR | O_TRUNC, &opened);
    for (unsigned i = 0; i < FILES; i++) {
        g_autofree char *name = g_strdup_printf("new %u", i);

        if (s.files[i]) {
            g_assert_cmpint(put_text(s.files[i], name), ==, strlen(name));
        }
    }
    for (unsigned i = 0; i < 3 * FILES; i++) {
        g_autofree char *name = g_strdup_printf("f%u", i % FILES);

        g_assert_cmpint(local_env_try_lookup(s.root, name), ==, 0);
    }
    for (unsigned i = 0; i < FILES; i++) {
        g_autofree char *name = g_strdup_printf("f%u", i);
        g_autofree char *new = g_strdup_printf("new %u", i);

        if (s.files[i]) {
            g_autofree char *text = text_of(s.files[i]);

            g_assert_cmpstr(text, ==, new);
        }
        local_env_check_text(env, name, s.files[i] ? new : name);
    }
    short_end(&s);
}

/* A user of the host may not write more than its quota; later it may again. */
static void quota(LocalEnv *env)
{
    g_autofree char *data = g_malloc0(256 * 1024);
    struct iovec iov = { data, 256 * 1024 };
    g_autoptr(FsNode) node = NULL;
    g_autoptr(FsFile) file = NULL;
    ssize_t ret, total = 0;
    FsAttr attr;

    g_assert_cmpint(fs_create(CALL_AS(&local_env_cred), env->root, "f", O_RDWR,
                              0644, &node, &file, &attr), ==, 0);
    do {
        ret = fs_write(&test_call, file, &iov, 1, total);
        total += MAX(ret, 0);
        g_assert_cmpint(total, <, 3 * 1024 * 1024);
    } while (ret > 0);
    g_assert_cmpint(ret, ==, -EDQUOT);
    g_assert_cmpint(local_env_stat(env, "f").st_size, ==, total);
    g_assert_cmpint(fs_setattr(&test_call, node, file, &(FsSetattr) {
                        .valid = FS_SET_SIZE }), ==, 0);
    g_assert_cmpint(put_text(file, "text"), ==, 4);
    local_env_check_text(env, "f", "text");
}

/* ---- main ------------------------------------------------------------- */

static const LocalEnvTest tests[] = {
    { "share-within-itself", LOCAL_ALL, share_within_itself },
    { "proc-in-the-share", LOCAL_ALL, proc_in_the_share },
    { "root-is-replaced", LOCAL_ALL | LOCAL_PROXY, root_is_replaced },
    { "replaced-while-short", LOCAL_ALL, replaced_while_short },
    { "truncated-while-short", LOCAL_ALL, truncated_while_short },
    { "quota", LOCAL_NONE, quota, .as_user = true,
      .tmpfs = "size=4m,mode=0777,usrquota,usrquota_block_hardlimit=1m" },
};

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    umask(022);
    local_separate_mounts();
    local_env_add("/attacks", tests, ARRAY_SIZE(tests));
    return g_test_run();
}
