/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * mmap(2): private and shared mappings, what they see and what others see of
 * them.  Part of the POSIX suite; see posix.h.
 */
#include "posix.h"

#include <sys/mman.h>

enum { PAGE = 4096 };

static long as_result(const void *map)
{
    return map == MAP_FAILED ? -1 : 0;
}

static void private(void)
{
    char *map;
    int fd;

    make_file("file", "content");
    must(fd = open("file", O_RDONLY));
    map = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);
    succeeds(as_result(map), "a private mapping");
    must(as_result(map));
    same_text("content", map, "what it shows");
    holds(map[PAGE - 1] == 0, "zeros behind the end");
    map[0] = 'C';
    same_text("content", text_of("file"), "a change stays private");
    close(fd);
    same_text("Content", map, "it outlives the descriptor");
    munmap(map, PAGE);
}

static void shared_for_reading(void)
{
    char *map;
    int fd;

    make_file("file", "content");
    must(truncate("file", 3 * PAGE + 5));
    must(fd = open("file", O_RDONLY));
    map = mmap(NULL, 4 * PAGE, PROT_READ, MAP_SHARED, fd, 0);
    succeeds(as_result(map), "a shared mapping");
    must(as_result(map));
    same_text("content", map, "what it shows");
    holds(map[PAGE] == 0 && map[3 * PAGE + 4] == 0, "zeros in the hole");
    must(unlink("file"));
    same_text("content", map, "it outlives the name");
    munmap(map, 4 * PAGE);
    fails(EACCES, as_result(mmap(NULL, PAGE, PROT_READ | PROT_WRITE,
                                 MAP_SHARED, fd, 0)),
          "writable on a descriptor that is not");
    close(fd);
}

static void shared_for_writing(void)
{
    char *map;
    int fd;

    make_file("file", "content");
    must(truncate("file", PAGE));
    must(fd = open("file", O_RDWR));
    differs(SHARED_MAP_OF_WRITABLE);
    succeeds(as_result(mmap(NULL, PAGE, PROT_READ, MAP_SHARED, fd, 0)),
             "to read, on a writable descriptor");
    map = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    differs(SHARED_WRITABLE_MAP);
    succeeds(as_result(map), "to write");
    if (map == MAP_FAILED) {
        return;
    }
    memcpy(map, "CON", 3);
    succeeds(msync(map, PAGE, MS_SYNC), "msync");
    same_text("CONtent", text_at(fd, 0), "read(2) sees it");
    must(pwrite(fd, "TENT", 4, 3));
    same_text("CONTENT", map, "it sees write(2)");
    must(unlink("file"));
    memcpy(map, "con", 3);
    succeeds(msync(map, PAGE, MS_SYNC), "msync without a name");
    same_text("conTENT", text_at(fd, 0), "read(2) sees that too");
    munmap(map, PAGE);
    close(fd);
}

static void write_while_mapped(void)
{
    char *map;
    int in, out;

    make_file("file", "content");
    must(in = open("file", O_RDONLY));
    must(out = open("file", O_WRONLY));
    map = mmap(NULL, PAGE, PROT_READ, MAP_SHARED, in, 0);
    must(as_result(map));
    same_text("content", map, "before");
    must(pwrite(out, "C", 1, 0));
    holds(!strcmp(map, "Content"), "a write is seen in a mapping");
    same_text("Content", text_at(in, 0), "a write is seen by read");
    munmap(map, PAGE);
    close(in);
    close(out);
}

static void refusals(void)
{
    int fd;

    must(mkdir("dir", 0755));
    must(fd = open("dir", O_RDONLY));
    fails(ENODEV, as_result(mmap(NULL, PAGE, PROT_READ, MAP_SHARED, fd, 0)),
          "a directory");
    close(fd);
    make_file("file", "x");
    must(fd = open("file", O_WRONLY));
    fails(EACCES, as_result(mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE, fd, 0)),
          "what is open for writing only");
    close(fd);
    must(fd = open("file", O_RDONLY));
    fails(EINVAL, as_result(mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE, fd, 1)),
          "from an odd offset");
    fails(EINVAL, as_result(mmap(NULL, 0, PROT_READ, MAP_PRIVATE, fd, 0)),
          "of no length");
    close(fd);
}

const struct behaviour map_behaviours[] = {
    { "mmap-private", private, 0 },
    { "mmap-shared-read", shared_for_reading, 0 },
    { "mmap-shared-write", shared_for_writing, 0 },
    { "mmap-and-write", write_while_mapped, 0 },
    { "mmap-refused", refusals, 0 },
    { NULL, NULL, 0 },
};
