/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Creating files of each type: open(2) with O_CREAT, mkdir(2), mkfifo(3),
 * mknod(2), bind(2): type, mode and umask, owner, times, device numbers, names
 * that exist, and permissions.  Part of the POSIX suite; see posix.h.
 */
#include "posix.h"

#include <sys/socket.h>
#include <sys/sysmacros.h>
#include <sys/un.h>

static int by_open(const char *name, mode_t mode)
{
    int fd = open(name, O_CREAT | O_EXCL | O_RDWR, mode);

    return fd < 0 ? -1 : close(fd);
}

static int by_mknod(const char *name, mode_t mode)
{
    return mknod(name, S_IFREG | mode, 0);
}

static int by_mknod_char(const char *name, mode_t mode)
{
    return mknod(name, S_IFCHR | mode, makedev(1, 3));
}

static int by_mknod_block(const char *name, mode_t mode)
{
    return mknod(name, S_IFBLK | mode, makedev(7, 0));
}

static int by_mknod_socket(const char *name, mode_t mode)
{
    return mknod(name, S_IFSOCK | mode, 0);
}

static int by_symlink(const char *name, mode_t mode)
{
    (void)mode;
    return symlink("target", name);
}

static int by_link(const char *name, mode_t mode)
{
    (void)mode;
    return link("other", name);
}

static const struct maker {
    const char *name;
    int (*make)(const char *name, mode_t mode);
    enum kind kind;
} makers[] = {
    { "open", by_open, REGULAR }, { "mkdir", mkdir, DIRECTORY },
    { "mkfifo", mkfifo, FIFO }, { "mknod", by_mknod, REGULAR },
    { "mknod-socket", by_mknod_socket, SOCKET },
    { "mknod-char", by_mknod_char, CHAR },
    { "mknod-block", by_mknod_block, BLOCK },
    { "symlink", by_symlink, SYMLINK }, { "link", by_link, REGULAR },
};

enum { WITH_MODE = 7 };     /* the first 7 have a mode argument */

static void type_and_mode(void)
{
    static const struct {
        mode_t mask, asked, wanted;
    } cases[] = {
        { 0, 0777, 0777 }, { 022, 0666, 0644 }, { 077, 0755, 0700 },
        { 0777, 0777, 0 }, { 0, 01644, 01644 },
    };
    const struct maker *m;
    size_t i;

    for (m = makers; m < makers + WITH_MODE; m++) {
        for (i = 0; can_make(m->kind) && i < SIZE_OF_ARRAY(cases); i++) {
            umask(cases[i].mask);
            succeeds(m->make("new", cases[i].asked), "%s %04o, mask %03o",
                     m->name, cases[i].asked, cases[i].mask);
            umask(0);
            equal_octal(kind_types[m->kind] | cases[i].wanted,
                        stat_of("new").st_mode, "%s: type and mode", m->name);
            must(remove("new"));
        }
    }
}

static void owner(void)
{
    const struct maker *m;
    struct stat st;

    for (m = makers; m < makers + SIZE_OF_ARRAY(makers) - 1; m++) {
        if (m->kind == CHAR || m->kind == BLOCK) {
            fails(EPERM, AS(USER, GROUP, m->make("new", 0600)),
                  "%s by a user", m->name);
            continue;
        }
        succeeds(AS(USER, GROUP, m->make("new", 0600)), "%s by a user",
                 m->name);
        st = stat_of("new");
        equal(USER, st.st_uid, "%s: its user", m->name);
        equal(GROUP, st.st_gid, "%s: its group", m->name);
        must(remove("new"));
    }
}

static void who_may(void)
{
    const struct maker *m;

    make_dir("closed", 0755);
    make_dir("unsearchable", 0766);
    make_dir("open", 0333);
    make_file("other", "");
    must(chown("other", USER, GROUP));
    for (m = makers; m < makers + SIZE_OF_ARRAY(makers); m++) {
        if (m->kind == CHAR || m->kind == BLOCK) {
            continue;
        }
        fails(EACCES, AS(USER, GROUP, m->make("closed/new", 0600)),
              "%s in a directory not writable", m->name);
        fails(EACCES, AS(USER, GROUP, m->make("unsearchable/new", 0600)),
              "%s in a directory not searchable", m->name);
        succeeds(AS(USER, GROUP, m->make("open/new", 0600)),
                 "%s in a directory not readable", m->name);
        must(remove("open/new"));
    }
}

static void name_taken(void)
{
    const struct maker *m;
    int kind;

    make_file("other", "");
    for (kind = 0; kind < KINDS; kind++) {
        if (!can_make(kind)) {
            continue;
        }
        must(make_kind(kind, "taken"));
        for (m = makers; m < makers + SIZE_OF_ARRAY(makers); m++) {
            if (can_make(m->kind)) {
                fails(EEXIST, m->make("taken", 0600), "%s over a %s", m->name,
                      kind_names[kind]);
            }
        }
        equal_octal(kind_types[kind], type_of("taken"), "the %s is left",
                    kind_names[kind]);
        must(remove("taken"));
    }
}

static void fresh_times(void)
{
    const struct timespec old[2] = { { .tv_sec = 1000 }, { .tv_sec = 1000 } };
    const struct maker *m;
    struct stat st;

    make_file("other", "");
    make_dir("dir", 0777);
    for (m = makers; m < makers + SIZE_OF_ARRAY(makers); m++) {
        if (!can_make(m->kind)) {
            continue;
        }
        must(utimensat(AT_FDCWD, "dir", old, 0));
        if (!strcmp(m->name, "link")) {
            must(link("other", "dir/new"));
        } else {
            must(m->make("dir/new", 0600));
        }
        holds(stat_of("dir").st_mtime > 1000,
              "%s: the directory's modification time", m->name);
        st = stat_of("dir/new");
        holds(st.st_mtime > 1000 && st.st_atime > 1000 && st.st_ctime > 1000,
              "%s: its own times are of now", m->name);
        must(remove("dir/new"));
    }
}

static void device_numbers(void)
{
    static const unsigned numbers[][2] = {
        { 1, 3 }, { 0, 0 }, { 255, 255 }, { 8, 256 }, { 4095, 1048575 },
        { 256, 1 },
    };
    struct stat st;
    size_t i;

    for (i = 0; i < SIZE_OF_ARRAY(numbers); i++) {
        must(mknod("node", S_IFBLK | 0600,
                   makedev(numbers[i][0], numbers[i][1])));
        st = stat_of("node");
        equal(numbers[i][0], major(st.st_rdev), "major of %u:%u",
              numbers[i][0], numbers[i][1]);
        equal(numbers[i][1], minor(st.st_rdev), "minor of %u:%u",
              numbers[i][0], numbers[i][1]);
        must(unlink("node"));
    }
    must(mknod("null", S_IFCHR | 0600, makedev(1, 3)));
    make_file("file", "");
    equal(0, stat_of("file").st_rdev, "a file has no device number");
}

static void mkdir_details(void)
{
    struct stat st;

    succeeds(mkdir("dir", 0755), "a directory");
    equal(stat_of("dir").st_ino, stat_of("dir/.").st_ino, "dot is itself");
    equal(stat_of(".").st_ino, stat_of("dir/..").st_ino,
          "dot-dot is its parent");
    succeeds(mkdir("slash/", 0755), "with a slash behind");
    fails(EEXIST, mkdir(".", 0755), "dot");
    fails(EEXIST, mkdir("..", 0755), "dot-dot");
    fails(EEXIST, mkdir("/", 0755), "slash");
    st = stat_of(".");
    must(mkdir("more", 0755));
    if (st.st_nlink > 1) {
        equal(st.st_nlink + 1, stat_of(".").st_nlink,
              "the parent has one more link");
        equal(2, stat_of("more").st_nlink, "the new one has two");
    }
    fails(EPERM, mknod("dir2", S_IFDIR | 0755, 0), "mknod of a directory");
    fails(EINVAL, mknod("odd", 0130000, 0), "mknod of an unknown type");
}

static void socket_works(void)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    int server, client;

    strcpy(address.sun_path, "socket");
    must(server = socket(AF_UNIX, SOCK_STREAM, 0));
    succeeds(bind(server, (struct sockaddr *)&address, sizeof(address)),
             "bind");
    equal_octal(S_IFSOCK, type_of("socket"), "a socket appears");
    must(listen(server, 1));
    must(client = socket(AF_UNIX, SOCK_STREAM, 0));
    succeeds(connect(client, (struct sockaddr *)&address, sizeof(address)),
             "connect");
    fails(EADDRINUSE, bind(client, (struct sockaddr *)&address,
                           sizeof(address)), "bind to it again");
    close(client);
    close(server);
    must(client = socket(AF_UNIX, SOCK_STREAM, 0));
    fails(ECONNREFUSED, connect(client, (struct sockaddr *)&address,
                                sizeof(address)), "connect to nobody");
    fails(ENXIO, open("socket", O_RDWR), "open");
}

const struct behaviour create_behaviours[] = {
    { "create-mode", type_and_mode, 0 },
    { "create-owner", owner, NEEDS_ROOT | NEEDS_OWNERS },
    { "create-rights", who_may, NEEDS_ROOT | NEEDS_OWNERS },
    { "create-name-taken", name_taken, 0 },
    { "create-times", fresh_times, NEEDS_CTIME },
    { "mknod-numbers", device_numbers, NEEDS_ROOT | NEEDS_OWNERS },
    { "mkdir-details", mkdir_details, 0 },
    { "mknod-socket", socket_works, 0 },
    { NULL, NULL, 0 },
};
