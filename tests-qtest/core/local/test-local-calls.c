/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The number of system calls that the local driver makes for a request.
 *
 * System calls are most of a request's cost, so one more is a regression.  The
 * bounds apply to a kernel with all features that host.h knows; on others these
 * tests are skipped.
 */
#include "fsdev/core/p9-osdep.h"
#include "fsdev/host/host.h"
#include "lib/count-calls.h"
#include "local-env.h"
#include "lib/test-call.h"

/* A request, which is made several times; the last time is counted. */
typedef struct Cost {
    const char *name;
    void (*run)(LocalEnv *env, FsNode *dir, bool counted);
    unsigned most[FS_SM_NONE + 1];      /* by model; 0: not tested */
    bool ids;                   /* with maps of ids */
} Cost;

static void begin(bool counted)
{
    if (counted) {
        count_calls_begin();
    }
}

static void end(bool counted)
{
    if (counted) {
        count_calls_end();
    }
}

/* ---- requests --------------------------------------------------------- */

/* Look up a name and drop its node. */
static void walk(FsNode *dir, const char *name, bool counted)
{
    FsNode *node;
    FsAttr attr;
    int ret;

    begin(counted);
    ret = fs_lookup(&test_call, dir, name, &node, &attr);
    if (ret == 0) {
        fs_node_unref(node);
    }
    end(counted);
    g_assert_cmpint(ret, ==, 0);
}

static void run_walk(LocalEnv *env, FsNode *dir, bool counted)
{
    walk(dir, "made", counted);
}

static void run_walk_host(LocalEnv *env, FsNode *dir, bool counted)
{
    walk(dir, "host", counted);
}

/* The first lookup of a file that the host made. */
static void run_walk_new(LocalEnv *env, FsNode *dir, bool counted)
{
    if (counted) {
        local_env_put(env, "d/new", "x");
        walk(dir, "new", true);
    }
}

static void getattr(FsNode *dir, const char *name, bool counted)
{
    g_autoptr(FsNode) node = NULL;
    FsAttr attr;
    int ret;

    g_assert_cmpint(fs_lookup(&test_call, dir, name, &node, &attr), ==, 0);
    begin(counted);
    ret = fs_getattr(&test_call, node, NULL, 0, &attr);
    end(counted);
    g_assert_cmpint(ret, ==, 0);
}

static void run_getattr(LocalEnv *env, FsNode *dir, bool counted)
{
    getattr(dir, "made", counted);
}

static void run_getattr_host(LocalEnv *env, FsNode *dir, bool counted)
{
    getattr(dir, "host", counted);
}

/* A directory that has a subdirectory: its links are counted. */
static void run_getattr_dir(LocalEnv *env, FsNode *dir, bool counted)
{
    if (!local_env_exists(env, "d/parent")) {
        local_env_mkdir(env, "d/parent");
        local_env_mkdir(env, "d/parent/child");
        local_env_await_tick();
    }
    getattr(dir, "parent", counted);
}

/* The host has removed the values, which the guest has looked at before. */
static void run_getattr_removed(LocalEnv *env, FsNode *dir, bool counted)
{
    getattr(dir, "made", false);
    if (counted) {
        unlink(local_env_path(env, "d/.virtfs_metadata/made"));
        getattr(dir, "made", false);
    }
    getattr(dir, "made", counted);
}

/* Create, write, close and remove a file, as when unpacking an archive. */
static void life_of_file(FsNode *dir, bool create, bool writing, bool release,
                         bool removal)
{
    struct iovec iov = { (void *)"x", 1 };
    FsNode *node;
    FsFile *file;
    FsAttr attr;

    begin(create);
    g_assert_cmpint(fs_create(CALL_AS(&local_env_cred), dir, "life",
                              O_RDWR | O_EXCL, 0644, &node, &file, &attr),
                    ==, 0);
    end(create);
    begin(writing);
    g_assert_cmpint(fs_write(&test_call, file, &iov, 1, 0), ==, 1);
    end(writing);
    begin(release);
    fs_release(&test_call, file);
    fs_node_unref(node);
    end(release);
    begin(removal);
    g_assert_cmpint(fs_unlink(&test_call, dir, "life", false), ==, 0);
    end(removal);
}

static void run_create(LocalEnv *env, FsNode *dir, bool counted)
{
    life_of_file(dir, counted, false, false, false);
}

/* The requested owner is the one that the host gives to new files anyway. */
static void run_create_own(LocalEnv *env, FsNode *dir, bool counted)
{
    FsCred cred = local_env_cred;

    local_env_cred = (FsCred) { geteuid(), getegid() };
    life_of_file(dir, counted, false, false, false);
    local_env_cred = cred;
}

static void run_write(LocalEnv *env, FsNode *dir, bool counted)
{
    life_of_file(dir, false, counted, false, false);
}

/* Not the first write to an open file. */
static void run_write_again(LocalEnv *env, FsNode *dir, bool counted)
{
    struct iovec iov = { (void *)"x", 1 };
    g_autoptr(FsNode) node = NULL;
    g_autoptr(FsFile) file = NULL;
    FsAttr attr;

    g_assert_cmpint(fs_lookup(&test_call, dir, "made", &node, &attr), ==, 0);
    g_assert_cmpint(fs_open(&test_call, node, O_WRONLY, &file), ==, 0);
    g_assert_cmpint(fs_write(&test_call, file, &iov, 1, 0), ==, 1);
    begin(counted);
    g_assert_cmpint(fs_write(&test_call, file, &iov, 1, 0), ==, 1);
    end(counted);
}

static void run_release(LocalEnv *env, FsNode *dir, bool counted)
{
    life_of_file(dir, false, false, counted, false);
}

static void run_unlink(LocalEnv *env, FsNode *dir, bool counted)
{
    life_of_file(dir, false, false, false, counted);
}

static void open_and_read(FsNode *dir, bool open, bool reading)
{
    g_autoptr(FsNode) node = NULL;
    g_autoptr(FsFile) file = NULL;
    char buf[8];
    struct iovec iov = { buf, sizeof(buf) };
    FsAttr attr;
    int ret;

    g_assert_cmpint(fs_lookup(&test_call, dir, "host", &node, &attr), ==, 0);
    begin(open);
    ret = fs_open_attr(&test_call, node, O_RDONLY, &file, &attr);
    end(open);
    g_assert_cmpint(ret, ==, 0);
    begin(reading);
    ret = fs_read(&test_call, file, &iov, 1, 0);
    end(reading);
    g_assert_cmpint(ret, ==, 4);
}

static void run_open(LocalEnv *env, FsNode *dir, bool counted)
{
    open_and_read(dir, counted, false);
}

static void run_read(LocalEnv *env, FsNode *dir, bool counted)
{
    open_and_read(dir, false, counted);
}

static void run_mkdir(LocalEnv *env, FsNode *dir, bool counted)
{
    FsAttr attr;
    int ret;

    begin(counted);
    ret = fs_mkdir(CALL_AS(&local_env_cred), dir, "new-dir", 0755, &attr);
    end(counted);
    g_assert_cmpint(ret, ==, 0);
    g_assert_cmpint(fs_unlink(&test_call, dir, "new-dir", true), ==, 0);
}

static int take_entry(void *opaque, const FsDirent *entry)
{
    unsigned *count = opaque;

    ++*count;
    return 0;
}

/*
 * The buffer is filled twice, the second time to see the end, and the mounts
 * are checked.  A mapped model also reads the values of the directory, which a
 * client has asked for before.
 */
static void run_readdir(LocalEnv *env, FsNode *dir, bool counted)
{
    g_autoptr(FsFile) file = NULL;
    unsigned count = 0;
    FsAttr attr;

    if (counted) {
        for (int i = 0; i < 300; i++) {
            g_autofree char *name = g_strdup_printf("d/%d", i);

            local_env_put(env, name, "");
        }
        local_env_await_tick();
    }
    g_assert_cmpint(fs_getattr(&test_call, dir, NULL, 0, &attr), ==, 0);
    g_assert_cmpint(fs_open(&test_call, dir, O_RDONLY, &file), ==, 0);
    begin(counted);
    g_assert_cmpint(fs_readdir(&test_call, file, 0, FS_READDIR_DEV, take_entry,
                               &count),
                    ==, 0);
    end(counted);
    g_assert_cmpuint(count, >=, counted ? 304 : 4);
}

static const Cost costs[] = {
    { "walk", run_walk, { 3, 3, 4, 3 } },
    { "walk/host-file", run_walk_host, { 3, 3, 4, 3 } },
    { "walk/new-host-file", run_walk_new, { 3, 4, 6, 3 } },
    { "getattr", run_getattr, { 1, 1, 2, 1 } },
    { "getattr/host-file", run_getattr_host, { 1, 1, 2, 1 } },
    { "getattr/directory", run_getattr_dir, { 1, 1, 2, 1 } },
    { "getattr/values-removed", run_getattr_removed,
      { [FS_SM_MAPPED_FILE] = 2 } },
    { "open", run_open, { 2, 2, 3, 2 } },
    { "read", run_read, { 1, 1, 1, 1 } },
    { "create", run_create, { 5, 5, 8, 5 } },
    { "create/own", run_create_own, { 2, 5, 8, 2 } },
    { "write", run_write, { 2, 2, 2, 2 } },
    { "write/again", run_write_again, { 2, 2, 2, 2 } },
    { "release", run_release, { 1, 1, 1, 1 } },
    { "unlink", run_unlink, { 1, 1, 4, 1 } },
    { "mkdir", run_mkdir, { 8, 8, 12, 8 } },
    { "readdir", run_readdir, { 3, 4, 5, 3 } },
    /*
     * With maps of ids, each object that a call acts on is looked at once more.
     * Here it has just been changed, so stored owners are not in the cache.
     */
    { "ids/walk", run_walk, { 4, 4, 6, 4 }, .ids = true },
    { "ids/getattr", run_getattr, { 1, 1, 2, 1 }, .ids = true },
    { "ids/open", run_open, { 2, 2, 3, 2 }, .ids = true },
    { "ids/create", run_create, { 6, 10, 13, 7 }, .ids = true },
    { "ids/write", run_write, { 2, 2, 2, 2 }, .ids = true },
    { "ids/unlink", run_unlink, { 3, 13, 18, 3 }, .ids = true },
    { "ids/mkdir", run_mkdir, { 9, 13, 16, 10 }, .ids = true },
};

/* ---- the counting ----------------------------------------------------- */

typedef struct CostCase {
    const Cost *cost;
    FsSecurityModel model;
} CostCase;

static bool kernel_has_all(void)
{
    const HostFeatures *f = host_features();

    return f->openat2 && f->statx && f->mountinfo && f->fchmodat2;
}

static void count_case(void *opaque)
{
    const CostCase *row = opaque;
    LOCAL_ENV env = { .fixture = { .model = row->model } };
    FsNode *dir;
    FsAttr attr;

    if (row->cost->ids) {
        env.fixture.config.users = id_map_new("0:0:4294967295", NULL);
        env.fixture.config.groups = id_map_new("0:0:4294967295", NULL);
    }
    local_env_start(&env);
    if (!env.export || !kernel_has_all() || !local_is_plain_fs(&env.fixture)) {
        local_env_end(&env);
        count_calls_skip();
    }
    g_assert_cmpint(fs_mkdir(CALL_AS(&local_env_cred), env.root, "d", 0755,
                             &attr),
                    ==, 0);
    dir = local_env_lookup(&env, "d");
    g_assert_cmpint(local_env_try_create(dir, "made", O_RDWR), ==, 0);
    local_env_put(&env, "d/host", "text");
    local_env_await_tick();
    for (int i = 0; i < 3; i++) {
        row->cost->run(&env, dir, i == 2);
    }
    fs_node_unref(dir);
}

static void test_cost(gconstpointer opaque)
{
    const CostCase *row = opaque;
    g_autoptr(GString) numbers = g_string_new(NULL);
    unsigned most = row->cost->most[row->model];
    CountCalls calls;

    if (!count_calls(count_case, (void *)row, &calls)) {
        return;
    }
    for (unsigned i = 0; i < MIN(calls.count, COUNT_CALLS_MAX); i++) {
        g_string_append_printf(numbers, " %" PRIu64, calls.number[i]);
    }
    g_assert_cmpuint(calls.count, >, 0);
    if (calls.count > most) {
        g_test_message("%u calls, not %u, by number:%s", calls.count, most,
                       numbers->str);
        g_test_fail();
    }
}

/* ---- a lookup far below the root -------------------------------------- */

enum { DEPTH = 1000 };

typedef struct Depth {
    FsSecurityModel model;
    unsigned depth;
} Depth;

/* The second lookup of one name, @depth levels below the root, is counted. */
static void walk_below(void *opaque)
{
    const Depth *d = opaque;
    LOCAL_ENV env = { .fixture = { .model = d->model } };
    FsNode *dir, *next;
    FsAttr attr;

    local_env_start(&env);
    if (!env.export) {
        local_env_end(&env);
        count_calls_skip();
    }
    dir = fs_node_ref(env.root);
    for (unsigned i = 0; i < d->depth; i++) {
        g_assert_cmpint(fs_mkdir(CALL_AS(&local_env_cred), dir, "d", 0755,
                                 &attr), ==, 0);
        g_assert_cmpint(fs_lookup(&test_call, dir, "d", &next, &attr), ==, 0);
        fs_node_unref(dir);
        dir = next;
    }
    g_assert_cmpint(local_env_try_create(dir, "made", O_RDWR), ==, 0);
    local_env_await_tick();
    g_assert_cmpint(local_env_try_lookup(dir, "made"), ==, 0);
    count_calls_begin();
    g_assert_cmpint(local_env_try_lookup(dir, "made"), ==, 0);
    count_calls_end();
    fs_node_unref(dir);
}

static void test_deep(gconstpointer opaque)
{
    Depth top = { GPOINTER_TO_INT(opaque), 1 };
    Depth deep = { GPOINTER_TO_INT(opaque), DEPTH };
    CountCalls at_top, below;

    if (count_calls(walk_below, &top, &at_top) &&
        count_calls(walk_below, &deep, &below)) {
        g_assert_cmpuint(at_top.count, >, 0);
        g_assert_cmpuint(below.count, ==, at_top.count);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    for (size_t i = 0; i < ARRAY_SIZE(costs); i++) {
        for (unsigned model = 0; model <= FS_SM_NONE; model++) {
            g_autofree char *path = NULL;
            CostCase *row;

            if (!costs[i].most[model]) {
                continue;
            }
            row = g_new(CostCase, 1);
            *row = (CostCase) { &costs[i], model };
            path = g_strdup_printf("/local-calls/%s/%s", costs[i].name,
                                   local_model_name(model));
            g_test_add_data_func_full(path, row, test_cost, g_free);
        }
    }
    for (unsigned model = 0; model <= FS_SM_NONE; model++) {
        g_autofree char *path = g_strdup_printf("/local-calls/deep/%s",
                                                local_model_name(model));

        g_test_add_data_func(path, GINT_TO_POINTER(model), test_deep);
    }
    return g_test_run();
}
