/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Extended attributes of the namespace user.*, and results for other names.
 * Part of the POSIX suite; see posix.h.
 */
#include "posix.h"

#include <sys/xattr.h>

/* Whether a list of NUL-terminated names has that name. */
static bool has_name(const char *list, ssize_t length, const char *name)
{
    const char *at;

    for (at = list; at < list + length; at += strlen(at) + 1) {
        if (!strcmp(at, name)) {
            return true;
        }
    }
    return false;
}

static void set_and_get(void)
{
    static const int sizes[] = { 0, 1, 100, 1000, 2000 };
    static char value[2048], back[4096];
    size_t i;

    make_file("file", "");
    memset(value, 'v', sizeof(value));
    for (i = 0; i < SIZE_OF_ARRAY(sizes); i++) {
        succeeds(setxattr("file", "user.name", value, sizes[i], 0),
                 "set %d bytes", sizes[i]);
        equal(sizes[i], getxattr("file", "user.name", NULL, 0), "its size");
        equal(sizes[i], getxattr("file", "user.name", back, sizeof(back)),
              "get %d bytes", sizes[i]);
        holds(!memcmp(value, back, sizes[i]), "the same bytes");
    }
    fails(ERANGE, getxattr("file", "user.name", back, 10), "a short buffer");
    succeeds(removexattr("file", "user.name"), "remove");
    fails(ENODATA, getxattr("file", "user.name", back, sizeof(back)),
          "get what is gone");
    fails(ENODATA, removexattr("file", "user.name"), "remove what is gone");
}

static void flags(void)
{
    char back[8] = "";

    make_file("file", "");
    fails(ENODATA, setxattr("file", "user.a", "1", 1, XATTR_REPLACE),
          "replace what is not there");
    succeeds(setxattr("file", "user.a", "1", 1, XATTR_CREATE), "create");
    fails(EEXIST, setxattr("file", "user.a", "2", 1, XATTR_CREATE),
          "create what is there");
    must(getxattr("file", "user.a", back, sizeof(back)));
    same_text("1", back, "value kept");
    succeeds(setxattr("file", "user.a", "3", 1, XATTR_REPLACE), "replace");
    must(getxattr("file", "user.a", back, sizeof(back)));
    same_text("3", back, "value replaced");
    fails(EINVAL, setxattr("file", "user.a", "4", 1, 0x80), "an unknown flag");
}

static void lists(void)
{
    char list[1024];
    ssize_t length;

    make_file("file", "");
    must(chmod("file", 0640));
    equal(0, listxattr("file", NULL, 0), "no attributes");
    must(setxattr("file", "user.one", "1", 1, 0));
    must(setxattr("file", "user.two", "2", 1, 0));
    equal(18, listxattr("file", NULL, 0), "length of the list");
    succeeds(length = listxattr("file", list, sizeof(list)), "the list");
    equal(18, length, "its length");
    holds(has_name(list, length, "user.one"), "the first");
    holds(has_name(list, length, "user.two"), "the second");
    fails(ERANGE, listxattr("file", list, 10), "a short buffer");
    must(mkdir("dir", 0755));
    succeeds(setxattr("dir", "user.dir", "x", 1, 0), "on a directory");
    equal(9, listxattr("dir", list, sizeof(list)), "its list");
}

static void refused_names(void)
{
    char name[300], back[64];

    make_file("file", "");
    fails(EOPNOTSUPP, setxattr("file", "nowhere.name", "x", 1, 0),
          "an unknown name space");
    fails(EOPNOTSUPP, setxattr("file", "name", "x", 1, 0), "none");
    fails(EINVAL, setxattr("file", "user.", "x", 1, 0), "no name in it");
    fails(ERANGE, setxattr("file", "", "x", 1, 0), "no name");
    memset(name, 'n', sizeof(name));
    memcpy(name, "user.", 5);
    name[256] = 0;
    fails(ERANGE, setxattr("file", name, "x", 1, 0), "a name of 256 bytes");
    name[255] = 0;
    succeeds(setxattr("file", name, "x", 1, 0), "a name of 255 bytes");
    equal(1, getxattr("file", name, back, sizeof(back)), "is read");
    differs(MODEL_XATTR);
    succeeds(setxattr("file", "user.virtfs.uid", "0000", 4, 0),
             "a name that mapped-xattr uses");
    differs(MODEL_XATTR_ABSENT);
    succeeds(getxattr("file", "user.virtfs.uid", back, sizeof(back)),
             "reading it");
}

static void too_big(void)
{
    static char value[65537];

    make_file("file", "");
    fails(E2BIG, setxattr("file", "user.big", value, sizeof(value), 0),
          "more than 64 KiB");
    equal(0, listxattr("file", NULL, 0), "nothing is left of it");
}

static void by_type(void)
{
    const char *name;
    int kind;

    for (kind = FIFO; kind < KINDS; kind++) {
        name = kind_names[kind];
        if (can_make(kind)) {
            must(make_kind(kind, name));
            fails(EPERM, lsetxattr(name, "user.x", "v", 1, 0), "set on a %s",
                  name);
            fails(ENODATA, lgetxattr(name, "user.x", NULL, 0), "get on a %s",
                  name);
        }
    }
}

static void rights(void)
{
    char back[8];

    make_file("file", "");
    must(setxattr("file", "user.x", "v", 1, 0));
    must(chmod("file", 0644));
    fails(EACCES, AS(USER, GROUP, setxattr("file", "user.x", "w", 1, 0)),
          "set by one who may not write");
    equal(1, AS(USER, GROUP, getxattr("file", "user.x", back, 8)),
          "get by one who may read");
    must(chmod("file", 0602));
    succeeds(AS(USER, GROUP, setxattr("file", "user.x", "ww", 2, 0)),
             "set by one who may write");
    fails(EACCES, AS(USER, GROUP, getxattr("file", "user.x", back, 8)),
          "get by one who may not read");
    make_dir("sticky", 01777);
    fails(EPERM, AS(USER, GROUP, setxattr("sticky", "user.x", "v", 1, 0)),
          "on another's sticky directory");
    fails(EPERM, AS(USER, GROUP, setxattr("file", "trusted.x", "v", 1, 0)),
          "trusted.* by a user");
    fails(ENODATA, AS(USER, GROUP, getxattr("file", "trusted.x", back, 8)),
          "trusted.* read by a user");
    differs(TRUSTED_XATTR_ABSENT);
    fails(ENODATA, getxattr("file", "trusted.x", back, 8),
          "trusted.* read by root, none there");
    differs(TRUSTED_XATTR);
    succeeds(setxattr("file", "trusted.x", "v", 1, 0), "trusted.* by root");
}

static void ctime_moves(void)
{
    make_file("file", "");
    equal(1, MOVES(st_ctim, "file", setxattr("file", "user.x", "v", 1, 0)),
          "by setting");
    equal(0, MOVES(st_mtim, "file", setxattr("file", "user.y", "v", 1, 0)),
          "modification time stays");
    equal(1, MOVES(st_ctim, "file", removexattr("file", "user.x")),
          "by removing");
}

static void stays_with_file(void)
{
    char back[8] = "";

    make_file("file", "text");
    must(setxattr("file", "user.x", "v", 1, 0));
    must(link("file", "twin"));
    equal(1, getxattr("twin", "user.x", back, sizeof(back)), "by another link");
    must(rename("file", "new"));
    equal(1, getxattr("new", "user.x", back, sizeof(back)), "after rename");
    must(chmod("new", 0600));
    equal(1, getxattr("new", "user.x", back, sizeof(back)), "after chmod");
    must(truncate("new", 0));
    equal(1, getxattr("new", "user.x", back, sizeof(back)), "after truncation");
}

const struct behaviour xattr_behaviours[] = {
    { "xattr-values", set_and_get, 0 },
    { "xattr-flags", flags, 0 },
    { "xattr-list", lists, 0 },
    { "xattr-names", refused_names, 0 },
    { "xattr-too-big", too_big, 0 },
    { "xattr-types", by_type, 0 },
    { "xattr-rights", rights, NEEDS_ROOT | NEEDS_OWNERS },
    { "xattr-ctime", ctime_moves, NEEDS_CTIME },
    { "xattr-stays", stays_with_file, 0 },
    { NULL, NULL, 0 },
};
