/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Conformance: renaming.
 */
#include "fsdev/core/p9-osdep.h"
#include "conformance-int.h"
#include "lib/test-call.h"

static void file_moves(Conf *c)
{
    g_autoptr(FsNode) file = conf_file(c, c->root, "a", 0640, "text");
    g_autoptr(FsNode) dir = conf_sample_dir(c);
    g_autoptr(FsNode) moved = NULL;
    FsAttr before = conf_attr(file), after;

    conf_assert_errno(fs_rename(&test_call, c->root, "a", dir, "b"), 0);
    conf_assert_errno(conf_try_lookup(c->root, "a"), -ENOENT);
    moved = conf_lookup(dir, "b");
    after = conf_attr(moved);
    g_assert_cmpuint(after.ino, ==, before.ino);
    g_assert_cmpuint(after.uid, ==, before.uid);
    g_assert_cmpuint(after.gid, ==, before.gid);
    g_assert_cmphex(after.mode, ==, S_IFREG | 0640);
}

static void node_follows(Conf *c)
{
    g_autoptr(FsNode) file = conf_file(c, c->root, "a", 0640, "text");
    g_autofree char *text = NULL;

    conf_assert_errno(fs_rename(&test_call, c->root, "a", c->root, "b"), 0);
    g_assert_cmphex(conf_attr(file).mode, ==, S_IFREG | 0640);
    conf_assert_errno(conf_chmod(file, 0600), 0);
    g_assert_cmphex(conf_attr(file).mode, ==, S_IFREG | 0600);
    text = conf_text(file);
    g_assert_cmpstr(text, ==, "text");
}

static void target_is_replaced(Conf *c)
{
    g_autoptr(FsNode) file G_GNUC_UNUSED =
        conf_file(c, c->root, "a", 0640, "new");
    g_autoptr(FsNode) old = conf_file(c, c->root, "b", 0600, "old");
    g_autoptr(FsNode) found = NULL;
    g_autofree char *text = NULL;
    FsAttr attr;

    conf_assert_errno(fs_rename(&test_call, c->root, "a", c->root, "b"), 0);
    found = conf_lookup(c->root, "b");
    text = conf_text(found);
    g_assert_cmpstr(text, ==, "new");
    g_assert_cmphex(conf_attr(found).mode, ==, S_IFREG | 0640);
    conf_assert_errno(fs_getattr(&test_call, old, NULL, 0, &attr), -ENOENT);
}

static void replaced_target_stays_open(Conf *c)
{
    g_autoptr(FsNode) file G_GNUC_UNUSED =
        conf_file(c, c->root, "a", 0640, "new");
    g_autoptr(FsFile) old = conf_create(c, c->root, "b", O_RDWR, 0604);
    g_autofree char *text = NULL;

    g_assert_cmpint(conf_write(old, "old", 0), ==, 3);
    conf_assert_errno(fs_rename(&test_call, c->root, "a", c->root, "b"), 0);
    text = conf_read(old, 0, NULL);
    g_assert_cmpstr(text, ==, "old");
    g_assert_cmphex(conf_file_attr(old).mode, ==, S_IFREG | 0604);
    g_assert_cmpuint(conf_file_attr(old).nlink, ==, 0);
}

static void source_stays_open(Conf *c)
{
    g_autoptr(FsFile) file = conf_create(c, c->root, "a", O_RDWR, 0604);
    g_autoptr(FsNode) dir = conf_sample_dir(c);
    g_autoptr(FsNode) other = NULL;
    g_autoptr(FsNode) found = NULL;
    g_autofree char *text = NULL;

    conf_assert_errno(fs_rename(&test_call, c->root, "a", dir, "b"), 0);
    other = conf_file(c, c->root, "a", 0600, "another file");
    g_assert_cmpint(conf_write(file, "mine", 0), ==, 4);
    found = conf_lookup(dir, "b");
    text = conf_text(found);
    g_assert_cmpstr(text, ==, "mine");
    g_assert_cmphex(conf_file_attr(file).mode, ==, S_IFREG | 0604);
}

static void directory_moves_with_content(Conf *c)
{
    g_autoptr(FsNode) dir = conf_sample_dir(c);
    g_autoptr(FsNode) sub = conf_mkdir(c, dir, "sub", 0711);
    g_autoptr(FsNode) file = conf_file(c, sub, "f", 0640, "text");
    g_autoptr(FsNode) other = conf_mkdir(c, c->root, "other", 0700);
    g_autoptr(FsNode) parent = NULL;
    g_autoptr(FsNode) fresh = NULL;
    g_autofree char *text = NULL;

    conf_assert_errno(fs_rename(&test_call, c->root, "sample-dir", other,
                                "moved"),
                      0);
    text = conf_text(file);
    g_assert_cmpstr(text, ==, "text");
    g_assert_cmphex(conf_attr(file).mode, ==, S_IFREG | 0640);
    g_assert_cmphex(conf_attr(sub).mode, ==, S_IFDIR | 0711);
    g_assert_cmphex(conf_attr(dir).mode, ==, S_IFDIR | 0755);
    fresh = conf_file(c, sub, "g", 0600, NULL);
    parent = fs_parent(dir);
    g_assert_true(parent == other);
}

static void directory_replaces_empty_one(Conf *c)
{
    g_autoptr(FsNode) dir = conf_sample_dir(c);
    g_autoptr(FsNode) file = conf_file(c, dir, "f", 0640, "text");
    g_autoptr(FsNode) other = conf_mkdir(c, c->root, "other", 0700);
    g_autoptr(FsNode) gone G_GNUC_UNUSED =
        conf_file(c, other, "gone", 0611, NULL);
    g_autoptr(FsNode) found = NULL;

    conf_assert_errno(fs_unlink(&test_call, other, "gone", false), 0);
    conf_assert_errno(fs_rename(&test_call, c->root, "sample-dir", c->root,
                                "other"),
                      0);
    found = conf_lookup(c->root, "other");
    g_assert_cmpuint(conf_attr(found).ino, ==, conf_attr(dir).ino);
    g_assert_cmphex(conf_attr(found).mode, ==, S_IFDIR | 0755);
    g_assert_cmphex(conf_attr(file).mode, ==, S_IFREG | 0640);
}

static void directory_over_full_one(Conf *c)
{
    g_autoptr(FsNode) dir = conf_sample_dir(c);
    g_autoptr(FsNode) other = conf_mkdir(c, c->root, "other", 0700);
    g_autoptr(FsNode) file = conf_file(c, other, "f", 0640, "kept");
    g_autofree char *text = NULL;
    int ret = fs_rename(&test_call, c->root, "sample-dir", c->root, "other");

    /* POSIX leaves it to the file system; XFS says EEXIST. */
    conf_assert_errno(ret == -EEXIST ? -ENOTEMPTY : ret, -ENOTEMPTY);
    text = conf_text(file);
    g_assert_cmpstr(text, ==, "kept");
    g_assert_cmphex(conf_attr(file).mode, ==, S_IFREG | 0640);
    g_assert_cmphex(conf_attr(dir).mode, ==, S_IFDIR | 0755);
    conf_assert_errno(conf_try_lookup(c->root, "sample-dir"), 0);
}

static void kinds_do_not_mix(Conf *c)
{
    g_autoptr(FsNode) dir = conf_sample_dir(c);
    g_autoptr(FsNode) file = conf_sample_file(c);

    conf_assert_errno(fs_rename(&test_call, c->root, "sample-file", c->root,
                                "sample-dir"),
                      -EISDIR);
    conf_assert_errno(fs_rename(&test_call, c->root, "sample-dir", c->root,
                                "sample-file"),
                      -ENOTDIR);
    g_assert_cmphex(conf_attr(dir).mode, ==, S_IFDIR | 0755);
    g_assert_cmphex(conf_attr(file).mode, ==, S_IFREG | 0644);
}

static void not_into_itself(Conf *c)
{
    g_autoptr(FsNode) dir = conf_sample_dir(c);
    g_autoptr(FsNode) sub = conf_mkdir(c, dir, "sub", 0700);

    conf_assert_errno(fs_rename(&test_call, c->root, "sample-dir", sub, "x"),
                      -EINVAL);
    g_assert_cmphex(conf_attr(dir).mode, ==, S_IFDIR | 0755);
    conf_assert_errno(conf_try_lookup(dir, "sub"), 0);
}

static void missing_source(Conf *c)
{
    g_autoptr(FsNode) file = conf_sample_file(c);

    conf_assert_errno(fs_rename(&test_call, c->root, "none", c->root,
                                "sample-file"),
                      -ENOENT);
    g_assert_cmphex(conf_attr(file).mode, ==, S_IFREG | 0644);
}

static void onto_itself(Conf *c)
{
    g_autoptr(FsNode) file = conf_sample_file(c);
    g_autoptr(FsNode) where = NULL;
    char name[NAME_MAX + 1];

    conf_assert_errno(fs_rename(&test_call, c->root, "sample-file", c->root,
                                "sample-file"),
                      0);
    conf_assert_errno(fs_locate(file, &where, name), 0);
    g_assert_cmpstr(name, ==, "sample-file");
    g_assert_cmphex(conf_attr(file).mode, ==, S_IFREG | 0644);
}

/* POSIX: renaming a file to another of its links does nothing. */
static void onto_link_of_itself(Conf *c)
{
    g_autoptr(FsNode) file = conf_sample_file(c);
    g_autoptr(FsNode) link = NULL;

    conf_assert_errno(fs_link(&test_call, file, c->root, "b"), 0);
    link = conf_lookup(c->root, "b");
    conf_assert_errno(fs_rename(&test_call, c->root, "sample-file", c->root,
                                "b"),
                      0);
    conf_assert_errno(conf_try_lookup(c->root, "sample-file"), 0);
    conf_assert_errno(conf_try_lookup(c->root, "b"), 0);
    g_assert_cmphex(conf_attr(file).mode, ==, S_IFREG | 0644);
    g_assert_cmphex(conf_attr(link).mode, ==, S_IFREG | 0644);
    conf_assert_errno(fs_unlink(&test_call, c->root, "b", false), 0);
    g_assert_cmphex(conf_attr(file).mode, ==, S_IFREG | 0644);
}

static void there_and_back(Conf *c)
{
    g_autoptr(FsNode) dir = conf_sample_dir(c);
    g_autoptr(FsNode) file = conf_file(c, dir, "f", 0640, NULL);

    for (int i = 0; i < 10; i++) {
        conf_assert_errno(fs_rename(&test_call, c->root, "sample-dir", c->root,
                                    "x"),
                          0);
        conf_assert_errno(fs_rename(&test_call, dir, "f", c->root, "g"), 0);
        conf_assert_errno(fs_rename(&test_call, c->root, "x", c->root,
                                    "sample-dir"),
                          0);
        conf_assert_errno(fs_rename(&test_call, c->root, "g", dir, "f"), 0);
        g_assert_cmphex(conf_attr(file).mode, ==, S_IFREG | 0640);
    }
}

const ConformanceTest conformance_rename[] = {
    { "rename", CONF_WRITE, file_moves },
    { "rename-node-follows", CONF_WRITE, node_follows },
    { "rename-replaces", CONF_WRITE, target_is_replaced },
    { "rename-replaced-stays-open", CONF_WRITE, replaced_target_stays_open },
    { "rename-source-stays-open", CONF_WRITE, source_stays_open },
    { "rename-directory", CONF_WRITE, directory_moves_with_content },
    { "rename-over-empty-directory", CONF_WRITE,
      directory_replaces_empty_one },
    { "rename-over-full-directory", CONF_WRITE, directory_over_full_one },
    { "rename-kinds-do-not-mix", CONF_WRITE, kinds_do_not_mix },
    { "rename-not-into-itself", CONF_WRITE, not_into_itself },
    { "rename-missing", CONF_WRITE, missing_source },
    { "rename-onto-itself", CONF_WRITE, onto_itself },
    { "rename-onto-link-of-itself", CONF_HARD_LINK, onto_link_of_itself },
    { "rename-there-and-back", CONF_WRITE, there_and_back },
    { NULL }
};
