/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Tests of the host calls (host.c).
 *
 * Every case runs with all features that this kernel has, without each one of
 * them, and without any, so both branches of each fallback are tested.
 */
#include "fsdev/core/p9-osdep.h"
#include "fsdev/host/host-fs.h"
#include "host-cases.h"

#include <linux/magic.h>
#include <pthread.h>
#include <signal.h>

static void run_everywhere(gconstpointer data)
{
    const HostCase *host_case = data;

    host_must_init();
    for (unsigned i = 0; i < ARRAY_SIZE(host_feature_sets); i++) {
        HostFeatures features = host_features_without(host_feature_sets[i]);

        if (i && !memcmp(&features, host_features(), sizeof(features))) {
            continue;
        }
        host_override_features(&features);
        host_case_run(host_case);
        host_override_features(NULL);
    }
}

static void test_fs_is_local(void)
{
    HOST_FD proc = open("/proc", O_PATH | O_CLOEXEC);
    HOST_FD shm = open("/dev/shm", O_PATH | O_CLOEXEC);
    struct statfs st;

    host_must_init();
    g_assert_false(host_fs_is_local(proc));
    g_assert_false(host_fs_is_local(-1));
    g_assert_false(host_fs_is_in_memory(proc));
    if (shm < 0 || fstatfs(shm, &st) < 0 || st.f_type != TMPFS_MAGIC) {
        g_test_skip("/dev/shm is not a tmpfs");
        return;
    }
    g_assert_true(host_fs_is_local(shm));
    g_assert_true(host_fs_is_in_memory(shm));
}

/* Wait for SIGIO, then give up the lease on the descriptor *@data. */
static void *lease_holder(void *data)
{
    int fd = *(int *)data;
    sigset_t set;
    int sig;

    sigemptyset(&set);
    sigaddset(&set, SIGIO);
    g_assert_cmpint(sigwait(&set, &sig), ==, 0);
    g_assert_cmpint(fcntl(fd, F_SETLEASE, F_UNLCK), ==, 0);
    return NULL;
}

static void test_reopen_waits_for_lease(void)
{
    g_autoptr(Scratch) scratch = scratch_new();
    HOST_FD pathfd = -1;
    HOST_FD holder = -1;
    HOST_FD fd = -1;
    pthread_t thread;
    sigset_t set;

    host_must_init();
    sigemptyset(&set);
    sigaddset(&set, SIGIO);
    g_assert_cmpint(pthread_sigmask(SIG_BLOCK, &set, NULL), ==, 0);
    scratch_write(scratch, "file", "text");
    pathfd = host_must_lookup(scratch->fd, "file");
    holder = openat(scratch->fd, "file", O_RDONLY | O_CLOEXEC);
    if (fcntl(holder, F_SETLEASE, F_RDLCK) < 0) {
        g_test_skip("no leases on this file system");
        return;
    }
    g_assert_cmpint(pthread_create(&thread, NULL, lease_holder, &holder), ==,
                    0);
    fd = host_reopen(pathfd, O_WRONLY);
    g_assert_cmpint(fd, >=, 0);
    pthread_join(thread, NULL);
}

/* Threads */

static void *init_and_look(void *data)
{
    HOST_FD root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
    const char *what;

    g_assert_cmpint(host_init(&what), ==, 0);
    for (int i = 0; i < 1000; i++) {
        HOST_FD fd = host_must_lookup(root, "proc");

        g_assert_true(S_ISDIR(host_must_stat(fd).mode));
    }
    return NULL;
}

static void test_threads_init(void)
{
    pthread_t threads[4];

    for (unsigned i = 0; i < ARRAY_SIZE(threads); i++) {
        g_assert_cmpint(pthread_create(&threads[i], NULL, init_and_look,
                                       NULL), ==, 0);
    }
    for (unsigned i = 0; i < ARRAY_SIZE(threads); i++) {
        pthread_join(threads[i], NULL);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    umask(0);
    g_test_add_func("/host/threads/init", test_threads_init);
    for (const HostCase *c = host_cases; c->name; c++) {
        g_autofree char *path = g_strdup_printf("/host/features/%s", c->name);

        g_test_add_data_func(path, c, run_everywhere);
    }
    g_test_add_func("/host/fs-is-local", test_fs_is_local);
    g_test_add_func("/host/reopen-waits-for-lease",
                    test_reopen_waits_for_lease);
    return g_test_run();
}
