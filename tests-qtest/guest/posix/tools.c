/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Tools of the POSIX suite: other users, files of each type, reading
 * attributes and text, waiting for the clock of the files.  They are not
 * statements; if one fails, the behaviour ends with a failure that names the
 * call.  They use static buffers and are called in the child of one behaviour
 * only.
 */
#include "posix.h"

#include <dirent.h>
#include <grp.h>
#include <sys/socket.h>
#include <sys/sysmacros.h>
#include <sys/un.h>

const char *const kind_names[KINDS] = {
    "file", "directory", "fifo", "char", "block", "socket", "symlink",
};

const mode_t kind_types[KINDS] = {
    S_IFREG, S_IFDIR, S_IFIFO, S_IFCHR, S_IFBLK, S_IFSOCK, S_IFLNK,
};

void as_user(uid_t uid, gid_t gid, gid_t more)
{
    must(setgroups(more != gid, &more));
    must(setegid(gid));
    must(seteuid(uid));
}

long as_root(long ret)
{
    int error = errno;

    must(seteuid(0));
    must(setegid(0));
    must(setgroups(0, NULL));
    errno = error;
    return ret;
}

int make_kind(enum kind kind, const char *name)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    int fd, ret;

    switch (kind) {
    case REGULAR:
        fd = open(name, O_CREAT | O_EXCL | O_WRONLY, 0644);
        return fd < 0 ? -1 : close(fd);
    case DIRECTORY:
        return mkdir(name, 0644);
    case FIFO:
        return mkfifo(name, 0644);
    case CHAR:
        return mknod(name, S_IFCHR | 0644, makedev(1, 3));
    case BLOCK:
        return mknod(name, S_IFBLK | 0644, makedev(240, 17));
    case SOCKET:
        must(fd = socket(AF_UNIX, SOCK_STREAM, 0));
        strncpy(address.sun_path, name, sizeof(address.sun_path) - 1);
        ret = bind(fd, (struct sockaddr *)&address, sizeof(address));
        close(fd);
        return ret;
    default:
        return symlink("nowhere", name);
    }
}

bool can_make(enum kind kind)
{
    static int devices = -1;

    if (kind != CHAR && kind != BLOCK) {
        return true;
    }
    if (devices < 0) {
        devices = mknod(".device", S_IFCHR | 0600, makedev(1, 3)) == 0;
        unlink(".device");
    }
    return devices;
}

void make_file(const char *name, const char *text)
{
    int fd;

    must(fd = open(name, O_CREAT | O_TRUNC | O_WRONLY, 0644));
    must(write(fd, text, strlen(text)) == (ssize_t)strlen(text) ? 0 : -1);
    must(close(fd));
}

void make_dir(const char *name, mode_t mode)
{
    must(mkdir(name, 0700));
    must(chmod(name, mode));
}

struct stat stat_of(const char *name)
{
    struct stat st;

    must_succeed(lstat(name, &st), "lstat", name, 0);
    return st;
}

struct stat fstat_of(int fd)
{
    struct stat st;

    must(fstat(fd, &st));
    return st;
}

mode_t mode_of(const char *name)
{
    return stat_of(name).st_mode & 07777;
}

mode_t type_of(const char *name)
{
    struct stat st;

    return lstat(name, &st) ? 0 : st.st_mode & S_IFMT;
}

bool exists(const char *name)
{
    struct stat st;

    return lstat(name, &st) == 0;
}

const char *text_at(int fd, off_t offset)
{
    static char buffers[2][256];
    static int turn;
    char *text = buffers[turn ^= 1];
    ssize_t got;

    must(got = pread(fd, text, sizeof(buffers[0]) - 1, offset));
    text[got] = 0;
    return text;
}

const char *text_of(const char *name)
{
    const char *text;
    int fd;

    must(fd = open(name, O_RDONLY));
    text = text_at(fd, 0);
    close(fd);
    return text;
}

/*
 * All names are collected before any is removed, as the tools must not rely on
 * what the suite tests.
 */
int remove_tree(int at, const char *name)
{
    char *names = NULL, *one;
    size_t length = 0, size;
    struct dirent *entry;
    int fd, ret;
    DIR *dir;

    if (unlinkat(at, name, 0) == 0 || (errno != EISDIR && errno != EPERM)) {
        return 0;
    }
    fchmodat(at, name, 0700, 0);
    fd = openat(at, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
    dir = fd < 0 ? NULL : fdopendir(fd);
    if (!dir) {
        return -1;
    }
    while ((entry = readdir(dir))) {
        if (strcmp(entry->d_name, ".") && strcmp(entry->d_name, "..")) {
            size = strlen(entry->d_name) + 1;
            names = realloc(names, length + size);
            memcpy(names + length, entry->d_name, size);
            length += size;
        }
    }
    for (one = names; one < names + length; one += strlen(one) + 1) {
        remove_tree(fd, one);
    }
    free(names);
    ret = unlinkat(at, name, AT_REMOVEDIR);
    closedir(dir);
    return ret;
}

bool later(struct timespec a, struct timespec b)
{
    return a.tv_sec > b.tv_sec ||
           (a.tv_sec == b.tv_sec && a.tv_nsec > b.tv_nsec);
}

void tick(void)
{
    struct timespec first, now;
    int fd;

    must(fd = open(".tick", O_CREAT | O_RDWR, 0600));
    must(write(fd, "1", 1));
    first = fstat_of(fd).st_mtim;
    do {
        must(pwrite(fd, "2", 1, 0));
        now = fstat_of(fd).st_mtim;
    } while (!later(now, first));
    must(close(fd));
    must(unlink(".tick"));
}
