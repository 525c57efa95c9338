/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * chown(2) and related calls: owners of each type of file, who may change them,
 * and bits that a change clears.  Part of the POSIX suite; see posix.h.
 */
#include "posix.h"

static void every_type(void)
{
    const char *name;
    struct stat st;
    int kind;

    for (kind = 0; kind < KINDS; kind++) {
        name = kind_names[kind];
        if (can_make(kind)) {
            must(make_kind(kind, name));
            succeeds(lchown(name, 1234, 5678), "of a %s", name);
            st = stat_of(name);
            equal(1234, st.st_uid, "user of a %s", name);
            equal(5678, st.st_gid, "group of a %s", name);
            equal_octal(kind_types[kind], st.st_mode & S_IFMT,
                        "type of a %s", name);
        }
    }
}

static void parts(void)
{
    static const uint32_t ids[] = {
        0, 1, 65535, 70000, 1u << 31, UINT32_MAX - 1
    };
    struct stat st;
    size_t i;

    must(make_kind(REGULAR, "file"));
    must(chown("file", 11, 22));
    succeeds(chown("file", 33, -1), "the user alone");
    st = stat_of("file");
    equal(33, st.st_uid, "user changed");
    equal(22, st.st_gid, "group kept");
    succeeds(chown("file", -1, 44), "the group alone");
    st = stat_of("file");
    equal(33, st.st_uid, "user kept");
    equal(44, st.st_gid, "group changed");
    succeeds(chown("file", -1, -1), "neither");
    st = stat_of("file");
    equal(33, st.st_uid, "user still kept");
    equal(44, st.st_gid, "group still kept");
    for (i = 0; i < SIZE_OF_ARRAY(ids); i++) {
        must(chown("file", ids[i], ids[i]));
        st = stat_of("file");
        equal(ids[i], st.st_uid, "user %u", ids[i]);
        equal(ids[i], st.st_gid, "group %u", ids[i]);
    }
}

static void links(void)
{
    int fd;

    must(make_kind(REGULAR, "file"));
    must(symlink("file", "link"));
    succeeds(lchown("link", 7, 8), "of the link itself");
    equal(7, stat_of("link").st_uid, "the link's user");
    equal(0, stat_of("file").st_uid, "the target's user stays");
    succeeds(chown("link", 9, 10), "through the link");
    equal(7, stat_of("link").st_uid, "the link's user stays");
    equal(9, stat_of("file").st_uid, "the target's user");
    must(fd = open("file", O_RDONLY));
    succeeds(fchown(fd, 11, 12), "by descriptor");
    equal(11, stat_of("file").st_uid, "user by descriptor");
    equal(12, fstat_of(fd).st_gid, "group by descriptor");
    must(close(fd));
    must(fd = open("file", O_PATH));
    succeeds(fchownat(fd, "", 13, 14, AT_EMPTY_PATH), "by a path descriptor");
    equal(13, stat_of("file").st_uid, "user by a path descriptor");
}

static void who_may(void)
{
    must(make_kind(REGULAR, "file"));
    must(chown("file", USER, GROUP));
    fails(EPERM, AS(USER, GROUP, chown("file", OTHER, -1)), "given away");
    fails(EPERM, AS(USER, GROUP, chown("file", -1, OTHER_GROUP)),
          "to a group of others");
    succeeds(AS(USER, GROUP, chown("file", USER, GROUP)), "to what it is");
    succeeds(AS_MEMBER(USER, GROUP, OTHER_GROUP,
                       chown("file", -1, OTHER_GROUP)),
             "to a further group of the owner");
    equal(OTHER_GROUP, stat_of("file").st_gid, "group changed by the owner");
    succeeds(AS(USER, GROUP, chown("file", -1, GROUP)),
             "to the effective group of the owner");
    fails(EPERM, AS(OTHER, GROUP, chown("file", OTHER, GROUP)),
          "taken by another");
    fails(EPERM, AS(OTHER, OTHER_GROUP, chown("file", -1, OTHER_GROUP)),
          "to a group of one who does not own it");
    equal(USER, stat_of("file").st_uid, "nothing changed by these");
    equal(GROUP, stat_of("file").st_gid, "nor the group");
}

static void set_id(void)
{
    make_file("file", "");
    must(chmod("file", 06755));
    must(chown("file", USER, GROUP));
    equal_octal(0755, mode_of("file"), "a program loses its set-id bits");
    must(chmod("file", 06755));
    must(AS(USER, GROUP, chown("file", -1, GROUP)));
    equal_octal(0755, mode_of("file"), "also by its owner");
    must(chmod("file", 02644));
    must(chown("file", 0, 0));
    equal_octal(02644, mode_of("file"),
                "set-group-id without execution is kept for root");
    must(chmod("file", 01755));
    must(chown("file", USER, GROUP));
    equal_octal(01755, mode_of("file"), "the sticky bit stays");
    make_dir("dir", 07755);
    must(chown("dir", USER, GROUP));
    equal_octal(07755, mode_of("dir"), "a directory keeps them all");
}

static void ctime_moves(void)
{
    must(make_kind(REGULAR, "file"));
    must(symlink("x", "link"));
    equal(1, MOVES(st_ctim, "file", chown("file", 1, 2)),
          "a file's status change time");
    equal(1, MOVES(st_ctim, "link", lchown("link", 1, 2)),
          "a link's status change time");
    equal(0, MOVES(st_mtim, "file", chown("file", 3, 4)),
          "modification time stays");
}

const struct behaviour owner_behaviours[] = {
    { "chown-types", every_type, NEEDS_ROOT | NEEDS_OWNERS },
    { "chown-parts", parts, NEEDS_ROOT | NEEDS_OWNERS },
    { "chown-link", links, NEEDS_ROOT | NEEDS_OWNERS },
    { "chown-rights", who_may, NEEDS_ROOT | NEEDS_OWNERS },
    { "chown-set-id", set_id, NEEDS_ROOT | NEEDS_OWNERS },
    { "chown-ctime", ctime_moves, NEEDS_ROOT | NEEDS_OWNERS | NEEDS_CTIME },
    { NULL, NULL, 0 },
};
