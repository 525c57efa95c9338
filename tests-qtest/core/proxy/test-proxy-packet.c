/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Tests of packets with descriptors (proxy-packet.c). */
#include "fsdev/core/p9-osdep.h"
#include <sys/socket.h>
#include "fsdev/proxy/proxy-packet.h"

/* A connection and one received packet */
typedef struct Fixture {
    int ends[2];
    int file;
    char buf[16];
    ProxyFds fds;
    ssize_t len;
} Fixture;

static void setup(Fixture *f, gconstpointer data)
{
    g_assert_cmpint(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0,
                               f->ends), ==, 0);
    f->file = open("/proc/self/exe", O_PATH | O_CLOEXEC);
    g_assert_cmpint(f->file, >=, 0);
}

static void teardown(Fixture *f, gconstpointer data)
{
    proxy_fds_close(&f->fds);
    close(f->file);
    close(f->ends[0]);
    if (f->ends[1] >= 0) {
        close(f->ends[1]);
    }
}

static void send_fds(Fixture *f, const char *text, unsigned n)
{
    const int fds[] = { f->file, f->file };

    g_assert_cmpint(proxy_packet_send(f->ends[1], text, strlen(text), fds, n,
                                      0), ==, 0);
}

static void receive(Fixture *f, unsigned max_fds)
{
    f->len = proxy_packet_receive(f->ends[0], f->buf, sizeof(f->buf), max_fds,
                                  &f->fds, MSG_DONTWAIT);
}

static void assert_same_file(int a, int b)
{
    struct stat one, other;

    g_assert_cmpint(a, !=, b);
    g_assert_cmpint(fstat(a, &one), ==, 0);
    g_assert_cmpint(fstat(b, &other), ==, 0);
    g_assert_cmpuint(one.st_ino, ==, other.st_ino);
    g_assert_cmpint(fcntl(a, F_GETFD) & FD_CLOEXEC, ==, FD_CLOEXEC);
}

static void test_bytes_alone(Fixture *f, gconstpointer data)
{
    send_fds(f, "bytes", 0);
    receive(f, PROXY_FDS_MAX);
    g_assert_cmpmem(f->buf, f->len, "bytes", 5);
    g_assert_cmpuint(f->fds.n, ==, 0);
    g_assert_false(f->fds.lost);
}

static void test_descriptors(Fixture *f, gconstpointer data)
{
    send_fds(f, "two", 2);
    receive(f, 2);
    g_assert_cmpmem(f->buf, f->len, "two", 3);
    g_assert_cmpuint(f->fds.n, ==, 2);
    g_assert_false(f->fds.lost);
    assert_same_file(f->fds.fd[0], f->file);
    assert_same_file(f->fds.fd[1], f->file);
}

static void test_more_descriptors_than_room(Fixture *f, gconstpointer data)
{
    send_fds(f, "two", 2);
    receive(f, 1);
    g_assert_cmpint(f->len, ==, 3);
    g_assert_cmpuint(f->fds.n, ==, 1);
    g_assert_true(f->fds.lost);
    assert_same_file(f->fds.fd[0], f->file);
}

/* The next number that open(2) would return. */
static int next_fd(void)
{
    int fd = dup(STDERR_FILENO);

    g_assert_cmpint(fd, >=, 0);
    close(fd);
    return fd;
}

/* It looks like the end of the connection; the descriptors must not stay. */
static void test_empty_packet_with_descriptors(Fixture *f, gconstpointer data)
{
    int before = next_fd();

    send_fds(f, "", 2);
    receive(f, 2);
    g_assert_cmpint(f->len, ==, 0);
    g_assert_cmpuint(f->fds.n, ==, 0);
    g_assert_cmpint(next_fd(), ==, before);
}

static void test_descriptors_without_room(Fixture *f, gconstpointer data)
{
    send_fds(f, "one", 1);
    receive(f, 0);
    g_assert_cmpint(f->len, ==, 3);
    g_assert_cmpuint(f->fds.n, ==, 0);
    g_assert_true(f->fds.lost);
}

static unsigned open_descriptors(void)
{
    g_autoptr(GDir) dir = g_dir_open("/proc/self/fd", 0, NULL);
    unsigned n = 0;

    while (g_dir_read_name(dir)) {
        n++;
    }
    return n;
}

static void test_packet_too_long(Fixture *f, gconstpointer data)
{
    unsigned before = open_descriptors();

    send_fds(f, "more than sixteen bytes", 2);
    receive(f, 2);
    g_assert_cmpint(f->len, ==, -EMSGSIZE);
    g_assert_cmpuint(f->fds.n, ==, 0);
    g_assert_cmpuint(open_descriptors(), ==, before);
}

static void test_no_packet(Fixture *f, gconstpointer data)
{
    receive(f, 2);
    g_assert_cmpint(f->len, ==, -EAGAIN);
    g_assert_cmpuint(f->fds.n, ==, 0);
}

static void test_peer_gone(Fixture *f, gconstpointer data)
{
    close(f->ends[1]);
    f->ends[1] = -1;
    receive(f, 2);
    g_assert_cmpint(f->len, ==, 0);
    g_assert_cmpint(proxy_packet_send(f->ends[0], "x", 1, NULL, 0, 0), ==,
                    -EPIPE);
}

static void add(const char *name, void (*test)(Fixture *f, gconstpointer data))
{
    g_autofree char *path = g_strdup_printf("/proxy-packet/%s", name);

    g_test_add(path, Fixture, NULL, setup, test, teardown);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    add("bytes-alone", test_bytes_alone);
    add("descriptors", test_descriptors);
    add("more-descriptors-than-room", test_more_descriptors_than_room);
    add("empty-packet-with-descriptors", test_empty_packet_with_descriptors);
    add("descriptors-without-room", test_descriptors_without_room);
    add("packet-too-long", test_packet_too_long);
    add("no-packet", test_no_packet);
    add("peer-gone", test_peer_gone);
    return g_test_run();
}
