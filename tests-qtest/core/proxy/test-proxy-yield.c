/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The proxy driver in coroutines of an event loop: nothing blocks the loop, and
 * threads that make requests at the same time get their own answers.
 *
 * Here coroutines are threads of which one runs at a time while the loop waits.
 * For the driver there is no difference.
 */
#include "fsdev/core/p9-osdep.h"
#include <poll.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <sys/wait.h>
#include "fsdev/host/host.h"
#include "fsdev/proxy/proxy.h"
#include "conformance/conformance.h"
#include "helper/helper-run.h"
#include "local/local-fixture.h"
#include "lib/test-call.h"

G_DEFINE_AUTOPTR_CLEANUP_FUNC(FsNode, fs_node_unref)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(FsExport, fs_export_unref)

/* ---- coroutines, and the loop of the test's thread --------------------- */

typedef struct Co {
    GThread *thread;
    void (*run)(struct Co *co);
    FsNode *dir;
    unsigned n;
    int ret;
    unsigned yields;
    GMutex lock;                /* guards the next two */
    GCond turn;
    enum { LOOPS_TURN, COS_TURN, OVER } state;
} Co;

static struct {
    int fd;                     /* -1: nothing is watched */
    void (*ready)(void *opaque);
    void *opaque;
    int wakeup;                 /* eventfd */
    GMutex lock;                /* guards woken */
    GPtrArray *woken;           /* of Co */
} loop;

static __thread Co *inside;

/* Run a coroutine until it yields or ends. */
static void co_enter(Co *co)
{
    g_mutex_lock(&co->lock);
    g_assert_cmpint(co->state, ==, LOOPS_TURN);
    co->state = COS_TURN;
    g_cond_broadcast(&co->turn);
    while (co->state == COS_TURN) {
        g_cond_wait(&co->turn, &co->lock);
    }
    g_mutex_unlock(&co->lock);
}

static void co_await_turn(Co *co)
{
    while (co->state != COS_TURN) {
        g_cond_wait(&co->turn, &co->lock);
    }
}

static gpointer co_thread(gpointer opaque)
{
    Co *co = opaque;

    inside = co;
    g_mutex_lock(&co->lock);
    co_await_turn(co);
    g_mutex_unlock(&co->lock);
    co->run(co);
    g_mutex_lock(&co->lock);
    co->state = OVER;
    g_cond_broadcast(&co->turn);
    g_mutex_unlock(&co->lock);
    return NULL;
}

static bool co_is_over(Co *co)
{
    bool over;

    g_mutex_lock(&co->lock);
    over = co->state == OVER;
    g_mutex_unlock(&co->lock);
    return over;
}

static void co_start(Co *co, void (*run)(Co *co), FsNode *dir, unsigned n)
{
    *co = (Co) { .run = run, .dir = dir, .n = n, .state = LOOPS_TURN };
    g_mutex_init(&co->lock);
    g_cond_init(&co->turn);
    co->thread = g_thread_new("co", co_thread, co);
    co_enter(co);
}

static void co_end(Co *co)
{
    g_assert_true(co_is_over(co));
    g_thread_join(co->thread);
    g_mutex_clear(&co->lock);
    g_cond_clear(&co->turn);
}

static void *yield_self(void)
{
    return inside;
}

static void yield_yield(void)
{
    Co *co = inside;

    co->yields++;
    g_mutex_lock(&co->lock);
    co->state = LOOPS_TURN;
    g_cond_broadcast(&co->turn);
    co_await_turn(co);
    g_mutex_unlock(&co->lock);
}

static void yield_wake(void *self)
{
    uint64_t one = 1;

    g_mutex_lock(&loop.lock);
    g_ptr_array_add(loop.woken, self);
    g_mutex_unlock(&loop.lock);
    g_assert_cmpint(write(loop.wakeup, &one, sizeof(one)), ==, sizeof(one));
}

static void yield_resume(void *const *selves, unsigned n)
{
    for (unsigned i = 0; i < n; i++) {
        co_enter(selves[i]);
    }
}

static void *yield_loop(void)
{
    return &loop;
}

static void yield_watch(int fd, void (*ready)(void *opaque), void *opaque)
{
    g_assert_true(!ready == (loop.fd >= 0));
    loop.fd = ready ? fd : -1;
    loop.ready = ready;
    loop.opaque = opaque;
}

static const FsYield yield = {
    .self = yield_self,
    .yield = yield_yield,
    .wake = yield_wake,
    .resume = yield_resume,
    .loop = yield_loop,
    .watch = yield_watch,
};

/* The FsCall of the coroutines on the loop */
static const FsCall co_call = {
    .wait = FS_WAIT_STORAGE, .yield = &yield, .cred = TEST_NOBODY,
};

static void loop_init(void)
{
    loop.fd = -1;
    loop.wakeup = eventfd(0, EFD_CLOEXEC);
    g_assert_cmpint(loop.wakeup, >=, 0);
    loop.woken = g_ptr_array_new();
}

/* Wait for an event and handle it. */
static void loop_turn(void)
{
    struct pollfd fds[] = {
        { .fd = loop.wakeup, .events = POLLIN },
        { .fd = loop.fd, .events = POLLIN },
    };

    g_assert_cmpint(poll(fds, 2, 10000), >, 0);
    if (fds[0].revents) {
        g_autoptr(GPtrArray) woken = NULL;
        uint64_t count;

        g_assert_cmpint(read(loop.wakeup, &count, sizeof(count)), ==,
                        sizeof(count));
        g_mutex_lock(&loop.lock);
        woken = loop.woken;
        loop.woken = g_ptr_array_new();
        g_mutex_unlock(&loop.lock);
        yield_resume(woken->pdata, woken->len);
    } else if (loop.ready) {
        loop.ready(loop.opaque);
    }
}

static void loop_until_over(Co *cos, unsigned n)
{
    for (unsigned i = 0; i < n; i++) {
        while (!co_is_over(&cos[i])) {
            loop_turn();
        }
        co_end(&cos[i]);
    }
}

/* ---- what the coroutines do -------------------------------------------- */

static void make_and_remove(const FsCall *call, FsNode *dir, const char *name)
{
    FsAttr attr;

    g_assert_cmpint(fs_mkdir(call, dir, name, 0700, &attr), ==, 0);
    g_assert_cmphex(attr.mode, ==, S_IFDIR | 0700);
    g_assert_cmpint(fs_mkdir(call, dir, name, 0700, &attr), ==, -EEXIST);
    g_assert_cmpint(fs_unlink(call, dir, name, true), ==, 0);
}

static void co_make_and_remove(Co *co)
{
    g_autofree char *name = g_strdup_printf("co%u", co->n);

    for (int i = 0; i < 10; i++) {
        make_and_remove(&co_call, co->dir, name);
    }
    /* At most once per request; not if a thread has received the answer. */
    g_assert_cmpuint(co->yields, <=, 30);
}

static void co_mkdir(Co *co)
{
    g_autofree char *name = g_strdup_printf("co%u", co->n);
    FsAttr attr;

    co->ret = fs_mkdir(&co_call, co->dir, name, 0700, &attr);
}

enum { COS = 40, THREADS = 4 };

static gpointer thread_make_and_remove(gpointer opaque)
{
    g_autofree char *name = g_strdup_printf("thread%p",
                                            (void *)g_thread_self());

    for (int i = 0; i < 200; i++) {
        make_and_remove(&test_call, opaque, name);
    }
    return NULL;
}

static void test_beside_threads(void)
{
    ProxyFixture proxy = {
        .in_thread = true, .owner = { geteuid(), getegid() },
    };
    LocalFixture fixture = { .model = FS_SM_PASSTHROUGH, .proxy = &proxy };
    FsExport *export = local_fixture_open(&fixture);
    GThread *threads[THREADS];
    unsigned yields = 0;
    FsNode *root;
    Co cos[COS];

    if (!export) {
        local_fixture_done(&fixture);
        return;
    }
    root = fs_root(export);
    for (int i = 0; i < THREADS; i++) {
        threads[i] = g_thread_new("asks", thread_make_and_remove, root);
    }
    for (int i = 0; i < COS; i++) {
        co_start(&cos[i], co_make_and_remove, root, i);
    }
    loop_until_over(cos, COS);
    for (int i = 0; i < COS; i++) {
        yields += cos[i].yields;
    }
    g_assert_cmpuint(yields, >, 0);
    for (int i = 0; i < THREADS; i++) {
        g_thread_join(threads[i]);
    }
    fs_export_leave_loop(export, &yield);
    g_assert_cmpint(loop.fd, ==, -1);
    fs_node_unref(root);
    fs_export_unref(export);
    local_fixture_done(&fixture);
}

/* ---- with the program, which can be stopped ---------------------------- */

typedef struct Asked {
    HelperRun run;
    FsExport *export;
    FsNode *root;
} Asked;

static void asked_clear(Asked *asked)
{
    if (asked->export) {
        fs_export_leave_loop(asked->export, &yield);
        g_assert_cmpint(loop.fd, ==, -1);
        fs_node_unref(asked->root);
        fs_export_unref(asked->export);
        helper_run_clear(&asked->run);
    }
}
#define ASKED __attribute__((cleanup(asked_clear))) Asked

static bool asked_start(Asked *asked)
{
    g_autoptr(GError) error = NULL;
    FsConfig config = { .driver = &fs_proxy_driver };

    *asked = (Asked) { 0 };
    if (!helper_run_possible()) {
        return false;
    }
    helper_run_init(&asked->run);
    helper_run_fd(&asked->run, NULL);
    config.sock_fd = asked->run.fd;
    asked->export = fs_export_open(&config, &error);
    g_assert_no_error(error);
    asked->root = fs_root(asked->export);
    return true;
}

static void stop_helper(Asked *asked)
{
    int status;

    g_assert_cmpint(kill(asked->run.pid, SIGSTOP), ==, 0);
    g_assert_cmpint(waitpid(asked->run.pid, &status, WUNTRACED), ==,
                    asked->run.pid);
}

static void test_silent_then_dead(void)
{
    ASKED asked;
    Co cos[COS];

    if (!asked_start(&asked)) {
        return;
    }
    stop_helper(&asked);
    for (int i = 0; i < COS; i++) {
        co_start(&cos[i], co_mkdir, asked.root, i);
        g_assert_false(co_is_over(&cos[i]));
    }
    g_assert_cmpint(kill(asked.run.pid, SIGKILL), ==, 0);
    for (int i = 0; i < COS; i++) {
        loop_until_over(&cos[i], 1);
        g_assert_cmpint(cos[i].ret, ==, -EIO);
    }
    /* The broken connection is not watched any more. */
    g_assert_cmpint(loop.fd, ==, -1);
}

static void co_setattr(Co *co)
{
    const FsSetattr set = { .valid = FS_SET_MODE, .mode = 0640 };

    co->ret = fs_setattr(&co_call, co->dir, NULL, &set);
}

/* An object that has lost its name before the helper knew of it. */
static FsNode *nameless(Asked *asked)
{
    g_autofree char *path = helper_run_path(&asked->run, "f");
    FsNode *node = NULL;
    FsAttr attr;

    g_assert_true(g_file_set_contents(path, "", 0, NULL));
    g_assert_cmpint(fs_lookup(&test_call, asked->root, "f", &node, &attr), ==,
                    0);
    g_assert_cmpint(fs_unlink(&test_call, asked->root, "f", false), ==, 0);
    return node;
}

/*
 * When the socket is full, a coroutine returns -EAGAIN, so that a worker, which
 * may wait, makes the call again.
 */
static void test_full_socket(void)
{
    enum { MANY = 20000 };
    g_autofree Co *cos = g_new0(Co, MANY);
    unsigned n = 0;
    ASKED asked;
    FsNode *node;
    Co co;

    if (!asked_start(&asked)) {
        return;
    }
    node = nameless(&asked);
    stop_helper(&asked);
    do {
        g_assert_cmpuint(n, <, MANY);
        co_start(&cos[n], co_mkdir, asked.root, n);
    } while (!co_is_over(&cos[n++]));
    g_assert_cmpint(cos[n - 1].ret, ==, -EAGAIN);
    co_start(&co, co_setattr, node, 0);
    co_end(&co);
    g_assert_cmpint(co.ret, ==, -EAGAIN);
    g_assert_cmpint(kill(asked.run.pid, SIGCONT), ==, 0);
    loop_until_over(cos, n);
    for (unsigned i = 0; i < n - 1; i++) {
        g_assert_cmpint(cos[i].ret, ==, 0);
    }
    g_assert_cmpint(fs_setattr(&test_call, node, NULL,
                               &(FsSetattr) { .valid = FS_SET_MODE }),
                    ==, 0);
    fs_node_unref(node);
}

/* The loop notices that the helper died while no request was in flight. */
static void test_dead_with_none_asking(void)
{
    ASKED asked;
    Co co;

    if (!asked_start(&asked)) {
        return;
    }
    co_start(&co, co_mkdir, asked.root, 0);
    loop_until_over(&co, 1);
    g_assert_cmpint(co.ret, ==, 0);
    g_assert_cmpint(loop.fd, >=, 0);
    g_assert_cmpint(kill(asked.run.pid, SIGKILL), ==, 0);
    loop_turn();
    g_assert_cmpint(loop.fd, ==, -1);
    co_start(&co, co_mkdir, asked.root, 1);
    co_end(&co);
    g_assert_cmpint(co.ret, ==, -EIO);
}

static void co_brief_calls(Co *co)
{
    g_autoptr(FsNode) node = NULL;
    g_autoptr(FsNode) found = NULL;
    FsFile *file = NULL;
    FsAttr attr;

    g_assert_cmpint(fs_create(&co_call, co->dir, "f", O_RDWR, 0600, &node,
                              &file, &attr),
                    ==, 0);
    fs_release(&co_call, file);
    g_assert_cmpint(fs_lookup(&co_call, co->dir, "f", &found, &attr), ==, 0);
    g_assert_cmpint(fs_open(&co_call, found, O_RDWR, &file), ==, 0);
    fs_release(&co_call, file);
    g_assert_cmpint(fs_lookup(&test_call_never, co->dir, "f", &found, &attr),
                    ==, -EAGAIN);
    g_assert_cmpint(fs_unlink(&co_call, co->dir, "f", false), ==, 0);
    g_assert_cmpuint(co->yields, ==, 4);
}

/* A coroutine waits for the helper by yielding; FS_WAIT_NEVER forbids that. */
static void test_brief_calls(void)
{
    ASKED asked;
    Co co;

    proxy_ask_always(true);
    if (asked_start(&asked)) {
        co_start(&co, co_brief_calls, asked.root, 0);
        loop_until_over(&co, 1);
    }
    proxy_ask_always(false);
}

int main(int argc, char **argv)
{
    const char *what;

    proxy_fixture_main(argc, argv);
    g_test_init(&argc, &argv, NULL);
    umask(022);
    g_assert_cmpint(host_init(&what), ==, 0);
    loop_init();
    g_test_add_func("/proxy-yield/threads/beside-threads",
                    test_beside_threads);
    g_test_add_func("/proxy-yield/silent-then-dead", test_silent_then_dead);
    g_test_add_func("/proxy-yield/full-socket", test_full_socket);
    g_test_add_func("/proxy-yield/dead-with-none-asking",
                    test_dead_with_none_asking);
    g_test_add_func("/proxy-yield/brief-calls", test_brief_calls);
    return g_test_run();
}
