/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * open(2): permissions by mode and user, each flag, files that cannot be opened
 * in some modes, running programs.  Part of the POSIX suite; see posix.h.
 */
#include "posix.h"

#include <dirent.h>
#include <sys/sysmacros.h>
#include <sys/uio.h>
#include <sys/wait.h>

/* An unmapped address; volatile, as the compiler would warn otherwise. */
static void *volatile no_address = (void *)1;

static int try_open(const char *name, int flags)
{
    int fd = open(name, flags, 0644);

    return fd < 0 ? -1 : close(fd);
}

/* Returns a mask: 1: can be opened for reading, 2: writing, 4: both. */
static int ways_to_open(const char *name, uid_t uid, gid_t gid)
{
    static const int flags[] = { O_RDONLY, O_WRONLY, O_RDWR };
    int i, ways = 0;

    for (i = 0; i < 3; i++) {
        ways |= (AS(uid, gid, try_open(name, flags[i])) == 0) << i;
    }
    return ways;
}

static int wanted_ways(int rights)
{
    return ((rights & 4) != 0) | ((rights & 2) != 0) << 1 |
           ((rights & 6) == 6) << 2;
}

static void rights(void)
{
    int mode;

    make_file("file", "");
    must(chown("file", USER, GROUP));
    for (mode = 0; mode < 8; mode++) {
        must(chmod("file", mode << 6 | (7 - mode) * 011));
        equal(wanted_ways(mode), ways_to_open("file", USER, GROUP),
              "owner's %d", mode);
        must(chmod("file", mode << 3 | (7 - mode) * 0101));
        equal(wanted_ways(mode), ways_to_open("file", OTHER, GROUP),
              "group's %d", mode);
        must(chmod("file", mode | (7 - mode) * 0110));
        equal(wanted_ways(mode), ways_to_open("file", OTHER, OTHER_GROUP),
              "others' %d", mode);
    }
    must(chmod("file", 0));
    equal(7, ways_to_open("file", 0, 0), "root at mode 0");
    fails(EACCES, AS(OTHER, OTHER_GROUP, try_open("file", O_RDONLY)),
          "the error");
}

static void directory_rights(void)
{
    make_dir("dir", 0755);
    make_file("dir/file", "");
    must(chmod("dir", 0711));
    succeeds(AS(USER, GROUP, try_open("dir/file", O_RDONLY)),
             "below one that is searchable");
    fails(EACCES, AS(USER, GROUP, try_open("dir", O_RDONLY)),
          "one that is not readable");
    must(chmod("dir", 0744));
    fails(EACCES, AS(USER, GROUP, try_open("dir/file", O_RDONLY)),
          "below one that is not searchable");
    succeeds(AS(USER, GROUP, try_open("dir", O_RDONLY)),
             "one that is readable");
    fails(EACCES, AS(USER, GROUP, chdir("dir")), "chdir without search");
    fails(EACCES, AS(USER, GROUP, try_open("dir/new", O_RDWR | O_CREAT)),
          "create without search");
    must(chmod("dir/file", 0640));
    must(chmod("dir", 0755));
    fails(EACCES, AS(USER, GROUP, faccessat(AT_FDCWD, "dir/file", R_OK,
                                            AT_EACCESS)), "access to read");
    succeeds(AS(USER, GROUP, faccessat(AT_FDCWD, "dir/file", F_OK,
                                       AT_EACCESS)), "access to exist");
    fails(EACCES, access("dir/file", X_OK), "root executes nothing without x");
    succeeds(access("dir/file", R_OK | W_OK), "root reads and writes all");
}

static void exclusive(void)
{
    int fd;

    succeeds(fd = open("file", O_CREAT | O_EXCL | O_RDWR, 0600), "a new file");
    must(write(fd, "text", 4));
    close(fd);
    fails(EEXIST, try_open("file", O_CREAT | O_EXCL | O_RDWR), "an old file");
    same_text("text", text_of("file"), "content stays");
    succeeds(fd = open("file", O_CREAT | O_RDWR, 0777), "without O_EXCL");
    close(fd);
    equal_octal(0600, mode_of("file"), "its mode stays");
    same_text("text", text_of("file"), "its content stays");
}

static void created_unwritable(void)
{
    int fd;

    succeeds(fd = open("none", O_CREAT | O_RDWR, 0), "made with mode 0");
    equal(4, write(fd, "text", 4), "written nevertheless");
    same_text("text", text_at(fd, 0), "and read");
    close(fd);
    equal_octal(0, mode_of("none"), "mode 0");
    if (geteuid() == 0) {
        fd = AS(USER, GROUP, open("mine", O_CREAT | O_RDWR, 0400));
        succeeds(fd, "made read-only by a user");
        equal(4, AS(USER, GROUP, write(fd, "text", 4)), "written by him");
        close(fd);
        if (stat_of("mine").st_uid == USER) {
            fails(EACCES, AS(USER, GROUP, try_open("mine", O_WRONLY)),
                  "not a second time");
        }
    }
}

static void truncating(void)
{
    int fd;

    make_file("file", "some text");
    must(fd = open("file", O_WRONLY | O_TRUNC));
    equal(0, fstat_of(fd).st_size, "size by descriptor");
    equal(0, stat_of("file").st_size, "size by name");
    equal(3, write(fd, "new", 3), "write");
    same_text("new", text_of("file"), "new text");
    close(fd);
    must(fd = open("file", O_RDWR | O_CREAT | O_TRUNC, 0600));
    equal(0, fstat_of(fd).st_size, "with O_CREAT");
    close(fd);
    if (geteuid() == 0) {
        make_file("file", "text");
        fails(EACCES, AS(USER, GROUP, try_open("file", O_WRONLY | O_TRUNC)),
              "without the right");
        same_text("text", text_of("file"), "nothing happened");
    }
}

static void appending(void)
{
    int one, two;

    make_file("file", "start");
    must(one = open("file", O_WRONLY | O_APPEND));
    must(two = open("file", O_RDWR | O_APPEND));
    must(write(one, "1", 1));
    must(write(two, "2", 1));
    must(write(one, "3", 1));
    same_text("start123", text_of("file"), "two descriptors in turn");
    must(lseek(one, 0, SEEK_SET));
    must(write(one, "4", 1));
    same_text("start1234", text_of("file"), "after a seek");
    equal(9, lseek(one, 0, SEEK_CUR), "the position is behind it");
    equal(1, pwrite(two, "5", 1, 0), "pwrite");
    same_text("start12345", text_of("file"), "pwrite appends too");
    must(ftruncate(two, 2));
    must(write(one, "6", 1));
    same_text("st6", text_of("file"), "after a truncation");
    same_text("6", text_at(two, 2), "reading is anywhere");
}

static void append_switched(void)
{
    int fd;

    make_file("file", "0123");
    must(fd = open("file", O_RDWR));
    must(fcntl(fd, F_SETFL, O_APPEND));
    must(pwrite(fd, "A", 1, 0));
    same_text("0123A", text_of("file"), "switched on later");
    must(fcntl(fd, F_SETFL, 0));
    must(pwrite(fd, "B", 1, 0));
    same_text("B123A", text_of("file"), "switched off");
}

static void noatime(void)
{
    const struct timespec old[2] = { { .tv_sec = 1000 }, { .tv_sec = 5000 } };
    char c;
    int fd;

    make_file("file", "text");
    must(utimensat(AT_FDCWD, "file", old, 0));
    text_of("file");
    if (stat_of("file").st_atime == 1000) {
        skip("the file system keeps no access times");
        return;
    }
    must(utimensat(AT_FDCWD, "file", old, 0));
    succeeds(fd = open("file", O_RDONLY | O_NOATIME), "by who may");
    equal(1, read(fd, &c, 1), "read");
    close(fd);
    differs(NOATIME_KEPT);
    holds(stat_of("file").st_atime == 1000, "access time stays");
    if (geteuid() == 0) {
        fails(EPERM, AS(USER, GROUP, try_open("file", O_RDONLY | O_NOATIME)),
              "by who does not own it");
    }
}

static void by_type(void)
{
    int fd;
    char c;

    must(mkdir("dir", 0755));
    make_file("file", "text");
    must(symlink("file", "link"));
    must(mkfifo("fifo", 0600));
    fails(EISDIR, try_open("dir", O_WRONLY), "a directory for writing");
    fails(EISDIR, try_open("dir", O_RDWR), "a directory for both");
    fails(EISDIR, try_open("dir", O_RDONLY | O_CREAT), "a directory, O_CREAT");
    must(fd = open("dir", O_RDONLY));
    fails(EISDIR, read(fd, &c, 1), "read of a directory");
    close(fd);
    fails(ENOTDIR, try_open("file", O_RDONLY | O_DIRECTORY),
          "a file, O_DIRECTORY");
    fails(ENOTDIR, try_open("file/", O_RDONLY), "a file with a slash");
    fails(EISDIR, try_open("new/", O_RDWR | O_CREAT),
          "a new file with a slash");
    fails(ELOOP, try_open("link", O_RDONLY | O_NOFOLLOW), "a link, O_NOFOLLOW");
    succeeds(fd = open("link", O_PATH | O_NOFOLLOW), "a link, O_PATH");
    equal_octal(S_IFLNK, fstat_of(fd).st_mode & S_IFMT, "is the link");
    close(fd);
    must(fd = open("file", O_PATH));
    fails(EBADF, read(fd, &c, 1), "read of O_PATH");
    fails(EBADF, fchmod(fd, 0600), "fchmod of O_PATH");
    close(fd);
    fails(ENXIO, try_open("fifo", O_WRONLY | O_NONBLOCK),
          "a fifo nobody reads");
    succeeds(try_open("fifo", O_RDONLY | O_NONBLOCK), "a fifo nobody writes");
    if (can_make(CHAR)) {
        must(mknod("nodevice", S_IFCHR | 0600, makedev(239, 250)));
        fails(ENXIO, try_open("nodevice", O_RDWR),
              "a device that is not there");
        must(mknod("null", S_IFCHR | 0600, makedev(1, 3)));
        succeeds(fd = open("null", O_RDWR), "the null device");
        equal(1, write(fd, "x", 1), "written");
        equal(0, read(fd, &c, 1), "read");
        close(fd);
        fails(ENXIO, make_kind(BLOCK, "block") ? -1 :
              try_open("block", O_RDONLY), "a disk that is not there");
    }
}

static void through_fifo(void)
{
    int in, out;
    char c = 0;

    must(mkfifo("fifo", 0600));
    must(in = open("fifo", O_RDONLY | O_NONBLOCK));
    succeeds(out = open("fifo", O_WRONLY | O_NONBLOCK), "the other end");
    equal(1, write(out, "x", 1), "a byte in");
    equal(1, read(in, &c, 1), "a byte out");
    equal('x', c, "the same");
    equal(0, stat_of("fifo").st_size, "size 0");
}

static void access_mode(void)
{
    char c;
    int fd;

    make_file("file", "text");
    must(fd = open("file", O_RDONLY));
    fails(EBADF, write(fd, "x", 1), "write where reading");
    fails(EINVAL, ftruncate(fd, 0), "truncate where reading");
    close(fd);
    must(fd = open("file", O_WRONLY));
    fails(EBADF, read(fd, &c, 1), "read where writing");
    close(fd);
    must(fd = open("file", O_RDONLY | O_CLOEXEC));
    equal(FD_CLOEXEC, fcntl(fd, F_GETFD), "O_CLOEXEC");
    close(fd);
    differs(UNNAMED_FILE);
    succeeds(try_open(".", O_TMPFILE | O_RDWR), "O_TMPFILE");
}

static void synchronous(void)
{
    static const struct {
        const char *name;
        int flag;
    } flags[] = { { "O_SYNC", O_SYNC }, { "O_DSYNC", O_DSYNC } };
    size_t i;
    int fd;

    for (i = 0; i < SIZE_OF_ARRAY(flags); i++) {
        succeeds(fd = open("file", O_CREAT | O_RDWR | flags[i].flag, 0600),
                 "%s", flags[i].name);
        equal(4, pwrite(fd, "text", 4, 0), "write with %s", flags[i].name);
        same_text("text", text_at(fd, 0), "read with %s", flags[i].name);
        succeeds(fsync(fd), "fsync with %s", flags[i].name);
        succeeds(fdatasync(fd), "fdatasync with %s", flags[i].name);
        close(fd);
    }
    must(mkdir("dir", 0755));
    must(fd = open("dir", O_RDONLY | O_DIRECTORY));
    succeeds(fsync(fd), "fsync of a directory");
    succeeds(syncfs(fd), "syncfs");
    close(fd);
}

static void direct(void)
{
    static char page[4096] __attribute__((aligned(4096)));
    static char back[4096] __attribute__((aligned(4096)));
    int fd;

    memset(page, 'd', sizeof(page));
    succeeds(fd = open("file", O_CREAT | O_RDWR | O_DIRECT, 0600), "open");
    if (fd < 0) {
        return;
    }
    equal(4096, pwrite(fd, page, 4096, 4096), "write of a page");
    equal(4096, pread(fd, back, 4096, 4096), "read of a page");
    holds(!memcmp(page, back, 4096), "the same page");
    equal(4096, pread(fd, back, 4096, 0), "read of the hole before");
    holds(back[0] == 0 && back[4095] == 0, "zeros");
    equal(0, pread(fd, back, 4096, 8192), "read behind the end");
    close(fd);
}

static void offsets(void)
{
    char a[4] = "", b[4] = "";
    struct iovec out[2] = { { "abc", 3 }, { "def", 3 } };
    struct iovec in[2] = { { a, 2 }, { b, 3 } };
    int fd;

    must(fd = open("file", O_CREAT | O_RDWR, 0600));
    equal(6, writev(fd, out, 2), "writev");
    equal(6, lseek(fd, 0, SEEK_CUR), "the position behind it");
    equal(0, read(fd, a, 1), "read at the end");
    equal(1, lseek(fd, 1, SEEK_SET), "seek");
    equal(5, readv(fd, in, 2), "readv");
    same_text("bc", a, "the first piece");
    same_text("def", b, "the second piece");
    equal(2, pread(fd, a, 2, 0), "pread");
    equal(6, lseek(fd, 0, SEEK_CUR), "leaves the position");
    fails(EINVAL, pread(fd, a, 1, -1), "pread before the beginning");
    fails(EINVAL, lseek(fd, -1, SEEK_SET), "seek before the beginning");
    equal(106, lseek(fd, 100, SEEK_END), "seek behind the end");
    equal(0, read(fd, a, 1), "read behind the end");
    equal(0, write(fd, a, 0), "write of nothing");
    equal(6, fstat_of(fd).st_size, "changes no size");
    equal(1, write(fd, "z", 1), "write behind the end");
    equal(107, fstat_of(fd).st_size, "leaves a gap");
    fails(EFAULT, write(fd, no_address, 1), "write of nowhere");
    fails(EFAULT, pread(fd, no_address, 1, 0), "read to nowhere");
    close(fd);
}

/* Copies this program into the folder. */
static void copy_program(const char *name)
{
    static char data[1 << 16];
    int in, out;
    ssize_t n;

    must(in = open("/proc/self/exe", O_RDONLY));
    must(out = open(name, O_CREAT | O_WRONLY | O_TRUNC, 0755));
    while ((n = must(read(in, data, sizeof(data)))) > 0) {
        must(write(out, data, n) == n ? 0 : -1);
    }
    close(in);
    must(close(out));
}

static int run_list(const char *name)
{
    int status = -1;
    pid_t pid;

    fflush(stdout);
    pid = fork();
    if (pid == 0) {
        must(dup2(open("/dev/null", O_WRONLY), 1));
        execl(name, name, "--list", NULL);
        _exit(errno);
    }
    must(waitpid(pid, &status, 0));
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static void running_program(void)
{
    int up[2], down[2], fd;
    char byte;
    pid_t pid;

    copy_program("program");
    equal(0, run_list("./program"), "it runs");
    must(fd = open("program", O_WRONLY));
    equal(ETXTBSY, run_list("./program"), "not while it is open for writing");
    close(fd);
    must(pipe2(up, O_CLOEXEC));
    must(pipe2(down, O_CLOEXEC));
    fflush(stdout);
    pid = fork();
    if (pid == 0) {
        must(dup2(down[0], 0));
        must(dup2(up[1], 1));
        execl("./program", "program", "--wait", NULL);
        _exit(1);
    }
    close(up[1]);
    close(down[0]);
    equal(1, read(up[0], &byte, 1), "it speaks");
    fails(ETXTBSY, try_open("program", O_WRONLY), "write while it runs");
    fails(ETXTBSY, truncate("program", 0), "truncate while it runs");
    succeeds(unlink("program"), "unlink while it runs");
    close(down[1]);
    equal(1, read(up[0], &byte, 1), "it goes on");
    must(waitpid(pid, NULL, 0));
    make_file("text", "no program");
    must(chmod("text", 0755));
    equal(ENOEXEC, run_list("./text"), "a text does not run");
    must(chmod("text", 0644));
    equal(EACCES, run_list("./text"), "nor what is not executable");
}

const struct behaviour open_behaviours[] = {
    { "open-rights", rights, NEEDS_ROOT | NEEDS_OWNERS },
    { "open-directory-rights", directory_rights, NEEDS_ROOT | NEEDS_OWNERS },
    { "open-exclusive", exclusive, 0 },
    { "open-created-unwritable", created_unwritable, 0 },
    { "open-truncating", truncating, 0 },
    { "open-appending", appending, 0 },
    { "open-append-switched", append_switched, 0 },
    { "open-noatime", noatime, NEEDS_CTIME },
    { "open-types", by_type, 0 },
    { "open-fifo", through_fifo, 0 },
    { "open-access-mode", access_mode, 0 },
    { "open-synchronous", synchronous, 0 },
    { "open-direct", direct, 0 },
    { "open-offsets", offsets, 0 },
    { "open-running-program", running_program, 0 },
    { NULL, NULL, 0 },
};
