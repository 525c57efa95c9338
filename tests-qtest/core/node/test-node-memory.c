/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How much memory a million idle names take.
 *
 * A guest that caches its directory tree holds a fid for every file in it.
 * The test measures resident memory, including hash slots and malloc's
 * overhead, so its result is meaningful only in a build without sanitizers.
 */
#include "fsdev/core/p9-osdep.h"
#include "node-fixture.h"

enum {
    MANY = 1000000,
    /* Together with the session's fid at most 400 bytes. */
    MOST_BYTES = 270,
};

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SANITIZED true
#else
#define SANITIZED false
#endif

static size_t resident_bytes(void)
{
    g_autofree char *text = NULL;
    unsigned long all, resident;

    g_assert_true(g_file_get_contents("/proc/self/statm", &text, NULL, NULL));
    g_assert_cmpint(sscanf(text, "%lu %lu", &all, &resident), ==, 2);
    return resident * sysconf(_SC_PAGESIZE);
}

static Name *insert(NodeFixture *f, uint64_t number)
{
    char component[32];
    HostStat st = {
        .dev = 1, .ino = number + 1, .mnt_id = 1, .mode = S_IFREG,
        .has_btime = true, .btime = { number, 0 },
    };
    Name *name = NULL;

    snprintf(component, sizeof(component), "file-%" PRIu64, number);
    g_assert_cmpint(name_insert(f->root, component, -1, &st, &name), ==, 0);
    return name;
}

static void test_a_million(void)
{
    g_autofree Name **names = NULL;
    size_t before, bytes;
    NodeTableStats stats;
    NodeFixture f;

    if (SANITIZED) {
        g_test_skip("the sanitizer's own memory would dominate the result");
        return;
    }
    names = g_new(Name *, MANY);
    memset(names, 0xff, MANY * sizeof(names[0]));
    node_fixture_init(&f, 0, 0);
    before = resident_bytes();
    for (uint64_t i = 0; i < MANY; i++) {
        names[i] = insert(&f, i);
    }
    bytes = (resident_bytes() - before) / MANY;
    stats = node_stats(&f);
    g_test_message("%zu bytes each, of which %zu are accounted for", bytes,
                   stats.bytes / MANY);
    g_assert_cmpuint(stats.names, ==, MANY + 1);
    g_assert_cmpuint(stats.fds, ==, 1);
    g_assert_cmpuint(bytes, <=, MOST_BYTES);
    /* The limit applies to the accounted bytes, so they must be right. */
    g_assert_cmpuint(bytes, <=, stats.bytes / MANY + 16);
    for (uint64_t i = 0; i < MANY; i++) {
        name_unref(names[i]);
    }
    node_fixture_clear(&f);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/node-memory/a-million", test_a_million);
    return g_test_run();
}
