/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * fdop OPERATION...: makes system calls on one open file descriptor in the
 * given order; each operation is one argument.  For the test guests: tests of
 * a descriptor whose name is removed, and calls that busybox does not have.
 *
 *   open FILE FLAGS     FLAGS of r w rw creat excl append trunc direct sync dir
 *                       path tmpfile, joined by commas; mode 0644
 *   read N | pread OFF N        prints what was read
 *   write TEXT | pwrite OFF TEXT
 *   seek WHENCE OFF     WHENCE set cur end data hole; prints the new offset
 *   stat FORMAT         %s size %m mode (octal) %l links %u uid %g gid %t mtime
 *                       %b blocks %n mtime nanoseconds; prints it
 *   chmod MODE, chown UID GID, times SECONDS NANOSECONDS (both times),
 *   truncate SIZE, sync, datasync, syncfs, allocate OFF LEN, setxattr NAME TEXT
 *   flock ex|sh|un      never waits
 *   lock r|w|u START LEN (fcntl F_SETLK), lockwait r|w START LEN (F_SETLKW),
 *   getlock r|w START LEN (prints "free" or "held")
 *   mapread OFF N, mapwrite OFF TEXT   through a shared mapping
 *   sh COMMAND          runs a shell command meanwhile; it must succeed
 *   expect ERRNO        the next operation must fail with ERRNO, see errno_of()
 *
 * At the first operation with another result it prints "OPERATION: error text"
 * to standard error and exits with status 1.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

static int fd = -1;
static char *arg[4];
static char data[1 << 16];

static long long num(int i)
{
    return arg[i] ? strtoll(arg[i], NULL, 0) : 0;
}

static int op_open(void)
{
    static const struct {
        const char *word;
        int flag;
    } words[] = {
        { "r", O_RDONLY }, { "w", O_WRONLY }, { "rw", O_RDWR },
        { "creat", O_CREAT }, { "excl", O_EXCL }, { "append", O_APPEND },
        { "trunc", O_TRUNC }, { "direct", O_DIRECT }, { "sync", O_SYNC },
        { "dir", O_DIRECTORY }, { "path", O_PATH }, { "tmpfile", O_TMPFILE },
    };
    int flags = 0;
    size_t i;
    char *word;

    for (word = strtok(arg[2], ","); word; word = strtok(NULL, ",")) {
        for (i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
            if (!strcmp(word, words[i].word)) {
                flags |= words[i].flag;
                break;
            }
        }
        if (i == sizeof(words) / sizeof(words[0])) {
            fprintf(stderr, "fdop: no open flag %s\n", word);
            exit(2);
        }
    }
    if (fd >= 0) {
        close(fd);
    }
    fd = open(arg[1], flags, 0644);
    return fd;
}

static int show(ssize_t n)
{
    if (n >= 0) {
        fwrite(data, 1, n, stdout);
        putchar('\n');
    }
    return n < 0 ? -1 : 0;
}

static size_t bounded(long long n)
{
    return n < 0 || n > (long long)sizeof(data) ? sizeof(data) : (size_t)n;
}

static int op_read(void)
{
    return show(read(fd, data, bounded(num(1))));
}

static int op_pread(void)
{
    return show(pread(fd, data, bounded(num(2)), num(1)));
}

static int whole(ssize_t done, size_t wanted)
{
    if (done >= 0 && (size_t)done != wanted) {
        errno = EIO;
        return -1;
    }
    return done < 0 ? -1 : 0;
}

static int op_write(void)
{
    return whole(write(fd, arg[1], strlen(arg[1])), strlen(arg[1]));
}

static int op_pwrite(void)
{
    return whole(pwrite(fd, arg[2], strlen(arg[2]), num(1)), strlen(arg[2]));
}

static int op_seek(void)
{
    static const char *const names[] = { "set", "cur", "end", "data", "hole" };
    int whence = 0;
    off_t off;

    while (whence < 4 && strcmp(arg[1], names[whence])) {
        whence++;
    }
    off = lseek(fd, num(2), whence);
    if (off >= 0) {
        printf("%lld\n", (long long)off);
    }
    return off < 0 ? -1 : 0;
}

static int op_stat(void)
{
    struct stat st;
    const char *p;

    if (fstat(fd, &st)) {
        return -1;
    }
    for (p = arg[1]; *p; p++) {
        if (*p != '%') {
            putchar(*p);
            continue;
        }
        switch (*++p) {
        case 's':
            printf("%lld", (long long)st.st_size);
            break;
        case 'm':
            printf("%o", st.st_mode & 07777);
            break;
        case 'l':
            printf("%lu", (unsigned long)st.st_nlink);
            break;
        case 'u':
            printf("%u", st.st_uid);
            break;
        case 'g':
            printf("%u", st.st_gid);
            break;
        case 't':
            printf("%lld", (long long)st.st_mtime);
            break;
        case 'n':
            printf("%ld", st.st_mtim.tv_nsec);
            break;
        case 'b':
            printf("%lld", (long long)st.st_blocks);
            break;
        default:
            fprintf(stderr, "fdop: no %%%c\n", *p);
            exit(2);
        }
    }
    putchar('\n');
    return 0;
}

static int op_chmod(void)
{
    return fchmod(fd, strtol(arg[1], NULL, 8));
}

static int op_chown(void)
{
    return fchown(fd, num(1), num(2));
}

static int op_times(void)
{
    struct timespec t = { .tv_sec = num(1), .tv_nsec = num(2) };
    struct timespec ts[2] = { t, t };

    return futimens(fd, ts);
}

static int op_truncate(void)
{
    return ftruncate(fd, num(1));
}

static int op_sync(void)
{
    return fsync(fd);
}

static int op_datasync(void)
{
    return fdatasync(fd);
}

static int op_syncfs(void)
{
    return syncfs(fd);
}

static int op_allocate(void)
{
    return fallocate(fd, 0, num(1), num(2));
}

static int op_setxattr(void)
{
    return fsetxattr(fd, arg[1], arg[2], strlen(arg[2]), 0);
}

static int op_flock(void)
{
    int how = !strcmp(arg[1], "ex") ? LOCK_EX :
              !strcmp(arg[1], "sh") ? LOCK_SH : LOCK_UN;

    return flock(fd, how | LOCK_NB);
}

static struct flock lock_range(void)
{
    struct flock range = {
        .l_type = *arg[1] == 'r' ? F_RDLCK : *arg[1] == 'w' ? F_WRLCK : F_UNLCK,
        .l_whence = SEEK_SET, .l_start = num(2), .l_len = num(3),
    };

    return range;
}

static int op_lock(void)
{
    struct flock range = lock_range();

    return fcntl(fd, F_SETLK, &range);
}

static int op_lockwait(void)
{
    struct flock range = lock_range();

    return fcntl(fd, F_SETLKW, &range);
}

static int op_getlock(void)
{
    struct flock range = lock_range();

    if (fcntl(fd, F_GETLK, &range)) {
        return -1;
    }
    puts(range.l_type == F_UNLCK ? "free" : "held");
    return 0;
}

/* Maps from the start of a page on; *skip is the number of bytes before off. */
static char *map_at(off_t off, size_t len, int prot, size_t *skip)
{
    char *map;

    *skip = off & 4095;
    map = mmap(NULL, *skip + len, prot, MAP_SHARED, fd, off - *skip);
    return map == MAP_FAILED ? NULL : map;
}

static int op_mapread(void)
{
    size_t skip, len = bounded(num(2));
    char *map = map_at(num(1), len, PROT_READ, &skip);

    if (!map) {
        return -1;
    }
    memcpy(data, map + skip, len);
    munmap(map, skip + len);
    return show(len);
}

static int op_mapwrite(void)
{
    size_t skip, len = strlen(arg[2]);
    char *map = map_at(num(1), len, PROT_READ | PROT_WRITE, &skip);
    int ret;

    if (!map) {
        return -1;
    }
    memcpy(map + skip, arg[2], len);
    ret = msync(map, skip + len, MS_SYNC);
    munmap(map, skip + len);
    return ret;
}

static const struct {
    const char *name;
    int args;
    int (*run)(void);
} ops[] = {
    { "open", 2, op_open }, { "read", 1, op_read }, { "pread", 2, op_pread },
    { "write", 1, op_write }, { "pwrite", 2, op_pwrite },
    { "seek", 2, op_seek }, { "stat", 1, op_stat }, { "chmod", 1, op_chmod },
    { "chown", 2, op_chown }, { "times", 2, op_times },
    { "truncate", 1, op_truncate }, { "sync", 0, op_sync },
    { "datasync", 0, op_datasync }, { "syncfs", 0, op_syncfs },
    { "allocate", 2, op_allocate }, { "setxattr", 2, op_setxattr },
    { "flock", 1, op_flock }, { "lock", 3, op_lock },
    { "lockwait", 3, op_lockwait },
    { "getlock", 3, op_getlock }, { "mapread", 2, op_mapread },
    { "mapwrite", 2, op_mapwrite },
};

static int errno_of(const char *name)
{
    static const struct {
        const char *name;
        int number;
    } names[] = {
        { "ENOENT", ENOENT }, { "EACCES", EACCES }, { "EEXIST", EEXIST },
        { "EINVAL", EINVAL }, { "EROFS", EROFS }, { "EPERM", EPERM },
        { "EAGAIN", EAGAIN }, { "ENOTDIR", ENOTDIR }, { "EISDIR", EISDIR },
        { "ENODATA", ENODATA }, { "EOPNOTSUPP", EOPNOTSUPP },
        { "ENOTSUP", EOPNOTSUPP }, { "ESTALE", ESTALE }, { "EBADF", EBADF },
        { "ELOOP", ELOOP }, { "ENXIO", ENXIO }, { "EFBIG", EFBIG },
    };
    size_t i;

    for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        if (!strcmp(name, names[i].name)) {
            return names[i].number;
        }
    }
    fprintf(stderr, "fdop: no error named %s\n", name);
    exit(2);
}

/* Splits text into the verb and its arguments; the last one keeps blanks. */
static int run_op(char *text)
{
    size_t i;
    int a;

    memset(arg, 0, sizeof(arg));
    arg[0] = strsep(&text, " ");
    for (i = 0; i < sizeof(ops) / sizeof(ops[0]); i++) {
        if (strcmp(arg[0], ops[i].name)) {
            continue;
        }
        for (a = 1; a < ops[i].args; a++) {
            arg[a] = strsep(&text, " ");
        }
        if (ops[i].args) {
            arg[ops[i].args] = text;
        }
        for (a = 1; a <= ops[i].args; a++) {
            if (!arg[a]) {
                fprintf(stderr, "fdop: %s takes %d\n", arg[0], ops[i].args);
                exit(2);
            }
        }
        return ops[i].run();
    }
    fprintf(stderr, "fdop: no operation %s\n", arg[0]);
    exit(2);
}

/* Returns 0 if the operation had the expected result, success or an error. */
static int check_op(const char *text, int wanted)
{
    char *copy = strdup(text);
    int ret = run_op(copy), came = errno;

    free(copy);
    fflush(stdout);
    if (wanted ? ret < 0 && came == wanted : ret >= 0) {
        return 0;
    }
    fprintf(stderr, "%s: expected %s, came %s\n", text,
            wanted ? strerror(wanted) : "success",
            ret < 0 ? strerror(came) : "success");
    return 1;
}

int main(int argc, char **argv)
{
    int i, wanted = 0;

    for (i = 1; i < argc; i++) {
        if (!strncmp(argv[i], "expect ", 7)) {
            wanted = errno_of(argv[i] + 7);
        } else if (!strncmp(argv[i], "sh ", 3)) {
            if (system(argv[i] + 3)) {
                fprintf(stderr, "%s: expected success, came failure\n",
                        argv[i]);
                return 1;
            }
        } else {
            if (check_op(argv[i], wanted)) {
                return 1;
            }
            wanted = 0;
        }
    }
    return 0;
}
