/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Tests of the descriptor cache (node-fd.c): budgets, and which descriptors may
 * be evicted and in which order.
 */
#include "fsdev/core/p9-osdep.h"
#include "node-fixture.h"
#include "lib/test-call.h"

#include <sys/resource.h>

/* Make @count numbered files in @dir, look them up and return the names. */
static Name **make_files(NodeFixture *f, Name *dir, const char *path,
                         unsigned count)
{
    Name **names = g_new(Name *, count);

    for (unsigned i = 0; i < count; i++) {
        g_autofree char *file = g_strdup_printf("%s%u", path, i);

        scratch_write(f->scratch, file, "");
        names[i] = node_must_walk(dir, file + strlen(path));
    }
    return names;
}

static void drop_files(Name **names, unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        name_unref(names[i]);
    }
    g_free(names);
}

/* Budgets */

static void test_budget(void)
{
    const unsigned count = 10000;
    const size_t budget = 16;
    NodeFixture f;
    Name **names;

    node_fixture_init(&f, budget, 0);
    names = make_files(&f, f.root, "", count);
    g_assert_cmpuint(node_stats(&f).names, ==, count + 1);
    g_assert_cmpuint(node_stats(&f).fds, <=, budget);
    g_assert_cmpuint(node_stats(&f).evictions, >=, count - budget);
    g_assert_false(node_is_cached(names[0]));
    g_assert_true(node_is_cached(names[count - 1]));
    for (unsigned i = 0; i < count; i++) {
        g_assert_cmpuint(node_must_ino(names[i]), ==,
                         node_ino(name_node(names[i])));
        g_assert_cmpuint(node_stats(&f).fds, <=, budget);
    }
    drop_files(names, count);
    node_fixture_clear(&f);
}

/*
 * A descriptor that is used often stays cached, and so do the directories
 * above it.
 */
static void test_least_recently_used(void)
{
    const size_t budget = 32;
    NodeFixture f;
    Name *dir, *hot, **names;

    node_fixture_init(&f, budget, 0);
    scratch_mkdir(f.scratch, "d");
    dir = node_must_walk(f.root, "d");
    scratch_write(f.scratch, "d/hot", "");
    hot = node_must_walk(dir, "hot");
    for (unsigned round = 0; round < 50; round++) {
        names = make_files(&f, f.root, "", budget / 2);
        g_assert_true(node_is_cached(hot));
        drop_files(names, budget / 2);
        /* The next round has to make new files, and so new nodes. */
        for (unsigned i = 0; i < budget / 2; i++) {
            g_autofree char *file = g_strdup_printf("%u", i);

            scratch_unlink(f.scratch, file);
        }
    }
    names = make_files(&f, f.root, "", budget * 2);
    g_assert_false(node_is_cached(hot));
    g_assert_true(node_is_cached(dir));
    drop_files(names, budget * 2);
    name_unref(hot);
    name_unref(dir);
    node_fixture_clear(&f);
}

/* Pinned descriptors stay open and valid, even beyond the budget. */
static void test_pinned(void)
{
    const unsigned count = 64;
    NodeFixture f;
    Name **names;
    int fds[64];

    node_fixture_init(&f, 8, 0);
    names = make_files(&f, f.root, "", count);
    for (unsigned i = 0; i < count; i++) {
        fds[i] = name_fd_get(&test_call, names[i]);
        g_assert_cmpint(fds[i], >=, 0);
    }
    node_evict_all(&f);
    g_assert_cmpuint(node_stats(&f).fds, ==, count + 1);
    for (unsigned i = 0; i < count; i++) {
        HostStat st;

        g_assert_cmpint(host_stat(fds[i], &st), ==, 0);
        g_assert_cmpuint(st.ino, ==, node_ino(name_node(names[i])));
        name_fd_put(names[i]);
    }
    node_evict_all(&f);
    g_assert_cmpuint(node_stats(&f).fds, ==, 1);
    drop_files(names, count);
    node_fixture_clear(&f);
}

/*
 * Descriptors of unlinked files are kept beyond the budget, and do not keep
 * others from being cached.
 */
static void test_unlinked_over_budget(void)
{
    const unsigned count = 64;
    const size_t budget = 16;
    NodeFixture f;
    Name **names, **others;

    node_fixture_init(&f, budget, 0);
    names = make_files(&f, f.root, "", count);
    for (unsigned i = 0; i < count; i++) {
        g_autofree char *file = g_strdup_printf("%u", i);

        g_assert_cmpint(node_unlink(f.root, file), ==, 0);
    }
    g_assert_cmpuint(node_stats(&f).fds, ==, count + 1);
    others = make_files(&f, f.root, "", count);
    g_assert_cmpuint(node_stats(&f).fds, >, count + 1);
    g_assert_cmpuint(node_stats(&f).fds, <=, count + 1 + budget);
    g_assert_true(node_is_cached(others[count - 1]));
    for (unsigned i = 0; i < count; i++) {
        g_assert_true(node_is_cached(names[i]));
        g_assert_cmpuint(node_must_ino(names[i]), ==,
                         node_ino(name_node(names[i])));
    }
    drop_files(names, count);
    drop_files(others, count);
    node_fixture_clear(&f);
}

/* Run @test with @limit as the soft limit on descriptors. */
static void with_limit(rlim_t limit, void (*test)(void))
{
    struct rlimit before, now;

    g_assert_cmpint(getrlimit(RLIMIT_NOFILE, &before), ==, 0);
    now = before;
    now.rlim_cur = limit;
    g_assert_cmpint(setrlimit(RLIMIT_NOFILE, &now), ==, 0);
    test();
    g_assert_cmpint(setrlimit(RLIMIT_NOFILE, &before), ==, 0);
}

/* Two exports share the budget of the process: at most half of 192 - 64. */
static void check_shared_budget(void)
{
    const unsigned count = 500;
    NodeFixture a, b;
    Name **in_a, **in_b;

    node_fixture_init(&a, 0, 0);
    node_fixture_init(&b, 0, 0);
    in_a = make_files(&a, a.root, "", count);
    g_assert_cmpuint(node_stats(&a).fds + node_stats(&b).fds, <=, 64);
    g_assert_cmpuint(node_stats(&a).fds, >, 32);
    in_b = make_files(&b, b.root, "", count);
    g_assert_cmpuint(node_stats(&a).fds + node_stats(&b).fds, <=, 64);
    for (unsigned i = 0; i < count; i++) {
        g_assert_cmpint(node_stat_result(in_a[i]), ==, 0);
        g_assert_cmpint(node_stat_result(in_b[i]), ==, 0);
    }
    g_assert_cmpuint(node_stats(&a).fds + node_stats(&b).fds, <=, 64);
    drop_files(in_a, count);
    drop_files(in_b, count);
    node_fixture_clear(&a);
    node_fixture_clear(&b);
}

static void test_shared_budget(void)
{
    with_limit(192, check_shared_budget);
}

/*
 * Open files displace O_PATH descriptors, but not all of them, and are refused
 * at the limit.
 */
static void check_open_files(void)
{
    const unsigned count = 200;
    const unsigned hard = 192 - 64;
    unsigned opened = 0;
    NodeFixture f;
    Name **names;

    node_fixture_init(&f, 0, 0);
    names = make_files(&f, f.root, "", count);
    while (node_fd_account(f.table, false) == 0) {
        g_assert_cmpuint(++opened, <, hard);
        g_assert_cmpuint(node_stats(&f).fds + opened, <=, hard);
    }
    g_assert_cmpint(node_fd_account(f.table, false), ==, -EMFILE);
    g_assert_cmpuint(opened, >=, hard / 2);
    /* The remaining descriptors suffice to reach every file. */
    for (unsigned i = 0; i < count; i++) {
        g_assert_cmpint(node_stat_result(names[i]), ==, 0);
        g_assert_cmpuint(node_stats(&f).fds + opened, <=, hard);
    }
    node_fd_unaccount(f.table);
    g_assert_cmpint(node_fd_account(f.table, false), ==, 0);
    while (opened-- > 0) {
        node_fd_unaccount(f.table);
    }
    drop_files(names, count);
    node_fixture_clear(&f);
}

static void test_open_files(void)
{
    with_limit(192, check_open_files);
}

/*
 * -EMFILE when the limit is reached and everything is pinned.  After that all
 * names can still be used.
 */
static void check_hard_limit(void)
{
    const unsigned count = 200;
    unsigned pinned = 0;
    NodeFixture f;
    Name **names;

    node_fixture_init(&f, 0, 0);
    names = make_files(&f, f.root, "", count);
    while (pinned < count && name_fd_get(&test_call, names[pinned]) >= 0) {
        pinned++;
    }
    g_assert_cmpint(pinned, ==, node_stats(&f).fd_limit - 1);
    g_assert_cmpint(name_fd_get(&test_call, names[pinned]), ==, -EMFILE);
    g_assert_cmpint(node_fd_account(f.table, false), ==, -EMFILE);
    name_fd_put(names[--pinned]);
    g_assert_cmpint(node_stat_result(names[pinned + 1]), ==, 0);
    while (pinned-- > 0) {
        name_fd_put(names[pinned]);
    }
    drop_files(names, count);
    node_fixture_clear(&f);
}

static void test_hard_limit(void)
{
    with_limit(192, check_hard_limit);
}

/* Descriptors that refer to nothing of interest, until EMFILE or @max. */
static GArray *fill_fds(unsigned max)
{
    GArray *fds = g_array_new(false, false, sizeof(int));
    int fd;

    while (fds->len < max && (fd = dup(0)) >= 0) {
        g_array_append_val(fds, fd);
    }
    return fds;
}

static void close_fds(GArray *fds)
{
    for (unsigned i = 0; i < fds->len; i++) {
        close(g_array_index(fds, int, i));
    }
    g_array_free(fds, true);
}

/*
 * What the rest of the process has open when the export is made is no part of
 * the budget.  While the guest has opened all it can, the process can open
 * more, and every file can be reached.
 */
static void check_open_at_start(void)
{
    const unsigned count = 400;
    GArray *others = fill_fds(111);
    GArray *opened = g_array_new(false, false, sizeof(int));
    GArray *later;
    NodeFixture f;
    Name **names;

    node_fixture_init(&f, 0, 0);
    g_assert_cmpuint(node_stats(&f).fd_limit, <=, 512 - 111 - 64);
    g_assert_cmpuint(node_stats(&f).fd_limit, >, 512 - 111 - 64 - 32);
    names = make_files(&f, f.root, "", count);
    while (node_fd_account(f.table, false) == 0) {
        int fd = dup(0);

        g_assert_cmpint(fd, >=, 0);
        g_array_append_val(opened, fd);
    }
    for (unsigned i = 0; i < count; i++) {
        g_assert_cmpint(node_stat_result(names[i]), ==, 0);
    }
    later = fill_fds(64);
    g_assert_cmpuint(later->len, ==, 64);
    close_fds(later);
    for (unsigned i = 0; i < opened->len; i++) {
        node_fd_unaccount(f.table);
    }
    close_fds(opened);
    drop_files(names, count);
    node_fixture_clear(&f);
    close_fds(others);
}

static void test_open_at_start(void)
{
    with_limit(512, check_open_at_start);
}

/* Open what can be accounted, with real descriptors. */
static GArray *open_all(NodeFixture *f, bool is_dir)
{
    GArray *opened = g_array_new(false, false, sizeof(int));

    while (node_fd_account(f->table, is_dir) == 0) {
        int fd = dup(0);

        g_assert_cmpint(fd, >=, 0);
        g_array_append_val(opened, fd);
    }
    return opened;
}

static void close_all(NodeFixture *f, GArray *opened)
{
    for (unsigned i = 0; i < opened->len; i++) {
        node_fd_unaccount(f->table);
    }
    close_fds(opened);
}

/*
 * What the rest of the process opens later is no part of the budget either,
 * before and after the guest has used a part of it.
 */
static void check_opened_later(void)
{
    const unsigned count = 300;
    NodeFixture f;
    Name **names;
    GArray *others, *opened, *more, *later;

    node_fixture_init(&f, 0, 0);
    names = make_files(&f, f.root, "", count);
    others = fill_fds(150);
    g_assert_cmpuint(others->len, ==, 150);
    opened = open_all(&f, false);
    g_assert_cmpuint(opened->len, >, 100);
    /* Directories can still be opened, and every file be reached. */
    for (unsigned i = 0; i < 8; i++) {
        g_assert_cmpint(node_fd_account(f.table, true), ==, 0);
        g_assert_cmpint(node_fd_account(f.table, false), ==, -EMFILE);
    }
    for (unsigned i = 0; i < 8; i++) {
        node_fd_unaccount(f.table);
    }
    for (unsigned i = 0; i < count; i++) {
        g_assert_cmpint(node_stat_result(names[i]), ==, 0);
    }
    later = fill_fds(60);
    g_assert_cmpuint(later->len, ==, 60);
    close_fds(later);
    close_fds(others);

    /* What they have closed can be used, once they are counted again. */
    while (node_fd_account(f.table, false) < 0) {
        g_thread_yield();
    }
    node_fd_unaccount(f.table);
    more = open_all(&f, false);
    g_assert_cmpuint(more->len, >, 100);
    close_all(&f, more);
    close_all(&f, opened);
    drop_files(names, count);
    node_fixture_clear(&f);
}

static void test_opened_later(void)
{
    with_limit(512, check_opened_later);
}

/* The same on a kernel that does not tell the number. */
static void test_opened_later_slow(void)
{
    const char *what;
    HostFeatures slow;

    g_assert_cmpint(host_init(&what), ==, 0);
    slow = *host_features();
    slow.fd_count = false;
    host_override_features(&slow);
    with_limit(512, check_opened_later);
    host_override_features(NULL);
}

static void test_count(void)
{
    const char *what;
    HostFeatures slow;
    GArray *fds;
    int before;

    g_assert_cmpint(host_init(&what), ==, 0);
    before = host_count_fds();
    fds = fill_fds(20);
    g_assert_cmpint(host_count_fds(), ==, before + 20);
    slow = *host_features();
    slow.fd_count = false;
    host_override_features(&slow);
    g_assert_cmpint(host_count_fds(), ==, before + 20);
    host_override_features(NULL);
    close_fds(fds);
    g_assert_cmpint(host_count_fds(), ==, before);
}

/*
 * EMFILE from the kernel within the budget, as other parts of the process use
 * the descriptors: the cache gives up its own.
 */
static void test_kernel_limit(void)
{
    const unsigned count = 40;
    struct rlimit before, now;
    GArray *fillers;
    NodeFixture f;
    Name **names;

    node_fixture_init(&f, 8, 0);
    names = make_files(&f, f.root, "", count);
    g_assert_cmpint(getrlimit(RLIMIT_NOFILE, &before), ==, 0);
    now = before;
    now.rlim_cur = 64;
    g_assert_cmpint(setrlimit(RLIMIT_NOFILE, &now), ==, 0);
    fillers = fill_fds(UINT_MAX);
    g_assert_cmpint(errno, ==, EMFILE);
    for (unsigned i = 0; i < count; i++) {
        g_assert_cmpuint(node_must_ino(names[i]), ==,
                         node_ino(name_node(names[i])));
    }
    close_fds(fillers);
    g_assert_cmpint(setrlimit(RLIMIT_NOFILE, &before), ==, 0);
    drop_files(names, count);
    node_fixture_clear(&f);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/node-fd/budget", test_budget);
    g_test_add_func("/node-fd/least-recently-used", test_least_recently_used);
    g_test_add_func("/node-fd/pinned", test_pinned);
    g_test_add_func("/node-fd/unlinked-over-budget",
                    test_unlinked_over_budget);
    g_test_add_func("/node-fd/shared-budget", test_shared_budget);
    g_test_add_func("/node-fd/open-files", test_open_files);
    g_test_add_func("/node-fd/hard-limit", test_hard_limit);
    g_test_add_func("/node-fd/open-at-start", test_open_at_start);
    g_test_add_func("/node-fd/count", test_count);
    g_test_add_func("/node-fd/opened-later", test_opened_later);
    g_test_add_func("/node-fd/opened-later-slow", test_opened_later_slow);
    g_test_add_func("/node-fd/kernel-limit", test_kernel_limit);
    return g_test_run();
}
