/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Quotas of exports: what each call charges, what is refused, what statfs
 * shows, and the count of a tree that exists already.
 */
#include "fsdev/core/p9-osdep.h"
#include <sys/vfs.h>
#include "fsdev/core/fs-quota.h"
#include "lib/fault.h"
#include "lib/test-call.h"
#include "lib/warnings.h"
#include "local-env.h"

#define UNIT FS_QUOTA_UNIT
#define MANY (UINT64_C(1) << 40)

static FsQuotaState state_of(const LocalEnv *env)
{
    FsQuotaState state;

    g_assert_true(fs_export_quota(env->export, &state));
    return state;
}

static void check_used(const LocalEnv *env, uint64_t files, uint64_t units)
{
    FsQuotaState state = state_of(env);

    g_assert_cmpuint(state.files, ==, files);
    g_assert_cmpuint(state.bytes, ==, units * UNIT);
    g_assert_cmpuint(state.missed, ==, 0);
    g_assert_false(state.counting);
}

static void start_quota(const LocalEnv *env, uint64_t bytes, uint64_t files)
{
    fs_export_set_quota(env->export, bytes, files);
    fs_quota_await(env->export);
}

static FsFile *opened(const LocalEnv *env, const char *name, int flags)
{
    g_autoptr(FsNode) node = local_env_lookup(env, name);
    FsFile *file = NULL;

    g_assert_cmpint(fs_open(&test_call, node, flags, &file), ==, 0);
    return file;
}

static FsFile *created(const LocalEnv *env, const char *name, int flags)
{
    g_autoptr(FsNode) node = NULL;
    FsFile *file = NULL;
    FsAttr attr;

    g_assert_cmpint(fs_create(CALL_AS(&local_env_cred), env->root, name,
                              O_RDWR | flags, 0644, &node, &file, &attr), ==,
                    0);
    return file;
}

/* In two pieces, so that a write that is cut ends in either. */
static ssize_t put(FsFile *file, uint64_t offset, size_t length)
{
    g_autofree char *bytes = g_malloc0(length + 1);
    struct iovec iov[] = {
        { bytes, length / 3 }, { bytes, length - length / 3 },
    };

    return fs_write(&test_call, file, iov, ARRAY_SIZE(iov), offset);
}

static int set_size(const LocalEnv *env, const char *name, FsFile *file,
                    uint64_t size)
{
    const FsSetattr set = { .valid = FS_SET_SIZE, .size = size };
    g_autoptr(FsNode) node = local_env_lookup(env, name);

    return fs_setattr(&test_call, node, file, &set);
}

static int removed(const LocalEnv *env, const char *name, bool is_dir)
{
    return fs_unlink(&test_call, env->root, name, is_dir);
}

static int renamed(const LocalEnv *env, const char *from, const char *to)
{
    return fs_rename(&test_call, env->root, from, env->root, to);
}

/* ---- what each call charges ---- */

static void op_create(LocalEnv *env)
{
    test_file_release(created(env, "f", O_EXCL));
}

static void op_create_existing(LocalEnv *env)
{
    test_file_release(created(env, "f", 0));
    g_assert_cmpint(local_env_try_create(env->root, "f", O_RDWR | O_EXCL), ==,
                    -EEXIST);
}

static void op_mkdir(LocalEnv *env)
{
    FsAttr attr;

    fs_node_unref(local_env_made_dir(env, "d", 0755));
    g_assert_cmpint(fs_mkdir(CALL_AS(&local_env_cred), env->root, "d", 0755,
                             &attr), ==, -EEXIST);
}

static void op_symlink(LocalEnv *env)
{
    FsAttr attr;

    g_assert_cmpint(fs_symlink(CALL_AS(&local_env_cred), env->root, "s",
                               "target", &attr), ==, 0);
}

static void op_mknod(LocalEnv *env)
{
    FsAttr attr;

    g_assert_cmpint(fs_mknod(CALL_AS(&local_env_cred), env->root, "p",
                             S_IFIFO | 0644, 0, &attr), ==, 0);
}

static void op_write(LocalEnv *env)
{
    g_autoptr(FsFile) file = opened(env, "f", O_WRONLY);

    g_assert_cmpint(put(file, 0, 1), ==, 1);
}

static void op_write_within_unit(LocalEnv *env)
{
    g_autoptr(FsFile) file = opened(env, "f", O_WRONLY);

    g_assert_cmpint(put(file, 1, UNIT - 1), ==, UNIT - 1);
    g_assert_cmpint(put(file, 0, 0), ==, 0);
}

static void op_append(LocalEnv *env)
{
    g_autoptr(FsFile) file = opened(env, "f", O_WRONLY | O_APPEND);

    g_assert_cmpint(put(file, 0, UNIT), ==, UNIT);
    g_assert_cmpint(put(file, 0, 1), ==, 1);
}

static void op_write_past_end(LocalEnv *env)
{
    g_autoptr(FsFile) file = opened(env, "f", O_WRONLY);

    g_assert_cmpint(put(file, 9 * UNIT, UNIT), ==, UNIT);
}

static void op_extend(LocalEnv *env)
{
    g_assert_cmpint(set_size(env, "f", NULL, 100 * UNIT), ==, 0);
}

static void op_cut(LocalEnv *env)
{
    g_autoptr(FsFile) file = opened(env, "f", O_RDWR);

    g_assert_cmpint(set_size(env, "f", file, 2 * UNIT + 1), ==, 0);
}

static void op_link(LocalEnv *env)
{
    g_autoptr(FsNode) node = local_env_lookup(env, "f");

    g_assert_cmpint(fs_link(&test_call, node, env->root, "l"), ==, 0);
}

static void op_unlink_one_of_two(LocalEnv *env)
{
    g_assert_cmpint(removed(env, "f", false), ==, 0);
    g_assert_cmpint(removed(env, "f", false), ==, -ENOENT);
}

static void op_rename(LocalEnv *env)
{
    g_assert_cmpint(renamed(env, "l", "f"), ==, 0);
    g_assert_cmpint(renamed(env, "none", "f"), ==, -ENOENT);
}

static void op_make_other(LocalEnv *env)
{
    g_autoptr(FsFile) file = created(env, "g", O_EXCL);

    g_assert_cmpint(put(file, 0, 5 * UNIT), ==, 5 * UNIT);
}

static void op_rename_over(LocalEnv *env)
{
    g_assert_cmpint(renamed(env, "f", "g"), ==, 0);
}

static void op_truncating_open(LocalEnv *env)
{
    test_file_release(opened(env, "g", O_WRONLY | O_TRUNC));
}

static void op_truncating_create(LocalEnv *env)
{
    g_autoptr(FsFile) file = opened(env, "g", O_WRONLY);

    g_assert_cmpint(put(file, 0, 3 * UNIT), ==, 3 * UNIT);
    test_file_release(created(env, "g", O_TRUNC));
}

static void op_unlink(LocalEnv *env)
{
    g_assert_cmpint(removed(env, "g", false), ==, 0);
}

static void op_unlink_others(LocalEnv *env)
{
    g_assert_cmpint(removed(env, "s", false), ==, 0);
    g_assert_cmpint(removed(env, "p", false), ==, 0);
}

static void op_rmdir(LocalEnv *env)
{
    g_assert_cmpint(removed(env, "d", false), <, 0);
    g_assert_cmpint(removed(env, "d", true), ==, 0);
}

static const struct {
    void (*run)(LocalEnv *env);
    uint64_t files;             /* that are charged afterwards */
    uint64_t units;
} operations[] = {
    { op_create, 1, 0 },
    { op_create_existing, 1, 0 },
    { op_mkdir, 2, 0 },
    { op_symlink, 3, 0 },
    { op_mknod, 4, 0 },
    { op_write, 4, 1 },
    { op_write_within_unit, 4, 1 },
    { op_append, 4, 3 },
    { op_write_past_end, 4, 10 },
    { op_extend, 4, 100 },
    { op_cut, 4, 3 },
    { op_link, 4, 3 },
    { op_unlink_one_of_two, 4, 3 },
    { op_rename, 4, 3 },
    { op_make_other, 5, 8 },
    { op_rename_over, 4, 3 },
    { op_truncating_open, 4, 0 },
    { op_truncating_create, 4, 0 },
    { op_unlink, 3, 0 },
    { op_unlink_others, 1, 0 },
    { op_rmdir, 0, 0 },
};

static void test_charges(LocalEnv *env)
{
    start_quota(env, MANY, MANY);
    for (unsigned i = 0; i < ARRAY_SIZE(operations); i++) {
        operations[i].run(env);
        check_used(env, operations[i].files, operations[i].units);
    }
    /* What the guest does not see, such as files of metadata, never counts. */
    fs_export_set_quota(env->export, 0, 0);
    check_used(env, 0, 0);
}

/* ---- the limits ---- */

static void test_bytes_limit(LocalEnv *env)
{
    g_autoptr(FsFile) file = NULL;
    g_autoptr(FsFile) tail = NULL;

    start_quota(env, 4 * UNIT + 100, 0);
    warnings_collect();
    file = created(env, "f", O_EXCL);
    g_assert_cmpint(put(file, 0, 3 * UNIT - 1), ==, 3 * UNIT - 1);
    /* A short write, as by a file system that gets full; then none. */
    g_assert_cmpint(put(file, 3 * UNIT - 1, 5 * UNIT), ==, UNIT + 1);
    g_assert_cmpint(put(file, 4 * UNIT, 1), ==, -ENOSPC);
    g_assert_cmpint(put(file, 90 * UNIT, 1), ==, -ENOSPC);
    g_assert_cmpint(set_size(env, "f", NULL, 4 * UNIT + 1), ==, -ENOSPC);
    tail = opened(env, "f", O_WRONLY | O_APPEND);
    g_assert_cmpint(put(tail, 0, 1), ==, -ENOSPC);
    g_assert_cmpuint(local_env_stat(env, "f").st_size, ==, 4 * UNIT);
    /* What is there can be written. */
    g_assert_cmpint(put(file, 0, 4 * UNIT), ==, 4 * UNIT);
    check_used(env, 1, 4);
    g_assert_cmpuint(warnings_with("max_bytes"), ==, 1);
    g_assert_cmpuint(warnings_with("host's file system is full"), ==, 0);
    warnings_end();

    g_assert_cmpint(set_size(env, "f", NULL, UNIT), ==, 0);
    g_assert_cmpint(put(tail, 0, 9 * UNIT), ==, 3 * UNIT);
    fs_export_set_quota(env->export, 6 * UNIT, 0);
    g_assert_cmpint(put(tail, 0, 9 * UNIT), ==, 2 * UNIT);
    /* A limit below what there is allows no more, but less. */
    fs_export_set_quota(env->export, UNIT, 0);
    g_assert_cmpint(put(tail, 0, 1), ==, -ENOSPC);
    g_assert_cmpint(set_size(env, "f", NULL, 5 * UNIT), ==, 0);
    check_used(env, 1, 5);
}

static void test_files_limit(LocalEnv *env)
{
    const FsCall *call = CALL_AS(&local_env_cred);
    g_autoptr(FsNode) node = NULL;
    FsAttr attr;

    start_quota(env, 0, 2);
    warnings_collect();
    test_file_release(created(env, "a", O_EXCL));
    g_assert_cmpint(fs_mkdir(call, env->root, "d", 0755, &attr), ==, 0);
    g_assert_cmpint(local_env_try_create(env->root, "b", O_RDWR), ==, -ENOSPC);
    g_assert_cmpint(fs_mkdir(call, env->root, "b", 0755, &attr), ==, -ENOSPC);
    g_assert_cmpint(fs_symlink(call, env->root, "b", "t", &attr), ==, -ENOSPC);
    g_assert_cmpint(fs_mknod(call, env->root, "b", S_IFIFO | 0644, 0, &attr),
                    ==, -ENOSPC);
    g_assert_false(local_env_exists(env, "b"));
    /* What exists is found, and is no new file. */
    g_assert_cmpint(local_env_try_create(env->root, "a", O_RDWR), ==, 0);
    g_assert_cmpint(local_env_try_create(env->root, "a", O_RDWR | O_EXCL), ==,
                    -EEXIST);
    g_assert_cmpint(fs_mkdir(call, env->root, "d", 0755, &attr), ==, -EEXIST);
    node = local_env_lookup(env, "a");
    g_assert_cmpint(fs_link(&test_call, node, env->root, "l"), ==, 0);
    check_used(env, 2, 0);
    g_assert_cmpuint(warnings_with("max_files"), ==, 1);
    warnings_end();
    g_assert_cmpint(removed(env, "d", true), ==, 0);
    g_assert_cmpint(local_env_try_create(env->root, "b", O_RDWR), ==, 0);
}

/* A call that fails on the host has charged nothing. */
static void test_failures(LocalEnv *env)
{
    const FsCall *call = CALL_AS(&local_env_cred);
    g_autoptr(FsFile) file = NULL;
    FsAttr attr;
    Fault *fault;

    start_quota(env, MANY, MANY);
    file = created(env, "f", O_EXCL);
    fault = fault_over(env->export);
    fault_add(fault, &(FaultRule) { FAULT_WRITE, .error = EIO });
    g_assert_cmpint(put(file, 0, 2 * UNIT), ==, -EIO);
    check_used(env, 1, 0);
    fault_clear(fault);
    fault_add(fault, &(FaultRule) { FAULT_WRITE, .bytes = UNIT });
    g_assert_cmpint(put(file, 0, 5 * UNIT), ==, UNIT);
    check_used(env, 1, 1);
    fault_clear(fault);
    fault_add(fault, &(FaultRule) { FAULT_SETATTR, .error = EIO });
    g_assert_cmpint(set_size(env, "f", NULL, 9 * UNIT), ==, -EIO);
    g_assert_cmpint(set_size(env, "f", NULL, 0), ==, -EIO);
    fault_add(fault, &(FaultRule) { FAULT_MKDIR, .error = EIO });
    g_assert_cmpint(fs_mkdir(call, env->root, "d", 0755, &attr), ==, -EIO);
    fault_add(fault, &(FaultRule) { FAULT_CREATE, .error = EIO });
    g_assert_cmpint(local_env_try_create(env->root, "n", O_RDWR), ==, -EIO);
    fault_add(fault, &(FaultRule) { FAULT_UNLINK, .error = EIO });
    g_assert_cmpint(removed(env, "f", false), ==, -EIO);
    fault_add(fault, &(FaultRule) { FAULT_RENAME, .error = EIO });
    g_assert_cmpint(renamed(env, "f", "g"), ==, -EIO);
    check_used(env, 1, 1);
}

/* ---- files without a name ---- */

static void test_unlinked_but_open(LocalEnv *env)
{
    FsFile *file = created(env, "f", O_EXCL);
    FsNode *node = local_env_lookup(env, "f");

    start_quota(env, 4 * UNIT, 0);
    g_assert_cmpint(put(file, 0, UNIT), ==, UNIT);
    g_assert_cmpint(removed(env, "f", false), ==, 0);
    check_used(env, 1, 1);
    g_assert_cmpint(put(file, 0, 9 * UNIT), ==, 4 * UNIT);
    check_used(env, 1, 4);
    fs_release(&test_call, file);
    /* It can be opened again by a fid, so it still takes space. */
    check_used(env, 1, 4);
    fs_node_unref(node);
    check_used(env, 0, 0);
}

static void test_replaced_but_open(LocalEnv *env)
{
    FsFile *file = created(env, "f", O_EXCL);

    start_quota(env, 0, 9);
    g_assert_cmpint(put(file, 0, UNIT), ==, UNIT);
    test_file_release(created(env, "g", O_EXCL));
    g_assert_cmpint(renamed(env, "g", "f"), ==, 0);
    check_used(env, 2, 1);
    fs_release(&test_call, file);
    check_used(env, 1, 0);
}

/* A rename that does nothing, because both are names of the same file. */
static void test_rename_to_other_link(LocalEnv *env)
{
    start_quota(env, 0, 9);
    op_create(env);
    op_link(env);
    g_assert_cmpint(renamed(env, "l", "f"), ==, 0);
    check_used(env, 1, 0);
    g_assert_cmpint(removed(env, "l", false), ==, 0);
    g_assert_cmpint(removed(env, "f", false), ==, 0);
    check_used(env, 0, 0);
}

/* ---- statfs ---- */

static void test_statfs(LocalEnv *env)
{
    struct statfs host, st;

    g_assert_cmpint(fs_statfs(&test_call, env->root, &host), ==, 0);
    local_env_put(env, "f", "text");
    start_quota(env, 0, 100);
    g_assert_cmpint(fs_statfs(&test_call, env->root, &st), ==, 0);
    g_assert_cmpuint(st.f_blocks, ==, host.f_blocks);
    g_assert_cmpuint(st.f_files, ==, 100);
    g_assert_cmpuint(st.f_ffree, ==, 99);

    fs_export_set_quota(env->export, 16 * st.f_bsize, 0);
    g_assert_cmpint(fs_statfs(&test_call, env->root, &st), ==, 0);
    g_assert_cmpuint(st.f_files, ==, host.f_files);
    g_assert_cmpuint(st.f_blocks, ==, 16);
    g_assert_cmpuint(st.f_bfree, ==, (16 * st.f_bsize - UNIT) / st.f_bsize);
    g_assert_cmpuint(st.f_bavail, ==, st.f_bfree);

    /* No more than the host has. */
    fs_export_set_quota(env->export, UINT64_C(1) << 62, 1);
    g_assert_cmpint(fs_statfs(&test_call, env->root, &st), ==, 0);
    g_assert_cmpuint(st.f_bavail, <=, host.f_blocks);
    g_assert_cmpuint(st.f_ffree, ==, 0);
}

/* ---- a tree that exists ---- */

static void test_counts_tree(LocalEnv *env)
{
    for (unsigned i = 0; i < 300; i++) {
        g_autofree char *name = g_strdup_printf("f%u", i);

        local_env_put(env, name, "text");
    }
    local_env_mkdir(env, "d");
    for (unsigned i = 0; i < 10; i++) {
        g_autofree char *name = g_strdup_printf("d/%u", i);

        local_env_mkdir(env, name);
    }
    local_env_put(env, "d/9/x", "");
    g_assert_cmpint(link(local_env_path(env, "f0"),
                         local_env_path(env, "d/9/l")), ==, 0);
    start_quota(env, 0, 1);
    check_used(env, 300 + 1 + 10 + 1, 300);
}

/* A lookup of the thread that counts is held while the guest works. */
static void test_changes_while_counting(LocalEnv *env)
{
    g_autoptr(FsNode) a = NULL;
    g_autoptr(FsNode) b = NULL;
    FsFile *file;
    Fault *fault;

    local_env_mkdir(env, "a");
    local_env_mkdir(env, "b");
    local_env_mkdir(env, "a/sub");
    local_env_put(env, "a/sub/x", "text");
    local_env_put(env, "a/y", "text");
    local_env_put(env, "b/z", "text");
    a = local_env_lookup(env, "a");
    b = local_env_lookup(env, "b");
    file = created(env, "f", O_EXCL);
    fault = fault_over(env->export);
    fault_add(fault, &(FaultRule) { FAULT_READDIR, .hold = true, .times = 1 });
    fs_export_set_quota(env->export, 0, MANY);
    fault_await_waiting(fault, 1);
    g_assert_true(state_of(env).counting);

    g_assert_cmpint(put(file, 0, 3 * UNIT), ==, 3 * UNIT);
    test_file_release(created(env, "g", O_EXCL));
    g_assert_cmpint(removed(env, "g", false), ==, 0);
    test_file_release(created(env, "h", O_EXCL));
    g_assert_cmpint(fs_rename(&test_call, a, "sub", b, "moved"), ==, 0);
    g_assert_cmpint(fs_rename(&test_call, a, "y", b, "z"), ==, 0);
    g_assert_cmpint(set_size(env, "h", NULL, UNIT), ==, 0);
    g_assert_cmpuint(state_of(env).files, >=, 3);

    fault_let_go(fault);
    fs_quota_await(env->export);
    fs_release(&test_call, file);
    /* a, b, b/moved, b/moved/x, b/z, f, h */
    check_used(env, 7, 1 + 1 + 3 + 1);
}

/* The last user leaves: the export is closed when the thread has stopped. */
static void test_closed_while_counting(LocalEnv *env)
{
    unsigned fds = conformance_count_fds();
    FsExport *other;
    Fault *fault;

    local_env_put(env, "f", "text");
    other = local_fixture_reopen(&env->fixture);
    fault = fault_over(other);
    fault_add(fault, &(FaultRule) { FAULT_READDIR, .hold = true, .times = 1 });
    fs_export_set_quota(other, 0, 9);
    fault_await_waiting(fault, 1);
    fs_export_unref(other);
    g_assert_cmpuint(conformance_count_fds(), >, fds);
    fault_let_go(fault);
    /* The thread closes it, and with it the descriptor of its directory. */
    while (conformance_count_fds() > fds) {
        g_thread_yield();
    }
}

/* ---- threads ---- */

static uint64_t units_of(uint64_t size)
{
    return ROUND_UP(size, UNIT) / UNIT;
}

#define THREADS 4
#define ROUNDS 200

typedef struct Worker {
    LocalEnv *env;
    unsigned number;
    FsFile *shared;
} Worker;

static void *work(void *opaque)
{
    Worker *worker = opaque;
    LocalEnv *env = worker->env;
    g_autofree char *name = g_strdup_printf("w%u", worker->number);

    for (unsigned i = 0; i < ROUNDS; i++) {
        g_autoptr(FsFile) file = created(env, name, O_EXCL);

        put(file, 0, (1 + i % 3) * UNIT);
        put(worker->shared, (i * THREADS + worker->number) * 100, 100);
        set_size(env, name, file, i % 5 * UNIT);
        set_size(env, "shared", NULL, i * 1000);
        g_assert_cmpint(i % 2 ? removed(env, name, false)
                              : renamed(env, name, "target"), ==, 0);
    }
    return NULL;
}

static void test_threads(LocalEnv *env)
{
    Worker workers[THREADS];
    GThread *threads[THREADS];
    g_autoptr(FsFile) shared = created(env, "shared", O_EXCL);
    struct stat a, b;

    start_quota(env, 40 * UNIT, 0);
    warnings_collect();
    for (unsigned i = 0; i < THREADS; i++) {
        workers[i] = (Worker) { env, i, shared };
        threads[i] = g_thread_new("work", work, &workers[i]);
    }
    for (unsigned i = 0; i < THREADS; i++) {
        g_thread_join(threads[i]);
    }
    warnings_end();
    a = local_env_stat(env, "shared");
    b = local_env_stat(env, "target");
    check_used(env, 2, units_of(a.st_size) +
                       units_of(b.st_size));
}

static const LocalEnvTest tests[] = {
    { "charges", LOCAL_ALL | LOCAL_PROXY, test_charges },
    { "bytes-limit", LOCAL_ALL | LOCAL_PROXY, test_bytes_limit },
    { "files-limit", LOCAL_ALL | LOCAL_PROXY, test_files_limit },
    { "failures", LOCAL_ALL | LOCAL_PROXY, test_failures },
    { "unlinked-but-open", LOCAL_ALL | LOCAL_PROXY, test_unlinked_but_open },
    { "replaced-but-open", LOCAL_ALL | LOCAL_PROXY, test_replaced_but_open },
    { "rename-to-other-link", LOCAL_ALL | LOCAL_PROXY,
      test_rename_to_other_link },
    { "statfs", LOCAL_ALL | LOCAL_PROXY, test_statfs },
    { "counts-tree", LOCAL_ALL | LOCAL_PROXY, test_counts_tree },
    { "changes-while-counting", LOCAL_ALL | LOCAL_PROXY,
      test_changes_while_counting },
    { "closed-while-counting", LOCAL_NONE, test_closed_while_counting },
};

static const LocalEnvTest threaded[] = {
    { "create-write-remove", LOCAL_ALL | LOCAL_PROXY, test_threads },
};

int main(int argc, char **argv)
{
    proxy_fixture_main(argc, argv);
    g_test_init(&argc, &argv, NULL);
    local_env_add("/local-quota", tests, ARRAY_SIZE(tests));
    local_env_add("/local-quota/threads/work", threaded, ARRAY_SIZE(threaded));
    return g_test_run();
}
