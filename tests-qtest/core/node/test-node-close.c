/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Tests of closing removed files (host-close.c): big files without a name are
 * closed by a thread of their own, all others at once.
 */
#include "fsdev/core/p9-osdep.h"
#include "fsdev/host/host-close.h"
#include "lib/scratch.h"
#include "node-fixture.h"

static void make_file(Scratch *scratch, const char *name, size_t size)
{
    int fd = openat(scratch->fd, name, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);

    g_assert_cmpint(fd, >=, 0);
    g_assert_cmpint(posix_fallocate(fd, 0, size), ==, 0);
    close(fd);
}

/* A descriptor that holds a lock, which another one can wait for. */
static int open_locked(Scratch *scratch, const char *name)
{
    struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
    int fd = openat(scratch->fd, name, O_RDWR | O_CLOEXEC);

    g_assert_cmpint(fd, >=, 0);
    g_assert_cmpint(fcntl(fd, F_OFD_SETLK, &lock), ==, 0);
    return fd;
}

static int open_waiter(Scratch *scratch, const char *name)
{
    int fd = openat(scratch->fd, name, O_RDWR | O_CLOEXEC);

    g_assert_cmpint(fd, >=, 0);
    return fd;
}

/* Returns when the descriptor of open_locked() has been closed. */
static void wait_until_closed(int waiter)
{
    struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET };

    g_assert_cmpint(fcntl(waiter, F_OFD_SETLKW, &lock), ==, 0);
    close(waiter);
}

static int open_path(Scratch *scratch, const char *name)
{
    int fd = openat(scratch->fd, name, O_PATH | O_CLOEXEC);

    g_assert_cmpint(fd, >=, 0);
    return fd;
}

static bool is_open(int fd)
{
    return fcntl(fd, F_GETFD) >= 0;
}

static void test_big(void)
{
    g_autoptr(Scratch) scratch = scratch_new();
    unsigned before = host_close_count();
    int waiter, fd;

    make_file(scratch, "big", HOST_CLOSE_BIG);
    fd = open_locked(scratch, "big");
    waiter = open_waiter(scratch, "big");
    scratch_unlink(scratch, "big");
    host_close_removed(fd);
    wait_until_closed(waiter);
    g_assert_cmpuint(host_close_count(), ==, before + 1);
}

static void test_small(void)
{
    g_autoptr(Scratch) scratch = scratch_new();
    unsigned before = host_close_count();
    int fd;

    make_file(scratch, "small", HOST_CLOSE_BIG / 4);
    fd = open_path(scratch, "small");
    scratch_unlink(scratch, "small");
    host_close_removed(fd);
    g_assert_false(is_open(fd));
    g_assert_cmpuint(host_close_count(), ==, before);
}

static void test_other_name(void)
{
    g_autoptr(Scratch) scratch = scratch_new();
    unsigned before = host_close_count();
    int fd;

    make_file(scratch, "big", HOST_CLOSE_BIG);
    g_assert_cmpint(linkat(scratch->fd, "big", scratch->fd, "name", 0), ==, 0);
    fd = open_path(scratch, "big");
    scratch_unlink(scratch, "big");
    host_close_removed(fd);
    g_assert_false(is_open(fd));
    g_assert_cmpuint(host_close_count(), ==, before);
}

/* More than the bound of threads, one after the other: all are closed. */
static void test_many(void)
{
    g_autoptr(Scratch) scratch = scratch_new();
    int waiters[2 * HOST_CLOSE_THREADS], fds[2 * HOST_CLOSE_THREADS];

    for (size_t i = 0; i < G_N_ELEMENTS(fds); i++) {
        g_autofree char *name = g_strdup_printf("big%zu", i);

        make_file(scratch, name, HOST_CLOSE_BIG);
        fds[i] = open_locked(scratch, name);
        waiters[i] = open_waiter(scratch, name);
        scratch_unlink(scratch, name);
    }
    for (size_t i = 0; i < G_N_ELEMENTS(fds); i++) {
        host_close_removed(fds[i]);
    }
    for (size_t i = 0; i < G_N_ELEMENTS(fds); i++) {
        wait_until_closed(waiters[i]);
    }
}

/* The last fid of a file that was removed through the export. */
static void test_node(void)
{
    unsigned before = host_close_count();
    NodeFixture f;
    Name *name;

    node_fixture_init(&f, 16, 0);
    make_file(f.scratch, "big", HOST_CLOSE_BIG);
    name = node_must_walk(f.root, "big");
    g_assert_cmpint(node_unlink(f.root, "big"), ==, 0);
    name_unref(name);
    g_assert_cmpuint(host_close_count(), ==, before + 1);
    node_fixture_clear(&f);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/node-close/big", test_big);
    g_test_add_func("/node-close/small", test_small);
    g_test_add_func("/node-close/other-name", test_other_name);
    g_test_add_func("/node-close/many", test_many);
    g_test_add_func("/node-close/node", test_node);
    return g_test_run();
}
