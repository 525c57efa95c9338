/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Fuzz program for QEMU's end of the proxy: a guest makes calls of the driver
 * interface, and the helper lies.
 *
 * Between the driver and a real server of the helper, in threads of this
 * process, a relay changes replies and their descriptors as the input says.
 * proxy-input.h defines the format of the input.  For any input, each call ends
 * with a result that keeps its contract, and no descriptor is left open.
 */
#include "fsdev/core/p9-osdep.h"
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/un.h>
#include "fsdev/host/host.h"
#include "fsdev/proxy/proxy-packet.h"
#include "fsdev/proxy/proxy.h"
#include "lib/guest.h"
#include "lib/loop.h"
#include "lib/server.h"
#include "lib/tree.h"
#include "fuzz.h"
#include "must.h"
#include "proxy-input.h"

#define MAX_RECORDS 100

typedef struct Proxy {
    World world;
    Tree tree;
    uint8_t flags;              /* PROXY_IN_* */
    Input calls;
    FsExport *export;
    /* The relay's. */
    Input lies;
    int fd;                     /* the helper's end, or a listening socket */
} Proxy;

/* ---- the relay ---- */

static int open_odd(const Proxy *p, unsigned kind)
{
    int dirfd = p->world.export_fd;
    int fds[2];

    switch (kind % N_ODD_FDS) {
    case ODD_FD_FIFO:
        return openat(dirfd, "fifo", O_RDWR | O_NONBLOCK | O_CLOEXEC);
    case ODD_FD_FIFO_PATH:
        return openat(dirfd, "fifo", O_PATH | O_CLOEXEC);
    case ODD_FD_LINK_PATH:
        return openat(dirfd, "link", O_PATH | O_NOFOLLOW | O_CLOEXEC);
    case ODD_FD_DIR:
        return openat(dirfd, "b", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    case ODD_FD_DIR_PATH:
        return openat(dirfd, "b", O_PATH | O_CLOEXEC);
    case ODD_FD_FILE:
        return openat(dirfd, "c", O_RDWR | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);
    case ODD_FD_FILE_PATH:
        return openat(dirfd, "a", O_PATH | O_NOFOLLOW | O_CLOEXEC);
    case ODD_FD_EVENT:
        return eventfd(0, EFD_CLOEXEC);
    case ODD_FD_PROC:
        return open("/proc/self/status", O_RDONLY | O_CLOEXEC);
    case ODD_FD_SOCKET:
        return socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    default:
        MUST(pipe2(fds, O_CLOEXEC) == 0);
        close(fds[1]);
        return fds[0];
    }
}

typedef struct Packet {
    char bytes[PROXY_MESSAGE_MAX + 256];
    size_t len;
    ProxyFds fds;
} Packet;

static void replace_fd(const Proxy *p, Packet *packet, unsigned n)
{
    int fd = open_odd(p, n / 4);
    unsigned at = n % PROXY_FDS_MAX;

    if (fd < 0) {
        return;
    }
    if (at < packet->fds.n) {
        close(packet->fds.fd[at]);
        packet->fds.fd[at] = fd;
    } else {
        packet->fds.fd[packet->fds.n++] = fd;
    }
}

/* False: end the connection instead. */
static bool tell_lie(Proxy *p, Packet *packet, unsigned kind)
{
    uint8_t arg = input_byte(&p->lies);
    uint32_t number = input_number(&p->lies);

    switch (kind % N_LIES) {
    case LIE_CUT:
        packet->len -= MIN(arg, packet->len);
        break;
    case LIE_MORE:
        memset(packet->bytes + packet->len, arg, arg);
        packet->len += arg;
        break;
    case LIE_BYTE:
        packet->bytes[arg % MAX(packet->len, 1)] = number;
        break;
    case LIE_NUMBER:
        number = cpu_to_le32(number);
        if (packet->len >= sizeof(number)) {
            memcpy(packet->bytes + arg % (packet->len - 3), &number, 4);
        }
        break;
    case LIE_ERROR:
        number = cpu_to_le32(arg);
        memcpy(packet->bytes + 4, &number, 4);
        packet->len = MIN(packet->len, 8);
        break;
    case LIE_NO_FDS:
        proxy_fds_close(&packet->fds);
        break;
    case LIE_FD:
        replace_fd(p, packet, arg);
        break;
    case LIE_EMPTY:
        packet->len = 0;
        break;
    default:
        return false;
    }
    return true;
}

static bool pass(int to, Packet *packet)
{
    ProxySocket sock = { .fd = to };
    bool sent = proxy_packet_send(&sock, packet->bytes, packet->len,
                                  packet->fds.fd, packet->fds.n, 0) == 0;

    proxy_fds_close(&packet->fds);
    return sent;
}

static bool take(int from, Packet *packet)
{
    ProxySocket sock = { .fd = from };
    ssize_t len = proxy_packet_receive(&sock, packet->bytes, PROXY_MESSAGE_MAX,
                                       PROXY_FDS_MAX, &packet->fds, 0);

    packet->len = MAX(len, 0);
    return len > 0;
}

static bool relay_reply(Proxy *p, int from, int to)
{
    static Packet packet;
    unsigned kind = input_byte(&p->lies);

    return take(from, &packet) &&
           (kind < LIE_FIRST || tell_lie(p, &packet, kind - LIE_FIRST) ||
            (proxy_fds_close(&packet.fds), false)) &&
           pass(to, &packet);
}

/* One connection, until either end closes it. */
static void relay(Proxy *p, int qemu)
{
    ProxyServerOptions options = { .workers = 1, .max_ids = 1000 };
    static Packet request;
    int helper;
    GThread *server;
    bool on = true;

    server = server_start(&p->world, &p->tree.config, &options, &helper);
    if (!server) {
        return;
    }
    while (on) {
        struct pollfd fds[] = {
            { .fd = qemu, .events = POLLIN },
            { .fd = helper, .events = POLLIN },
        };

        MUST(poll(fds, 2, -1) > 0);
        if (fds[1].revents) {
            on = relay_reply(p, helper, qemu);
        } else if (fds[0].revents) {
            on = take(qemu, &request) && pass(helper, &request);
        }
    }
    shutdown(qemu, SHUT_RDWR);
    close(helper);
    g_thread_join(server);
}

static gpointer run_relay(gpointer opaque)
{
    Proxy *p = opaque;
    int fd;

    if (!(p->flags & PROXY_IN_SOCKET)) {
        relay(p, p->fd);
        return NULL;
    }
    while ((fd = accept4(p->fd, NULL, NULL, SOCK_CLOEXEC)) >= 0) {
        relay(p, fd);
        close(fd);
    }
    return NULL;
}

/* ---- the guest ---- */

static void play(void *opaque)
{
    Proxy *p = opaque;
    Input *in = &p->calls;
    Guest guest;

    guest_start(&guest, p->export);
    guest.yield = p->flags & PROXY_IN_YIELD ? &loop_yield : NULL;
    for (unsigned i = 0; i < MAX_RECORDS && in->size; i++) {
        uint8_t op = input_byte(in);

        if (op < TREE_HOST) {
            guest_step(&guest, op % GUEST_OPS, in);
        } else {
            host_step(&p->world, in);
        }
    }
    guest_end(&guest);
}

static void play_all(Proxy *p, const FsConfig *config)
{
    g_autoptr(GError) error = NULL;

    p->export = fs_export_open(config, &error);
    if (!p->export) {
        MUST(error->message);
        return;
    }
    if (p->flags & PROXY_IN_YIELD) {
        loop_run(play, p);
        fs_export_leave_loop(p->export, &loop_yield);
    } else {
        play(p);
    }
    fs_export_unref(p->export);
}

/* The relay listens on a socket, so that the driver can connect again. */
static char *listen_somewhere(Proxy *p)
{
    struct sockaddr_un addr = { .sun_family = AF_UNIX };
    char *path = g_strdup_printf("%s.socket", p->world.path);

    MUST(strlen(path) < sizeof(addr.sun_path));
    strcpy(addr.sun_path, path);
    unlink(path);
    p->fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
    MUST(p->fd >= 0);
    MUST(bind(p->fd, (struct sockaddr *)&addr, sizeof(addr)) == 0);
    MUST(listen(p->fd, 8) == 0);
    return path;
}

static void run_with_relay(Proxy *p)
{
    g_autofree char *path = NULL;
    FsConfig config = p->tree.config;
    int fds[2] = { -1, -1 };
    GThread *thread;

    config.driver = &fs_proxy_driver;
    if (p->flags & PROXY_IN_SOCKET) {
        config.socket = path = listen_somewhere(p);
    } else {
        MUST(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fds) == 0);
        config.sock_fd = fds[0];
        p->fd = fds[1];
    }
    proxy_ask_always(p->flags & PROXY_IN_ASK);
    thread = g_thread_new("relay", run_relay, p);
    play_all(p, &config);
    if (path) {
        shutdown(p->fd, SHUT_RDWR);
        unlink(path);
    } else {
        close(fds[0]);
    }
    g_thread_join(thread);
    close(p->fd);
}

static void run(Input *in)
{
    uint32_t owner;
    Proxy p = { 0 };

    tree_begin(&p.tree, in);
    p.flags = input_byte(in);
    p.lies = input_take(in, input_byte(in));
    p.calls = *in;
    owner = p.tree.flags & TREE_MAPS ? 100000 : 1000;
    world_open(&p.world, owner, owner);
    world_bind(&p.world);
    run_with_relay(&p);
    world_close(&p.world);
    tree_end(&p.tree);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    return world_run(data, size, run);
}
