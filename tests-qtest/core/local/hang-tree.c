/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A tree for the tests of storage that hangs: see hang-tree.h.
 */
#include "fsdev/core/p9-osdep.h"
#include <ftw.h>
#include <sys/mount.h>
#include "hang-tree.h"
#include "lib/test-call.h"

static char *path_in(const HangTree *t, const char *name)
{
    return g_build_filename(t->path, name, NULL);
}

static void put(const HangTree *t, const char *name, const char *text)
{
    g_autofree char *path = path_in(t, name);

    g_assert_true(g_file_set_contents(path, text, -1, NULL));
}

static void make_dir(const HangTree *t, const char *name)
{
    g_autofree char *path = path_in(t, name);

    g_assert_cmpint(mkdir(path, 0700), ==, 0);
}

static void bind_to(const HangTree *t, const char *from, const char *name)
{
    g_autofree char *source = from[0] == '/' ? g_strdup(from)
                                             : path_in(t, from);
    g_autofree char *path = path_in(t, name);

    g_assert_cmpint(mount(source, path, NULL, MS_BIND, NULL), ==, 0);
}

/* In place of @name, which goes elsewhere, a link to @target of the FUSE. */
static void link_instead(const HangTree *t, const char *name,
                         const char *target)
{
    g_autofree char *path = path_in(t, name);
    g_autofree char *old = g_strconcat(path, ".old", NULL);
    g_autofree char *to = g_build_filename(t->fuse_path, target, NULL);

    rename(path, old);
    g_assert_cmpint(symlink(to, path), ==, 0);
}

static FsNode *look_up(FsNode *dir, const char *name)
{
    FsNode *node = NULL;
    FsAttr attr;

    g_assert_cmpint(fs_lookup(&test_call, dir, name, &node, &attr), ==, 0);
    return node;
}

void hang_tree_files(HangTree *t)
{
    g_autofree char *link = NULL;

    make_dir(t, "dir");
    make_dir(t, "dir/m");
    make_dir(t, "e");
    put(t, "dir/file", "text\n");
    put(t, "dir/g", "text\n");
    put(t, "e/h", "text\n");
    link = path_in(t, "dir/link");
    g_assert_cmpint(symlink("file", link), ==, 0);
    if (t->env->fixture.model == FS_SM_MAPPED_FILE) {
        make_dir(t, ".virtfs_metadata");
        put(t, ".virtfs_metadata/dir", "virtfs.uid=1\n");
        make_dir(t, "dir/.virtfs_metadata");
        put(t, "dir/.virtfs_metadata/file", "virtfs.uid=1\n");
        put(t, "dir/.virtfs_metadata/g", "virtfs.uid=1\n");
        put(t, ".virtfs_metadata_root", "virtfs.uid=1\n");
    }
}

static int take_all(void *opaque, const FsDirent *entry)
{
    return 0;
}

void hang_tree_hold(HangTree *t)
{
    g_autoptr(GError) error = NULL;
    FsConfig config = t->env->fixture.config;

    config.path = t->path;
    t->export = fs_export_open(&config, &error);
    g_assert_no_error(error);
    t->root = fs_root(t->export);
    t->d = look_up(t->root, "dir");
    t->f = look_up(t->d, "file");
    t->l = look_up(t->d, "link");
    g_assert_cmpint(fs_open(&test_call, t->f, O_RDWR, &t->opened), ==, 0);
    g_assert_cmpint(fs_open(&test_call, t->d, O_RDONLY, &t->listed), ==, 0);
    g_assert_cmpint(fs_locker_open(&test_call, t->opened, &t->locker), ==, 0);
    /* What is mounted is read anew by a thread that may wait for anything. */
    g_assert_cmpint(fs_readdir(&test_call, t->listed, 0, FS_READDIR_DEV,
                               take_all, NULL), ==, 0);
}

void hang_tree_look_again(HangTree *t)
{
    FsNode *const nodes[] = { t->root, t->d, t->f, t->l };
    FsAttr attr;

    local_env_await_tick();
    for (size_t i = 0; i < 3 * ARRAY_SIZE(nodes); i++) {
        fs_getattr(&test_call, nodes[i % ARRAY_SIZE(nodes)], NULL, 0, &attr);
    }
}

static int remove_one(const char *path, const struct stat *st, int type,
                      struct FTW *ftw)
{
    return remove(path);
}

/* All that may be mounted in the tree, what is inside first. */
static void unmount_all(const char *path)
{
    static const char *const points[] = {
        "dir/dir", "dir/m", "dir/file", "dir/.virtfs_metadata/file",
        "dir/.virtfs_metadata", ".virtfs_metadata", "dir", "",
    };

    for (size_t i = 0; i < ARRAY_SIZE(points); i++) {
        g_autofree char *point = g_build_filename(path, points[i], NULL);

        umount2(point, MNT_DETACH | UMOUNT_NOFOLLOW);
    }
}

void hang_tree_end(HangTree *t)
{
    fs_locker_close(t->locker);
    fs_release(&test_call, t->opened);
    fs_release(&test_call, t->listed);
    fs_node_unref(t->l);
    fs_node_unref(t->f);
    fs_node_unref(t->d);
    fs_node_unref(t->root);
    fs_export_unref(t->export);
    g_clear_pointer(&t->automount, automount_free);
    unmount_all(t->path);
    nftw(t->path, remove_one, 16, FTW_DEPTH | FTW_PHYS);
    g_free(t->path);
}

/* ---- where it is planted ---------------------------------------------- */

static void whole_export(HangTree *t)
{
    /* It has the same names. */
    bind_to(t, t->fuse_path, "");
}

static void below(HangTree *t)
{
    bind_to(t, t->fuse_path, "dir/m");
}

static void over_directory(HangTree *t)
{
    bind_to(t, t->fuse_path, "dir");
}

static void over_file(HangTree *t)
{
    g_autofree char *file = g_build_filename(t->fuse_path, "file", NULL);

    bind_to(t, file, "dir/file");
}

static void link_for_directory(HangTree *t)
{
    link_instead(t, "dir", "dir");
}

static void link_for_file(HangTree *t)
{
    link_instead(t, "dir/file", "file");
}

static void link_for_metadata(HangTree *t)
{
    link_instead(t, "dir/.virtfs_metadata", "");
    link_instead(t, ".virtfs_metadata", "");
}

static void link_for_metadata_file(HangTree *t)
{
    link_instead(t, "dir/.virtfs_metadata/file", "file");
    link_instead(t, ".virtfs_metadata/dir", "file");
    link_instead(t, ".virtfs_metadata_root", "file");
}

static void over_metadata(HangTree *t)
{
    bind_to(t, t->fuse_path, "dir/.virtfs_metadata");
    bind_to(t, t->fuse_path, ".virtfs_metadata");
}

static void over_metadata_file(HangTree *t)
{
    g_autofree char *file = g_build_filename(t->fuse_path, "file", NULL);

    bind_to(t, file, "dir/.virtfs_metadata/file");
}

/* The way to a local directory leads through it. */
static void on_the_way(HangTree *t)
{
    bind_to(t, t->fuse_path, "dir");
    bind_to(t, "e", "dir/dir");
}

static void automount(HangTree *t)
{
    g_autofree char *path = path_in(t, "dir/m");

    t->automount = automount_new(path);
}

static void automount_over_directory(HangTree *t)
{
    g_autofree char *path = path_in(t, "dir");

    t->automount = automount_new(path);
}

static void automount_metadata(HangTree *t)
{
    g_autofree char *path = path_in(t, "dir/.virtfs_metadata");

    t->automount = automount_new(path);
}

const HangPlace hang_places[] = {
    { "nowhere", NULL, NULL, .nowhere = true },
    { "whole-export", whole_export, NULL },
    { "below", below, NULL },
    { "below-later", NULL, below },
    { "over-directory", NULL, over_directory },
    { "over-file", NULL, over_file },
    { "link-for-directory", NULL, link_for_directory },
    { "link-for-file", NULL, link_for_file },
    { "link-for-metadata", NULL, link_for_metadata, .mapped_file = true },
    { "link-for-metadata-file", NULL, link_for_metadata_file,
      .mapped_file = true },
    { "over-metadata", NULL, over_metadata, .mapped_file = true },
    { "over-metadata-file", NULL, over_metadata_file, .mapped_file = true },
    { "on-the-way", NULL, on_the_way },
    { "automount", automount, NULL, .automount = true },
    { "automount-over-directory", NULL, automount_over_directory,
      .automount = true },
    { "automount-metadata", NULL, automount_metadata, .mapped_file = true,
      .automount = true },
};
const size_t n_hang_places = ARRAY_SIZE(hang_places);
