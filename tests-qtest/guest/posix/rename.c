/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * rename(2): each type, which targets are replaced, directories that get
 * another parent, flags, times.  Part of the POSIX suite; see posix.h.
 */
#include "posix.h"

#include <sys/syscall.h>

enum { NOREPLACE = 1, EXCHANGE = 2 };

static int rename_with(const char *from, const char *to, unsigned flags)
{
    return syscall(SYS_renameat2, AT_FDCWD, from, AT_FDCWD, to, flags);
}

static void every_type(void)
{
    const char *name;
    ino_t inode;
    int kind;

    must(mkdir("there", 0755));
    for (kind = 0; kind < KINDS; kind++) {
        name = kind_names[kind];
        if (!can_make(kind)) {
            continue;
        }
        must(make_kind(kind, name));
        inode = stat_of(name).st_ino;
        succeeds(rename(name, "new"), "a %s", name);
        holds(!exists(name), "the old name of the %s is gone", name);
        equal(inode, stat_of("new").st_ino, "the %s is the same", name);
        succeeds(rename("new", "there/new"), "a %s elsewhere", name);
        equal_octal(kind_types[kind], type_of("there/new"),
                    "the %s is what it was", name);
        must(remove("there/new"));
    }
}

static void replacing(void)
{
    const char *name;
    ino_t inode;
    int kind, other;

    for (kind = 0; kind < KINDS; kind++) {
        for (other = 0; other < KINDS; other++) {
            if (!can_make(kind) || !can_make(other)) {
                continue;
            }
            name = kind_names[kind];
            must(make_kind(kind, "from"));
            must(make_kind(other, "to"));
            inode = stat_of("from").st_ino;
            if ((kind == DIRECTORY) == (other == DIRECTORY)) {
                succeeds(rename("from", "to"), "a %s over a %s", name,
                         kind_names[other]);
                holds(!exists("from") && stat_of("to").st_ino == inode,
                      "a %s took the place of a %s", name, kind_names[other]);
            } else {
                fails(kind == DIRECTORY ? ENOTDIR : EISDIR,
                      rename("from", "to"), "a %s over a %s", name,
                      kind_names[other]);
                must(remove("from"));
            }
            must(remove("to"));
        }
    }
}

static void nothing_to_do(void)
{
    make_file("one", "text");
    must(link("one", "two"));
    succeeds(rename("one", "two"), "two names of one file");
    holds(exists("one") && exists("two"), "both stay");
    equal(2, stat_of("one").st_nlink, "both are links");
    succeeds(rename("one", "one"), "a name to itself");
    holds(exists("one"), "it stays");
}

static void refusals(void)
{
    must(mkdir("dir", 0755));
    must(mkdir("dir/sub", 0755));
    must(mkdir("full", 0755));
    must(mkdir("empty", 0755));
    make_file("full/file", "");
    make_file("file", "");
    must(symlink("dir", "link"));
    fails(EINVAL, rename("dir", "dir/new"), "into itself");
    fails(EINVAL, rename("dir", "dir/sub/new"), "below itself");
    fails(ENOTEMPTY, rename("dir/sub", "dir"), "over its parent");
    fails(ENOTEMPTY, rename("empty", "full"), "over one that is not empty");
    fails(EBUSY, rename("dir/.", "new"), "dot");
    fails(EBUSY, rename("dir/sub/..", "new"), "dot-dot");
    fails(EBUSY, rename("empty", "dir/."), "to dot");
    fails(ENOENT, rename("none", "new"), "nothing");
    fails(ENOENT, rename("file", "none/new"), "into nothing");
    fails(ENOTDIR, rename("file", "new/"), "a file to a name with a slash");
    fails(ENOTDIR, rename("link/", "new"), "a link with a slash behind");
    fails(EXDEV, rename("file", "/dev/posix-new"), "across file systems");
    succeeds(rename("empty", "new/"), "a directory to a name with a slash");
    succeeds(rename("new", "empty"), "and back");
    succeeds(rename("link", "link2"), "a link to a directory");
    holds(exists("dir") && type_of("link2") == S_IFLNK, "moves the link alone");
}

static void flags(void)
{
    make_file("one", "first");
    make_file("two", "second");
    fails(EEXIST, rename_with("one", "two", NOREPLACE),
          "NOREPLACE where the name is taken");
    differs(RENAME_FLAGS);
    succeeds(rename_with("one", "three", NOREPLACE),
             "NOREPLACE where it is free");
    rename("three", "one");
    fails(ENOENT, rename_with("one", "none", EXCHANGE),
          "EXCHANGE with nothing");
    differs(RENAME_FLAGS);
    succeeds(rename_with("one", "two", EXCHANGE), "EXCHANGE");
    holds(exists("one") && exists("two"), "both names stay");
    fails(EINVAL, rename_with("one", "two", NOREPLACE | EXCHANGE),
          "both flags");
    fails(EINVAL, rename_with("one", "two", 0x80), "an unknown flag");
}

static void directories(void)
{
    nlink_t from, to;
    int fd;

    must(mkdir("a", 0755));
    must(mkdir("b", 0755));
    must(mkdir("a/dir", 0755));
    make_file("a/dir/file", "inner");
    from = stat_of("a").st_nlink;
    to = stat_of("b").st_nlink;
    must(fd = open("a/dir", O_RDONLY | O_DIRECTORY));
    succeeds(rename("a/dir", "b/moved"), "to another parent");
    if (from > 1) {
        equal(1, from - stat_of("a").st_nlink,
              "links that the old parent loses");
        equal(1, stat_of("b").st_nlink - to, "links that the new one gets");
    }
    equal(stat_of("b").st_ino, stat_of("b/moved/..").st_ino,
          "dot-dot is the new parent");
    same_text("inner", text_of("b/moved/file"), "what is in it moved along");
    succeeds(faccessat(fd, "file", F_OK, 0), "by a descriptor held");
    close(fd);
    must(chdir("b/moved"));
    must(rename("../../b", "../../c"));
    same_text("inner", text_of("file"), "a working directory below");
    succeeds(chdir("../.."), "and the way up from it");
    holds(exists("c/moved/file"), "new path of all of it");
}

static void times_move(void)
{
    const struct timespec old[2] = { { .tv_sec = 1000 }, { .tv_sec = 1000 } };

    must(mkdir("a", 0755));
    must(mkdir("b", 0755));
    make_file("a/file", "");
    must(utimensat(AT_FDCWD, "a", old, 0));
    must(utimensat(AT_FDCWD, "b", old, 0));
    must(utimensat(AT_FDCWD, "a/file", old, 0));
    must(rename("a/file", "b/file"));
    holds(stat_of("a").st_mtime > 1000, "the old directory's time");
    holds(stat_of("b").st_mtime > 1000, "the new directory's time");
    equal(1000, stat_of("b/file").st_mtime, "the file's own stays");
}

static void replaced_link_count(void)
{
    make_file("from", "new");
    make_file("to", "old");
    must(link("to", "twin"));
    must(rename("from", "to"));
    equal(1, stat_of("twin").st_nlink, "the other name of what was replaced");
    same_text("old", text_of("twin"), "still has its content");
    same_text("new", text_of("to"), "the new content");
}

const struct behaviour rename_behaviours[] = {
    { "rename-types", every_type, 0 },
    { "rename-replacing", replacing, 0 },
    { "rename-nothing", nothing_to_do, 0 },
    { "rename-refused", refusals, 0 },
    { "rename-flags", flags, 0 },
    { "rename-directory", directories, 0 },
    { "rename-times", times_move, NEEDS_CTIME },
    { "rename-links", replaced_link_count, 0 },
    { NULL, NULL, 0 },
};
