/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A local export with its host directory; see local-env.h.
 */
#include "fsdev/core/p9-osdep.h"
#include "fsdev/host/host.h"
#include "conformance/conformance.h"
#include "local-env.h"
#include "lib/test-call.h"

FsCred local_env_cred;

void local_env_start(LocalEnv *env)
{
    const char *what;

    local_env_cred = (FsCred) { 1000, 1001 };
    if (env->fixture.model == FS_SM_PASSTHROUGH && geteuid() != 0) {
        local_env_cred = (FsCred) { geteuid(), getegid() };
    }
    /* Opens descriptors that stay open, so it comes before counting them. */
    g_assert_cmpint(host_init(&what), ==, 0);
    env->fds = conformance_count_fds();
    env->export = local_fixture_open(&env->fixture);
    env->root = env->export ? fs_root(env->export) : NULL;
}

void local_env_end(LocalEnv *env)
{
    if (env->export) {
        fs_node_unref(env->root);
        fs_export_unref(env->export);
    }
    local_fixture_done(&env->fixture);
    if (env->fds) {
        g_assert_cmpuint(conformance_count_fds(), ==, env->fds);
    }
}

const char *local_env_path(const LocalEnv *env, const char *name)
{
    static char paths[4][PATH_MAX];
    static unsigned turn;
    char *path = paths[turn++ % 4];

    snprintf(path, PATH_MAX, "%s/%s", env->fixture.path, name);
    return path;
}

struct stat local_env_stat(const LocalEnv *env, const char *name)
{
    struct stat st;

    if (lstat(local_env_path(env, name), &st) < 0) {
        g_error("expected '%s' on the host: %s", name, g_strerror(errno));
    }
    return st;
}

bool local_env_exists(const LocalEnv *env, const char *name)
{
    struct stat st;

    return lstat(local_env_path(env, name), &st) == 0;
}

char *local_env_text(const LocalEnv *env, const char *name)
{
    g_autoptr(GError) error = NULL;
    char *text = NULL;

    g_file_get_contents(local_env_path(env, name), &text, NULL, &error);
    g_assert_no_error(error);
    return text;
}

void local_env_check_text(const LocalEnv *env, const char *name,
                          const char *wanted)
{
    g_autofree char *text = local_env_text(env, name);

    g_assert_cmpstr(text, ==, wanted);
}

unsigned local_env_count(const LocalEnv *env, const char *name)
{
    g_autoptr(GDir) dir = g_dir_open(local_env_path(env, name), 0, NULL);
    unsigned count = 0;

    g_assert_nonnull(dir);
    while (g_dir_read_name(dir)) {
        count++;
    }
    return count;
}

void local_env_put(const LocalEnv *env, const char *name, const char *text)
{
    int fd = open(local_env_path(env, name), O_WRONLY | O_CREAT | O_TRUNC,
                  0600);

    g_assert_cmpint(fd, >=, 0);
    g_assert_cmpint(write(fd, text, strlen(text)), ==, strlen(text));
    close(fd);
}

void local_env_mkdir(const LocalEnv *env, const char *name)
{
    g_assert_cmpint(mkdir(local_env_path(env, name), 0700), ==, 0);
}

void local_env_await_tick(void)
{
    struct timespec now, then;

    clock_gettime(CLOCK_REALTIME, &then);
    do {
        clock_gettime(CLOCK_REALTIME_COARSE, &now);
    } while (now.tv_sec < then.tv_sec ||
             (now.tv_sec == then.tv_sec && now.tv_nsec <= then.tv_nsec));
}

FsNode *local_env_lookup(const LocalEnv *env, const char *name)
{
    FsNode *node = NULL;
    FsAttr attr;

    g_assert_cmpint(fs_lookup(&test_call, env->root, name, &node, &attr), ==,
                    0);
    return node;
}

FsAttr local_env_attr(const LocalEnv *env, const char *name)
{
    g_autoptr(FsNode) node = local_env_lookup(env, name);
    FsAttr attr;

    g_assert_cmpint(fs_getattr(&test_call, node, NULL, 0, &attr), ==, 0);
    return attr;
}

void local_env_create(const LocalEnv *env, const char *name, uint32_t mode)
{
    g_autoptr(FsNode) node = NULL;
    g_autoptr(FsFile) file = NULL;
    FsAttr attr;

    g_assert_cmpint(fs_create(CALL_AS(&local_env_cred), env->root, name,
                              O_RDWR | O_EXCL, mode, &node, &file, &attr),
                    ==, 0);
}

FsNode *local_env_made_dir(const LocalEnv *env, const char *name,
                           uint32_t mode)
{
    FsAttr attr;

    g_assert_cmpint(fs_mkdir(CALL_AS(&local_env_cred), env->root, name, mode,
                             &attr),
                    ==, 0);
    return local_env_lookup(env, name);
}

int local_env_try_lookup(FsNode *dir, const char *name)
{
    g_autoptr(FsNode) node = NULL;
    FsAttr attr;

    return fs_lookup(&test_call, dir, name, &node, &attr);
}

int local_env_try_create(FsNode *dir, const char *name, int flags)
{
    g_autoptr(FsNode) node = NULL;
    g_autoptr(FsFile) file = NULL;
    FsAttr attr;

    return fs_create(CALL_AS(&local_env_cred), dir, name, flags, 0644, &node,
                     &file, &attr);
}

int local_env_try_chmod(const LocalEnv *env, const char *name, uint32_t mode)
{
    g_autoptr(FsNode) node = local_env_lookup(env, name);
    FsSetattr set = { .valid = FS_SET_MODE, .mode = mode };

    return fs_setattr(&test_call, node, NULL, &set);
}

int local_env_try_open(FsNode *node, int flags)
{
    g_autoptr(FsFile) file = NULL;

    return fs_open(&test_call, node, flags, &file);
}

typedef struct Search {
    const char *name;
    bool found;
} Search;

static int search_entry(void *opaque, const FsDirent *entry)
{
    Search *search = opaque;

    search->found |= !strcmp(entry->name, search->name);
    return 0;
}

bool local_env_lists(FsNode *dir, const char *name)
{
    g_autoptr(FsFile) file = NULL;
    Search search = { name, false };

    g_assert_cmpint(fs_open(&test_call, dir, O_RDONLY, &file), ==, 0);
    g_assert_cmpint(fs_readdir(&test_call, file, 0, 0, search_entry, &search),
                    ==, 0);
    return search.found;
}

/* ---- tests of several models ------------------------------------------ */

typedef struct ModelCase {
    FsSecurityModel model;
    bool proxy;
    const LocalEnvTest *test;
} ModelCase;

static void run_case(gconstpointer opaque)
{
    const ModelCase *row = opaque;
    ProxyFixture proxy = {
        .in_thread = true,
        .options = { .allow_suid = true, .allow_devices = true },
        .owner = geteuid() == 0 ? (FsCred) { 1000, 1001 }
                                : (FsCred) { geteuid(), getegid() },
    };
    LOCAL_ENV env = {
        .fixture = {
            .model = row->model,
            .proxy = row->proxy ? &proxy : NULL,
            .as_user = row->test->as_user && geteuid() == 0,
            .tmpfs = row->test->tmpfs,
        },
    };

    if (row->test->as_root && geteuid() != 0) {
        g_test_skip("needs root");
        return;
    }
    local_env_start(&env);
    if (env.export) {
        row->test->run(&env);
    }
}

static void add_case(const char *prefix, const LocalEnvTest *test,
                     const char *name, ModelCase row)
{
    g_autofree char *path = g_strdup_printf("%s/%s/%s", prefix, test->name,
                                            name);
    ModelCase *copy = g_new(ModelCase, 1);

    *copy = row;
    g_test_add_data_func_full(path, copy, run_case, g_free);
}

void local_env_add(const char *prefix, const LocalEnvTest *tests, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        for (unsigned model = 0; model <= FS_SM_NONE; model++) {
            if (tests[i].models & (1u << model)) {
                add_case(prefix, &tests[i], local_model_name(model),
                         (ModelCase) { model, false, &tests[i] });
            }
        }
        if (tests[i].models & LOCAL_PROXY) {
            add_case(prefix, &tests[i], "proxy",
                     (ModelCase) { FS_SM_PASSTHROUGH, true, &tests[i] });
        }
    }
}
