/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a program of the host does to files with values: see watch-changes.h.
 */
#include "fsdev/core/p9-osdep.h"
#include <sys/mman.h>
#include <sys/mount.h>
#include "watch-changes.h"

void watch_move(const LocalEnv *env, const char *from, const char *to)
{
    g_assert_cmpint(rename(local_env_path(env, from), local_env_path(env, to)),
                    ==, 0);
}

void watch_exchange(const LocalEnv *env, const char *a, const char *b)
{
    g_assert_cmpint(renameat2(AT_FDCWD, local_env_path(env, a), AT_FDCWD,
                              local_env_path(env, b), RENAME_EXCHANGE), ==, 0);
}

static void folder_moved(LocalEnv *env)
{
    watch_move(env, "d/" WATCH_META, "d/old");
}

static void folder_moved_away(LocalEnv *env)
{
    watch_move(env, "d/" WATCH_META, "old");
}

static void folder_exchanged(LocalEnv *env)
{
    watch_exchange(env, "d/" WATCH_META, "d/other");
}

static void folder_replaced(LocalEnv *env)
{
    watch_move(env, "d/" WATCH_META, "old");
    watch_move(env, "d/other", "d/" WATCH_META);
}

static void folder_removed(LocalEnv *env)
{
    unlink(local_env_path(env, "d/" WATCH_META "/f"));
    g_assert_cmpint(rmdir(local_env_path(env, "d/" WATCH_META)), ==, 0);
}

static void folder_is_link(LocalEnv *env)
{
    watch_move(env, "d/" WATCH_META, "d/old");
    g_assert_cmpint(symlink("old", local_env_path(env, "d/" WATCH_META)), ==,
                    0);
}

static void folder_is_file(LocalEnv *env)
{
    watch_move(env, "d/" WATCH_META, "d/old");
    local_env_put(env, "d/" WATCH_META, "virtfs.uid=3\n");
}

static void directory_moved(LocalEnv *env)
{
    watch_move(env, "d", "e");
}

static void file_replaced(LocalEnv *env)
{
    watch_move(env, "d/other/f", "d/" WATCH_META "/f");
}

static void file_exchanged(LocalEnv *env)
{
    watch_exchange(env, "d/" WATCH_META "/f", "d/other/f");
}

static void file_removed(LocalEnv *env)
{
    unlink(local_env_path(env, "d/" WATCH_META "/f"));
}

static int kept_open = -1;

static void file_removed_while_open(LocalEnv *env)
{
    kept_open = open(local_env_path(env, "d/" WATCH_META "/f"),
                     O_RDONLY | O_CLOEXEC);
    file_removed(env);
}

static void file_moved(LocalEnv *env)
{
    watch_move(env, "d/" WATCH_META "/f", "d/" WATCH_META "/g");
}

static void file_is_link(LocalEnv *env)
{
    watch_move(env, "d/" WATCH_META "/f", "d/" WATCH_META "/g");
    g_assert_cmpint(symlink("g", local_env_path(env, "d/" WATCH_META "/f")), ==,
                    0);
}

static void file_is_directory(LocalEnv *env)
{
    file_removed(env);
    local_env_mkdir(env, "d/" WATCH_META "/f");
}

static void file_written(LocalEnv *env)
{
    int fd = open(local_env_path(env, "d/" WATCH_META "/f"),
                  O_WRONLY | O_CLOEXEC);

    g_assert_cmpint(pwrite(fd, "3", 1, strlen("virtfs.uid=")), ==, 1);
    close(fd);
}

static void file_written_through_mapping(LocalEnv *env)
{
    int fd = open(local_env_path(env, "d/" WATCH_META "/f"),
                  O_RDWR | O_CLOEXEC);
    char *map = mmap(NULL, 1, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);

    g_assert_true(map != MAP_FAILED);
    close(fd);
    map[strlen("virtfs.uid=")] = '3';
    g_assert_cmpint(munmap(map, 1), ==, 0);
}

static void file_emptied(LocalEnv *env)
{
    g_assert_cmpint(truncate(local_env_path(env, "d/" WATCH_META "/f"), 0), ==,
                    0);
}

/* A name elsewhere, as of a backup, through which it is changed later. */
static void file_written_by_other_name(LocalEnv *env)
{
    g_assert_cmpint(link(local_env_path(env, "d/" WATCH_META "/f"),
                         local_env_path(env, "backup")), ==, 0);
    local_env_put(env, "backup", "virtfs.uid=3\n");
}

static void mount_over(LocalEnv *env, const char *name, const char *source)
{
    g_assert_cmpint(mount(local_env_path(env, source),
                          local_env_path(env, name), NULL, MS_BIND, NULL), ==,
                    0);
}

void watch_unmount(LocalEnv *env, const char *name)
{
    g_assert_cmpint(umount2(local_env_path(env, name), MNT_DETACH), ==, 0);
}

static void folder_mounted_over(LocalEnv *env)
{
    mount_over(env, "d/" WATCH_META, "d/other");
}

static void folder_mounted_over_and_back(LocalEnv *env)
{
    folder_mounted_over(env);
    watch_unmount(env, "d/" WATCH_META);
}

static void file_mounted_over(LocalEnv *env)
{
    mount_over(env, "d/" WATCH_META "/f", "d/other/f");
}

void watch_change_end(LocalEnv *env)
{
    if (kept_open >= 0) {
        close(kept_open);
        kept_open = -1;
    }
    umount2(local_env_path(env, "d/" WATCH_META "/f"), MNT_DETACH);
    umount2(local_env_path(env, "d/" WATCH_META), MNT_DETACH);
}

const WatchChange watch_changes[] = {
    { "folder-moved", folder_moved, 0, WATCH_UNSTORED },
    { "folder-moved-away", folder_moved_away, 0, WATCH_UNSTORED },
    { "folder-exchanged", folder_exchanged, 0, 2 },
    { "folder-replaced", folder_replaced, 0, 2 },
    { "folder-removed", folder_removed, 0, WATCH_UNSTORED },
    { "folder-is-link", folder_is_link, -EIO },
    { "folder-is-file", folder_is_file, -EIO },
    { "folder-mounted-over", folder_mounted_over, -EIO, .mounts = true },
    { "folder-mounted-over-and-back", folder_mounted_over_and_back, 0, 1,
      .mounts = true },
    { "directory-moved", directory_moved, 0, 1 },
    { "file-replaced", file_replaced, 0, 2 },
    { "file-exchanged", file_exchanged, 0, 2 },
    { "file-removed", file_removed, 0, WATCH_UNSTORED },
    { "file-removed-while-open", file_removed_while_open, 0, WATCH_UNSTORED },
    { "file-moved", file_moved, 0, WATCH_UNSTORED },
    { "file-is-link", file_is_link, -EIO },
    { "file-is-directory", file_is_directory, -EIO },
    { "file-written", file_written, 0, 3 },
    { "file-written-through-mapping", file_written_through_mapping, 0, 3,
      .on_disk = true },
    { "file-emptied", file_emptied, 0, WATCH_UNSTORED },
    { "file-written-by-other-name", file_written_by_other_name, 0, 3 },
    { "file-mounted-over", file_mounted_over, -EIO, .mounts = true },
};
const size_t n_watch_changes = ARRAY_SIZE(watch_changes);
