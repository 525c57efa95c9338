/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Where storage that hangs is planted in an export: see ring-hang.h.
 *
 * The places are those of test-local-hang, which calls the driver without QEMU.
 */
#include "qemu/osdep.h"
#include <sys/mount.h>
#include "ring-hang.h"

static char *path_in(const char *tree, const char *name)
{
    return g_build_filename(ring_dir(), "share", tree, name, NULL);
}

static char *fuse_path(const char *name)
{
    return g_build_filename(ring_dir(), "fuse", name, NULL);
}

static void make_dir(const char *tree, const char *name)
{
    g_autofree char *path = path_in(tree, name);

    ring_check(mkdir(path, 0755) == 0, "mkdir %s: %m", path);
}

static void put(const char *tree, const char *name, const char *text)
{
    g_autofree char *path = path_in(tree, name);

    ring_check(g_file_set_contents(path, text, -1, NULL), "write %s: %m",
               path);
}

void hang_make_tree(const char *tree, const char *model)
{
    g_autofree char *link = path_in(tree, "dir/link");

    make_dir(tree, "");
    make_dir(tree, "dir");
    make_dir(tree, "dir/m");
    make_dir(tree, "e");
    put(tree, "dir/file", "text\n");
    put(tree, "dir/g", "text\n");
    ring_check(symlink("file", link) == 0, "symlink %s: %m", link);
    if (!strcmp(model, "mapped-file")) {
        make_dir(tree, ".virtfs_metadata");
        put(tree, ".virtfs_metadata/dir", "virtfs.uid=1\n");
        make_dir(tree, "dir/.virtfs_metadata");
        put(tree, "dir/.virtfs_metadata/file", "virtfs.uid=1\n");
        put(tree, "dir/.virtfs_metadata/g", "virtfs.uid=1\n");
    }
}

void hang_leave_tree(const char *tree)
{
    /* What is inside comes first. */
    static const char *const points[] = {
        "dir/dir", "dir/m", "dir/file", "dir/.virtfs_metadata/file",
        "dir/.virtfs_metadata", ".virtfs_metadata", "dir",
    };

    for (unsigned i = 0; i < G_N_ELEMENTS(points); i++) {
        g_autofree char *point = path_in(tree, points[i]);

        umount2(point, MNT_DETACH | UMOUNT_NOFOLLOW);
    }
}

static void bind_to(const char *from, const char *tree, const char *name)
{
    g_autofree char *to = path_in(tree, name);

    ring_check(mount(from, to, NULL, MS_BIND, NULL) == 0, "mount %s: %m", to);
}

static void mount_over(const char *tree, const char *name, const char *source)
{
    g_autofree char *from = fuse_path(source);

    bind_to(from, tree, name);
}

/* A link into the stand-in takes the place of @name. */
static void link_instead(const char *tree, const char *name,
                         const char *target)
{
    g_autofree char *path = path_in(tree, name);
    g_autofree char *old = g_strconcat(path, ".old", NULL);
    g_autofree char *to = fuse_path(target);

    ring_check(rename(path, old) == 0, "rename %s: %m", path);
    ring_check(symlink(to, path) == 0, "symlink %s: %m", path);
}

static void below(const char *tree)
{
    mount_over(tree, "dir/m", "");
}

static void over_directory(const char *tree)
{
    mount_over(tree, "dir", "");
}

static void over_file(const char *tree)
{
    mount_over(tree, "dir/file", "file");
}

static void link_for_directory(const char *tree)
{
    link_instead(tree, "dir", "dir");
}

static void link_for_file(const char *tree)
{
    link_instead(tree, "dir/file", "file");
}

static void link_for_metadata(const char *tree)
{
    link_instead(tree, "dir/.virtfs_metadata", "");
    link_instead(tree, ".virtfs_metadata", "");
}

static void link_for_metadata_file(const char *tree)
{
    link_instead(tree, "dir/.virtfs_metadata/file", "file");
    link_instead(tree, ".virtfs_metadata/dir", "file");
}

static void over_metadata(const char *tree)
{
    mount_over(tree, "dir/.virtfs_metadata", "");
    mount_over(tree, ".virtfs_metadata", "");
}

static void over_metadata_file(const char *tree)
{
    mount_over(tree, "dir/.virtfs_metadata/file", "file");
}

/* The way to a local directory leads through it. */
static void on_the_way(const char *tree)
{
    g_autofree char *local = path_in(tree, "e");

    mount_over(tree, "dir", "");
    bind_to(local, tree, "dir/dir");
}

const HangPlace hang_places[] = {
    { "whole-tree", over_directory, NULL },
    { "below", below, NULL },
    { "below-later", NULL, below },
    { "over-directory", NULL, over_directory },
    { "over-file", NULL, over_file },
    { "on-the-way", NULL, on_the_way },
    { "link-for-directory", NULL, link_for_directory, .not_followed = true },
    { "link-for-file", NULL, link_for_file, .not_followed = true },
    { "link-for-metadata", NULL, link_for_metadata, .mapped_file = true,
      .not_followed = true },
    { "link-for-metadata-file", NULL, link_for_metadata_file,
      .mapped_file = true, .not_followed = true },
    { "over-metadata", NULL, over_metadata, .mapped_file = true,
      .not_followed = true },
    { "over-metadata-file", NULL, over_metadata_file, .mapped_file = true,
      .not_followed = true },
};

const unsigned hang_n_places = G_N_ELEMENTS(hang_places);
