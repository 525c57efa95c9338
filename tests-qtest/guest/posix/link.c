/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * link(2), symlink(2), readlink(2) and the resolution of links.  Part of the
 * POSIX suite; see posix.h.
 */
#include "posix.h"

#include <limits.h>

static void every_type(void)
{
    struct stat one, two;
    const char *name;
    int kind;

    for (kind = 0; kind < KINDS; kind++) {
        name = kind_names[kind];
        if (kind == DIRECTORY || !can_make(kind)) {
            continue;
        }
        must(make_kind(kind, "one"));
        succeeds(link("one", "two"), "to a %s", name);
        one = stat_of("one");
        two = stat_of("two");
        equal(one.st_ino, two.st_ino, "%s: one inode", name);
        equal(2, one.st_nlink, "%s: two links", name);
        equal_octal(one.st_mode, two.st_mode, "%s: type and mode", name);
        if (kind != SYMLINK) {
            must(chmod("one", 0751));
            equal_octal(0751, mode_of("two"), "%s: mode set by the other name",
                        name);
        }
        must(unlink("one"));
        equal(1, stat_of("two").st_nlink, "%s: one link left", name);
        equal_octal(kind_types[kind], type_of("two"), "%s: type by the rest",
                    name);
        must(unlink("two"));
    }
}

static void refusals(void)
{
    int fd;

    make_file("file", "");
    make_dir("dir", 0755);
    fails(EPERM, link("dir", "new"), "to a directory");
    fails(EEXIST, link("file", "file"), "to itself");
    fails(EEXIST, link("file", "dir"), "over a directory");
    fails(ENOENT, link("none", "new"), "to nothing");
    fails(ENOENT, link("file", "none/new"), "into nothing");
    fails(ENOTDIR, link("file/x", "new"), "to what is below a file");
    fails(EXDEV, link("file", "/dev/posix-new"), "across file systems");
    must(symlink("file", "sym"));
    succeeds(link("sym", "hard"), "to a symbolic link");
    equal_octal(S_IFLNK, type_of("hard"), "makes a second symbolic link");
    succeeds(linkat(AT_FDCWD, "sym", AT_FDCWD, "followed", AT_SYMLINK_FOLLOW),
             "through a symbolic link");
    equal(stat_of("file").st_ino, stat_of("followed").st_ino,
          "makes a second name of the target");
    if (geteuid() == 0) {
        must(fd = open("file", O_RDONLY));
        succeeds(linkat(fd, "", AT_FDCWD, "by-fd", AT_EMPTY_PATH),
                 "of a descriptor");
        equal(stat_of("file").st_ino, stat_of("by-fd").st_ino,
              "makes another name of it");
        must(close(fd));
    }
}

static void times_move(void)
{
    make_file("file", "");
    make_dir("dir", 0755);
    equal(1, MOVES(st_ctim, "file", link("file", "dir/new")),
          "the file's status change time");
    equal(1, MOVES(st_mtim, "dir", link("file", "dir/more")),
          "the directory's modification time");
    equal(0, MOVES(st_mtim, "file", link("file", "dir/last")),
          "the file's modification time stays");
}

static void content(void)
{
    static const int lengths[] = { 1, 59, 60, 255, 256, 1023, 4094, 4095 };
    char text[PATH_MAX + 2], back[PATH_MAX + 2];
    size_t i;
    ssize_t n;

    for (i = 0; i < SIZE_OF_ARRAY(lengths); i++) {
        memset(text, 'x', lengths[i]);
        text[lengths[i]] = 0;
        succeeds(symlink(text, "link"), "of %d bytes", lengths[i]);
        equal(lengths[i], stat_of("link").st_size, "size, %d bytes",
              lengths[i]);
        n = readlink("link", back, sizeof(back));
        back[n < 0 ? 0 : n] = 0;
        holds(n == lengths[i] && !strcmp(text, back), "read back, %d bytes",
              lengths[i]);
        must(unlink("link"));
    }
    memset(text, 'x', PATH_MAX);
    text[PATH_MAX] = 0;
    fails(ENAMETOOLONG, symlink(text, "link"), "of 4096 bytes");
    fails(ENOENT, symlink("", "link"), "of none");
}

static void odd_content(void)
{
    char all[256], back[300] = "";
    static const char *const texts[] = {
        "..", ".", "/", "//a///b/", "../../../../..", " ", "a\nb", "\xff\xfe",
        "/absolute/nowhere",
    };
    size_t i;

    for (i = 0; i < SIZE_OF_ARRAY(texts); i++) {
        must(symlink(texts[i], "link"));
        memset(back, 0, sizeof(back));
        must(readlink("link", back, sizeof(back) - 1));
        same_text(texts[i], back, "text %zu", i);
        must(unlink("link"));
    }
    for (i = 1; i < 256; i++) {
        all[i - 1] = i;
    }
    all[255] = 0;
    must(symlink(all, "link"));
    memset(back, 0, sizeof(back));
    must(readlink("link", back, sizeof(back) - 1));
    holds(!strcmp(all, back), "every byte but 0");
}

static void reading(void)
{
    char back[8];
    const char *name;
    int kind;

    must(symlink("longer text", "link"));
    equal(4, readlink("link", back, 4), "a short buffer takes what fits");
    fails(EINVAL, readlink("link", back, 0), "no buffer");
    for (kind = 0; kind < KINDS; kind++) {
        name = kind_names[kind];
        if (kind != SYMLINK && can_make(kind)) {
            must(make_kind(kind, name));
            fails(EINVAL, readlink(name, back, sizeof(back)), "a %s", name);
        }
    }
}

static void resolution(void)
{
    char name[16], target[16];
    struct stat st;
    int i, fd;

    make_file("file", "text");
    must(symlink("file", "l1"));
    for (i = 2; i <= 41; i++) {
        snprintf(name, sizeof(name), "l%d", i);
        snprintf(target, sizeof(target), "l%d", i - 1);
        must(symlink(target, name));
    }
    same_text("text", text_of("l40"), "forty links");
    fails(ELOOP, stat("l41", &st), "forty-one links");
    must(symlink("self", "self"));
    fails(ELOOP, open("self", O_RDONLY), "a link to itself");
    fails(ELOOP, stat("self/x", &st), "below a link to itself");
    must(symlink("nowhere", "dangling"));
    fails(ENOENT, stat("dangling", &st), "a link to nothing");
    succeeds(lstat("dangling", &st), "the link to nothing itself");
    fails(EEXIST, mkdir("dangling", 0755), "a directory over it");
    fails(EEXIST, open("dangling", O_CREAT | O_EXCL | O_RDWR, 0600),
          "a new file over it");
    succeeds(fd = open("dangling", O_CREAT | O_RDWR, 0600),
             "a file through it");
    close(fd);
    equal_octal(S_IFREG, type_of("nowhere"), "its target is made");
    make_dir("dir", 0755);
    make_file("dir/inner", "inner");
    must(symlink("dir", "to-dir"));
    same_text("inner", text_of("to-dir/inner"),
              "through a link to a directory");
    must(symlink("../file", "dir/up"));
    same_text("text", text_of("to-dir/up"), "dot-dot is the real parent's");
    fails(ENOTDIR, stat("l1/", &st), "a slash behind a link to a file");
    succeeds(lstat("to-dir/", &st), "a slash behind a link to a directory");
    equal_octal(S_IFDIR, st.st_mode & S_IFMT, "is the directory");
}

const struct behaviour link_behaviours[] = {
    { "link-types", every_type, 0 },
    { "link-refused", refusals, 0 },
    { "link-times", times_move, NEEDS_CTIME },
    { "symlink-length", content, 0 },
    { "symlink-text", odd_content, 0 },
    { "readlink", reading, 0 },
    { "symlink-resolution", resolution, 0 },
    { NULL, NULL, 0 },
};
