/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Permissions of rename(2): directories that are not writable or searchable,
 * the sticky bit on either side, directories that get another parent.  Part of
 * the POSIX suite; see posix.h.
 */
#include "posix.h"

static void closed_directories(void)
{
    make_dir("closed", 0755);
    make_dir("unsearchable", 0766);
    make_dir("writable", 0733);
    make_file("closed/file", "");
    make_file("unsearchable/file", "");
    make_file("writable/file", "");
    fails(EACCES, AS(USER, GROUP, rename("closed/file", "writable/new")),
          "out of one not writable");
    fails(EACCES, AS(USER, GROUP, rename("writable/file", "closed/new")),
          "into one not writable");
    fails(EACCES, AS(USER, GROUP, rename("unsearchable/file", "writable/new")),
          "out of one not searchable");
    fails(EACCES, AS(USER, GROUP, rename("writable/file", "unsearchable/new")),
          "into one not searchable");
    fails(EACCES, AS(USER, GROUP, rename("writable/file", "closed/file")),
          "over a file in one not writable");
    succeeds(AS(USER, GROUP, rename("writable/file", "writable/new")),
             "another's file where writable");
    holds(exists("closed/file") && exists("unsearchable/file"),
          "what was refused is in its place");
}

static void move(const char *what, int error, uid_t uid, const char *from,
                 const char *to)
{
    long ret = AS(uid, OTHER_GROUP, rename(from, to));

    if (error) {
        fails(error, ret, "%s", what);
    } else {
        succeeds(ret, "%s", what);
        must(rename(to, from));
    }
}

static void sticky_source(enum kind kind)
{
    const char *name = kind_names[kind];
    char from[64];

    snprintf(from, sizeof(from), "sticky/%s", name);
    must(make_kind(kind, from));
    must(lchown(from, USER, GROUP));
    /* A directory must be writable to get another parent. */
    must(kind == SYMLINK ? 0 : chmod(from, 0777));
    move("out of a sticky one by the owner", 0, USER, from, "free/new");
    move("out of a sticky one by the directory's owner", 0, OTHER, from,
         "free/new");
    move("out of a sticky one by someone", EPERM, USER - 100, from, "free/new");
    move("inside a sticky one by someone", EPERM, USER - 100, from,
         "sticky/new");
    move("out of a sticky one by root", 0, 0, from, "free/new");
    must(remove(from));
}

static void sticky_target(enum kind kind)
{
    const char *name = kind_names[kind];
    char to[64];
    struct {
        uid_t uid;
        int error;
        const char *what;
    } cases[] = {
        { USER, 0, "over one in a sticky directory by its owner" },
        { OTHER, 0, "over one in a sticky directory by the directory's" },
        { USER - 100, EPERM, "over one in a sticky directory by someone" },
        { 0, 0, "over one in a sticky directory by root" },
    };
    size_t i;

    snprintf(to, sizeof(to), "sticky/%s", name);
    for (i = 0; i < SIZE_OF_ARRAY(cases); i++) {
        must(make_kind(kind, "free/from"));
        must(lchown("free/from", cases[i].uid, GROUP));
        must(make_kind(kind, to));
        must(lchown(to, USER, GROUP));
        must(kind == SYMLINK ? 0 : chmod("free/from", 0777));
        as_user(cases[i].uid, OTHER_GROUP, OTHER_GROUP);
        if (cases[i].error) {
            fails(cases[i].error, as_root(rename("free/from", to)), "%s: %s",
                  name, cases[i].what);
            must(remove("free/from"));
        } else {
            succeeds(as_root(rename("free/from", to)), "%s: %s", name,
                     cases[i].what);
        }
        must(remove(to));
    }
}

static void sticky(void)
{
    make_dir("sticky", 01777);
    make_dir("free", 0777);
    must(chown("sticky", OTHER, GROUP));
    sticky_source(REGULAR);
    sticky_source(DIRECTORY);
    sticky_source(SYMLINK);
    sticky_target(REGULAR);
    sticky_target(DIRECTORY);
    sticky_target(SYMLINK);
}

static void new_parent(void)
{
    make_dir("a", 0777);
    make_dir("b", 0777);
    make_dir("a/dir", 0755);
    fails(EACCES, AS(USER, GROUP, rename("a/dir", "b/dir")),
          "one not writable gets no other parent");
    succeeds(AS(USER, GROUP, rename("a/dir", "a/other")),
             "it may be renamed inside its parent");
    must(chmod("a/other", 0777));
    succeeds(AS(USER, GROUP, rename("a/other", "b/dir")),
             "one that is writable moves");
}

const struct behaviour rename_rights_behaviours[] = {
    { "rename-rights", closed_directories, NEEDS_ROOT | NEEDS_OWNERS },
    { "rename-sticky", sticky, NEEDS_ROOT | NEEDS_OWNERS },
    { "rename-new-parent", new_parent, NEEDS_ROOT | NEEDS_OWNERS },
    { NULL, NULL, 0 },
};
