/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * dents DIR [N]: prints the entries of a directory as the kernel returns them,
 * including "." and "..", as one "TYPE NAME" on each line (TYPE f, d, l, c, b,
 * p, s, or ? for unknown; with N = -i the inode number in its place).  With a
 * number N it closes and opens the directory again after every N entries and
 * continues with lseek() to the last entry's offset, where a server must be
 * able to resume.  For the test guests.
 */
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

struct dent64 {
    uint64_t ino;
    int64_t off;
    uint16_t reclen;
    uint8_t type;
    char name[];
};

static char type_letter(unsigned type)
{
    static const char letters[] = "?pc?d?b?f?l?s";

    return type < sizeof(letters) - 1 ? letters[type] : '?';
}

static int numbers;

/* Prints up to max entries from *off on; returns their number, or -1. */
static long list_some(const char *dir, int64_t *off, long max)
{
    static char buf[32768] __attribute__((aligned(8)));
    long at, n, count = 0;
    int fd = open(dir, O_RDONLY | O_DIRECTORY);

    if (fd < 0 || (*off && lseek(fd, *off, SEEK_SET) < 0)) {
        return -1;
    }
    while (count < max && (n = syscall(SYS_getdents64, fd, buf, sizeof(buf)))) {
        if (n < 0) {
            return -1;
        }
        for (at = 0; at < n && count < max; count++) {
            struct dent64 *d = (struct dent64 *)(buf + at);

            if (numbers) {
                printf("%llu %s\n", (unsigned long long)d->ino, d->name);
            } else {
                printf("%c %s\n", type_letter(d->type), d->name);
            }
            *off = d->off;
            at += d->reclen;
        }
    }
    close(fd);
    return count;
}

int main(int argc, char **argv)
{
    long count, step = argc > 2 ? atol(argv[2]) : 0;    /* of "-i": 0 */
    int64_t off = 0;

    numbers = argc > 2 && !strcmp(argv[2], "-i");
    if (argc < 2 || step < 0) {
        fprintf(stderr, "usage: dents DIR [N]\n");
        return 2;
    }
    do {
        count = list_some(argv[1], &off, step ? step : INT64_MAX);
        if (count < 0) {
            perror(argv[1]);
            return 1;
        }
    } while (step && count == step);
    return 0;
}
