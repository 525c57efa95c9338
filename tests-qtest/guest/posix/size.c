/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * truncate(2), ftruncate(2), sparse files, files beyond 2 and 4 GiB, reserved
 * space.  Part of the POSIX suite; see posix.h.
 */
#include "posix.h"

#include <signal.h>
#include <sys/resource.h>

#define GIB (1ll << 30)

/* Whether all bytes of the range have that value. */
static bool all_are(int fd, off_t from, off_t to, char byte)
{
    static char data[65536];
    ssize_t got, i;

    while (from < to) {
        size_t want = to - from < (off_t)sizeof(data) ? to - from
                                                      : (off_t)sizeof(data);

        got = pread(fd, data, want, from);
        if (got <= 0) {
            return false;
        }
        for (i = 0; i < got; i++) {
            if (data[i] != byte) {
                return false;
            }
        }
        from += got;
    }
    return true;
}

static void fill(int fd, off_t size)
{
    static char data[65536];
    off_t at;

    memset(data, 'f', sizeof(data));
    for (at = 0; at < size; at += sizeof(data)) {
        size_t n = size - at < (off_t)sizeof(data) ? size - at
                                                   : (off_t)sizeof(data);

        must(pwrite(fd, data, n, at) == (ssize_t)n ? 0 : -1);
    }
}

static void sizes(void)
{
    static const off_t wanted[] = {
        0, 1, 100, 4095, 4096, 4097, 65536, (1 << 20) + 1,
    };
    off_t left;
    size_t i;
    int fd;

    for (i = 0; i < SIZE_OF_ARRAY(wanted); i++) {
        must(fd = open("file", O_CREAT | O_RDWR | O_TRUNC, 0600));
        fill(fd, 5000);
        succeeds(truncate("file", wanted[i]), "truncate to %lld",
                 (long long)wanted[i]);
        equal(wanted[i], fstat_of(fd).st_size, "size by descriptor");
        equal(wanted[i], stat_of("file").st_size, "size by name");
        holds(all_are(fd, 0, wanted[i] < 5000 ? wanted[i] : 5000, 'f') &&
              all_are(fd, 5000, wanted[i], 0),
              "kept what was, zeros behind it, %lld", (long long)wanted[i]);
        succeeds(ftruncate(fd, 10), "ftruncate to 10");
        succeeds(ftruncate(fd, 9000), "ftruncate to 9000");
        left = wanted[i] < 10 ? wanted[i] : 10;
        holds(all_are(fd, 0, left, 'f') && all_are(fd, left, 9000, 0),
              "what was cut does not come back");
        close(fd);
    }
}

static void refusals(void)
{
    int fd;

    make_file("file", "text");
    must(mkdir("dir", 0755));
    must(mkfifo("fifo", 0600));
    must(symlink("file", "link"));
    fails(EINVAL, truncate("file", -1), "to less than nothing");
    fails(EISDIR, truncate("dir", 0), "a directory");
    fails(EINVAL, truncate("fifo", 0), "a fifo");
    fails(EFBIG, truncate("file", 1ll << 62), "to more than there can be");
    equal(4, stat_of("file").st_size, "nothing changed by these");
    succeeds(truncate("link", 2), "through a link");
    equal(2, stat_of("file").st_size, "its target changed");
    must(fd = open("dir", O_RDONLY));
    fails(EINVAL, ftruncate(fd, 0), "a directory by descriptor");
    close(fd);
}

static void rights(void)
{
    int fd;

    make_file("file", "text");
    must(chown("file", USER, GROUP));
    must(chmod("file", 0644));
    fails(EACCES, AS(OTHER, OTHER_GROUP, truncate("file", 0)),
          "without the right");
    succeeds(AS(USER, GROUP, truncate("file", 3)), "with it");
    must(fd = AS(USER, GROUP, open("file", O_RDWR)));
    must(chmod("file", 0));
    succeeds(AS(USER, GROUP, ftruncate(fd, 2)),
             "by a descriptor that was open before");
    equal(2, fstat_of(fd).st_size, "size");
    close(fd);
}

static void times_move(void)
{
    make_file("file", "text");
    equal(1, MOVES(st_mtim, "file", truncate("file", 2)),
          "modification time, shorter");
    equal(1, MOVES(st_ctim, "file", truncate("file", 100)),
          "status change time, longer");
    equal(1, MOVES(st_mtim, "file", truncate("file", 200)),
          "modification time, longer");
    equal(1, MOVES(st_mtim, "file", open("file", O_TRUNC | O_WRONLY)),
          "modification time, O_TRUNC");
}

static void limited(void)
{
    struct rlimit limit = { 1000, 1000 };
    char c = 'x';
    int fd;

    must(fd = open("file", O_CREAT | O_RDWR, 0600));
    signal(SIGXFSZ, SIG_IGN);
    must(setrlimit(RLIMIT_FSIZE, &limit));
    fails(EFBIG, ftruncate(fd, 1001), "ftruncate beyond the limit");
    succeeds(ftruncate(fd, 1000), "ftruncate to the limit");
    fails(EFBIG, pwrite(fd, &c, 1, 1000), "write beyond the limit");
    equal(1, pwrite(fd, &c, 1, 999), "write to the limit");
    close(fd);
}

static void sparse(void)
{
    int fd;

    must(fd = open("file", O_CREAT | O_RDWR, 0600));
    must(pwrite(fd, "data", 4, 1 << 20));
    equal((1 << 20) + 4, fstat_of(fd).st_size, "size");
    differs(BLOCKS_OF_HOLES);
    holds(stat_of("file").st_blocks < 1024, "few blocks");
    holds(all_are(fd, 0, 1 << 20, 0), "zeros in the hole");
    same_text("data", text_at(fd, 1 << 20), "data behind it");
    must(fsync(fd));
    differs(SEEK_TO_DATA);
    equal(1 << 20, lseek(fd, 0, SEEK_DATA), "SEEK_DATA");
    differs(SEEK_TO_HOLE);
    equal(0, lseek(fd, 0, SEEK_HOLE), "SEEK_HOLE");
    equal((1 << 20) + 4, lseek(fd, 1 << 20, SEEK_HOLE), "SEEK_HOLE in data");
    fails(ENXIO, lseek(fd, 2 << 20, SEEK_DATA), "SEEK_DATA behind the end");
    fails(ENXIO, lseek(fd, 2 << 20, SEEK_HOLE), "SEEK_HOLE behind the end");
    close(fd);
}

static void huge(void)
{
    static const long long at[] = {
        2 * GIB - 1, 2 * GIB, 4 * GIB - 2, 4 * GIB, 5 * GIB, 1024 * GIB,
    };
    long long end;
    size_t i;
    int fd;

    must(fd = open("file", O_CREAT | O_RDWR, 0600));
    for (i = 0; i < SIZE_OF_ARRAY(at); i++) {
        equal(4, pwrite(fd, "data", 4, at[i]), "write at %lld", at[i]);
        equal(at[i] + 4, fstat_of(fd).st_size, "size");
        same_text("data", text_at(fd, at[i]), "read");
    }
    differs(BLOCKS_OF_HOLES);
    holds(stat_of("file").st_blocks < 1024, "few blocks");
    equal(4 * GIB - 2, lseek(fd, 4 * GIB - 2, SEEK_SET), "seek");
    same_text("dadata", text_at(fd, 4 * GIB - 2), "across 4 GiB");
    for (end = 6 * GIB + 7; end > GIB; end -= 2 * GIB) {
        succeeds(ftruncate(fd, end), "truncate to %lld", end);
        equal(end, stat_of("file").st_size, "size by name");
    }
    must(close(fd));
    must(fd = open("file", O_WRONLY | O_APPEND));
    must(ftruncate(fd, 4 * GIB));
    must(write(fd, "more", 4));
    equal(4 * GIB + 4, stat_of("file").st_size, "append at 4 GiB");
    close(fd);
}

static void reserved(void)
{
    int fd;

    must(fd = open("file", O_CREAT | O_RDWR, 0600));
    differs(PREALLOCATION);
    succeeds(fallocate(fd, 0, 0, 8192), "fallocate");
    must(ftruncate(fd, 8192));
    differs(PUNCHED_HOLE);
    succeeds(fallocate(fd, 3, 0, 4096), "a hole punched");
    equal(8192, fstat_of(fd).st_size, "size");
    close(fd);
}

const struct behaviour size_behaviours[] = {
    { "truncate-sizes", sizes, 0 },
    { "truncate-refused", refusals, 0 },
    { "truncate-rights", rights, NEEDS_ROOT | NEEDS_OWNERS },
    { "truncate-times", times_move, NEEDS_CTIME },
    { "size-limit", limited, 0 },
    { "sparse-file", sparse, 0 },
    { "huge-file", huge, 0 },
    { "reserved-space", reserved, 0 },
    { NULL, NULL, 0 },
};
