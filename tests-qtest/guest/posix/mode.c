/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * chmod(2) and the set-id bits: which modes are kept, who may change them, and
 * how a write, a truncation or a set-group-id directory changes them.
 * Part of the POSIX suite; see posix.h.
 */
#include "posix.h"

static void modes_kept(void)
{
    static const mode_t modes[] = {
        0, 0400, 0040, 0004, 0111, 0644, 0755, 01777, 02750, 02640, 04711,
        07777,
    };
    size_t i;

    must(make_kind(REGULAR, "file"));
    must(make_kind(DIRECTORY, "directory"));
    for (i = 0; i < SIZE_OF_ARRAY(modes); i++) {
        succeeds(chmod("file", modes[i]), "file to %04o", modes[i]);
        equal_octal(modes[i], mode_of("file"), "file is %04o", modes[i]);
        succeeds(chmod("directory", modes[i]), "directory to %04o", modes[i]);
        equal_octal(modes[i], mode_of("directory"), "directory is %04o",
                    modes[i]);
    }
}

static void every_type(void)
{
    const char *name;
    int kind;

    for (kind = FIFO; kind <= SOCKET; kind++) {
        name = kind_names[kind];
        if (can_make(kind)) {
            must(make_kind(kind, name));
            succeeds(chmod(name, 0640), "of a %s", name);
            equal_octal(kind_types[kind] | 0640, stat_of(name).st_mode,
                        "type and mode of a %s", name);
        }
    }
}

static void type_bits_ignored(void)
{
    must(make_kind(REGULAR, "file"));
    succeeds(chmod("file", S_IFDIR | 0600), "with the bits of a directory");
    equal_octal(S_IFREG | 0600, stat_of("file").st_mode, "still a file");
}

static void through_link(void)
{
    int fd;

    must(make_kind(REGULAR, "file"));
    must(symlink("file", "link"));
    succeeds(chmod("link", 0604), "by the name of a link");
    equal_octal(0604, mode_of("file"), "the target has the mode");
    equal_octal(S_IFLNK, type_of("link"), "the link is a link");
    must(fd = open("file", O_RDONLY));
    succeeds(fchmod(fd, 0640), "by descriptor");
    equal_octal(0640, fstat_of(fd).st_mode & 07777, "descriptor's mode");
    equal_octal(0640, mode_of("file"), "name's mode");
}

static void who_may(void)
{
    must(make_kind(REGULAR, "file"));
    must(chown("file", USER, GROUP));
    succeeds(AS(USER, GROUP, chmod("file", 0600)), "by the owner");
    fails(EPERM, AS(OTHER, GROUP, chmod("file", 0666)), "by the group");
    fails(EPERM, AS(OTHER, OTHER_GROUP, chmod("file", 0666)), "by others");
    equal_octal(0600, mode_of("file"), "a refused change changes nothing");
    succeeds(chmod("file", 0644), "by root");
    succeeds(AS(USER, OTHER_GROUP, chmod("file", 02755)), "set-group-id asked");
    equal_octal(0755, mode_of("file"), "not granted outside the group");
    succeeds(AS(USER, GROUP, chmod("file", 02755)),
             "set-group-id asked inside");
    equal_octal(02755, mode_of("file"), "granted inside the group");
    succeeds(AS_MEMBER(USER, OTHER_GROUP, GROUP, chmod("file", 02711)),
             "set-group-id by a member");
    equal_octal(02711, mode_of("file"), "granted to a member");
    succeeds(AS(USER, GROUP, chmod("file", 04755)), "set-user-id by the owner");
    equal_octal(04755, mode_of("file"), "granted");
}

static void ctime_moves(void)
{
    struct timespec before;

    must(make_kind(REGULAR, "file"));
    must(make_kind(DIRECTORY, "directory"));
    equal(1, MOVES(st_ctim, "file", chmod("file", 0600)),
          "a file's status change time");
    equal(1, MOVES(st_ctim, "directory", chmod("directory", 0700)),
          "a directory's status change time");
    equal(0, MOVES(st_mtim, "file", chmod("file", 0644)),
          "modification time stays");
    if (geteuid() == 0) {
        before = stat_of("file").st_ctim;
        tick();
        fails(EPERM, AS(USER, GROUP, chmod("file", 0600)), "refused");
        holds(!later(stat_of("file").st_ctim, before),
              "a refused change leaves the status change time");
    }
}

static int write_a_byte(const char *name)
{
    int fd = open(name, O_WRONLY);
    int ret = fd < 0 ? -1 : write(fd, "x", 1) == 1 ? 0 : -1;

    close(fd);
    return ret;
}

static int open_truncating(const char *name)
{
    int fd = open(name, O_WRONLY | O_TRUNC);

    return fd < 0 ? -1 : close(fd);
}

static int shorten(const char *name)
{
    return truncate(name, 1);
}

static void set_id_dropped(void)
{
    static const struct {
        const char *what;
        int (*change)(const char *name);
    } ways[] = {
        { "write", write_a_byte }, { "O_TRUNC", open_truncating },
        { "truncate", shorten },
    };
    size_t i;

    for (i = 0; i < SIZE_OF_ARRAY(ways); i++) {
        make_file("file", "content");
        must(chown("file", USER, GROUP));
        must(chmod("file", 06777));
        succeeds(AS(OTHER, OTHER_GROUP, ways[i].change("file")),
                 "%s by a user", ways[i].what);
        equal_octal(0777, mode_of("file"), "%s by a user drops both",
                    ways[i].what);
        must(chmod("file", 04666));
        make_file("file2", "content");
        must(chown("file2", USER, GROUP));
        must(chmod("file2", 04766));
        must(AS(USER, GROUP, ways[i].change("file2")));
        equal_octal(0766, mode_of("file2"), "%s by the owner drops set-user-id",
                    ways[i].what);
        must(unlink("file2"));
        must(unlink("file"));
    }
    make_file("file", "content");
    must(chmod("file", 06755));
    must(write_a_byte("file"));
    differs(SETID_KEPT_BY_ROOT);
    equal_octal(06755, mode_of("file"), "a write by root");
    must(chmod("file", 06755));
    must(truncate("file", 3));
    differs(SETID_KEPT_BY_ROOT_CUTTING);
    equal_octal(06755, mode_of("file"), "a truncation by root");
    must(chmod("file", 06644));
    must(write_a_byte("file"));
    differs(model == PROXY ? SGID_KEPT_BY_ROOT_PROXY : SGID_KEPT_BY_ROOT);
    equal_octal(06644, mode_of("file"), "a write by root, not executable");
}

static void set_group_id_directory(void)
{
    int fd;

    make_dir("dir", 02777);
    must(chown("dir", 0, GROUP));
    must(chmod("dir", 02777));
    must(AS(USER, OTHER_GROUP, mkdir("dir/sub", 0755)));
    equal(GROUP, stat_of("dir/sub").st_gid, "a directory gets the group");
    equal_octal(02755, mode_of("dir/sub"), "a directory gets the bit");
    must(fd = AS(USER, OTHER_GROUP, open("dir/file", O_CREAT | O_RDWR, 0644)));
    equal(GROUP, stat_of("dir/file").st_gid, "a file gets the group");
    equal(USER, stat_of("dir/file").st_uid, "a file has its maker's owner");
    equal_octal(0644, mode_of("dir/file"), "a file does not get the bit");
    must(close(fd));
    must(fd = AS(USER, OTHER_GROUP, open("dir/prog", O_CREAT | O_RDWR, 02755)));
    equal_octal(0755, mode_of("dir/prog"),
                "nobody makes set-group-id files of a foreign group");
    must(close(fd));
    must(AS(USER, OTHER_GROUP, mkfifo("dir/fifo", 0644)));
    equal(GROUP, stat_of("dir/fifo").st_gid, "a fifo gets the group");
    must(AS(USER, OTHER_GROUP, symlink("x", "dir/link")));
    equal(GROUP, stat_of("dir/link").st_gid, "a link gets the group");
}

const struct behaviour mode_behaviours[] = {
    { "chmod-modes", modes_kept, 0 },
    { "chmod-types", every_type, 0 },
    { "chmod-type-bits", type_bits_ignored, 0 },
    { "chmod-link", through_link, 0 },
    { "chmod-rights", who_may, NEEDS_ROOT | NEEDS_OWNERS },
    { "chmod-ctime", ctime_moves, NEEDS_CTIME },
    { "set-id-dropped", set_id_dropped, NEEDS_ROOT | NEEDS_OWNERS },
    { "set-group-id-directory", set_group_id_directory,
      NEEDS_ROOT | NEEDS_OWNERS },
    { NULL, NULL, 0 },
};
