/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * unlink(2) and rmdir(2): each type, remaining links, errors, the sticky bit,
 * times of the parent directory.  Part of the POSIX suite; see posix.h.
 */
#include "posix.h"

static void every_type(void)
{
    const struct timespec old[2] = { { .tv_sec = 1000 }, { .tv_sec = 1000 } };
    const char *name;
    int kind;

    must(mkdir("dir", 0777));
    must(chdir("dir"));
    for (kind = 0; kind < KINDS; kind++) {
        name = kind_names[kind];
        if (kind == DIRECTORY || !can_make(kind)) {
            continue;
        }
        must(make_kind(kind, name));
        must(utimensat(AT_FDCWD, ".", old, 0));
        succeeds(unlink(name), "unlink of a %s", name);
        holds(!exists(name), "the %s is gone", name);
        fails(ENOENT, unlink(name), "unlink of the %s again", name);
        holds(stat_of(".").st_mtime > 1000,
              "the directory's modification time after a %s", name);
    }
    must(chdir(".."));
}

static void not_a_directory(void)
{
    make_dir("dir", 0755);
    must(symlink("dir", "link"));
    fails(EISDIR, unlink("dir"), "unlink of a directory");
    fails(EISDIR, unlink("."), "unlink of dot");
    fails(ENOTDIR, unlink("link/"), "unlink of a link with a slash behind");
    succeeds(unlink("link"), "unlink of a link to a directory");
    holds(exists("dir"), "its target stays");
    make_file("file", "");
    fails(ENOTDIR, unlink("file/"), "unlink of a file with a slash behind");
    fails(EINVAL, unlinkat(AT_FDCWD, "file", 0x1000),
          "unlinkat with odd flags");
    fails(ENOENT, unlink(""), "unlink of no name");
}

static void last_link(void)
{
    make_file("one", "text");
    must(link("one", "two"));
    equal(2, stat_of("two").st_nlink, "two links");
    must(unlink("one"));
    equal(1, stat_of("two").st_nlink, "one link left");
    same_text("text", text_of("two"), "the other name still reads");
}

static void ctime_of_the_other(void)
{
    make_file("one", "text");
    must(link("one", "two"));
    equal(1, MOVES(st_ctim, "two", unlink("one")),
          "unlink moves the status change time of the other name");
}

static void remove_directory(void)
{
    const char *name;
    struct stat st;
    int kind, fd;

    make_dir("dir", 0755);
    for (kind = 0; kind < KINDS; kind++) {
        if (!can_make(kind)) {
            continue;
        }
        must(make_kind(kind, "dir/inside"));
        fails(ENOTEMPTY, rmdir("dir"), "a directory with a %s",
              kind_names[kind]);
        must(remove("dir/inside"));
    }
    st = stat_of(".");
    succeeds(rmdir("dir"), "an empty directory");
    holds(!exists("dir"), "it is gone");
    if (st.st_nlink > 2) {
        equal(st.st_nlink - 1, stat_of(".").st_nlink,
              "the parent has one link less");
    }
    fails(ENOENT, rmdir("dir"), "again");
    for (kind = 0; kind < KINDS; kind++) {
        name = kind_names[kind];
        if (kind != DIRECTORY && can_make(kind)) {
            must(make_kind(kind, name));
            fails(ENOTDIR, rmdir(name), "a %s", name);
        }
    }
    make_dir("dir", 0755);
    must(symlink("dir", "link"));
    fails(ENOTDIR, rmdir("link"), "a link to a directory");
    fails(EINVAL, rmdir("dir/."), "dot");
    must(mkdir("dir/sub", 0755));
    fails(ENOTEMPTY, rmdir("dir/sub/.."), "dot-dot");
    succeeds(rmdir("dir/sub/"), "with a slash behind");
    must(fd = open("dir", O_RDONLY | O_DIRECTORY));
    succeeds(rmdir("dir"), "one that is open");
    close(fd);
}

static void remove_working_directory(void)
{
    make_dir("dir", 0755);
    must(chdir("dir"));
    succeeds(rmdir("../dir"), "the working directory");
    fails(ENOENT, open("file", O_CREAT | O_RDWR, 0600), "a file in it");
    fails(ENOENT, mkdir("sub", 0755), "a directory in it");
    fails(ENOENT, symlink("x", "link"), "a link in it");
    fails(ENOENT, link("../x", "link"), "a hard link in it");
    must(chdir("/"));
}

/* The caller: the file's owner, the directory's, another user, root. */
static void sticky_case(const char *who, uid_t uid, bool may)
{
    static const enum kind kinds[] = { REGULAR, DIRECTORY, SYMLINK, FIFO };
    const char *name;
    size_t i;
    long ret;

    for (i = 0; i < SIZE_OF_ARRAY(kinds); i++) {
        name = kind_names[kinds[i]];
        must(chdir("sticky"));
        must(make_kind(kinds[i], name));
        must(lchown(name, USER, GROUP));
        as_user(uid, OTHER_GROUP, OTHER_GROUP);
        ret = as_root(kinds[i] == DIRECTORY ? rmdir(name) : unlink(name));
        if (may) {
            succeeds(ret, "sticky: a %s by %s", name, who);
        } else {
            fails(EPERM, ret, "sticky: a %s by %s", name, who);
            must(remove(name));
        }
        must(chdir(".."));
    }
}

static void sticky(void)
{
    make_dir("sticky", 01777);
    must(chown("sticky", OTHER, GROUP));
    sticky_case("its owner", USER, true);
    sticky_case("the directory's owner", OTHER, true);
    sticky_case("someone", USER - 100, false);
    sticky_case("root", 0, true);
}

static void who_may(void)
{
    make_dir("closed", 0755);
    make_dir("unsearchable", 0766);
    make_dir("writable", 0733);
    make_file("closed/file", "");
    make_file("unsearchable/file", "");
    make_file("writable/file", "");
    must(mkdir("closed/dir", 0755));
    must(mkdir("unsearchable/dir", 0755));
    must(mkdir("writable/dir", 0755));
    must(chown("closed/file", USER, GROUP));
    fails(EACCES, AS(USER, GROUP, unlink("closed/file")),
          "unlink where not writable, though owned");
    fails(EACCES, AS(USER, GROUP, rmdir("closed/dir")),
          "rmdir where not writable");
    fails(EACCES, AS(USER, GROUP, unlink("unsearchable/file")),
          "unlink where not searchable");
    fails(EACCES, AS(USER, GROUP, rmdir("unsearchable/dir")),
          "rmdir where not searchable");
    succeeds(AS(USER, GROUP, unlink("writable/file")),
             "unlink where writable, though another's");
    succeeds(AS(USER, GROUP, rmdir("writable/dir")),
             "rmdir where writable, though another's");
}

const struct behaviour remove_behaviours[] = {
    { "unlink-types", every_type, 0 },
    { "unlink-refused", not_a_directory, 0 },
    { "unlink-links", last_link, 0 },
    { "unlink-ctime", ctime_of_the_other, NEEDS_CTIME },
    { "rmdir", remove_directory, 0 },
    { "rmdir-working-directory", remove_working_directory, 0 },
    { "remove-sticky", sticky, NEEDS_ROOT | NEEDS_OWNERS },
    { "remove-rights", who_may, NEEDS_ROOT | NEEDS_OWNERS },
    { NULL, NULL, 0 },
};
