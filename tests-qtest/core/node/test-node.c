/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Tests of nodes and names (node.c): identity, how renames, removals and
 * changes made on the host affect names that are referenced, and limits.
 */
#include "fsdev/core/p9-osdep.h"
#include "node-fixture.h"
#include "lib/test-call.h"

static void test_root(void)
{
    NodeFixture f;
    char component[NAME_MAX + 1];
    Name *dir = NULL;
    Name *up;

    node_fixture_init(&f, 0, 0);
    up = name_parent(f.root);
    g_assert_true(up == f.root);
    name_unref(up);
    g_assert_cmpint(name_locate(f.root, &dir, component), ==, -EBUSY);
    g_assert_null(dir);
    g_assert_true(name_to_fs(f.root)->export == &f.export);
    g_assert_true(name_from_fs(name_to_fs(f.root)) == f.root);
    g_assert_cmphex(node_type(name_node(f.root)), ==, S_IFDIR);
    g_assert_cmpint(name_fd_get(&test_call_never, f.root), >=, 0);
    name_fd_put(f.root);
    node_fixture_clear(&f);
}

/*
 * Two hard links are two names of one node.  Looking up a name again yields
 * the same object.
 */
static void test_identity(void)
{
    NodeFixture f;
    Name *a, *a2, *b, *other;

    node_fixture_init(&f, 0, 0);
    scratch_write(f.scratch, "a", "1");
    scratch_write(f.scratch, "other", "2");
    g_assert_cmpint(linkat(f.scratch->fd, "a", f.scratch->fd, "b", 0), ==, 0);
    a = node_must_walk(f.root, "a");
    a2 = node_must_walk(f.root, "a");
    b = node_must_walk(f.root, "b");
    other = node_must_walk(f.root, "other");

    g_assert_true(a == a2);
    g_assert_true(a != b);
    g_assert_true(name_node(a) == name_node(b));
    g_assert_true(name_node(a) != name_node(other));
    g_assert_cmpuint(node_ino(name_node(a)), ==, scratch_ino(f.scratch, "a"));
    g_assert_cmphex(node_type(name_node(a)), ==, S_IFREG);
    g_assert_cmpuint(node_stats(&f).names, ==, 4);
    g_assert_cmpuint(node_stats(&f).nodes, ==, 3);
    /* Each node has one descriptor, however often it was looked up. */
    g_assert_cmpuint(node_stats(&f).fds, ==, 3);
    node_assert_at(a, f.root, "a");
    node_assert_at(b, f.root, "b");

    name_unref(a);
    name_unref(a2);
    name_unref(b);
    name_unref(other);
    node_fixture_clear(&f);
}

/*
 * The parent is the directory where the name was found, even if the host has
 * moved it since.
 */
static void test_parent_is_lexical(void)
{
    NodeFixture f;
    Name *a, *b, *up;

    node_fixture_init(&f, 0, 0);
    scratch_mkdir(f.scratch, "a");
    scratch_mkdir(f.scratch, "a/b");
    a = node_must_walk(f.root, "a");
    b = node_must_walk(a, "b");
    scratch_rename(f.scratch, "a/b", "b");
    up = name_parent(b);
    g_assert_true(up == a);
    name_unref(up);
    name_unref(b);
    name_unref(a);
    node_fixture_clear(&f);
}

/* A name holds references to its parents. */
static void test_parent_is_held(void)
{
    NodeFixture f;
    Name *c, *b;

    node_fixture_init(&f, 0, 0);
    scratch_mkdir(f.scratch, "a");
    scratch_mkdir(f.scratch, "a/b");
    scratch_write(f.scratch, "a/b/c", "x");
    c = node_must_reach(&f, "a/b/c");
    g_assert_cmpuint(node_stats(&f).names, ==, 4);
    b = name_parent(c);
    name_unref(c);
    g_assert_cmpuint(node_stats(&f).names, ==, 3);
    name_unref(b);
    g_assert_cmpuint(node_stats(&f).names, ==, 1);
    node_fixture_clear(&f);
}

static void test_long_names(void)
{
    NodeFixture f;
    g_autofree char *longest = g_strnfill(NAME_MAX, 'l');
    g_autofree char *longer = g_strnfill(NAME_MAX + 1, 'l');
    Name *name, *out = NULL;
    HostStat st;

    node_fixture_init(&f, 0, 0);
    scratch_write(f.scratch, longest, "x");
    name = node_must_walk(f.root, longest);
    node_assert_at(name, f.root, longest);
    g_assert_cmpint(host_stat(f.scratch->fd, &st), ==, 0);
    g_assert_cmpint(name_insert(f.root, longer, dup(f.scratch->fd), &st,
                                &out), ==, -ENAMETOOLONG);
    g_assert_null(out);
    name_unref(name);
    node_fixture_clear(&f);
}

/* Renames */

enum {
    CHILDREN = 1000,
};

/* Names below a renamed directory do not change and stay reachable. */
static void test_rename_keeps_descendants(void)
{
    NodeFixture f;
    Name *dir, *children[CHILDREN];
    char path[32];

    node_fixture_init(&f, 16, 0);
    scratch_mkdir(f.scratch, "d");
    dir = node_must_walk(f.root, "d");
    for (unsigned i = 0; i < CHILDREN; i++) {
        snprintf(path, sizeof(path), "d/%u", i);
        scratch_write(f.scratch, path, "x");
        children[i] = node_must_walk(dir, path + 2);
    }
    g_assert_cmpint(node_rename(f.root, "d", f.root, "moved"), ==, 0);
    node_evict_all(&f);
    node_assert_at(dir, f.root, "moved");
    for (unsigned i = 0; i < CHILDREN; i++) {
        snprintf(path, sizeof(path), "moved/%u", i);
        node_assert_at(children[i], dir, path + strlen("moved/"));
        g_assert_cmpuint(node_must_ino(children[i]), ==,
                         scratch_ino(f.scratch, path));
        name_unref(children[i]);
    }
    name_unref(dir);
    node_fixture_clear(&f);
}

static void test_rename_to_other_directory(void)
{
    NodeFixture f;
    Name *from, *to, *file, *again, *up;

    node_fixture_init(&f, 0, 0);
    scratch_mkdir(f.scratch, "from");
    scratch_mkdir(f.scratch, "to");
    scratch_write(f.scratch, "from/x", "x");
    from = node_must_walk(f.root, "from");
    to = node_must_walk(f.root, "to");
    file = node_must_walk(from, "x");
    g_assert_cmpint(node_rename(from, "x", to, "y"), ==, 0);
    node_assert_at(file, to, "y");
    up = name_parent(file);
    g_assert_true(up == to);
    name_unref(up);
    again = node_must_walk(to, "y");
    g_assert_true(again == file);
    name_unref(again);
    /* The file no longer holds a reference to its old parent. */
    name_unref(from);
    g_assert_cmpuint(node_stats(&f).names, ==, 3);
    name_unref(to);
    name_unref(file);
    node_fixture_clear(&f);
}

/*
 * New components that do not fit where the old one was stored, and shorter
 * ones after that.
 */
static void test_rename_lengths(void)
{
    static const unsigned lengths[] = { 1, 8, 9, 255, 1, 254, 255, 17, 3 };
    NodeFixture f;
    size_t bytes;
    Name *name;

    node_fixture_init(&f, 0, 0);
    scratch_write(f.scratch, "aaa", "x");
    name = node_must_walk(f.root, "aaa");
    bytes = node_stats(&f).bytes;
    for (unsigned i = 0; i < ARRAY_SIZE(lengths); i++) {
        g_autofree char *to = g_strnfill(lengths[i], 'a' + i);
        char from[NAME_MAX + 1];
        Name *dir = NULL;
        Name *again;

        g_assert_cmpint(name_locate(name, &dir, from), ==, 0);
        g_assert_cmpint(node_rename(dir, from, dir, to), ==, 0);
        name_unref(dir);
        node_assert_at(name, f.root, to);
        again = node_must_walk(f.root, to);
        g_assert_true(again == name);
        name_unref(again);
    }
    g_assert_cmpuint(node_stats(&f).bytes, ==, bytes);
    name_unref(name);
    node_fixture_clear(&f);
}

static void test_rename_over(void)
{
    NodeFixture f;
    Name *source, *target;
    uint64_t source_ino, target_ino;
    HostStat st;

    node_fixture_init(&f, 0, 0);
    scratch_write(f.scratch, "source", "1");
    scratch_write(f.scratch, "target", "2");
    source = node_must_walk(f.root, "source");
    target = node_must_walk(f.root, "target");
    source_ino = node_must_ino(source);
    target_ino = node_must_ino(target);
    /* The target is kept even if its descriptor was not cached before. */
    node_evict_all(&f);
    g_assert_cmpint(node_rename(f.root, "source", f.root, "target"), ==, 0);
    node_evict_all(&f);

    node_assert_at(source, f.root, "target");
    node_assert_at(target, NULL, NULL);
    g_assert_cmpuint(node_must_ino(source), ==, source_ino);
    g_assert_cmpint(node_stat(target, &st), ==, 0);
    g_assert_cmpuint(st.ino, ==, target_ino);
    g_assert_cmpuint(st.nlink, ==, 0);
    name_unref(source);
    name_unref(target);
    node_fixture_clear(&f);
}

/* There is a name for the target of the rename, but none for its source. */
static void test_rename_unknown_source(void)
{
    NodeFixture f;
    Name *target, *now;

    node_fixture_init(&f, 0, 0);
    scratch_write(f.scratch, "source", "1");
    scratch_write(f.scratch, "target", "2");
    target = node_must_walk(f.root, "target");
    g_assert_cmpint(node_rename(f.root, "source", f.root, "target"), ==, 0);
    node_assert_at(target, NULL, NULL);
    now = node_must_walk(f.root, "target");
    g_assert_true(now != target);
    name_unref(now);
    name_unref(target);
    node_fixture_clear(&f);
}

/* rename(2) of one hard link onto another does nothing. */
static void test_rename_hard_links(void)
{
    NodeFixture f;
    Name *a, *b;

    node_fixture_init(&f, 0, 0);
    scratch_write(f.scratch, "a", "1");
    g_assert_cmpint(linkat(f.scratch->fd, "a", f.scratch->fd, "b", 0), ==, 0);
    a = node_must_walk(f.root, "a");
    b = node_must_walk(f.root, "b");
    g_assert_cmpint(node_rename(f.root, "a", f.root, "b"), ==, 0);
    node_assert_at(a, f.root, "a");
    node_assert_at(b, f.root, "b");
    g_assert_cmpint(node_rename(f.root, "a", f.root, "a"), ==, 0);
    node_assert_at(a, f.root, "a");
    name_unref(a);
    name_unref(b);
    node_fixture_clear(&f);
}

/*
 * The host turns a/b into b/a and makes another directory a.  For the table,
 * renaming that one to b/x looks like moving a below itself.
 */
static void test_rename_below_itself(void)
{
    NodeFixture f;
    Name *a, *b, *name, *up;
    unsigned depth = 0;

    node_fixture_init(&f, 0, 0);
    scratch_mkdir(f.scratch, "a");
    scratch_mkdir(f.scratch, "a/b");
    a = node_must_walk(f.root, "a");
    b = node_must_walk(a, "b");
    scratch_rename(f.scratch, "a/b", "b");
    scratch_rename(f.scratch, "a", "b/a");
    scratch_mkdir(f.scratch, "a");
    g_assert_cmpint(node_rename(f.root, "a", b, "x"), ==, 0);

    for (name = name_ref(b); name != f.root; name = up) {
        up = name_parent(name);
        name_unref(name);
        g_assert_cmpuint(++depth, <, 10);
    }
    name_unref(name);
    node_assert_at(a, NULL, NULL);
    name_unref(b);
    name_unref(a);
    node_fixture_clear(&f);
}

/* Removals */

/*
 * A removed file stays usable while it is referenced, even if all descriptors
 * that may be evicted are.
 */
static void test_unlinked_while_held(void)
{
    NodeFixture f;
    Name *name, *now = NULL;
    uint64_t ino;
    HostStat st;

    node_fixture_init(&f, 0, 0);
    scratch_write(f.scratch, "file", "text");
    name = node_must_walk(f.root, "file");
    ino = node_must_ino(name);
    node_evict_all(&f);
    g_assert_cmpint(name_fd_get(&test_call_never, name), ==, -EAGAIN);
    g_assert_cmpint(node_unlink(f.root, "file"), ==, 0);
    node_evict_all(&f);
    node_assert_at(name, NULL, NULL);
    g_assert_cmpint(node_stat(name, &st), ==, 0);
    g_assert_cmpuint(st.ino, ==, ino);
    g_assert_cmpuint(st.nlink, ==, 0);
    g_assert_cmpuint(st.size, ==, 4);
    g_assert_cmpint(node_walk(f.root, "file", &now), ==, -ENOENT);

    /* A new file of the same name is another object. */
    scratch_write(f.scratch, "file", "new");
    now = node_must_walk(f.root, "file");
    g_assert_true(now != name);
    g_assert_true(name_node(now) != name_node(name));
    node_assert_at(now, f.root, "file");
    name_unref(now);
    name_unref(name);
    node_fixture_clear(&f);
}

/* A removal that fails changes nothing: the descriptor can be evicted again. */
static void test_failed_removal(void)
{
    NodeFixture f;
    Name *dir;
    Name *victim;

    node_fixture_init(&f, 0, 0);
    scratch_mkdir(f.scratch, "dir");
    scratch_write(f.scratch, "dir/file", "x");
    dir = node_must_walk(f.root, "dir");
    g_assert_cmpint(node_unlink(f.root, "dir"), ==, -ENOTEMPTY);
    node_assert_at(dir, f.root, "dir");
    node_evict_all(&f);
    g_assert_cmpint(name_fd_get(&test_call_never, dir), ==, -EAGAIN);
    name_unref(dir);
    g_assert_cmpint(name_pin_for_removal(&test_call, f.root, "dir", &victim),
                    ==, 0);
    g_assert_null(victim);
    name_unpin(victim);
    node_fixture_clear(&f);
}

/*
 * Only the removed name dies.  The file can be reopened by the other link, so
 * its descriptor may be evicted.
 */
static void test_removed_hard_link(void)
{
    NodeFixture f;
    Name *a, *b;

    node_fixture_init(&f, 0, 0);
    scratch_write(f.scratch, "a", "x");
    g_assert_cmpint(linkat(f.scratch->fd, "a", f.scratch->fd, "b", 0), ==, 0);
    a = node_must_walk(f.root, "a");
    b = node_must_walk(f.root, "b");
    g_assert_cmpint(node_unlink(f.root, "a"), ==, 0);
    node_assert_at(a, NULL, NULL);
    node_assert_at(b, f.root, "b");
    node_evict_all(&f);
    g_assert_cmpint(name_fd_get(&test_call_never, a), ==, -EAGAIN);
    g_assert_cmpuint(node_must_ino(a), ==, scratch_ino(f.scratch, "b"));
    name_unref(a);
    name_unref(b);
    node_fixture_clear(&f);
}

/* A removal in a directory that has two names, as the host moved it. */
static void test_removed_below_alias(void)
{
    NodeFixture f;
    Name *old, *moved, *file;

    node_fixture_init(&f, 0, 0);
    scratch_mkdir(f.scratch, "old");
    scratch_write(f.scratch, "old/file", "x");
    old = node_must_walk(f.root, "old");
    file = node_must_walk(old, "file");
    scratch_rename(f.scratch, "old", "moved");
    moved = node_must_walk(f.root, "moved");
    g_assert_true(name_node(old) == name_node(moved));
    g_assert_cmpint(node_unlink(moved, "file"), ==, 0);
    node_assert_at(file, NULL, NULL);
    node_evict_all(&f);
    g_assert_cmpuint(node_must_ino(file), ==, node_ino(name_node(file)));
    name_unref(file);
    name_unref(moved);
    name_unref(old);
    node_fixture_clear(&f);
}

/*
 * The host replaced a file: its old name still leads to the old file, and a
 * new walk finds the new one.
 */
static void test_replaced_on_host(void)
{
    NodeFixture f;
    Name *before, *after;
    uint64_t ino;

    node_fixture_init(&f, 0, 0);
    scratch_write(f.scratch, "file", "1");
    before = node_must_walk(f.root, "file");
    ino = node_must_ino(before);
    scratch_write(f.scratch, "new", "2");
    scratch_rename(f.scratch, "new", "file");
    after = node_must_walk(f.root, "file");
    g_assert_true(before != after);
    g_assert_cmpuint(node_must_ino(after), ==,
                     scratch_ino(f.scratch, "file"));
    node_assert_at(before, NULL, NULL);
    node_assert_at(after, f.root, "file");
    node_evict_all(&f);
    g_assert_cmpuint(node_must_ino(before), ==, ino);
    name_unref(before);
    node_assert_at(after, f.root, "file");
    name_unref(after);
    node_fixture_clear(&f);
}

/* Limits and accounts */

static void test_memory_per_name(void)
{
    const unsigned count = 20000;
    g_autofree Name **names = g_new(Name *, count);
    NodeFixture f;
    HostStat st;
    char component[16];
    uint64_t first;
    size_t empty;

    node_fixture_init(&f, 0, 0);
    empty = node_stats(&f).bytes;
    g_assert_cmpint(host_stat(f.scratch->fd, &st), ==, 0);
    first = st.ino + 1;
    for (unsigned i = 0; i < count; i++) {
        snprintf(component, sizeof(component), "file-%u", i);
        st.ino = first + i;
        g_assert_cmpint(name_insert(f.root, component, dup(f.scratch->fd),
                                    &st, &names[i]), ==, 0);
    }
    g_assert_cmpuint((node_stats(&f).bytes - empty) / count, <=, 290);
    /* Every name is found again while the hash tables shrink. */
    for (unsigned i = 0; i < count; i++) {
        Name *again = NULL;

        st.ino = first + i;
        snprintf(component, sizeof(component), "file-%u", i);
        g_assert_cmpint(name_insert(f.root, component, dup(f.scratch->fd),
                                    &st, &again), ==, 0);
        g_assert_true(again == names[i]);
        name_unref(again);
        name_unref(names[i]);
    }
    g_assert_cmpuint(node_stats(&f).bytes, ==, empty);
    node_fixture_clear(&f);
}

static void test_bytes_limit(void)
{
    NodeFixture f;
    GPtrArray *names;
    Name *name = NULL;
    char component[16];
    int ret = 0;

    node_fixture_init(&f, 0, 10000);
    names = g_ptr_array_new_with_free_func((GDestroyNotify)name_unref);
    while (ret == 0 && names->len < 1000) {
        snprintf(component, sizeof(component), "%u", names->len);
        scratch_write(f.scratch, component, "x");
        ret = node_walk(f.root, component, &name);
        if (ret == 0) {
            g_ptr_array_add(names, name);
        }
    }
    g_assert_cmpint(ret, ==, -ENFILE);
    g_assert_cmpuint(names->len, >, 20);
    g_assert_cmpuint(node_stats(&f).bytes, <=, 10000);
    /* A name that exists already can be looked up at the limit. */
    name = node_must_walk(f.root, "0");
    name_unref(name);
    /* The memory of freed names counts no longer. */
    g_ptr_array_set_size(names, names->len - 1);
    name = node_must_walk(f.root, component);
    name_unref(name);
    g_ptr_array_free(names, true);
    node_fixture_clear(&f);
}

static void test_open_count(void)
{
    NodeFixture f;
    Node *node;
    Name *a, *b;

    node_fixture_init(&f, 0, 0);
    scratch_write(f.scratch, "a", "x");
    g_assert_cmpint(linkat(f.scratch->fd, "a", f.scratch->fd, "b", 0), ==, 0);
    a = node_must_walk(f.root, "a");
    b = node_must_walk(f.root, "b");
    node = name_node(a);
    g_assert_false(node_is_open(node));
    node_open_inc(node);
    node_open_inc(name_node(b));
    node_open_dec(node);
    g_assert_true(node_is_open(node));
    node_open_dec(node);
    g_assert_false(node_is_open(node));
    name_unref(a);
    name_unref(b);
    node_fixture_clear(&f);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/node/export-itself", test_root);
    g_test_add_func("/node/identity", test_identity);
    g_test_add_func("/node/parent-is-lexical", test_parent_is_lexical);
    g_test_add_func("/node/parent-is-held", test_parent_is_held);
    g_test_add_func("/node/long-names", test_long_names);
    g_test_add_func("/node/rename/keeps-descendants",
                    test_rename_keeps_descendants);
    g_test_add_func("/node/rename/to-other-directory",
                    test_rename_to_other_directory);
    g_test_add_func("/node/rename/lengths", test_rename_lengths);
    g_test_add_func("/node/rename/over", test_rename_over);
    g_test_add_func("/node/rename/unknown-source",
                    test_rename_unknown_source);
    g_test_add_func("/node/rename/hard-links", test_rename_hard_links);
    g_test_add_func("/node/rename/below-itself", test_rename_below_itself);
    g_test_add_func("/node/removal/while-held", test_unlinked_while_held);
    g_test_add_func("/node/removal/failed", test_failed_removal);
    g_test_add_func("/node/removal/hard-link", test_removed_hard_link);
    g_test_add_func("/node/removal/below-alias", test_removed_below_alias);
    g_test_add_func("/node/replaced-on-host", test_replaced_on_host);
    g_test_add_func("/node/memory-per-name", test_memory_per_name);
    g_test_add_func("/node/bytes-limit", test_bytes_limit);
    g_test_add_func("/node/open-count", test_open_count);
    return g_test_run();
}
