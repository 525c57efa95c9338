/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Conformance: nodes, their names and identity.
 */
#include "fsdev/core/p9-osdep.h"
#include "conformance-int.h"
#include "lib/test-call.h"

static void root_is_directory(Conf *c)
{
    FsAttr attr = conf_attr(c->root);

    g_assert_cmphex(attr.mode & S_IFMT, ==, S_IFDIR);
    g_assert_cmpuint(attr.ino, !=, 0);
}

static void root_is_own_parent(Conf *c)
{
    g_autoptr(FsNode) parent = fs_parent(c->root);

    g_assert_true(parent == c->root);
}

static void root_has_no_name(Conf *c)
{
    char name[NAME_MAX + 1];
    FsNode *dir = NULL;

    conf_assert_errno(fs_locate(c->root, &dir, name), -EBUSY);
    g_assert_null(dir);
}

static void missing_name(Conf *c)
{
    conf_assert_errno(conf_try_lookup(c->root, "no such name"), -ENOENT);
}

static void lookup_in_file(Conf *c)
{
    g_autoptr(FsNode) file = conf_sample_file(c);

    conf_assert_errno(conf_try_lookup(file, "x"), -ENOTDIR);
}

static void lookup_gives_attributes(Conf *c)
{
    g_autoptr(FsNode) first = conf_sample_file(c);
    g_autoptr(FsNode) node = NULL;
    char name[NAME_MAX + 1];
    FsAttr attr, again;
    FsNode *dir = NULL;

    conf_assert_errno(fs_locate(first, &dir, name), 0);
    conf_assert_errno(fs_lookup(&test_call, dir, name, &node, &attr), 0);
    fs_node_unref(dir);
    again = conf_attr(node);
    g_assert_cmphex(attr.mode, ==, again.mode);
    g_assert_cmpuint(attr.uid, ==, again.uid);
    g_assert_cmpuint(attr.gid, ==, again.gid);
    g_assert_cmpuint(attr.nlink, ==, again.nlink);
    g_assert_cmpuint(attr.dev, ==, again.dev);
    g_assert_cmpuint(attr.ino, ==, again.ino);
    g_assert_cmpuint(attr.size, ==, again.size);
    g_assert_cmpint(attr.mtime.tv_sec, ==, again.mtime.tv_sec);
    g_assert_cmpint(attr.mtime.tv_nsec, ==, again.mtime.tv_nsec);
}

static void same_name_same_identity(Conf *c)
{
    g_autoptr(FsNode) first = conf_sample_file(c);
    g_autoptr(FsNode) dir = conf_sample_dir(c);
    g_autoptr(FsNode) again = NULL;
    char name[NAME_MAX + 1];
    FsNode *where = NULL;

    conf_assert_errno(fs_locate(first, &where, name), 0);
    again = conf_lookup(where, name);
    fs_node_unref(where);
    g_assert_cmpuint(conf_attr(first).ino, ==, conf_attr(again).ino);
    g_assert_cmpuint(conf_attr(first).dev, ==, conf_attr(again).dev);
    g_assert_cmpuint(conf_attr(first).ino, !=, conf_attr(dir).ino);
    g_assert_cmpuint(conf_attr(first).ino, !=, conf_attr(c->root).ino);
}

static void parent_is_directory(Conf *c)
{
    g_autoptr(FsNode) dir = conf_sample_dir(c);
    g_autoptr(FsNode) parent = fs_parent(dir);

    g_assert_cmpuint(conf_attr(parent).ino, ==, conf_attr(c->root).ino);
}

static void located_where_found(Conf *c)
{
    g_autoptr(FsNode) file = conf_sample_file(c);
    g_autoptr(FsNode) dir = NULL;
    char name[NAME_MAX + 1];

    conf_assert_errno(fs_locate(file, &dir, name), 0);
    g_assert_true(dir == c->root);
    conf_assert_errno(conf_try_lookup(dir, name), 0);
}

static void located_after_rename(Conf *c)
{
    g_autoptr(FsNode) file = conf_sample_file(c);
    g_autoptr(FsNode) dir = conf_sample_dir(c);
    g_autoptr(FsNode) where = NULL;
    char name[NAME_MAX + 1];

    conf_assert_errno(fs_rename(&test_call, c->root, "sample-file", dir,
                                "moved"),
                      0);
    conf_assert_errno(fs_locate(file, &where, name), 0);
    g_assert_true(where == dir);
    g_assert_cmpstr(name, ==, "moved");
}

static void located_no_more(Conf *c)
{
    g_autoptr(FsNode) file = conf_sample_file(c);
    char name[NAME_MAX + 1];
    FsNode *where = NULL;

    conf_assert_errno(fs_unlink(&test_call, c->root, "sample-file", false), 0);
    conf_assert_errno(fs_locate(file, &where, name), -ENOENT);
    g_assert_null(where);
}

static void longest_name(Conf *c)
{
    g_autoptr(FsNode) file = NULL;
    g_autoptr(FsNode) dir = NULL;
    g_autoptr(FsNode) moved = NULL;
    g_autoptr(GPtrArray) entries = NULL;
    char name[NAME_MAX + 1];

    memset(name, 'n', NAME_MAX);
    name[NAME_MAX] = '\0';
    file = conf_file(c, c->root, name, 0600, "long");
    entries = conf_list(c->root, 0);
    g_assert_nonnull(conf_find_entry(entries, name));
    conf_assert_errno(conf_chmod(file, 0640), 0);
    g_assert_cmphex(conf_attr(file).mode, ==, S_IFREG | 0640);
    dir = conf_mkdir(c, c->root, "dir", 0755);
    conf_assert_errno(fs_rename(&test_call, c->root, name, dir, name), 0);
    conf_assert_errno(conf_try_lookup(c->root, name), -ENOENT);
    moved = conf_lookup(dir, name);
    g_assert_cmphex(conf_attr(moved).mode, ==, S_IFREG | 0640);
    if (c->subject->caps & CONF_HARD_LINK) {
        g_autoptr(FsNode) twin = NULL;

        conf_assert_errno(fs_link(&test_call, moved, c->root, name), 0);
        twin = conf_lookup(c->root, name);
        conf_assert_errno(conf_chmod(twin, 0604), 0);
        g_assert_cmphex(conf_attr(moved).mode, ==, S_IFREG | 0604);
        conf_assert_errno(fs_unlink(&test_call, c->root, name, false), 0);
    }
    conf_assert_errno(fs_unlink(&test_call, dir, name, false), 0);
    conf_assert_errno(conf_try_lookup(dir, name), -ENOENT);
}

static void names_are_bytes(Conf *c)
{
    static const char *const names[] = {
        "\x01\x1f\x7f", "\xff\xfe\x80", "new\nline", " ", "-", "...", "..x",
        ".x", "a\\b", "%s%n", "\xc3\xa9", "*", "x.virtfs_metadata",
    };

    for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
        g_autoptr(FsNode) made G_GNUC_UNUSED =
            conf_file(c, c->root, names[i], 0600, names[i]);
        g_autoptr(FsNode) found = conf_lookup(c->root, names[i]);
        g_autoptr(GPtrArray) entries = conf_list(c->root, 0);
        g_autofree char *text = conf_text(found);

        g_assert_cmpstr(text, ==, names[i]);
        g_assert_nonnull(conf_find_entry(entries, names[i]));
    }
}

/* The path of the file is longer than PATH_MAX. */
static void deeper_than_a_path(Conf *c)
{
    const unsigned levels = 40;
    g_autoptr(GPtrArray) dirs = g_ptr_array_new();
    g_autoptr(FsNode) file = NULL;
    g_autofree char *text = NULL;
    char name[201];

    memset(name, 'd', 200);
    name[200] = '\0';
    g_ptr_array_add(dirs, fs_node_ref(c->root));
    for (unsigned i = 0; i < levels; i++) {
        g_ptr_array_add(dirs, conf_mkdir(c, g_ptr_array_index(dirs, i), name,
                                         0755));
    }
    file = conf_file(c, g_ptr_array_index(dirs, levels), "f", 0600, "deep");
    text = conf_text(file);
    g_assert_cmpstr(text, ==, "deep");
    conf_assert_errno(fs_unlink(&test_call, g_ptr_array_index(dirs, levels),
                                "f", false),
                      0);
    for (unsigned i = levels; i > 0; i--) {
        conf_assert_errno(fs_unlink(&test_call, g_ptr_array_index(dirs, i - 1),
                                    name, true),
                          0);
    }
    g_ptr_array_foreach(dirs, (GFunc)fs_node_unref, NULL);
}

static void lookup_without_sleeping(Conf *c)
{
    g_autoptr(FsNode) file = conf_sample_file(c);
    FsNode *dir = NULL, *node = NULL;
    char name[NAME_MAX + 1];
    FsAttr attr;
    int ret;

    conf_assert_errno(fs_locate(file, &dir, name), 0);
    ret = fs_lookup(&test_call_never, dir, name, &node, &attr);
    fs_node_unref(dir);
    if (ret == -EAGAIN) {
        return;
    }
    conf_assert_errno(ret, 0);
    g_assert_cmpuint(attr.ino, ==, conf_attr(file).ino);
    fs_node_unref(node);
}

static void getattr_without_sleeping(Conf *c)
{
    g_autoptr(FsNode) file = conf_sample_file(c);
    FsAttr attr;
    int ret = fs_getattr(&test_call_never, file, NULL, 0, &attr);

    if (ret == -EAGAIN) {
        return;
    }
    conf_assert_errno(ret, 0);
    g_assert_cmpuint(attr.ino, ==, conf_attr(file).ino);
    g_assert_cmphex(attr.mode, ==, conf_attr(file).mode);
}

static void statfs_tells_block_size(Conf *c)
{
    g_autoptr(FsNode) file = conf_sample_file(c);
    struct statfs root, below;

    conf_assert_errno(fs_statfs(&test_call, c->root, &root), 0);
    conf_assert_errno(fs_statfs(&test_call, file, &below), 0);
    g_assert_cmpint(root.f_bsize, >, 0);
    g_assert_cmpint(root.f_type, ==, below.f_type);
}

static void file_gone_and_closed(Conf *c)
{
    g_autoptr(FsNode) file = conf_sample_file(c);
    FsAttr attr;

    conf_assert_errno(fs_unlink(&test_call, c->root, "sample-file", false), 0);
    conf_assert_errno(fs_getattr(&test_call, file, NULL, 0, &attr), -ENOENT);
}

static void directory_gone(Conf *c)
{
    g_autoptr(FsNode) dir = conf_sample_dir(c);
    FsAttr attr;

    conf_assert_errno(fs_unlink(&test_call, c->root, "sample-dir", true), 0);
    conf_assert_errno(fs_getattr(&test_call, dir, NULL, 0, &attr), -ENOENT);
    conf_assert_errno(conf_try_lookup(dir, "x"), -ENOENT);
    conf_assert_errno(conf_try_create(c, dir, "x", O_RDWR, 0600), -ENOENT);
}

static void file_gone_but_open(Conf *c)
{
    g_autoptr(FsFile) file = conf_create(c, c->root, "f", O_RDWR, 0640);
    g_autofree char *text = NULL;
    FsAttr before = conf_file_attr(file), after;

    g_assert_cmpint(conf_write(file, "still", 0), ==, 5);
    conf_assert_errno(fs_unlink(&test_call, c->root, "f", false), 0);
    after = conf_file_attr(file);
    g_assert_cmpuint(after.nlink, ==, 0);
    g_assert_cmpuint(after.ino, ==, before.ino);
    g_assert_cmpuint(after.size, ==, 5);
    g_assert_cmphex(after.mode, ==, before.mode);
    g_assert_cmpuint(after.uid, ==, before.uid);
    g_assert_cmpuint(after.gid, ==, before.gid);
    text = conf_read(file, 0, NULL);
    g_assert_cmpstr(text, ==, "still");
    /* The same without passing the open file. */
    g_assert_cmphex(conf_attr(file->node).mode, ==, before.mode);
}

static void new_file_under_old_name(Conf *c)
{
    g_autoptr(FsFile) old = conf_create(c, c->root, "f", O_RDWR, 0600);
    g_autoptr(FsNode) fresh = NULL;
    g_autofree char *text = NULL;

    g_assert_cmpint(conf_write(old, "old", 0), ==, 3);
    conf_assert_errno(fs_unlink(&test_call, c->root, "f", false), 0);
    fresh = conf_file(c, c->root, "f", 0644, "new one");
    text = conf_read(old, 0, NULL);
    g_assert_cmpstr(text, ==, "old");
    g_assert_cmpuint(conf_attr(fresh).ino, !=, conf_file_attr(old).ino);
    g_assert_cmphex(conf_attr(fresh).mode, ==, S_IFREG | 0644);
    g_assert_cmphex(conf_file_attr(old).mode, ==, S_IFREG | 0600);
}

const ConformanceTest conformance_nodes[] = {
    { "root-is-directory", 0, root_is_directory },
    { "root-is-own-parent", 0, root_is_own_parent },
    { "root-has-no-name", 0, root_has_no_name },
    { "lookup-missing", 0, missing_name },
    { "lookup-in-file", 0, lookup_in_file },
    { "lookup-gives-attributes", 0, lookup_gives_attributes },
    { "same-name-same-identity", 0, same_name_same_identity },
    { "parent-is-directory", 0, parent_is_directory },
    { "locate-where-found", 0, located_where_found },
    { "locate-after-rename", CONF_WRITE, located_after_rename },
    { "locate-after-unlink", CONF_WRITE, located_no_more },
    { "name-longest", CONF_WRITE, longest_name },
    { "name-any-bytes", CONF_WRITE, names_are_bytes },
    { "deeper-than-a-path", CONF_WRITE, deeper_than_a_path },
    { "lookup-without-sleeping", 0, lookup_without_sleeping },
    { "getattr-without-sleeping", 0, getattr_without_sleeping },
    { "statfs", 0, statfs_tells_block_size },
    { "unlinked-and-closed", CONF_WRITE, file_gone_and_closed },
    { "unlinked-directory", CONF_WRITE, directory_gone },
    { "unlinked-but-open", CONF_WRITE, file_gone_but_open },
    { "unlinked-and-made-anew", CONF_WRITE, new_file_under_old_name },
    { NULL }
};
