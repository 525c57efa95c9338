/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Tests of the tree of a synth export: the entries that the tests of the 9p
 * server rely on, walking, reading directories, and building other trees.
 */
#include "fsdev/core/p9-osdep.h"
#include "fsdev/synth/synth-names.h"
#include "synth-fixture.h"
#include "lib/test-call.h"

/* The entries of a directory, and where the sink is to stop */
typedef struct Listing {
    GPtrArray *names;
    FsDirent last;
    int stop_after;             /* entries to accept; -1: all */
    int answer;                 /* the sink's result for the next one */
    bool bad;                   /* a name_len was wrong */
} Listing;

static int list_sink(void *opaque, const FsDirent *entry)
{
    Listing *l = opaque;

    if ((int)l->names->len == l->stop_after) {
        return l->answer;
    }
    l->bad |= strlen(entry->name) != entry->name_len;
    g_ptr_array_add(l->names, g_strdup(entry->name));
    l->last = *entry;
    return 0;
}

static GPtrArray *list_from(FsFile *dir, uint64_t cookie, int stop_after,
                            uint64_t *next)
{
    Listing l = {
        .names = g_ptr_array_new_with_free_func(g_free),
        .stop_after = stop_after,
        .answer = 1,
    };

    g_assert_cmpint(fs_readdir(&test_call_never, dir, cookie, 0, list_sink, &l),
                    ==, 0);
    g_assert_false(l.bad);
    if (next) {
        *next = l.names->len ? l.last.next : cookie;
    }
    return l.names;
}

static void assert_names(GPtrArray *names, const char *const *expected)
{
    for (guint i = 0; i < names->len; i++) {
        g_assert_nonnull(expected[i]);
        g_assert_cmpstr(g_ptr_array_index(names, i), ==, expected[i]);
    }
    g_assert_null(expected[names->len]);
}

static void test_empty_by_default(void)
{
    static const char *const expected[] = { ".", "..", NULL };
    g_auto(SynthFixture) o = synth_fixture_open("a", false, false);
    g_autoptr(GPtrArray) names = NULL;
    FsNode *node;
    FsFile *dir;
    FsAttr attr;

    g_assert_cmpint(fs_getattr(&test_call, o.root, NULL, 0, &attr), ==, 0);
    g_assert_cmphex(attr.mode, ==, S_IFDIR | 0555);
    g_assert_cmpint(fs_open(&test_call, o.root, O_RDONLY | O_DIRECTORY, &dir),
                    ==, 0);
    names = list_from(dir, 0, -1, NULL);
    assert_names(names, expected);
    g_assert_cmpint(fs_lookup(&test_call, o.root, QTEST_V9FS_SYNTH_WRITE_FILE,
                              &node, &attr),
                    ==, -ENOENT);
    fs_release(&test_call, dir);
}

static void test_entries(void)
{
    static const char *const expected[] = {
        ".", "..", "stat", "ReadDirDir", "FLUSH", "WRITE", "LOPEN", "WALK0",
        NULL
    };
    static const struct {
        const char *name;
        uint32_t mode;
    } modes[] = {
        { "stat", S_IFDIR | 0555 },
        { "ReadDirDir", S_IFDIR | 0500 },
        { "FLUSH", S_IFREG },
        { "WRITE", S_IFREG },
        { "LOPEN", S_IFREG },
        { "WALK0", S_IFDIR | 0500 },
    };
    g_auto(SynthFixture) o = synth_fixture_open("a", true, false);
    g_autoptr(GPtrArray) names = NULL;
    FsFile *dir;
    FsAttr attr;

    g_assert_cmpint(fs_open(&test_call, o.root, O_RDONLY, &dir), ==, 0);
    g_assert_true(dir->is_dir);
    names = list_from(dir, 0, -1, NULL);
    assert_names(names, expected);
    fs_release(&test_call, dir);
    for (size_t i = 0; i < ARRAY_SIZE(modes); i++) {
        fs_node_unref(synth_find(o.root, modes[i].name, &attr));
        g_assert_cmphex(attr.mode, ==, modes[i].mode);
        g_assert_cmpuint(attr.uid, ==, 0);
        g_assert_cmpuint(attr.gid, ==, 0);
    }
}

static void test_walk_chain(void)
{
    g_auto(SynthFixture) o = synth_fixture_open("a", true, false);
    g_autoptr(GHashTable) seen = g_hash_table_new(NULL, NULL);
    FsNode *dir = fs_node_ref(o.root);
    FsAttr attr;

    g_assert_cmpint(fs_getattr(&test_call, dir, NULL, 0, &attr), ==, 0);
    g_hash_table_add(seen, GUINT_TO_POINTER(attr.ino));
    for (int i = 0; i < 16; i++) {
        g_autofree char *name = g_strdup_printf(QTEST_V9FS_SYNTH_WALK_FILE, i);
        FsNode *next = synth_find(dir, name, &attr);

        g_assert_true(S_ISDIR(attr.mode));
        g_assert_true(g_hash_table_add(seen, GUINT_TO_POINTER(attr.ino)));
        fs_node_unref(dir);
        dir = next;
    }
    fs_node_unref(dir);
}

static void test_parent_and_locate(void)
{
    g_auto(SynthFixture) o = synth_fixture_open("a", true, false);
    char name[NAME_MAX + 1] = "";
    FsNode *walk0 = synth_find(o.root, "WALK0", NULL);
    FsNode *walk1 = synth_find(walk0, "WALK1", NULL);
    FsNode *up = fs_parent(walk1);
    FsNode *top = fs_parent(o.root);
    FsNode *dir = NULL;

    g_assert_true(up == walk0);
    g_assert_true(top == o.root);
    g_assert_cmpint(fs_locate(walk1, &dir, name), ==, 0);
    g_assert_true(dir == walk0);
    g_assert_cmpstr(name, ==, "WALK1");
    fs_node_unref(dir);
    g_assert_cmpint(fs_locate(o.root, &dir, name), ==, -EBUSY);
    fs_node_unref(top);
    fs_node_unref(up);
    fs_node_unref(walk1);
    fs_node_unref(walk0);
}

/* QEMU's own readdir tests need the longer names before the shorter ones. */
static void test_readdir_order(void)
{
    g_auto(SynthFixture) o = synth_fixture_open("a", true, false);
    FsFile *dir = synth_open_name(&o, QTEST_V9FS_SYNTH_READDIR_DIR, O_RDONLY);
    g_autoptr(GPtrArray) names = list_from(dir, 0, -1, NULL);

    g_assert_cmpuint(names->len, ==, QTEST_V9FS_SYNTH_READDIR_NFILES + 2);
    g_assert_cmpstr(g_ptr_array_index(names, 0), ==, ".");
    g_assert_cmpstr(g_ptr_array_index(names, 1), ==, "..");
    for (int i = 0; i < QTEST_V9FS_SYNTH_READDIR_NFILES; i++) {
        g_autofree char *name = g_strdup_printf(
            QTEST_V9FS_SYNTH_READDIR_FILE,
            QTEST_V9FS_SYNTH_READDIR_NFILES - 1 - i);

        g_assert_cmpstr(g_ptr_array_index(names, i + 2), ==, name);
    }
    fs_release(&test_call, dir);
}

static void test_readdir_goes_on_at_every_cookie(void)
{
    g_auto(SynthFixture) o = synth_fixture_open("a", true, false);
    FsFile *dir = synth_open_name(&o, QTEST_V9FS_SYNTH_READDIR_DIR, O_RDONLY);
    g_autoptr(GPtrArray) all = list_from(dir, 0, -1, NULL);

    for (guint i = 0; i <= all->len; i++) {
        uint64_t next;
        g_autoptr(GPtrArray) head = list_from(dir, 0, i, &next);
        g_autoptr(GPtrArray) tail = list_from(dir, next, -1, NULL);

        g_assert_cmpuint(head->len, ==, i);
        g_assert_cmpuint(tail->len, ==, all->len - i);
        if (tail->len) {
            g_assert_cmpstr(g_ptr_array_index(tail, 0), ==,
                            g_ptr_array_index(all, i));
        }
    }
    fs_release(&test_call, dir);
}

static void test_readdir_unknown_cookie(void)
{
    static const uint64_t cookies[] = {
        103, 1ULL << 32, 1ULL << 63, UINT64_MAX
    };
    g_auto(SynthFixture) o = synth_fixture_open("a", true, false);
    FsFile *dir = synth_open_name(&o, QTEST_V9FS_SYNTH_READDIR_DIR, O_RDONLY);

    for (size_t i = 0; i < ARRAY_SIZE(cookies); i++) {
        g_autoptr(GPtrArray) names = list_from(dir, cookies[i], -1, NULL);

        g_assert_cmpuint(names->len, ==, 0);
    }
    fs_release(&test_call, dir);
}

static void test_readdir_sink_fails(void)
{
    g_auto(SynthFixture) o = synth_fixture_open("a", true, false);
    FsFile *dir = synth_open_name(&o, QTEST_V9FS_SYNTH_READDIR_DIR, O_RDONLY);
    Listing l = {
        .names = g_ptr_array_new_with_free_func(g_free),
        .stop_after = 5,
        .answer = -ENOMEM,
    };

    g_assert_cmpint(fs_readdir(&test_call, dir, 0, 0, list_sink, &l), ==,
                    -ENOMEM);
    g_assert_cmpuint(l.names->len, ==, 5);
    g_ptr_array_unref(l.names);
    fs_release(&test_call, dir);
}

/* Entries have the inode number and device that lookup returns. */
static void test_readdir_identity(void)
{
    g_auto(SynthFixture) o = synth_fixture_open("a", true, false);
    FsNode *stat_dir = synth_find(o.root, "stat", NULL);
    Listing l = {
        .names = g_ptr_array_new_with_free_func(g_free),
        .stop_after = -1,
    };
    FsAttr attr;
    FsFile *dir;

    fs_node_unref(synth_find(stat_dir, "xattr_count", &attr));
    g_assert_cmpint(fs_open(&test_call, stat_dir, O_RDONLY, &dir), ==, 0);
    g_assert_cmpint(fs_readdir(&test_call, dir, 0, FS_READDIR_DEV, list_sink,
                               &l),
                    ==, 0);
    g_assert_cmpstr(g_ptr_array_index(l.names, 2), ==, "xattr_count");
    g_assert_cmpuint(l.last.ino, ==, attr.ino);
    g_assert_cmpuint(l.last.dev, ==, attr.dev);
    g_assert_cmpuint(l.last.type, ==, DT_REG);
    g_assert_cmpint(fs_readdir(&test_call, dir, 0, 0, list_sink, &l), ==, 0);
    g_assert_cmpuint(l.last.dev, ==, 0);
    g_ptr_array_unref(l.names);
    fs_release(&test_call, dir);
    fs_node_unref(stat_dir);
}

static void test_identity_is_stable(void)
{
    g_auto(SynthFixture) one = synth_fixture_open("a", true, false);
    g_auto(SynthFixture) again = synth_fixture_open("a", true, false);
    g_auto(SynthFixture) other = synth_fixture_open("b", true, false);
    FsAttr a, b, c;

    fs_node_unref(synth_find(one.root, QTEST_V9FS_SYNTH_FLUSH_FILE, &a));
    fs_node_unref(synth_find(again.root, QTEST_V9FS_SYNTH_FLUSH_FILE, &b));
    fs_node_unref(synth_find(other.root, QTEST_V9FS_SYNTH_FLUSH_FILE, &c));
    g_assert_cmpmem(&a, sizeof(a), &b, sizeof(b));
    g_assert_cmpuint(a.dev, !=, c.dev);
    g_assert_cmpint(a.mtime.tv_sec, ==, 0);
}

static void test_add_nodes(void)
{
    g_auto(SynthFixture) o = synth_fixture_open("a", false, false);
    char name[NAME_MAX + 2];
    FsNode *dir = NULL, *node = NULL;
    FsAttr attr;

    g_assert_cmpint(synth_add_dir(o.root, "d", 0777, &dir), ==, 0);
    g_assert_cmpint(synth_add_file(dir, "f", 07777, NULL, NULL, &node), ==, 0);
    fs_node_unref(synth_find(o.root, "d", &attr));
    g_assert_cmphex(attr.mode, ==, S_IFDIR | 0555);
    g_assert_cmpuint(attr.nlink, ==, 2);
    fs_node_unref(synth_find(dir, "f", &attr));
    g_assert_cmphex(attr.mode, ==, S_IFREG | 0777);
    g_assert_cmpuint(attr.nlink, ==, 1);

    g_assert_cmpint(synth_add_dir(o.root, "d", 0, NULL), ==, -EEXIST);
    g_assert_cmpint(synth_add_file(o.root, "d", 0, NULL, NULL, NULL), ==,
                    -EEXIST);
    g_assert_cmpint(synth_add_dir(node, "x", 0, NULL), ==, -ENOTDIR);
    g_assert_cmpint(synth_add_dir(o.root, "", 0, NULL), ==, -EINVAL);
    g_assert_cmpint(synth_add_dir(o.root, ".", 0, NULL), ==, -EINVAL);
    g_assert_cmpint(synth_add_dir(o.root, "..", 0, NULL), ==, -EINVAL);
    g_assert_cmpint(synth_add_dir(o.root, "a/b", 0, NULL), ==, -EINVAL);
    memset(name, 'n', sizeof(name));
    name[NAME_MAX + 1] = 0;
    g_assert_cmpint(synth_add_dir(o.root, name, 0, NULL), ==, -EINVAL);
    name[NAME_MAX] = 0;
    g_assert_cmpint(synth_add_dir(o.root, name, 0, NULL), ==, 0);
    g_assert_cmpint(fs_getattr(&test_call, o.root, NULL, 0, &attr), ==, 0);
    g_assert_cmpuint(attr.nlink, ==, 4);
}

static void *hammer(void *opaque)
{
    const SynthFixture *o = opaque;

    for (int i = 0; i < 200; i++) {
        FsFile *file = synth_open_name(o, QTEST_V9FS_SYNTH_WRITE_FILE,
                                       O_WRONLY);
        FsFile *dir = synth_open_name(o, QTEST_V9FS_SYNTH_READDIR_DIR,
                                       O_RDONLY);
        g_autoptr(GPtrArray) names = list_from(dir, 0, -1, NULL);

        g_assert_cmpuint(names->len, ==, QTEST_V9FS_SYNTH_READDIR_NFILES + 2);
        g_assert_cmpint(synth_write_bytes(&test_call, file, "x", 1), ==, 1);
        fs_release(&test_call, dir);
        fs_release(&test_call, file);
    }
    return NULL;
}

static void test_several_threads(void)
{
    g_auto(SynthFixture) o = synth_fixture_open("a", true, false);
    GThread *threads[4];

    for (size_t i = 0; i < ARRAY_SIZE(threads); i++) {
        threads[i] = g_thread_new("hammer", hammer, &o);
    }
    for (size_t i = 0; i < ARRAY_SIZE(threads); i++) {
        g_thread_join(threads[i]);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/synth-tree/empty-by-default", test_empty_by_default);
    g_test_add_func("/synth-tree/entries", test_entries);
    g_test_add_func("/synth-tree/walk-chain", test_walk_chain);
    g_test_add_func("/synth-tree/parent-and-locate", test_parent_and_locate);
    g_test_add_func("/synth-tree/readdir/order", test_readdir_order);
    g_test_add_func("/synth-tree/readdir/goes-on-at-every-cookie",
                    test_readdir_goes_on_at_every_cookie);
    g_test_add_func("/synth-tree/readdir/unknown-cookie",
                    test_readdir_unknown_cookie);
    g_test_add_func("/synth-tree/readdir/sink-fails", test_readdir_sink_fails);
    g_test_add_func("/synth-tree/readdir/identity", test_readdir_identity);
    g_test_add_func("/synth-tree/identity-is-stable", test_identity_is_stable);
    g_test_add_func("/synth-tree/add-nodes", test_add_nodes);
    g_test_add_func("/synth-tree/threads/readers", test_several_threads);
    return g_test_run();
}
