/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Files and directories that are open while their names are removed: each way
 * to remove or replace a name, and afterwards each operation on the descriptor,
 * which has to reach the file that was opened and no other.  Part of the POSIX
 * suite; see posix.h.
 */
#include "posix.h"

#include <dirent.h>
#include <sys/mman.h>
#include <sys/xattr.h>

static void lose_unlink(void)
{
    must(unlink("dir/file"));
}

static void lose_rename(void)
{
    must(rename("dir/file", "dir/elsewhere"));
}

static void lose_replace(void)
{
    make_file("dir/other", "another one");
    must(rename("dir/other", "dir/file"));
}

static void lose_remake(void)
{
    must(unlink("dir/file"));
    make_file("dir/file", "another one");
}

static void lose_link(void)
{
    must(link("dir/file", "dir/twin"));
    must(unlink("dir/file"));
}

static void lose_parent(void)
{
    must(rename("dir", "moved"));
}

static void lose_parent_to_another(void)
{
    must(rename("dir", "moved"));
    must(mkdir("dir", 0777));
    make_file("dir/file", "another one");
}

static void lose_tree(void)
{
    must(unlink("dir/file"));
    must(rmdir("dir"));
}

static const struct {
    const char *name;
    void (*lose)(void);
    nlink_t links;      /* link count of the open file afterwards */
    bool another;       /* the name leads to another file afterwards */
} ways[] = {
    { "unlinked", lose_unlink, 0, false },
    { "renamed", lose_rename, 1, false },
    { "replaced", lose_replace, 0, true },
    { "made anew", lose_remake, 0, true },
    { "other link", lose_link, 1, false },
    { "parent renamed", lose_parent, 1, false },
    { "parent replaced", lose_parent_to_another, 1, true },
    { "tree removed", lose_tree, 0, false },
};

static void content(const char *way, int fd)
{
    char path[64];
    int again;

    same_text("0123456789", text_at(fd, 0), "%s: read", way);
    equal(2, pwrite(fd, "XY", 2, 8), "%s: write", way);
    same_text("01234567XY", text_at(fd, 0), "%s: read what was written", way);
    succeeds(fsync(fd), "%s: fsync", way);
    succeeds(ftruncate(fd, 4), "%s: ftruncate", way);
    equal(4, fstat_of(fd).st_size, "%s: size", way);
    same_text("0123", text_at(fd, 0), "%s: read what is left", way);
    snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
    succeeds(again = open(path, O_RDWR), "%s: opened again", way);
    if (again >= 0) {
        same_text("0123", text_at(again, 0), "%s: read again", way);
        equal(1, pwrite(again, "Z", 1, 0), "%s: written again", way);
        close(again);
    }
    same_text("Z123", text_at(fd, 0), "%s: seen by the first", way);
}

static void attributes(const char *way, int fd)
{
    const struct timespec times[2] = { { 1000, 0 }, { 2000, 0 } };
    struct stat st;
    char value[8] = "";

    succeeds(fchmod(fd, 0640), "%s: fchmod", way);
    equal_octal(0640, fstat_of(fd).st_mode & 07777, "%s: mode", way);
    if (geteuid() == 0) {
        succeeds(fchown(fd, USER, GROUP), "%s: fchown", way);
    }
    succeeds(futimens(fd, times), "%s: futimens", way);
    st = fstat_of(fd);
    equal(1000, st.st_atime, "%s: access time", way);
    equal(2000, st.st_mtime, "%s: modification time", way);
    succeeds(fsetxattr(fd, "user.held", "value", 5, 0), "%s: fsetxattr", way);
    equal(5, fgetxattr(fd, "user.held", value, sizeof(value)),
          "%s: fgetxattr", way);
    same_text("value", value, "%s: the value", way);
    succeeds(fremovexattr(fd, "user.held"), "%s: fremovexattr", way);
}

static void mapping(const char *way, int fd)
{
    char *map;
    char path[64];
    int again;

    snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
    again = open(path, O_RDONLY);
    map = mmap(NULL, 4, PROT_READ, MAP_SHARED, again, 0);
    holds(map != MAP_FAILED && !memcmp(map, "0123", 4), "%s: mapped", way);
    if (map != MAP_FAILED) {
        munmap(map, 4);
    }
    close(again);
}

static void every_way(void)
{
    struct stat before, after;
    const char *way;
    size_t i;
    int fd;

    for (i = 0; i < SIZE_OF_ARRAY(ways); i++) {
        way = ways[i].name;
        must(mkdir("dir", 0777));
        make_file("dir/file", "0123456789");
        must(fd = open("dir/file", O_RDWR));
        before = fstat_of(fd);
        ways[i].lose();
        after = fstat_of(fd);
        equal(before.st_ino, after.st_ino, "%s: inode", way);
        equal(10, after.st_size, "%s: size as it was", way);
        equal(ways[i].links, after.st_nlink, "%s: links", way);
        mapping(way, fd);
        content(way, fd);
        attributes(way, fd);
        equal(ways[i].another, exists("dir/file"), "%s: the name", way);
        if (ways[i].another) {
            same_text("another one", text_of("dir/file"),
                      "%s: the other file is untouched", way);
            equal_octal(0644, mode_of("dir/file"), "%s: and its mode", way);
        }
        close(fd);
        remove_tree(AT_FDCWD, "dir");
        remove_tree(AT_FDCWD, "moved");
    }
}

static void owner_follows(void)
{
    int fd;

    make_file("file", "text");
    must(fd = open("file", O_RDWR));
    must(unlink("file"));
    must(fchown(fd, 1234, 5678));
    equal(1234, fstat_of(fd).st_uid, "user of an unlinked file");
    equal(5678, fstat_of(fd).st_gid, "group of an unlinked file");
    close(fd);
    make_file("file", "text");
    make_file("other", "text");
    must(fd = open("file", O_RDWR));
    must(rename("other", "file"));
    must(fchown(fd, 1234, 5678));
    equal(1234, fstat_of(fd).st_uid, "user of a replaced file");
    equal(0, stat_of("file").st_uid, "the other's user stays");
    close(fd);
}

/* What the descriptor changes is seen by the names that the file still has. */
static void other_names_follow(void)
{
    static void (*const removals[])(void) = { lose_unlink, lose_replace };
    size_t i;
    int fd;

    for (i = 0; i < SIZE_OF_ARRAY(removals); i++) {
        must(mkdir("dir", 0777));
        make_file("dir/file", "text");
        must(fd = open("dir/file", O_RDWR));
        must(link("dir/file", "twin"));
        removals[i]();
        must(fchmod(fd, 0600));
        equal_octal(0600, fstat_of(fd).st_mode & 07777, "mode by descriptor");
        equal_octal(0600, mode_of("twin"), "mode by the other name");
        must(fchown(fd, 77, 88));
        equal(77, fstat_of(fd).st_uid, "user by descriptor");
        equal(77, stat_of("twin").st_uid, "user by the other name");
        equal(88, stat_of("twin").st_gid, "group by the other name");
        must(chmod("twin", 0640));
        equal_octal(0640, fstat_of(fd).st_mode & 07777, "and the way back");
        close(fd);
        equal_octal(0640, mode_of("twin"), "once it is closed");
        must(unlink("twin"));
        remove_tree(AT_FDCWD, "dir");
    }
}

static void both_open(void)
{
    int old, new;

    make_file("file", "old");
    must(old = open("file", O_RDWR));
    make_file("other", "new one");
    must(new = open("other", O_RDWR));
    must(rename("other", "file"));
    equal(3, fstat_of(old).st_size, "size of the one replaced");
    equal(7, fstat_of(new).st_size, "size of the one renamed");
    holds(fstat_of(old).st_ino != fstat_of(new).st_ino, "two inodes");
    equal(fstat_of(new).st_ino, stat_of("file").st_ino, "the name is the new");
    must(pwrite(old, "O", 1, 0));
    must(pwrite(new, "N", 1, 0));
    same_text("Old", text_at(old, 0), "the one");
    same_text("New one", text_at(new, 0), "the other");
    same_text("New one", text_of("file"), "by name");
    must(unlink("file"));
    same_text("New one", text_at(new, 0), "after unlink");
    close(old);
    close(new);
}

static void created_and_gone(void)
{
    int fd;

    must(fd = open("file", O_CREAT | O_EXCL | O_RDWR, 0600));
    must(unlink("file"));
    equal(4, pwrite(fd, "text", 4, 0), "write");
    equal(4, fstat_of(fd).st_size, "size");
    equal(0, fstat_of(fd).st_nlink, "links");
    same_text("text", text_at(fd, 0), "read");
    fails(ENOENT, linkat(AT_FDCWD, "file", AT_FDCWD, "back", 0),
          "no way back by name");
    close(fd);
    must(fd = open("append", O_CREAT | O_RDWR | O_APPEND, 0600));
    must(unlink("append"));
    must(write(fd, "one", 3));
    must(write(fd, "two", 3));
    same_text("onetwo", text_at(fd, 0), "appended");
    close(fd);
}

static void removed_directory(void)
{
    DIR *dir;
    int fd;

    must(mkdir("dir", 0755));
    dir = opendir("dir");
    must(dir ? 0 : -1);
    fd = dirfd(dir);
    must(rmdir("dir"));
    errno = 0;
    holds(readdir(dir) == NULL, "no entries");
    equal(0, fstat_of(fd).st_nlink, "no link");
    equal_octal(S_IFDIR, fstat_of(fd).st_mode & S_IFMT, "a directory");
    fails(ENOENT, openat(fd, "new", O_CREAT | O_RDWR, 0600), "no new file");
    fails(ENOENT, mkdirat(fd, "new", 0700), "no new directory");
    fails(ENOENT, faccessat(fd, "new", F_OK, 0), "no name");
    succeeds(fchmod(fd, 0700), "fchmod");
    equal_octal(0700, fstat_of(fd).st_mode & 07777, "its mode");
    succeeds(fchdir(fd), "fchdir");
    must(chdir("/"));
    closedir(dir);
}

static void removed_with_entries_read(void)
{
    struct dirent *entry;
    int seen = 0;
    DIR *dir;

    must(mkdir("dir", 0755));
    make_file("dir/file", "");
    dir = opendir("dir");
    must(dir ? 0 : -1);
    while ((entry = readdir(dir))) {
        seen += strcmp(entry->d_name, "file") == 0;
    }
    equal(1, seen, "the entry");
    must(unlink("dir/file"));
    must(rmdir("dir"));
    rewinddir(dir);
    holds(readdir(dir) == NULL, "nothing after it was removed");
    closedir(dir);
}

static void renamed_directory(void)
{
    struct stat st;
    int fd;

    must(mkdir("dir", 0755));
    make_file("dir/file", "inner");
    must(fd = open("dir", O_RDONLY | O_DIRECTORY));
    must(rename("dir", "moved"));
    must(mkdir("dir", 0755));
    succeeds(fstatat(fd, "file", &st, 0), "a file in it");
    equal(5, st.st_size, "its size");
    succeeds(mkdirat(fd, "new", 0755), "a new directory in it");
    holds(exists("moved/new") && !exists("dir/new"), "is where it went");
    succeeds(renameat(fd, "file", fd, "file2"), "rename in it");
    succeeds(unlinkat(fd, "file2", 0), "unlink in it");
    succeeds(unlinkat(fd, "new", AT_REMOVEDIR), "rmdir in it");
    close(fd);
}

static void as_another_user(void)
{
    int fd;

    make_file("file", "text");
    must(chmod("file", 0600));
    must(fd = open("file", O_RDWR));
    equal(4, AS(USER, GROUP, (long)strlen(text_at(fd, 0))),
          "what root opened a user may read");
    equal(1, AS(USER, GROUP, pwrite(fd, "T", 1, 0)), "and write");
    succeeds(AS(USER, GROUP, ftruncate(fd, 3)), "and cut");
    fails(EPERM, AS(USER, GROUP, fchmod(fd, 0666)), "but not chmod");
    same_text("Tex", text_at(fd, 0), "the result");
    close(fd);
}

const struct behaviour held_behaviours[] = {
    { "held-file", every_way, 0 },
    { "held-owner", owner_follows, NEEDS_ROOT | NEEDS_OWNERS },
    { "held-other-names", other_names_follow, NEEDS_ROOT | NEEDS_OWNERS },
    { "held-both", both_open, 0 },
    { "held-created", created_and_gone, 0 },
    { "held-removed-directory", removed_directory, 0 },
    { "held-read-directory", removed_with_entries_read, 0 },
    { "held-renamed-directory", renamed_directory, 0 },
    { "held-by-another", as_another_user, NEEDS_ROOT | NEEDS_OWNERS },
    { NULL, NULL, 0 },
};
