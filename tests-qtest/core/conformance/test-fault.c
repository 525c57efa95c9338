/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The fault injection driver: to which calls its rules apply, what it does to
 * them, and that it changes nothing as long as no rule acts.
 */
#include "fsdev/core/p9-osdep.h"
#include "lib/fault.h"
#include "fsdev/host/host.h"
#include "conformance.h"
#include "local/local-fixture.h"
#include "lib/memfs.h"
#include "lib/test-call.h"

#define FOR_EVER_MS 3600000

typedef struct Env {
    FsExport *export;
    Fault *fault;
    FsNode *root;
    FsFile *file;               /* "f", holds "0123456789"; open O_RDWR */
} Env;

static void env_start(Env *env)
{
    FsNode *node;

    env->export = memfs_open();
    env->fault = fault_over(env->export);
    memfs_add(env->export, "f", "0123456789");
    env->root = fs_root(env->export);
    node = memfs_node(env->export, "f");
    g_assert_cmpint(fs_open(&test_call, node, O_RDWR, &env->file), ==, 0);
    fs_node_unref(node);
}

static void env_end(Env *env)
{
    fs_release(&test_call, env->file);
    fs_node_unref(env->root);
    fs_export_unref(env->export);
}
#define ENV __attribute__((cleanup(env_end))) Env

static int getattr(Env *env, const FsCall *call)
{
    FsAttr attr;

    return fs_getattr(call, env->root, NULL, 0, &attr);
}

/* Read ten bytes in two pieces, either of which may be read partly. */
static ssize_t read_ten(Env *env, const FsCall *call)
{
    char buf[10] = "";
    struct iovec iov[2] = { { buf, 4 }, { buf + 4, 6 } };
    ssize_t n = fs_read(call, env->file, iov, 2, 0);

    g_assert_cmpint(strncmp(buf, "0123456789", MAX(n, 0)), ==, 0);
    return n;
}

/* ---- to which calls rules apply ---- */

/* getattr() must fail where @pattern has an 'x', and succeed elsewhere. */
static void assert_fails(const FaultRule *rule, const char *pattern)
{
    ENV env;

    env_start(&env);
    fault_add(env.fault, rule);
    for (; *pattern; pattern++) {
        g_assert_cmpint(getattr(&env, &test_call), ==,
                        *pattern == 'x' ? -EIO : 0);
    }
}

static void test_selection(void)
{
    const FaultRule all = { .op = FAULT_GETATTR, .error = EIO };
    FaultRule rule = all;

    assert_fails(&rule, "xxxx");
    rule.times = 2;
    assert_fails(&rule, "xx..");
    rule.skip = 3;
    assert_fails(&rule, "...xx.");
    rule = all;
    rule.every = 3;
    assert_fails(&rule, "x..x..x");
    rule.skip = 2;
    assert_fails(&rule, "..x..x..x");
    rule.times = 1;
    assert_fails(&rule, "..x.......");
    rule = all;
    rule.op = FAULT_STATFS;
    assert_fails(&rule, "....");
    rule.op = FAULT_ANY;
    assert_fails(&rule, "xxxx");
}

static void test_oldest_rule_acts(void)
{
    ENV env;

    env_start(&env);
    fault_add(env.fault, &(FaultRule) { .op = FAULT_GETATTR, .error = EIO,
                                        .times = 1 });
    fault_add(env.fault, &(FaultRule) { .op = FAULT_ANY, .error = ENOSPC,
                                        .times = 1 });
    g_assert_cmpint(getattr(&env, &test_call), ==, -EIO);
    g_assert_cmpint(getattr(&env, &test_call), ==, -ENOSPC);
    g_assert_cmpint(getattr(&env, &test_call), ==, 0);
    g_assert_cmpuint(fault_calls(env.fault, FAULT_GETATTR), ==, 3);
}

static void test_clear(void)
{
    ENV env;

    env_start(&env);
    fault_add(env.fault, &(FaultRule) { .op = FAULT_GETATTR, .error = EIO });
    g_assert_cmpint(getattr(&env, &test_call), ==, -EIO);
    fault_clear(env.fault);
    g_assert_cmpint(getattr(&env, &test_call), ==, 0);
}

/* Releasing a file has its effect even when the rule has an error. */
static void test_release_never_fails(void)
{
    MemStats stats;
    ENV env;

    env_start(&env);
    fault_add(env.fault, &(FaultRule) { .op = FAULT_ANY, .error = EIO });
    fs_release(&test_call, g_steal_pointer(&env.file));
    memfs_stats(env.export, &stats);
    g_assert_cmpuint(stats.files, ==, 0);
}

static void test_missing_entries_stay_missing(void)
{
    FsLocker *locker = NULL;
    ENV env;

    env_start(&env);
    fault_add(env.fault, &(FaultRule) { .op = FAULT_ANY, .error = EIO });
    g_assert_cmpint(fs_locker_open(&test_call, env.file, &locker), ==,
                    -EOPNOTSUPP);
}

/* ---- what rules do ---- */

static void test_short(void)
{
    struct iovec iov = { (char[]) { "abc" }, 3 };
    g_autofree char *text = NULL;
    ENV env;

    env_start(&env);
    for (unsigned most = 1; most < 13; most++) {
        fault_clear(env.fault);
        fault_add(env.fault, &(FaultRule) { .op = FAULT_READ, .bytes = most });
        g_assert_cmpint(read_ten(&env, &test_call), ==, MIN(most, 10));
        g_assert_cmpint(read_ten(&env, &test_call_never), ==, MIN(most, 10));
    }
    fault_add(env.fault, &(FaultRule) { .op = FAULT_WRITE, .bytes = 2 });
    g_assert_cmpint(fs_write(&test_call, env.file, &iov, 1, 0), ==, 2);
    text = memfs_content(env.export, "f");
    g_assert_cmpstr(text, ==, "ab23456789");
}

static void test_delay(void)
{
    gint64 before = g_get_monotonic_time();
    ENV env;

    env_start(&env);
    fault_add(env.fault, &(FaultRule) { .op = FAULT_GETATTR, .delay_ms = 2 });
    g_assert_cmpint(getattr(&env, &test_call), ==, 0);
    g_assert_cmpint(g_get_monotonic_time() - before, >=, 2000);
}

/* With FS_WAIT_NEVER the call neither sleeps nor counts: it is made again. */
static void test_nonblock(void)
{
    ENV env;

    env_start(&env);
    fault_add(env.fault, &(FaultRule) { .op = FAULT_GETATTR, .times = 1,
                                        .delay_ms = 1, .error = EIO });
    fault_add(env.fault, &(FaultRule) { .op = FAULT_READ,
                                        .delay_ms = FOR_EVER_MS });
    g_assert_cmpint(getattr(&env, &test_call_never), ==, -EAGAIN);
    g_assert_cmpint(getattr(&env, &test_call_never), ==, -EAGAIN);
    g_assert_cmpint(read_ten(&env, &test_call_never), ==, -EAGAIN);
    g_assert_cmpuint(fault_calls(env.fault, FAULT_GETATTR), ==, 0);
    g_assert_cmpint(getattr(&env, &test_call), ==, -EIO);
    g_assert_cmpint(getattr(&env, &test_call_never), ==, 0);
    /* A rule that only has an error acts with FS_WAIT_NEVER too. */
    fault_clear(env.fault);
    fault_add(env.fault, &(FaultRule) { .op = FAULT_GETATTR, .error = EIO });
    g_assert_cmpint(getattr(&env, &test_call_never), ==, -EIO);
}

/* Nor does a call count for which the driver itself returns -EAGAIN. */
static void test_nonblock_of_the_driver(void)
{
    ENV env;

    env_start(&env);
    fault_add(env.fault, &(FaultRule) { .op = FAULT_READ, .bytes = 3,
                                        .times = 1 });
    memfs_sleepy(env.export, true);
    g_assert_cmpint(read_ten(&env, &test_call_never), ==, -EAGAIN);
    g_assert_cmpuint(fault_calls(env.fault, FAULT_READ), ==, 0);
    g_assert_cmpint(read_ten(&env, &test_call), ==, 3);
    g_assert_cmpint(read_ten(&env, &test_call_never), ==, -EAGAIN);
    g_assert_cmpint(read_ten(&env, &test_call), ==, 10);
}

static gpointer getattr_thread(gpointer opaque)
{
    return GINT_TO_POINTER(-getattr(opaque, &test_call));
}

/*
 * Three calls wait.  Their results are those of the rule that was in force when
 * they were made.
 */
static void wait_and_let_go(const FaultRule *rule)
{
    GThread *threads[3];
    ENV env;

    env_start(&env);
    fault_add(env.fault, rule);
    for (unsigned i = 0; i < ARRAY_SIZE(threads); i++) {
        threads[i] = g_thread_new("call", getattr_thread, &env);
        fault_await_waiting(env.fault, i + 1);
    }
    fault_clear(env.fault);
    g_assert_cmpint(getattr(&env, &test_call), ==, 0);
    fault_await_waiting(env.fault, 3);
    fault_let_go(env.fault);
    for (unsigned i = 0; i < ARRAY_SIZE(threads); i++) {
        g_assert_cmpint(GPOINTER_TO_INT(g_thread_join(threads[i])), ==,
                        rule->error);
    }
    g_assert_cmpint(getattr(&env, &test_call), ==, 0);
}

static void test_hold(void)
{
    wait_and_let_go(&(FaultRule) { .op = FAULT_GETATTR, .hold = true });
    wait_and_let_go(&(FaultRule) { .op = FAULT_ANY, .hold = true,
                                   .error = ETIMEDOUT });
}

static void test_delay_is_cut_short(void)
{
    wait_and_let_go(&(FaultRule) { .op = FAULT_GETATTR,
                                   .delay_ms = FOR_EVER_MS, .error = EIO });
}

static void test_remote(void)
{
    FsFile *file = NULL;
    ENV env;

    env_start(&env);
    g_assert_false(env.file->remote);
    fault_remote(env.fault, true);
    g_assert_cmpint(fs_open(&test_call, env.file->node, O_RDONLY, &file), ==,
                    0);
    g_assert_true(file->remote);
    fs_release(&test_call, file);
}

/* ---- without effect ---- */

static struct {
    LocalFixture fixture;
    ConformanceSubject subject;
    char prefix[32];
} subjects[4];

/* With a rule that applies to every call but never acts. */
static FsExport *open_over_local(void *fixture)
{
    FsExport *export = local_fixture_open(fixture);

    if (export) {
        fault_add(fault_over(export),
                  &(FaultRule) { .op = FAULT_ANY, .skip = UINT_MAX,
                                 .hold = true });
    }
    return export;
}

static void add_subject(FsSecurityModel model)
{
    LocalFixture *fixture = &subjects[model].fixture;
    ConformanceSubject *subject = &subjects[model].subject;

    fixture->model = model;
    snprintf(subjects[model].prefix, sizeof(subjects[model].prefix),
             "/fault/over-local/%s", local_model_name(model));
    *subject = local_fixture_subject(fixture, subjects[model].prefix);
    subject->open = open_over_local;
    conformance_add(subject);
}

int main(int argc, char **argv)
{
    const char *what;

    g_test_init(&argc, &argv, NULL);
    umask(022);
    /* Opens descriptors that stay open, before a test counts descriptors. */
    g_assert_cmpint(host_init(&what), ==, 0);
    g_test_add_func("/fault/selection", test_selection);
    g_test_add_func("/fault/oldest-rule-acts", test_oldest_rule_acts);
    g_test_add_func("/fault/clear", test_clear);
    g_test_add_func("/fault/release-never-fails", test_release_never_fails);
    g_test_add_func("/fault/missing-entries-stay-missing",
                    test_missing_entries_stay_missing);
    g_test_add_func("/fault/short", test_short);
    g_test_add_func("/fault/delay", test_delay);
    g_test_add_func("/fault/nonblock", test_nonblock);
    g_test_add_func("/fault/nonblock-of-the-driver",
                    test_nonblock_of_the_driver);
    g_test_add_func("/fault/threads/hold", test_hold);
    g_test_add_func("/fault/threads/delay-is-cut-short",
                    test_delay_is_cut_short);
    g_test_add_func("/fault/remote", test_remote);
    for (unsigned model = 0; model <= FS_SM_NONE; model++) {
        add_subject(model);
    }
    return g_test_run();
}
