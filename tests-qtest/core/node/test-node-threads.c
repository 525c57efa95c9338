/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Nodes and descriptors used by several threads at once, while the host
 * changes the tree.  These tests also run under ThreadSanitizer.
 */
#include "fsdev/core/p9-osdep.h"
#include "fsdev/node/node-int.h"
#include "node-fixture.h"

#include <pthread.h>
#include <sched.h>
#include <sys/resource.h>
#include <sys/syscall.h>

#ifndef RENAME_EXCHANGE
#define RENAME_EXCHANGE 2
#endif

enum {
    WORKERS = 3,
    FILES = 24,
    ROUNDS = 1500,
};

typedef struct Shared {
    NodeFixture f;
    Name *dirs[2];
    Name *files[FILES];
    gint stop;              /* atomic: the workers are done */
    uint64_t outside;       /* inode number of a file that is out of reach */
    gint seen;              /* atomic: successful node_stat() calls */
} Shared;

static void run_workers(void *(*worker)(void *), void *opaque)
{
    pthread_t threads[WORKERS];

    for (unsigned i = 0; i < WORKERS; i++) {
        g_assert_cmpint(pthread_create(&threads[i], NULL, worker, opaque), ==,
                        0);
    }
    for (unsigned i = 0; i < WORKERS; i++) {
        pthread_join(threads[i], NULL);
    }
}

/* Run the workers, and one thread of @other until they are done. */
static void run_against(void *(*worker)(void *), void *(*other)(void *),
                        Shared *s)
{
    pthread_t thread;

    g_assert_cmpint(pthread_create(&thread, NULL, other, s), ==, 0);
    run_workers(worker, s);
    g_atomic_int_set(&s->stop, 1);
    pthread_join(thread, NULL);
}

static void shared_init(Shared *s, unsigned budget)
{
    *s = (Shared) { .stop = 0 };
    node_fixture_init(&s->f, budget, 0);
    scratch_mkdir(s->f.scratch, "a");
    scratch_mkdir(s->f.scratch, "b");
    s->dirs[0] = node_must_walk(s->f.root, "a");
    s->dirs[1] = node_must_walk(s->f.root, "b");
    for (unsigned i = 0; i < FILES; i++) {
        g_autofree char *path = g_strdup_printf("a/%u", i);

        scratch_write(s->f.scratch, path, "x");
        s->files[i] = node_must_walk(s->dirs[0], path + 2);
    }
}

static void shared_clear(Shared *s)
{
    for (unsigned i = 0; i < FILES; i++) {
        name_unref(s->files[i]);
    }
    name_unref(s->dirs[0]);
    name_unref(s->dirs[1]);
    node_fixture_clear(&s->f);
}

static void assert_right_object(Name *name)
{
    HostStat st;

    g_assert_cmpint(node_stat(name, &st), ==, 0);
    g_assert_cmpuint(st.ino, ==, node_ino(name_node(name)));
}

/* Lookups, references and evictions of the same few files */

static void *churn(void *opaque)
{
    Shared *s = opaque;

    for (unsigned i = 0; i < ROUNDS; i++) {
        g_autofree char *component = g_strdup_printf("%u", i % FILES);
        Name *name = node_must_walk(s->dirs[0], component);
        Name *dir;

        g_assert_true(name == s->files[i % FILES]);
        assert_right_object(name);
        dir = name_parent(name);
        g_assert_true(dir == s->dirs[0]);
        name_unref(dir);
        name_unref(name);
        if (i % 64 == 0) {
            node_evict_all(&s->f);
        }
    }
    return NULL;
}

static void test_churn(void)
{
    Shared s;

    shared_init(&s, 8);
    run_workers(churn, &s);
    g_assert_cmpuint(node_stats(&s.f).names, ==, FILES + 3);
    shared_clear(&s);
}

/* The same, but the names have no other references, so they come and go */

static void *come_and_go(void *opaque)
{
    Shared *s = opaque;

    for (unsigned i = 0; i < ROUNDS; i++) {
        Name *file = node_must_reach(&s->f, i % 2 ? "a/0" : "a/1");

        assert_right_object(file);
        name_unref(file);
    }
    return NULL;
}

static void test_come_and_go(void)
{
    Shared s = { .stop = 0 };

    node_fixture_init(&s.f, 4, 0);
    scratch_mkdir(s.f.scratch, "a");
    scratch_write(s.f.scratch, "a/0", "x");
    scratch_write(s.f.scratch, "a/1", "x");
    run_workers(come_and_go, &s);
    g_assert_cmpuint(node_stats(&s.f).names, ==, 1);
    node_fixture_clear(&s.f);
}

/* Renames through the export: names that are referenced must stay usable */

static void *use_held(void *opaque)
{
    Shared *s = opaque;

    for (unsigned i = 0; i < ROUNDS; i++) {
        assert_right_object(s->files[i % FILES]);
        if (i % 16 == 0) {
            node_evict_all(&s->f);
        }
    }
    return NULL;
}

static void *rename_all(void *opaque)
{
    Shared *s = opaque;
    Name *root = s->f.root;

    while (!g_atomic_int_get(&s->stop)) {
        g_assert_cmpint(node_rename(root, "a", root, "z"), ==, 0);
        g_assert_cmpint(node_rename(s->dirs[0], "0", s->dirs[1], "0"), ==, 0);
        g_assert_cmpint(node_rename(root, "z", s->dirs[1], "a"), ==, 0);
        g_assert_cmpint(node_rename(s->dirs[1], "0", s->dirs[0], "0"), ==, 0);
        g_assert_cmpint(node_rename(s->dirs[1], "a", root, "a"), ==, 0);
    }
    return NULL;
}

static void test_rename(void)
{
    Shared s;

    shared_init(&s, 6);
    run_against(use_held, rename_all, &s);
    node_assert_at(s.dirs[0], s.f.root, "a");
    node_assert_at(s.files[0], s.dirs[0], "0");
    shared_clear(&s);
}

/*
 * The same, step by step: a descriptor is needed when the directory has been
 * renamed on the host, but not yet in the table.
 */

static void *look_at_first(void *opaque)
{
    Shared *s = opaque;
    HostStat st;
    int ret = node_stat(s->files[0], &st);

    g_atomic_int_set(&s->seen, 1);
    g_assert_cmpint(ret, ==, 0);
    g_assert_cmpuint(st.ino, ==, node_ino(name_node(s->files[0])));
    return NULL;
}

/* Wait until the thread waits for the end of the rename. */
static void wait_for_look(Shared *s)
{
    NodeTable *table = s->f.table;
    bool waits = false;

    while (!waits && !g_atomic_int_get(&s->seen)) {
        sched_yield();
        table_lock(table);
        waits = table->calms > 0;
        table_unlock(table);
    }
    g_assert_true(waits);
}

static void test_host_is_ahead(void)
{
    pthread_t thread;
    Shared s;

    shared_init(&s, 0);
    node_evict_all(&s.f);
    name_rename_begin(s.f.root);
    scratch_rename(s.f.scratch, "a", "z");
    g_assert_cmpint(pthread_create(&thread, NULL, look_at_first, &s), ==, 0);
    wait_for_look(&s);
    name_renamed(s.f.root, "a", s.f.root, "z");
    name_rename_end(s.f.root);
    pthread_join(thread, NULL);
    node_assert_at(s.dirs[0], s.f.root, "z");
    shared_clear(&s);
}

/* Files are removed and made again: a name never leads to the other file */

static void *walk_and_look(void *opaque)
{
    Shared *s = opaque;

    for (unsigned i = 0; i < ROUNDS; i++) {
        g_autofree char *component = g_strdup_printf("%u", i % FILES);
        Name *name = NULL;
        HostStat st;
        int ret = node_walk(s->dirs[0], component, &name);

        if (ret < 0) {
            g_assert_cmpint(ret, ==, -ENOENT);
            continue;
        }
        /* -ESTALE: removed before this name was there to be pinned. */
        ret = node_stat(name, &st);
        if (ret == 0) {
            g_assert_cmpuint(st.ino, ==, node_ino(name_node(name)));
        } else {
            g_assert_cmpint(ret, ==, -ESTALE);
        }
        name_unref(name);
    }
    return NULL;
}

static void *remove_and_make(void *opaque)
{
    Shared *s = opaque;

    for (unsigned i = 0; !g_atomic_int_get(&s->stop); i++) {
        g_autofree char *path = g_strdup_printf("a/%u", i % FILES);

        g_assert_cmpint(node_unlink(s->dirs[0], path + 2), ==, 0);
        scratch_write(s->f.scratch, path, "y");
    }
    return NULL;
}

static void test_removal(void)
{
    Shared s;

    shared_init(&s, 6);
    run_against(walk_and_look, remove_and_make, &s);
    /* Names that were referenced from the start are still usable. */
    for (unsigned i = 0; i < FILES; i++) {
        assert_right_object(s.files[i]);
    }
    shared_clear(&s);
}

/* Tables are made and freed while other tables need their descriptors */

static void *use_own_table(void *opaque)
{
    for (unsigned i = 0; i < 8; i++) {
        Shared s;

        shared_init(&s, 0);
        for (unsigned j = 0; j < FILES; j++) {
            assert_right_object(s.files[j]);
        }
        g_assert_cmpint(node_fd_account(s.f.table, false), ==, 0);
        node_evict_all(&s.f);
        node_fd_unaccount(s.f.table);
        shared_clear(&s);
    }
    return NULL;
}

static void test_tables(void)
{
    struct rlimit before, now;

    g_assert_cmpint(getrlimit(RLIMIT_NOFILE, &before), ==, 0);
    now = before;
    now.rlim_cur = 128;
    g_assert_cmpint(setrlimit(RLIMIT_NOFILE, &now), ==, 0);
    run_workers(use_own_table, NULL);
    g_assert_cmpint(setrlimit(RLIMIT_NOFILE, &before), ==, 0);
}

/*
 * The host swaps a directory and a file in it with symbolic links that lead
 * out of the export, as fast as it can; no walk may get out of the export.
 */

static void *swap_links(void *opaque)
{
    Shared *s = opaque;
    int dir = s->f.scratch->fd;
    HOST_FD d = openat(dir, "in/d", O_PATH | O_DIRECTORY | O_CLOEXEC);

    while (!g_atomic_int_get(&s->stop)) {
        g_assert_cmpint(syscall(SYS_renameat2, dir, "in/d", dir, "in/link",
                                RENAME_EXCHANGE), ==, 0);
        /* By descriptor, so that the file outside is not moved inside. */
        g_assert_cmpint(syscall(SYS_renameat2, d, "f", dir, "in/flink",
                                RENAME_EXCHANGE), ==, 0);
    }
    return NULL;
}

static void look_inside(Shared *s, Name *held)
{
    Name *d = NULL;
    Name *file = NULL;
    HostStat st;

    if (node_stat(held, &st) == 0) {
        g_assert_cmpuint(st.ino, ==, node_ino(name_node(held)));
        g_atomic_int_inc(&s->seen);
    }
    if (node_walk(s->f.root, "d", &d) < 0) {
        return;
    }
    if (node_walk(d, "f", &file) == 0) {
        g_assert_cmpuint(node_ino(name_node(file)), !=, s->outside);
        node_evict_all(&s->f);
        if (node_stat(file, &st) == 0) {
            g_assert_cmpuint(st.ino, ==, node_ino(name_node(file)));
            g_assert_cmpuint(st.ino, !=, s->outside);
        }
        name_unref(file);
    }
    name_unref(d);
}

static void *look_for_two_seconds(void *opaque)
{
    Shared *s = opaque;
    gint64 end = g_get_monotonic_time() + 2 * G_USEC_PER_SEC;
    Name *d = NULL;
    Name *held = NULL;

    while (!held) {
        while (!d || node_type(name_node(d)) != S_IFDIR) {
            g_clear_pointer(&d, name_unref);
            node_walk(s->f.root, "d", &d);
        }
        if (node_walk(d, "f", &held) < 0) {
            held = NULL;
        }
    }
    do {
        look_inside(s, held);
    } while (g_get_monotonic_time() < end);
    name_unref(held);
    name_unref(d);
    return NULL;
}

static void test_symlink_swap(void)
{
    Shared s = { .stop = 0 };
    const char *what;
    HOST_FD in = -1;
    HostStat st;

    g_assert_cmpint(host_init(&what), ==, 0);
    s.f.scratch = scratch_new();
    scratch_mkdir(s.f.scratch, "in");
    scratch_mkdir(s.f.scratch, "in/d");
    scratch_write(s.f.scratch, "in/d/f", "inside");
    scratch_mkdir(s.f.scratch, "out");
    scratch_write(s.f.scratch, "out/f", "outside");
    scratch_symlink(s.f.scratch, "../out", "in/link");
    scratch_symlink(s.f.scratch, "../out/f", "in/flink");
    s.outside = scratch_ino(s.f.scratch, "out/f");

    in = host_lookup(s.f.scratch->fd, "in", 0);
    g_assert_cmpint(host_stat(in, &st), ==, 0);
    s.f.table = node_table_new(&s.f.export, host_fd_steal(&in), &st,
                               &(NodeTableOptions) { .fd_budget = 4 });
    s.f.root = node_table_root(s.f.table);
    run_against(look_for_two_seconds, swap_links, &s);
    g_assert_cmpint(g_atomic_int_get(&s.seen), >, 0);
    node_fixture_clear(&s.f);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/node/threads/churn", test_churn);
    g_test_add_func("/node/threads/come-and-go", test_come_and_go);
    g_test_add_func("/node/threads/rename", test_rename);
    g_test_add_func("/node/threads/host-is-ahead", test_host_is_ahead);
    g_test_add_func("/node/threads/removal", test_removal);
    g_test_add_func("/node/threads/tables", test_tables);
    g_test_add_func("/node/threads/symlink-swap", test_symlink_swap);
    return g_test_run();
}
