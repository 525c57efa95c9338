/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Owners that mapped-file keeps while their files are watched: whatever a
 * program of the host does to these files and their folders between two
 * requests, the second one answers what is on the host then.
 */
#include "fsdev/core/p9-osdep.h"
#include <sched.h>
#include <sys/wait.h>
#include "fsdev/host/host.h"
#include "fsdev/local/local.h"
#include "local-env.h"
#include "watch-changes.h"
#include "lib/test-call.h"

static CredWatch *watch_of(const LocalEnv *env)
{
    return local_export(env->export)->watch;
}

/* d/f belongs to 1; d/other is a second folder, where f belongs to 2. */
static void make_files(LocalEnv *env)
{
    local_env_mkdir(env, "d");
    local_env_mkdir(env, "d/" WATCH_META);
    local_env_mkdir(env, "d/other");
    local_env_put(env, "d/f", "text");
    local_env_put(env, "d/" WATCH_META "/f", "virtfs.uid=1\n");
    local_env_put(env, "d/other/f", "virtfs.uid=2\n");
}

static void check_attr(int ret, const FsAttr *attr, int error, uint32_t uid)
{
    g_assert_cmpint(ret, ==, error);
    if (ret == 0) {
        g_assert_cmpuint(attr->uid, ==,
                         uid == WATCH_UNSTORED ? geteuid() : uid);
    }
}

/* What the guest sees of d/f, by name and by the fid that it has. */
static void check(FsNode *dir, FsNode *node, int error, uint32_t uid)
{
    FsNode *found = NULL;
    FsAttr attr;
    int ret;

    check_attr(fs_getattr(&test_call, node, NULL, 0, &attr), &attr, error, uid);
    ret = fs_lookup(&test_call, dir, "f", &found, &attr);
    check_attr(ret, &attr, error, uid);
    if (ret == 0) {
        g_assert_true(found == node);
        fs_node_unref(found);
    }
}

/* Look until the answer is kept, as it is after a tick of the clock. */
static bool await_watch(LocalEnv *env, FsNode *node)
{
    gint64 end = g_get_monotonic_time() + 10 * G_USEC_PER_SEC;
    FsAttr attr;

    while (cred_watch_entries(watch_of(env)) == 0 &&
           g_get_monotonic_time() < end) {
        g_assert_cmpint(fs_getattr(&test_call, node, NULL, 0, &attr), ==, 0);
    }
    return cred_watch_entries(watch_of(env)) > 0;
}

static bool can_watch(LocalEnv *env, FsNode *node)
{
    if (!local_is_plain_fs(&env->fixture) || !host_features()->mountinfo) {
        g_test_skip("nothing is watched here");
        return false;
    }
    g_assert_true(await_watch(env, node));
    return true;
}

static bool is_in_memory(LocalEnv *env)
{
    HOST_FD fd = open(env->fixture.path, O_PATH | O_CLOEXEC);

    return host_fs_is_in_memory(fd);
}

static bool can_mount(LocalEnv *env)
{
    local_env_mkdir(env, "m");
    if (!local_mount_tmpfs(local_env_path(env, "m"), "size=1m")) {
        g_test_skip("mounting is not allowed here");
        return false;
    }
    watch_unmount(env, "m");
    return true;
}

static FsNode *look_up(FsNode *dir, const char *name)
{
    FsNode *node = NULL;
    FsAttr attr;

    g_assert_cmpint(fs_lookup(&test_call, dir, name, &node, &attr), ==, 0);
    return node;
}

static void test_row(gconstpointer opaque)
{
    const WatchChange *row = opaque;
    LOCAL_ENV env = { .fixture = { .model = FS_SM_MAPPED_FILE } };
    g_autoptr(FsNode) dir = NULL;
    g_autoptr(FsNode) node = NULL;

    local_env_start(&env);
    if (row->mounts && !can_mount(&env)) {
        return;
    }
    if (row->on_disk && is_in_memory(&env)) {
        g_test_skip("the folder for tests is in memory");
        return;
    }
    make_files(&env);
    dir = local_env_lookup(&env, "d");
    node = look_up(dir, "f");
    if (!can_watch(&env, node)) {
        return;
    }
    check(dir, node, 0, 1);
    row->happens(&env);
    for (int i = 0; i < 3; i++) {
        check(dir, node, row->error, row->uid);
    }
    watch_change_end(&env);
}

/* ---- other ------------------------------------------------------------ */

/* The root's values are in a file in the root itself. */
static void test_root(LocalEnv *env)
{
    FsAttr attr;

    local_env_put(env, ".virtfs_metadata_root", "virtfs.uid=1\n");
    local_env_put(env, "new", "virtfs.uid=2\n");
    if (!can_watch(env, env->root)) {
        return;
    }
    g_assert_cmpint(fs_getattr(&test_call, env->root, NULL, 0, &attr), ==, 0);
    g_assert_cmpuint(attr.uid, ==, 1);
    watch_move(env, "new", ".virtfs_metadata_root");
    g_assert_cmpint(fs_getattr(&test_call, env->root, NULL, 0, &attr), ==, 0);
    g_assert_cmpuint(attr.uid, ==, 2);
}

/* The root's values and those of the files in it are in different folders. */
static void test_file_in_root(LocalEnv *env)
{
    g_autoptr(FsNode) node = NULL;

    local_env_put(env, ".virtfs_metadata_root", "virtfs.uid=1\n");
    if (!can_watch(env, env->root)) {
        return;
    }
    local_env_mkdir(env, WATCH_META);
    local_env_put(env, WATCH_META "/f", "virtfs.uid=2\n");
    local_env_put(env, "f", "");
    local_env_await_tick();
    node = local_env_lookup(env, "f");
    check(env->root, node, 0, 2);
    check(env->root, node, 0, 2);
    g_assert_cmpuint(cred_watch_entries(watch_of(env)), ==, 2);
    watch_move(env, WATCH_META, "old");
    check(env->root, node, 0, WATCH_UNSTORED);
}

static void put_numbered(LocalEnv *env, unsigned i, unsigned uid)
{
    g_autofree char *values = g_strdup_printf(WATCH_META "/%u", i);
    g_autofree char *text = g_strdup_printf("virtfs.uid=%u\n", uid);

    unlink(local_env_path(env, values));
    local_env_put(env, values, text);
}

static void check_numbered(LocalEnv *env, unsigned count, unsigned add)
{
    for (unsigned i = 0; i < count; i++) {
        g_autofree char *file = g_strdup_printf("%u", i);

        g_assert_cmpuint(local_env_attr(env, file).uid, ==, i + add);
    }
}

/* More files than can be watched: each has its own owner. */
static void test_many(LocalEnv *env)
{
    enum { COUNT = 2500 };
    g_autoptr(FsNode) node = NULL;
    unsigned entries;

    local_env_mkdir(env, WATCH_META);
    for (unsigned i = 0; i < COUNT; i++) {
        g_autofree char *file = g_strdup_printf("%u", i);

        local_env_put(env, file, "");
        put_numbered(env, i, i + 1);
    }
    node = local_env_lookup(env, "0");
    if (!can_watch(env, node)) {
        return;
    }
    local_env_await_tick();
    check_numbered(env, COUNT, 1);
    entries = cred_watch_entries(watch_of(env));
    g_assert_cmpuint(entries, >, COUNT / 4);
    g_assert_cmpuint(entries, <, COUNT);
    for (unsigned i = 0; i < COUNT; i++) {
        put_numbered(env, i, i + 2);
    }
    check_numbered(env, COUNT, 2);
    check_numbered(env, COUNT, 2);
}

/* ---- threads ---------------------------------------------------------- */

typedef struct Looker {
    FsNode *node;               /* borrowed */
    gint ends;                  /* atomic */
} Looker;

static void *look(void *opaque)
{
    Looker *looker = opaque;
    FsAttr attr;

    while (!g_atomic_int_get(&looker->ends)) {
        g_assert_cmpint(fs_getattr(&test_call, looker->node, NULL, 0, &attr),
                        ==, 0);
    }
    return NULL;
}

static void change_somehow(LocalEnv *env, unsigned uid)
{
    g_autofree char *text = g_strdup_printf("virtfs.uid=%u\n", uid);

    switch (uid % 3) {
    case 0:
        local_env_put(env, "d/" WATCH_META "/f", text);
        break;
    case 1:
        local_env_put(env, "new", text);
        watch_move(env, "new", "d/" WATCH_META "/f");
        break;
    default:
        unlink(local_env_path(env, "d/other/f"));
        local_env_put(env, "d/other/f", text);
        watch_exchange(env, "d/" WATCH_META, "d/other");
        break;
    }
}

/* A thread does not use what another one is about to drop. */
static void test_threads(void)
{
    LOCAL_ENV env = { .fixture = { .model = FS_SM_MAPPED_FILE } };
    g_autoptr(FsNode) dir = NULL;
    g_autoptr(FsNode) node = NULL;
    GThread *threads[3];
    Looker looker = { 0 };
    bool runs;

    local_env_start(&env);
    make_files(&env);
    dir = local_env_lookup(&env, "d");
    looker.node = node = look_up(dir, "f");
    runs = can_watch(&env, node);
    for (size_t i = 0; i < ARRAY_SIZE(threads) && runs; i++) {
        threads[i] = g_thread_new("look", look, &looker);
    }
    for (unsigned uid = 3; uid < 300 && runs; uid++) {
        change_somehow(&env, uid);
        check(dir, node, 0, uid);
        if (uid % 4 == 0) {
            local_env_await_tick();
            check(dir, node, 0, uid);
        }
    }
    g_atomic_int_set(&looker.ends, 1);
    for (size_t i = 0; i < ARRAY_SIZE(threads) && runs; i++) {
        g_thread_join(threads[i]);
    }
}

/* ---- in processes of their own ---------------------------------------- */

enum { EXIT_SKIP = 77, LIMIT = 4 };

/* In a user name space of its own this process has limits of its own. */
static void limit_watches(void)
{
    g_autofree char *text = g_strdup_printf("%d", LIMIT);
    int fd;

    if (unshare(CLONE_NEWUSER) < 0) {
        _exit(EXIT_SKIP);
    }
    fd = open("/proc/sys/user/max_inotify_watches", O_WRONLY | O_CLOEXEC);
    if (fd < 0 || write(fd, text, strlen(text)) < 0) {
        _exit(EXIT_SKIP);
    }
    close(fd);
}

static void check_within_limit(LocalEnv *env)
{
    g_autoptr(FsNode) node = local_env_lookup(env, "0");

    if (!can_watch(env, node)) {
        _exit(EXIT_SKIP);
    }
    local_env_await_tick();
    for (int i = 0; i < 3; i++) {
        check_numbered(env, 2 * LIMIT, 1);
    }
    /* One watch is for the folder. */
    g_assert_cmpuint(cred_watch_entries(watch_of(env)), ==, LIMIT - 1);
}

static void run_limited(void)
{
    LOCAL_ENV env = { .fixture = { .model = FS_SM_MAPPED_FILE } };

    limit_watches();
    local_env_start(&env);
    local_env_mkdir(&env, WATCH_META);
    for (unsigned i = 0; i < 2 * LIMIT; i++) {
        g_autofree char *file = g_strdup_printf("%u", i);

        local_env_put(&env, file, "");
        put_numbered(&env, i, i + 1);
    }
    check_within_limit(&env);
}

/* What a guest may have made for a path that leads to /proc otherwise. */
static void make_proc(LocalEnv *env)
{
    local_env_mkdir(env, "proc");
    local_env_mkdir(env, "proc/self");
    local_env_mkdir(env, "proc/self/fd");
    for (int i = 0; i < 64; i++) {
        g_autofree char *name = g_strdup_printf("proc/self/fd/%d", i);

        local_env_put(env, name, "");
    }
}

static void run_after_chroot(void)
{
    LOCAL_ENV env = { .fixture = { .model = FS_SM_MAPPED_FILE } };
    g_autoptr(FsNode) dir = NULL;
    g_autoptr(FsNode) node = NULL;
    int old_root;

    local_env_start(&env);
    make_files(&env);
    make_proc(&env);
    dir = local_env_lookup(&env, "d");
    node = look_up(dir, "f");
    old_root = open("/", O_PATH | O_CLOEXEC);
    g_assert_cmpint(old_root, >=, 0);
    if (chroot(local_env_path(&env, "")) < 0) {
        _exit(EXIT_SKIP);
    }
    local_env_await_tick();
    for (int i = 0; i < 3; i++) {
        check(dir, node, 0, 1);
    }
    g_assert_cmpuint(cred_watch_entries(watch_of(&env)), ==, 0);
    g_assert_cmpint(fchdir(old_root), ==, 0);
    g_assert_cmpint(chroot("."), ==, 0);
    close(old_root);
}

static void test_in_process(void (*run)(void))
{
    pid_t pid = fork();
    int status = 0;

    g_assert_cmpint(pid, >=, 0);
    if (pid == 0) {
        run();
        _exit(g_test_failed());
    }
    g_assert_cmpint(waitpid(pid, &status, 0), ==, pid);
    if (WIFEXITED(status) && WEXITSTATUS(status) == EXIT_SKIP) {
        g_test_skip("this is not allowed here");
        return;
    }
    g_assert_cmpint(status, ==, 0);
}

/* At the user's limit on watches, other files are looked at each time. */
static void test_limit(void)
{
    test_in_process(run_limited);
}

static void test_after_chroot(void)
{
    test_in_process(run_after_chroot);
}

static const LocalEnvTest tests[] = {
    { "root", 1u << FS_SM_MAPPED_FILE, test_root },
    { "file-in-root", 1u << FS_SM_MAPPED_FILE, test_file_in_root },
    { "many", 1u << FS_SM_MAPPED_FILE, test_many, .tmpfs = "size=64m" },
};

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    local_separate_mounts();
    /* First, as they fork, and host_init() comes after the last fork(). */
    g_test_add_func("/local-watch/limit", test_limit);
    g_test_add_func("/local-watch/after-chroot", test_after_chroot);
    for (size_t i = 0; i < n_watch_changes; i++) {
        g_autofree char *path = g_strconcat("/local-watch/",
                                            watch_changes[i].name, NULL);

        g_test_add_data_func(path, &watch_changes[i], test_row);
    }
    g_test_add_func("/local-watch/threads/host-changes", test_threads);
    local_env_add("/local-watch", tests, ARRAY_SIZE(tests));
    return g_test_run();
}
