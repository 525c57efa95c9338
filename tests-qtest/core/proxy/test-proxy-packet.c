/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Tests of packets with descriptors (proxy-packet.c), on both types of sockets.
 */
#include "fsdev/core/p9-osdep.h"
#include <sys/socket.h>
#include "fsdev/proxy/proxy-packet.h"

/* A connection and one received packet */
typedef struct Fixture {
    ProxySocket ends[2];
    int file;
    char buf[16];
    ProxyFds fds;
    ssize_t len;
} Fixture;

static void setup(Fixture *f, gconstpointer data)
{
    int fds[2];

    g_assert_cmpint(socketpair(AF_UNIX, GPOINTER_TO_INT(data) | SOCK_CLOEXEC, 0,
                               fds), ==, 0);
    proxy_socket_init(&f->ends[0], fds[0]);
    proxy_socket_init(&f->ends[1], fds[1]);
    f->file = open("/proc/self/exe", O_PATH | O_CLOEXEC);
    g_assert_cmpint(f->file, >=, 0);
}

static void teardown(Fixture *f, gconstpointer data)
{
    proxy_fds_close(&f->fds);
    close(f->file);
    proxy_socket_exit(&f->ends[0]);
    if (f->ends[1].fd >= 0) {
        proxy_socket_exit(&f->ends[1]);
    }
}

static void send_fds(Fixture *f, const char *text, unsigned n)
{
    const int fds[] = { f->file, f->file };

    g_assert_cmpint(proxy_packet_send(&f->ends[1], text, strlen(text), fds,
                                      n, 0), ==, 0);
}

static void receive(Fixture *f, unsigned max_fds)
{
    f->len = proxy_packet_receive(&f->ends[0], f->buf, sizeof(f->buf), max_fds,
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
    g_assert_cmpint(f->len, ==, f->ends[0].stream ? -EMSGSIZE : 0);
    proxy_fds_close(&f->ends[0].fds);
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
    proxy_fds_close(&f->ends[0].fds);
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
    proxy_socket_exit(&f->ends[1]);
    f->ends[1].fd = -1;
    receive(f, 2);
    g_assert_cmpint(f->len, ==, 0);
    g_assert_cmpint(proxy_packet_send(&f->ends[0], "x", 1, NULL, 0, 0), ==,
                    -EPIPE);
}

/* ---- streams ---------------------------------------------------------- */

static void send_bytes(Fixture *f, const char *bytes, size_t len)
{
    g_assert_cmpint(send(f->ends[1].fd, bytes, len, 0), ==, len);
}

/* However the bytes of two packets are cut, they are two packets. */
static void test_split(Fixture *f, gconstpointer data)
{
    static const char bytes[] = "\5\0\0\0split\3\0\0\0two";
    const size_t len = sizeof(bytes) - 1;

    for (size_t cut = 0; cut <= len; cut++) {
        unsigned got = 0;

        for (unsigned part = 0; part < 2; part++) {
            send_bytes(f, part ? bytes + cut : bytes, part ? len - cut : cut);
            while (receive(f, 2), f->len > 0) {
                g_assert_cmpmem(f->buf, f->len, got ? "two" : "split",
                                got ? 3 : 5);
                got++;
            }
            g_assert_cmpint(f->len, ==, -EAGAIN);
        }
        g_assert_cmpuint(got, ==, 2);
    }
}

/* Each packet has its own descriptors, although all bytes come together. */
static void test_joined(Fixture *f, gconstpointer data)
{
    send_fds(f, "one", 1);
    send_fds(f, "none", 0);
    send_fds(f, "two", 2);
    receive(f, 2);
    g_assert_cmpmem(f->buf, f->len, "one", 3);
    g_assert_cmpuint(f->fds.n, ==, 1);
    assert_same_file(f->fds.fd[0], f->file);
    proxy_fds_close(&f->fds);
    receive(f, 2);
    g_assert_cmpmem(f->buf, f->len, "none", 4);
    g_assert_cmpuint(f->fds.n, ==, 0);
    receive(f, 2);
    g_assert_cmpmem(f->buf, f->len, "two", 3);
    g_assert_cmpuint(f->fds.n, ==, 2);
}

/* The length came with descriptors, but the rest never comes. */
static void test_end_inside(Fixture *f, gconstpointer data)
{
    unsigned before = open_descriptors();
    ProxySocket *sender = &f->ends[1];
    ProxySocket packets = { .fd = sender->fd };

    g_assert_cmpint(proxy_packet_send(&packets, "\5\0\0\0sp", 6, &f->file, 1,
                                      0), ==, 0);
    receive(f, 2);
    g_assert_cmpint(f->len, ==, -EAGAIN);
    proxy_socket_exit(sender);
    sender->fd = -1;
    receive(f, 2);
    g_assert_cmpint(f->len, ==, 0);
    g_assert_cmpuint(f->fds.n, ==, 0);
    proxy_fds_close(&f->ends[0].fds);
    g_assert_cmpuint(open_descriptors(), ==, before - 1);
}

static void test_descriptors_inside(Fixture *f, gconstpointer data)
{
    unsigned before = open_descriptors();
    ProxySocket packets = { .fd = f->ends[1].fd };

    send_bytes(f, "\5\0\0\0sp", 6);
    g_assert_cmpint(proxy_packet_send(&packets, "lit", 3, &f->file, 1, 0), ==,
                    0);
    receive(f, 2);
    g_assert_cmpint(f->len, ==, -EBADMSG);
    g_assert_cmpuint(open_descriptors(), ==, before);
}

static gpointer send_large(gpointer opaque)
{
    ProxySocket *sock = opaque;
    g_autofree char *bytes = g_malloc0(PROXY_MESSAGE_MAX);

    memset(bytes, 'x', PROXY_MESSAGE_MAX);
    for (unsigned i = 0; i < 20; i++) {
        g_assert_cmpint(proxy_packet_send(sock, bytes, PROXY_MESSAGE_MAX, NULL,
                                          0, 0), ==, 0);
    }
    return NULL;
}

/* The socket takes large packets in parts; those of two threads do not mix. */
static void test_large(Fixture *f, gconstpointer data)
{
    g_autofree char *bytes = g_malloc(PROXY_MESSAGE_MAX);
    GThread *threads[2];

    g_assert_cmpint(proxy_packet_send(&f->ends[1], bytes, PROXY_SMALL_MAX + 1,
                                      NULL, 0, MSG_DONTWAIT), ==, -EAGAIN);
    for (unsigned i = 0; i < 2; i++) {
        threads[i] = g_thread_new("sender", send_large, &f->ends[1]);
    }
    for (unsigned i = 0; i < 40; i++) {
        g_assert_cmpint(proxy_packet_receive(&f->ends[0], bytes,
                                             PROXY_MESSAGE_MAX, 0, &f->fds, 0),
                        ==, PROXY_MESSAGE_MAX);
        g_assert_cmpint(bytes[0], ==, 'x');
        g_assert_cmpint(bytes[PROXY_MESSAGE_MAX - 1], ==, 'x');
    }
    g_thread_join(threads[0]);
    g_thread_join(threads[1]);
}

static void add_to(const char *type, int number, const char *name,
                   void (*test)(Fixture *f, gconstpointer data))
{
    g_autofree char *path = g_strdup_printf("/proxy-packet/%s/%s", type, name);

    g_test_add(path, Fixture, GINT_TO_POINTER(number), setup, test, teardown);
}

static void add_stream(const char *name,
                       void (*test)(Fixture *f, gconstpointer data))
{
    add_to("stream", SOCK_STREAM, name, test);
}

static void add(const char *name, void (*test)(Fixture *f, gconstpointer data))
{
    add_to("seqpacket", SOCK_SEQPACKET, name, test);
    add_stream(name, test);
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
    add_stream("split", test_split);
    add_stream("joined", test_joined);
    add_stream("end-inside", test_end_inside);
    add_stream("descriptors-inside", test_descriptors_inside);
    add_stream("large", test_large);
    return g_test_run();
}
