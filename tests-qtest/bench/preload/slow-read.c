/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Simulates slow storage.  This library is preloaded into QEMU and delays each
 * pread(), preadv() and preadv2() of a file below BENCH_SLOW_DIR by
 * BENCH_SLOW_NS nanoseconds.  With RWF_NOWAIT, such a read fails with EAGAIN
 * instead.  Both binaries are treated the same and cannot detect it.
 *
 * Runs in any thread of QEMU; all state is set before main().
 */
#include <dlfcn.h>
#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#define NS_PER_SEC 1000000000

static const char *slow_dir;
static size_t slow_dir_len;
static uint64_t slow_ns;

static ssize_t (*real_pread)(int, void *, size_t, off_t);
static ssize_t (*real_preadv)(int, const struct iovec *, int, off_t);
static ssize_t (*real_preadv2)(int, const struct iovec *, int, off_t, int);

/* The libc function @name, for which off_t has 64 bits */
static void *next_of(const char *name)
{
    void *function = dlsym(RTLD_NEXT, name);

    if (!function) {
        fprintf(stderr, "slow-read: no %s\n", name);
        abort();
    }
    return function;
}

static void __attribute__((constructor)) start(void)
{
    const char *ns = getenv("BENCH_SLOW_NS");

    slow_dir = getenv("BENCH_SLOW_DIR");
    slow_dir_len = slow_dir ? strlen(slow_dir) : 0;
    slow_ns = ns ? strtoull(ns, NULL, 10) : 0;
    *(void **)&real_pread = next_of("pread64");
    *(void **)&real_preadv = next_of("preadv64");
    *(void **)&real_preadv2 = next_of("preadv64v2");
}

static bool is_slow(int fd)
{
    char link[32], path[PATH_MAX];
    ssize_t len;

    if (!slow_dir || !slow_ns) {
        return false;
    }
    snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
    len = readlink(link, path, sizeof(path));
    return len > (ssize_t)slow_dir_len &&
           !memcmp(path, slow_dir, slow_dir_len) && path[slow_dir_len] == '/';
}

static void be_slow(int fd)
{
    struct timespec pause = { slow_ns / NS_PER_SEC, slow_ns % NS_PER_SEC };

    if (is_slow(fd)) {
        while (nanosleep(&pause, &pause) < 0 && errno == EINTR) {
            continue;
        }
    }
}

static ssize_t slow_pread(int fd, void *buf, size_t count, off_t offset)
{
    be_slow(fd);
    return real_pread(fd, buf, count, offset);
}

static ssize_t slow_preadv(int fd, const struct iovec *iov, int iovcnt,
                           off_t offset)
{
    be_slow(fd);
    return real_preadv(fd, iov, iovcnt, offset);
}

static ssize_t slow_preadv2(int fd, const struct iovec *iov, int iovcnt,
                            off_t offset, int flags)
{
    if (flags & RWF_NOWAIT) {
        if (is_slow(fd)) {
            errno = EAGAIN;
            return -1;
        }
    } else {
        be_slow(fd);
    }
    return real_preadv2(fd, iov, iovcnt, offset, flags);
}

/* Programs use one name or the other, depending on _FILE_OFFSET_BITS. */
#define EXPORT(name, function) \
    __typeof__(function) name##_ __asm__(#name) \
        __attribute__((alias(#function), visibility("default")))

EXPORT(pread, slow_pread);
EXPORT(pread64, slow_pread);
EXPORT(preadv, slow_preadv);
EXPORT(preadv64, slow_preadv);
EXPORT(preadv2, slow_preadv2);
EXPORT(preadv64v2, slow_preadv2);
