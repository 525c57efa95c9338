/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The system calls that each operation requires.  Single thread; called by
 * run.c while no QEMU is being measured.
 *
 * A walk is one openat(O_PATH) for each name instead of one for the whole path,
 * because Twalk requires that from a file server.
 */
#include <endian.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/xattr.h>
#include <unistd.h>
#include "native.h"
#include "stat.h"

#define DENTS_SIZE      (64 << 10)
#define BUFFER_SIZE     (1 << 20)
#define SEED            UINT64_C(0x2545f4914f6cdd1d)

static int check(long result, const char *call)
{
    if (result < 0) {
        die_errno("native %s", call);
    }
    return result;
}

static const char *pick(Native *n, char name[TREE_NAME_SIZE])
{
    tree_file_name(random_next(&n->random) % n->tree->files, name);
    return name;
}

static int open_name(int dir, const char *name, int flags)
{
    return check(openat(dir, name, flags | O_NOFOLLOW | O_CLOEXEC), "openat");
}

static void stat_fd(int fd)
{
    struct statx st;

    check(statx(fd, "", AT_EMPTY_PATH, STATX_BASIC_STATS, &st), "statx");
}

void native_nothing(Native *n)
{
    (void)n;
    syscall(SYS_getppid);
}

void native_getattr_root(Native *n)
{
    stat_fd(n->tree->root);
}

void native_stat_parent(Native *n)
{
    char name[TREE_NAME_SIZE];
    int fd = open_name(n->tree->dir, pick(n, name), O_PATH);

    stat_fd(fd);
    close(fd);
}

void native_stat_root(Native *n)
{
    char name[TREE_NAME_SIZE];
    int fd[64];
    unsigned i, depth = 0;
    int at = n->tree->root;

    for (i = 1; i <= n->tree->levels; i++) {
        tree_dir_name(i, name);
        at = fd[depth++] = open_name(at, name, O_PATH);
    }
    fd[depth++] = open_name(at, pick(n, name), O_PATH);
    stat_fd(fd[depth - 1]);
    while (depth) {
        close(fd[--depth]);
    }
}

static void get_xattr(int fd, const char *name)
{
    uint8_t value[TREE_XATTR_SIZE];

    check(fgetxattr(fd, name, value, sizeof(value)), "fgetxattr");
}

void native_stat_xattr(Native *n)
{
    stat_fd(n->file);
    get_xattr(n->file, "user.virtfs.uid");
    get_xattr(n->file, "user.virtfs.gid");
    get_xattr(n->file, "user.virtfs.mode");
}

static void read_file(int dir, const char *name, void *buf, size_t size)
{
    int fd = open_name(dir, name, O_RDONLY);

    stat_fd(fd);
    check(pread(fd, buf, size, 0), "pread");
    close(fd);
}

void native_stat_metadata(Native *n)
{
    char name[TREE_NAME_SIZE];
    char path[64];

    snprintf(path, sizeof(path), ".virtfs_metadata/%s", pick(n, name));
    stat_fd(n->file);
    read_file(n->tree->dir, path, n->buffer, TREE_BLOCK);
}

void native_xattr_get(Native *n)
{
    get_xattr(n->file, TREE_XATTR_NAME);
}

void native_small_file(Native *n)
{
    char name[TREE_NAME_SIZE];

    read_file(n->tree->dir, pick(n, name), n->buffer, n->io_size);
}

static uint64_t chunk_offset(const Native *n, uint64_t chunk)
{
    return chunk % (n->tree->bytes / n->io_size) * n->io_size;
}

void native_read_random(Native *n)
{
    check(pread(n->file, n->buffer, n->io_size,
                chunk_offset(n, random_next(&n->random))), "pread");
}

void native_read_sequential(Native *n)
{
    check(pread(n->file, n->buffer, n->io_size, chunk_offset(n, n->op)),
          "pread");
}

void native_write_sequential(Native *n)
{
    check(pwrite(n->file, n->buffer, n->io_size, chunk_offset(n, n->op)),
          "pwrite");
}

void native_readdir(Native *n)
{
    int fd = open_name(n->tree->dir, ".", O_RDONLY | O_DIRECTORY);

    while (check(syscall(SYS_getdents64, fd, n->buffer, DENTS_SIZE),
                 "getdents64")) {
        continue;
    }
    close(fd);
}

static int create_and_write(Native *n)
{
    int fd = check(openat(n->tree->dir, "c00",
                          O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600),
                   "openat");

    check(pwrite(fd, n->buffer, n->io_size, 0), "pwrite");
    return fd;
}

static void close_and_unlink(Native *n, int fd)
{
    close(fd);
    check(unlinkat(n->tree->dir, "c00", 0), "unlinkat");
}

static void set_xattr(int fd, const char *name, uint32_t value)
{
    uint32_t le = htole32(value);

    check(fsetxattr(fd, name, &le, sizeof(le), 0), "fsetxattr");
}

void native_create_mapped_xattr(Native *n)
{
    int fd = create_and_write(n);

    set_xattr(fd, "user.virtfs.uid", 0);
    set_xattr(fd, "user.virtfs.gid", 0);
    set_xattr(fd, "user.virtfs.mode", S_IFREG | 0644);
    close_and_unlink(n, fd);
}

void native_create_mapped_file(Native *n)
{
    static const char text[] =
        "virtfs.uid=0\nvirtfs.gid=0\nvirtfs.mode=33188\n";
    static const char path[] = ".virtfs_metadata/c00";
    int fd = create_and_write(n);
    int meta;

    if (mkdirat(n->tree->dir, ".virtfs_metadata", 0700) < 0 &&
        faccessat(n->tree->dir, ".virtfs_metadata", F_OK, 0) < 0) {
        die_errno("native mkdirat");
    }
    meta = check(openat(n->tree->dir, path, O_WRONLY | O_CREAT | O_CLOEXEC,
                        0600), "openat");
    check(pwrite(meta, text, strlen(text), 0), "pwrite");
    close(meta);
    check(unlinkat(n->tree->dir, path, 0), "unlinkat");
    close_and_unlink(n, fd);
}

void native_create_owned(Native *n)
{
    int fd = create_and_write(n);

    check(fchown(fd, geteuid(), getegid()), "fchown");
    check(fchmod(fd, 0644), "fchmod");
    close_and_unlink(n, fd);
}

void native_rename(Native *n)
{
    bool back = n->op % 2;

    check(renameat(n->tree->root, back ? "moved" : "d1", n->tree->root,
                   back ? "d1" : "moved"), "renameat");
}

void native_read_slow(Native *n)
{
    struct timespec pause = { .tv_nsec = SLOW_NS };

    nanosleep(&pause, NULL);
    native_read_sequential(n);
}

double native_run(NativeOp *op, const Tree *tree, uint32_t io_size,
                  uint64_t ns)
{
    Native n = { .tree = tree, .io_size = io_size, .random = SEED,
                 .file = -1, .buffer = g_malloc0(BUFFER_SIZE) };
    g_autoptr(GArray) times = g_array_new(false, false, sizeof(uint64_t));
    uint64_t start = now_ns();
    uint64_t before = start;
    uint64_t now, took;

    if (tree->files) {
        n.file = open_name(tree->dir, "f00000", O_RDWR);
    }
    do {
        op(&n);
        now = now_ns();
        took = now - before;
        g_array_append_val(times, took);
        before = now;
        n.op++;
        /* An even number of renames restores the tree. */
    } while (now - start < ns || n.op % 2);
    if (n.file >= 0) {
        close(n.file);
    }
    g_free(n.buffer);
    return stat_percentile(times, 50) / 1e3;
}
