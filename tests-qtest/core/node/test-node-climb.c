/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Tests of opening evicted descriptors again (node-climb.c): the way back by
 * parent and component leads to the same object, or to an error.
 */
#include "fsdev/core/p9-osdep.h"
#include "node-fixture.h"
#include "lib/test-call.h"

/* The host put another file in place: reopening does not return that file. */
static void test_swapped_file(void)
{
    NodeFixture f;
    Name *name;

    node_fixture_init(&f, 0, 0);
    scratch_write(f.scratch, "file", "1");
    name = node_must_walk(f.root, "file");
    node_evict_all(&f);
    scratch_rename(f.scratch, "file", "kept");
    scratch_write(f.scratch, "file", "2");
    g_assert_cmpint(node_stat_result(name), ==, -ESTALE);
    scratch_unlink(f.scratch, "file");
    g_assert_cmpint(node_stat_result(name), ==, -ESTALE);
    scratch_symlink(f.scratch, "kept", "file");
    g_assert_cmpint(node_stat_result(name), ==, -ESTALE);
    /* Reopening works when the file is back. */
    scratch_rename(f.scratch, "kept", "file");
    g_assert_cmpint(node_stat_result(name), ==, 0);
    name_unref(name);
    node_fixture_clear(&f);
}

/*
 * The inode number was reused for another file: only the birth time differs.
 * The test simulates that with a wrong birth time in the node.
 */
static void test_reused_inode_number(void)
{
    NodeFixture f;
    Name *before = NULL;
    Name *after;
    HostStat st;
    int fd;

    node_fixture_init(&f, 0, 0);
    scratch_write(f.scratch, "file", "1");
    fd = host_lookup(f.scratch->fd, "file", 0);
    g_assert_cmpint(host_stat(fd, &st), ==, 0);
    if (!st.has_btime) {
        close(fd);
        node_fixture_clear(&f);
        g_test_skip("no birth times on this file system");
        return;
    }
    st.btime.tv_sec--;
    g_assert_cmpint(name_insert(f.root, "file", fd, &st, &before), ==, 0);
    node_evict_all(&f);
    g_assert_cmpint(node_stat_result(before), ==, -ESTALE);
    after = node_must_walk(f.root, "file");
    g_assert_true(name_node(after) != name_node(before));
    g_assert_cmpint(node_stat_result(after), ==, 0);
    g_assert_cmpint(node_stat_result(before), ==, -ESTALE);
    node_assert_at(before, NULL, NULL);
    name_unref(before);
    name_unref(after);
    node_fixture_clear(&f);
}

static void test_swapped_ancestor(void)
{
    NodeFixture f;
    Name *c;

    node_fixture_init(&f, 0, 0);
    scratch_mkdir(f.scratch, "a");
    scratch_mkdir(f.scratch, "a/b");
    scratch_write(f.scratch, "a/b/c", "1");
    c = node_must_reach(&f, "a/b/c");
    node_evict_all(&f);
    scratch_rename(f.scratch, "a/b", "a/kept");
    scratch_mkdir(f.scratch, "a/b");
    /* Even the right file is not taken from the wrong directory. */
    g_assert_cmpint(linkat(f.scratch->fd, "a/kept/c", f.scratch->fd, "a/b/c",
                           0), ==, 0);
    g_assert_cmpint(node_stat_result(c), ==, -ESTALE);
    scratch_unlink(f.scratch, "a/b/c");
    g_assert_cmpint(unlinkat(f.scratch->fd, "a/b", AT_REMOVEDIR), ==, 0);
    scratch_symlink(f.scratch, "kept", "a/b");
    g_assert_cmpint(node_stat_result(c), ==, -ESTALE);
    scratch_rename(f.scratch, "a/kept", "a/moved");
    scratch_unlink(f.scratch, "a/b");
    scratch_rename(f.scratch, "a/moved", "a/b");
    g_assert_cmpint(node_stat_result(c), ==, 0);
    name_unref(c);
    node_fixture_clear(&f);
}

/* One of two hard links is gone: the file is reopened by the other. */
static void test_other_link(void)
{
    NodeFixture f;
    Name *a, *b;

    node_fixture_init(&f, 0, 0);
    scratch_mkdir(f.scratch, "d");
    scratch_write(f.scratch, "a", "1");
    g_assert_cmpint(linkat(f.scratch->fd, "a", f.scratch->fd, "d/b", 0), ==,
                    0);
    a = node_must_walk(f.root, "a");
    b = node_must_reach(&f, "d/b");
    node_evict_all(&f);
    scratch_unlink(f.scratch, "a");
    g_assert_cmpuint(node_must_ino(a), ==, scratch_ino(f.scratch, "d/b"));
    name_unref(a);
    name_unref(b);
    node_fixture_clear(&f);
}

/*
 * The host moved a directory: when a walk finds it again, everything below it
 * can be reopened.
 */
static void test_moved_directory(void)
{
    NodeFixture f;
    Name *file, *moved;

    node_fixture_init(&f, 0, 0);
    scratch_mkdir(f.scratch, "a");
    scratch_mkdir(f.scratch, "a/b");
    scratch_write(f.scratch, "a/b/file", "1");
    file = node_must_reach(&f, "a/b/file");
    node_evict_all(&f);
    scratch_rename(f.scratch, "a/b", "b");
    g_assert_cmpint(node_stat_result(file), ==, -ESTALE);
    moved = node_must_walk(f.root, "b");
    node_evict_all(&f);
    g_assert_cmpuint(node_must_ino(file), ==,
                     scratch_ino(f.scratch, "b/file"));
    name_unref(file);
    name_unref(moved);
    node_fixture_clear(&f);
}

/*
 * Each of two directories has a name below the other; reopening must not
 * follow the parents in circles.
 */
static void test_circular_names(void)
{
    NodeFixture f;
    Name *ab, *ba;

    node_fixture_init(&f, 0, 0);
    scratch_mkdir(f.scratch, "a");
    scratch_mkdir(f.scratch, "a/b");
    ab = node_must_reach(&f, "a/b");
    scratch_rename(f.scratch, "a/b", "b");
    scratch_rename(f.scratch, "a", "b/a");
    ba = node_must_reach(&f, "b/a");
    node_evict_all(&f);
    g_assert_cmpuint(node_must_ino(ab), ==, scratch_ino(f.scratch, "b"));
    node_evict_all(&f);
    g_assert_cmpuint(node_must_ino(ba), ==, scratch_ino(f.scratch, "b/a"));
    scratch_rename(f.scratch, "b", "gone");
    node_evict_all(&f);
    g_assert_cmpint(node_stat_result(ab), ==, -ESTALE);
    g_assert_cmpint(node_stat_result(ba), ==, -ESTALE);
    name_unref(ab);
    name_unref(ba);
    node_fixture_clear(&f);
}

/* Below a directory that cannot be reopened, descriptors are not evicted. */
static void test_keeps_what_is_below_lost(void)
{
    NodeFixture f;
    Name *dir, *file, *other;

    node_fixture_init(&f, 0, 0);
    scratch_mkdir(f.scratch, "d");
    scratch_write(f.scratch, "d/file", "1");
    dir = node_must_walk(f.root, "d");
    file = node_must_walk(dir, "file");
    g_assert_cmpint(name_fd_get(&test_call, file), >=, 0);
    node_evict_all(&f);
    name_fd_put(file);
    g_assert_false(node_is_cached(dir));
    scratch_rename(f.scratch, "d", "elsewhere");
    scratch_mkdir(f.scratch, "d");
    other = node_must_walk(f.root, "d");
    node_assert_at(dir, NULL, NULL);
    node_evict_all(&f);
    g_assert_cmpint(node_stat_result(dir), ==, -ESTALE);
    g_assert_true(node_is_cached(file));
    name_unref(file);
    name_unref(dir);
    name_unref(other);
    node_fixture_clear(&f);
}

enum {
    DEPTH = 3000,
};

/* Reopening a path of 3000 components with a budget of 16 must not recurse. */
static void test_deep(void)
{
    NodeFixture f;
    Name *name, *other;

    node_fixture_init(&f, 16, 0);
    scratch_write(f.scratch, "other", "");
    other = node_must_walk(f.root, "other");
    name = name_ref(f.root);
    for (unsigned i = 0; i < DEPTH; i++) {
        int fd = name_fd_get(&test_call, name);
        Name *next;

        g_assert_cmpint(fd, >=, 0);
        g_assert_cmpint(mkdirat(fd, "d", 0755), ==, 0);
        name_fd_put(name);
        next = node_must_walk(name, "d");
        name_unref(name);
        name = next;
    }
    g_assert_cmpuint(node_stats(&f).names, ==, DEPTH + 2);
    g_assert_cmpuint(node_stats(&f).fds, <=, 16);
    for (unsigned i = 0; i < 3; i++) {
        node_evict_all(&f);
        g_assert_cmpuint(node_stats(&f).fds, ==, 1);
        g_assert_cmpint(node_stat_result(other), ==, 0);
        g_assert_cmpuint(node_must_ino(name), ==, node_ino(name_node(name)));
        g_assert_cmpuint(node_stats(&f).fds, <=, 16);
        /* Reopening one long path must not evict all other descriptors. */
        g_assert_true(node_is_cached(other));
    }
    name_unref(other);
    name_unref(name);
    g_assert_cmpuint(node_stats(&f).names, ==, 1);
    node_fixture_clear(&f);
}

/* Reopening works as well with the features of kernels before 4.11. */
static void test_without_features(void)
{
    HostFeatures none = { 0 };
    NodeFixture f;
    Name *name;

    node_fixture_init(&f, 4, 0);
    node_fixture_clear(&f);
    host_override_features(&none);
    node_fixture_init(&f, 4, 0);
    scratch_mkdir(f.scratch, "a");
    scratch_write(f.scratch, "a/b", "1");
    name = node_must_reach(&f, "a/b");
    node_evict_all(&f);
    g_assert_cmpint(node_stat_result(name), ==, 0);
    node_evict_all(&f);
    scratch_rename(f.scratch, "a/b", "kept");
    scratch_write(f.scratch, "a/b", "2");
    g_assert_cmpint(node_stat_result(name), ==, -ESTALE);
    name_unref(name);
    node_fixture_clear(&f);
    host_override_features(NULL);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/node-climb/swapped-file", test_swapped_file);
    g_test_add_func("/node-climb/reused-inode-number",
                    test_reused_inode_number);
    g_test_add_func("/node-climb/swapped-ancestor", test_swapped_ancestor);
    g_test_add_func("/node-climb/other-link", test_other_link);
    g_test_add_func("/node-climb/moved-directory", test_moved_directory);
    g_test_add_func("/node-climb/circular-names", test_circular_names);
    g_test_add_func("/node-climb/below-lost", test_keeps_what_is_below_lost);
    g_test_add_func("/node-climb/deep", test_deep);
    g_test_add_func("/node-climb/without-features", test_without_features);
    return g_test_run();
}
