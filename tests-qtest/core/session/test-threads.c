/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Threads for tasks that block, and for tasks that may never end, which keep no
 * other task from running.
 */
#include "fsdev/core/p9-osdep.h"
#include <sys/resource.h>
#include <sys/wait.h>
#include "hw/9pfs/9p-threads.h"

/* Longer than any of these tests takes. */
#define NEVER_US    (1000 * G_TIME_SPAN_SECOND)

G_DEFINE_AUTOPTR_CLEANUP_FUNC(P9Threads, p9_threads_free)

typedef struct Tasks {
    GMutex lock;
    GCond changed;
    unsigned running;           /* tasks that are in hang() */
    unsigned ended;
    bool let_go;
} Tasks;

typedef struct Task {
    P9Task base;
    Tasks *all;
} Task;

static void tasks_end_one(Tasks *all)
{
    all->ended++;
    g_cond_broadcast(&all->changed);
}

static void hang(P9Task *base)
{
    Tasks *all = container_of(base, Task, base)->all;

    g_mutex_lock(&all->lock);
    all->running++;
    g_cond_broadcast(&all->changed);
    while (!all->let_go) {
        g_cond_wait(&all->changed, &all->lock);
    }
    tasks_end_one(all);
    g_mutex_unlock(&all->lock);
    g_free(container_of(base, Task, base));
}

static void end_at_once(P9Task *base)
{
    Tasks *all = container_of(base, Task, base)->all;

    g_mutex_lock(&all->lock);
    tasks_end_one(all);
    g_mutex_unlock(&all->lock);
    g_free(container_of(base, Task, base));
}

static Task *start(P9Threads *threads, Tasks *all, void (*run)(P9Task *task))
{
    Task *task = g_new0(Task, 1);

    task->base.run = run;
    task->all = all;
    g_assert_true(p9_threads_run(threads, &task->base));
    return task;
}

static void await(Tasks *all, const unsigned *counter, unsigned value)
{
    g_mutex_lock(&all->lock);
    while (*counter < value) {
        g_cond_wait(&all->changed, &all->lock);
    }
    g_mutex_unlock(&all->lock);
}

static void let_go(Tasks *all)
{
    g_mutex_lock(&all->lock);
    all->let_go = true;
    g_cond_broadcast(&all->changed);
    g_mutex_unlock(&all->lock);
}

/* Tasks that end share a thread, as far as they come one after the other. */
static void test_reuse(void)
{
    g_autoptr(P9Threads) threads = p9_threads_new(100, NEVER_US, true);
    Tasks all = { .ended = 0 };

    g_assert_cmpuint(p9_threads_count(threads), ==, 0);
    for (unsigned i = 1; i <= 200; i++) {
        start(threads, &all, end_at_once);
        await(&all, &all.ended, i);
    }
    g_assert_cmpuint(p9_threads_count(threads), <, 100);
}

static void test_hanging_tasks(void)
{
    g_autoptr(P9Threads) threads = p9_threads_new(1000, NEVER_US, true);
    Tasks all = { .ended = 0 };

    for (unsigned i = 0; i < 100; i++) {
        start(threads, &all, hang);
    }
    await(&all, &all.running, 100);
    for (unsigned i = 0; i < 100; i++) {
        start(threads, &all, end_at_once);
    }
    await(&all, &all.ended, 100);
    let_go(&all);
    await(&all, &all.ended, 200);
}

/* Tasks that end can wait for a thread that is idle, but not for a busy one. */
static void test_few_threads(void)
{
    g_autoptr(P9Threads) threads = p9_threads_new(100, NEVER_US, false);
    Tasks all = { .ended = 0 };

    for (unsigned i = 1; i <= 5; i++) {
        start(threads, &all, hang);
        await(&all, &all.running, i);
    }
    g_assert_cmpuint(p9_threads_count(threads), ==, 5);
    start(threads, &all, end_at_once);
    await(&all, &all.ended, 1);
    g_assert_cmpuint(p9_threads_count(threads), ==, 6);
    let_go(&all);
    await(&all, &all.ended, 6);
}

/* With as many threads as are allowed, a task waits for the end of another. */
static void test_limit(void)
{
    g_autoptr(P9Threads) threads = p9_threads_new(3, NEVER_US, true);
    Tasks all = { .ended = 0 };

    for (unsigned i = 0; i < 10; i++) {
        start(threads, &all, hang);
    }
    await(&all, &all.running, 3);
    g_assert_cmpuint(p9_threads_count(threads), ==, 3);
    let_go(&all);
    await(&all, &all.ended, 10);
    g_assert_cmpuint(p9_threads_count(threads), <=, 3);
}

/* A task that waits for a thread can be taken back, one that runs cannot. */
static void test_cancel(void)
{
    g_autoptr(P9Threads) threads = p9_threads_new(1, NEVER_US, true);
    Tasks all = { .ended = 0 };
    Task *first, *second;

    first = start(threads, &all, hang);
    await(&all, &all.running, 1);
    second = start(threads, &all, end_at_once);
    start(threads, &all, end_at_once);
    g_assert_false(p9_threads_cancel(threads, &first->base));
    g_assert_true(p9_threads_cancel(threads, &second->base));
    g_assert_false(p9_threads_cancel(threads, &second->base));
    g_free(second);
    let_go(&all);
    await(&all, &all.ended, 2);
    p9_threads_free(g_steal_pointer(&threads));
    g_assert_cmpuint(all.ended, ==, 2);
}

/* Idle threads end, except for the last one. */
static void test_idle(void)
{
    g_autoptr(P9Threads) threads = p9_threads_new(10, 0, true);
    Tasks all = { .ended = 0 };

    for (unsigned i = 0; i < 10; i++) {
        start(threads, &all, hang);
    }
    await(&all, &all.running, 10);
    g_assert_cmpuint(p9_threads_count(threads), ==, 10);
    let_go(&all);
    while (p9_threads_count(threads) > 1) {
        g_thread_yield();
    }
    start(threads, &all, end_at_once);
    await(&all, &all.ended, 11);
    g_assert_cmpuint(p9_threads_count(threads), >=, 1);
}

static void test_none(void)
{
    g_autoptr(P9Threads) threads = p9_threads_new(0, NEVER_US, true);
    Task task = { .base.run = end_at_once };

    g_assert_false(p9_threads_run(threads, &task.base));
}

/* What a process that cannot start threads finds; its exit status. */
static int run_without_threads(void)
{
    static const struct rlimit none = { 0, 0 };
    P9Threads *threads = p9_threads_new(10, NEVER_US, true);
    Task task = { .base.run = end_at_once };

    /* The limit does not apply to root. */
    if (!getuid() && setresuid(65534, 65534, 65534) < 0) {
        return 77;
    }
    if (setrlimit(RLIMIT_NPROC, &none) < 0) {
        return 77;
    }
    if (p9_threads_run(threads, &task.base)) {
        return 1;
    }
    return p9_threads_count(threads);
}

static void test_refused(void)
{
    pid_t child = fork();
    int status = 0;

    g_assert_cmpint(child, >=, 0);
    if (!child) {
        _exit(run_without_threads());
    }
    g_assert_cmpint(waitpid(child, &status, 0), ==, child);
    g_assert_true(WIFEXITED(status));
    if (WEXITSTATUS(status) == 77) {
        g_test_skip("RLIMIT_NPROC cannot be set");
        return;
    }
    g_assert_cmpint(WEXITSTATUS(status), ==, 0);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/tasks/threads/refused", test_refused);
    g_test_add_func("/tasks/threads/none", test_none);
    g_test_add_func("/tasks/threads/reuse", test_reuse);
    g_test_add_func("/tasks/threads/hanging-tasks", test_hanging_tasks);
    g_test_add_func("/tasks/threads/few-threads", test_few_threads);
    g_test_add_func("/tasks/threads/limit", test_limit);
    g_test_add_func("/tasks/threads/cancel", test_cancel);
    g_test_add_func("/tasks/threads/idle", test_idle);
    return g_test_run();
}
