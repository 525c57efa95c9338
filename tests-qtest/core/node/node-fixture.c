/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A node table over a temporary directory: see node-fixture.h. */
#include "fsdev/core/p9-osdep.h"
#include "node-fixture.h"
#include "lib/test-call.h"

void node_fixture_init(NodeFixture *f, unsigned fd_budget, size_t max_bytes)
{
    const char *what = NULL;
    HostStat st;

    if (host_init(&what) < 0) {
        g_error("host_init: %s", what);
    }
    *f = (NodeFixture) { .scratch = scratch_new() };
    g_assert_cmpint(host_stat(f->scratch->fd, &st), ==, 0);
    f->table = node_table_new(&f->export, dup(f->scratch->fd), &st,
                              &(NodeTableOptions) {
                                  .fd_budget = fd_budget,
                                  .max_bytes = max_bytes,
                              });
    f->root = node_table_root(f->table);
}

void node_fixture_clear(NodeFixture *f)
{
    NodeTableStats stats;

    name_unref(f->root);
    stats = node_stats(f);
    g_assert_cmpuint(stats.names, ==, 1);
    g_assert_cmpuint(stats.nodes, ==, 1);
    g_assert_cmpuint(stats.fds, ==, 1);
    node_table_free(f->table);
    scratch_free(f->scratch);
}

int node_walk(Name *dir, const char *component, Name **out)
{
    int dirfd = name_fd_get(&test_call, dir);
    HostStat st;
    int ret;
    int fd;

    if (dirfd < 0) {
        return dirfd;
    }
    fd = host_lookup(dirfd, component, 0);
    name_fd_put(dir);
    if (fd < 0) {
        return fd;
    }
    ret = host_stat(fd, &st);
    if (ret < 0) {
        close(fd);
        return ret;
    }
    return name_insert(dir, component, fd, &st, out);
}

Name *node_must_walk(Name *dir, const char *component)
{
    Name *name = NULL;

    g_assert_cmpint(node_walk(dir, component, &name), ==, 0);
    return name;
}

Name *node_must_reach(NodeFixture *f, const char *path)
{
    g_auto(GStrv) components = g_strsplit(path, "/", -1);
    Name *name = name_ref(f->root);

    for (unsigned i = 0; components[i]; i++) {
        Name *next = node_must_walk(name, components[i]);

        name_unref(name);
        name = next;
    }
    return name;
}

int node_stat(Name *name, HostStat *st)
{
    int fd = name_fd_get(&test_call, name);
    int ret;

    if (fd < 0) {
        return fd;
    }
    ret = host_stat(fd, st);
    name_fd_put(name);
    return ret;
}

int node_stat_result(Name *name)
{
    HostStat st;

    return node_stat(name, &st);
}

bool node_is_cached(Name *name)
{
    if (name_fd_get(&test_call_never, name) < 0) {
        return false;
    }
    name_fd_put(name);
    return true;
}

uint64_t node_must_ino(Name *name)
{
    HostStat st;

    g_assert_cmpint(node_stat(name, &st), ==, 0);
    return st.ino;
}

void node_evict_all(NodeFixture *f)
{
    while (node_fd_reclaim(f->table)) {
        /* Each call evicts one batch. */
    }
}

NodeTableStats node_stats(NodeFixture *f)
{
    NodeTableStats stats;

    node_table_stats(f->table, &stats);
    return stats;
}

int node_unlink(Name *dir, const char *component)
{
    int dirfd = name_fd_get(&test_call, dir);
    Name *victim;
    int ret;

    g_assert_cmpint(dirfd, >=, 0);
    g_assert_cmpint(name_pin_for_removal(&test_call, dir, component, &victim),
                    ==, 0);
    ret = unlinkat(dirfd, component, 0) < 0 ? -errno : 0;
    if (ret == -EISDIR) {
        ret = unlinkat(dirfd, component, AT_REMOVEDIR) < 0 ? -errno : 0;
    }
    if (ret == 0) {
        name_removed(dir, component);
    }
    name_fd_put(dir);
    name_unpin(victim);
    return ret;
}

int node_rename(Name *dir, const char *component, Name *newdir,
                const char *newcomponent)
{
    int dirfd = name_fd_get(&test_call, dir);
    int newdirfd = name_fd_get(&test_call, newdir);
    Name *victim;
    int ret;

    g_assert_cmpint(dirfd, >=, 0);
    g_assert_cmpint(newdirfd, >=, 0);
    g_assert_cmpint(name_pin_for_removal(&test_call, newdir, newcomponent,
                                         &victim),
                    ==, 0);
    name_rename_begin(dir);
    ret = renameat(dirfd, component, newdirfd, newcomponent) < 0 ? -errno : 0;
    if (ret == 0) {
        name_renamed(dir, component, newdir, newcomponent);
    }
    name_rename_end(dir);
    name_fd_put(dir);
    name_fd_put(newdir);
    name_unpin(victim);
    return ret;
}

void node_assert_at(Name *name, Name *parent, const char *component)
{
    char found[NAME_MAX + 1];
    Name *dir = NULL;
    int ret = name_locate(name, &dir, found);

    if (!component) {
        g_assert_cmpint(ret, ==, -ENOENT);
        return;
    }
    g_assert_cmpint(ret, ==, 0);
    g_assert_true(dir == parent);
    g_assert_cmpstr(found, ==, component);
    name_unref(dir);
}
