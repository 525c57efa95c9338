/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Fuzz program for the server of virtfs-proxy-helper: requests with
 * descriptors from a QEMU that was taken over, on a tree that the host changes.
 *
 * The server runs in threads of this process, without its sandbox.
 * helper-input.h defines the format of the input.  For any input, each request
 * is answered or ends the connection, no descriptor leads out of the export,
 * and the server makes no set-id program, device or owner that its options do
 * not allow.
 */
#include "fsdev/core/p9-osdep.h"
#include <sys/socket.h>
#include "fsdev/host/host.h"
#include "fsdev/proxy/proxy-packet.h"
#include "lib/server.h"
#include "lib/tree.h"
#include "fuzz.h"
#include "helper-input.h"
#include "must.h"

#define MAX_RECORDS 100
#define N_BANK 4
#define MAX_PIPELINED 8

typedef struct Peer {
    World world;
    Tree tree;
    uint8_t flags;              /* HELPER_* */
    bool host_acted;
    int fd;                     /* the client's end */
    int bank[N_BANK];           /* descriptors received, or -1 */
    unsigned received;
    unsigned unanswered;
    bool over;                  /* the connection has ended */
} Peer;

/* ---- descriptors that are sent ---- */

static int open_one(const Peer *p, HelperFd kind)
{
    int fds[2];
    int fd = -1;

    switch (kind) {
    case HELPER_FD_ROOT:
        return openat(p->world.export_fd, ".", O_PATH | O_CLOEXEC);
    case HELPER_FD_FILE:
        return openat(p->world.export_fd, "a", O_PATH | O_NOFOLLOW | O_CLOEXEC);
    case HELPER_FD_REAL:
        return openat(p->world.export_fd, "c", O_RDWR | O_NOFOLLOW | O_CLOEXEC |
                                               O_NONBLOCK);
    case HELPER_FD_OUTSIDE:
        return openat(p->world.base_fd, "outside/secret", O_PATH | O_CLOEXEC);
    case HELPER_FD_OUTSIDE_DIR:
        return openat(p->world.base_fd, "outside", O_PATH | O_CLOEXEC);
    case HELPER_FD_SOCKET:
        return fcntl(p->fd, F_DUPFD_CLOEXEC, 0);
    case HELPER_FD_PIPE:
        if (pipe2(fds, O_CLOEXEC) == 0) {
            close(fds[1]);
            fd = fds[0];
        }
        return fd;
    default:
        fd = p->bank[kind % N_BANK];
        return fd < 0 ? -1 : fcntl(fd, F_DUPFD_CLOEXEC, 0);
    }
}

static unsigned draw_fds(const Peer *p, Input *in, int fds[2])
{
    uint8_t kind = input_byte(in);
    unsigned n = kind / N_HELPER_FDS % 3;
    unsigned opened = 0;

    for (unsigned i = 0; i < n; i++) {
        fds[opened] = open_one(p, (kind + i) % N_HELPER_FDS);
        opened += fds[opened] >= 0;
    }
    return opened;
}

/* ---- replies ---- */

static void keep(Peer *p, int fd)
{
    int *slot = &p->bank[p->received++ % N_BANK];
    struct stat st;

    MUST(!world_is_outside(&p->world, fd));
    MUST(fstat(fd, &st) == 0);
    MUST((fcntl(fd, F_GETFL) & O_PATH) || S_ISREG(st.st_mode) ||
         S_ISDIR(st.st_mode));
    if (*slot >= 0) {
        close(*slot);
    }
    *slot = fd;
}

static void receive(Peer *p)
{
    static char buf[PROXY_MESSAGE_MAX];
    ProxySocket sock = { .fd = p->fd };
    ProxyFds fds;
    uint32_t tag;
    ssize_t len;

    if (p->over || !p->unanswered) {
        return;
    }
    len = proxy_packet_receive(&sock, buf, sizeof(buf), PROXY_FDS_MAX, &fds, 0);
    if (len <= 0) {
        p->over = true;
        return;
    }
    p->unanswered--;
    MUST(proxy_decode_tag(buf, len, &tag) == 0);
    world_check_bytes(buf, len);
    for (unsigned i = 0; i < fds.n; i++) {
        keep(p, fds.fd[i]);
    }
}

/* ---- requests ---- */

static ProxyText draw_text(const char *s)
{
    return (ProxyText) { s, strlen(s) };
}

static ProxyBlob draw_blob(Input *in)
{
    const void *value;
    size_t size = input_value(in, &value);

    return (ProxyBlob) { value, MIN(size, PROXY_XATTR_MAX) };
}

static FsSetattr draw_change(Input *in)
{
    FsSetattr set = { .valid = input_number(in) };

    set.mode = input_number(in) * 16;
    set.uid = input_id(in);
    set.gid = input_id(in);
    set.size = input_number(in);
    set.atime = (struct timespec) { input_number(in), input_number(in) };
    set.mtime = (struct timespec) { input_number(in), input_number(in) };
    return set;
}

/* The number of an object, a mode and other numbers are drawn alike. */
#define U32(f) m->f = input_number(in);
#define U64(f) m->f = input_number(in);
#define NAME(f) m->f = draw_text(input_any_name(in));
#define TEXT(f) m->f = draw_text(*#f == 't' ? input_target(in) \
                                           : input_xattr(in));
#define BLOB(f) m->f = draw_blob(in);
#define ATTR(f)
#define CHANGE(f) m->f = draw_change(in);
#define T(...) __VA_ARGS__
#define R(...)
#define PROXY_MESSAGE(number, NAME_, name, fds, flags, t_, r_) \
    static void draw_##name(Input *in, ProxyRequest *t) \
    { \
        struct ProxyT##name *m G_GNUC_UNUSED = &t->name; \
        t_ \
    }
#include "fsdev/proxy/proxy-messages.def"

static void (*const draw[])(Input *in, ProxyRequest *t) = {
#define PROXY_MESSAGE(number, NAME_, name, ...) [number] = draw_##name,
#include "fsdev/proxy/proxy-messages.def"
};

static size_t damage(Input *in, uint8_t *bytes, size_t len)
{
    unsigned how = input_byte(in);
    unsigned at = input_byte(in);

    switch (how % 4) {
    case 0:
        return len - MIN(at, len);
    case 1:
        memset(bytes + len, 'x', at);
        return len + at;
    case 2:
        bytes[at % len] ^= 1 << how / 4 % 8;
        return len;
    default:
        return 0;
    }
}

static void transmit(Peer *p, Input *in, const uint8_t *bytes, size_t len,
                     bool answered)
{
    ProxySocket sock = { .fd = p->fd };
    int fds[2];
    unsigned n = draw_fds(p, in, fds);

    if (!p->over && proxy_packet_send(&sock, bytes, len, fds, n, 0) < 0) {
        p->over = true;
    }
    while (n) {
        close(fds[--n]);
    }
    p->unanswered += answered;
    while (p->unanswered > (p->flags & HELPER_PIPELINED ? MAX_PIPELINED : 0) &&
           !p->over) {
        receive(p);
    }
}

static void send_request(Peer *p, Input *in, uint8_t type, bool damaged)
{
    static uint8_t bytes[PROXY_MESSAGE_MAX + 256];
    static uint32_t tag;
    ProxyRequest t;
    ssize_t len;

    memset(&t, 0, sizeof(t));
    draw[type](in, &t);
    len = proxy_encode_request(bytes, PROXY_MESSAGE_MAX, tag++, type, &t);
    if (len < 0) {
        return;
    }
    if (damaged) {
        len = damage(in, bytes, len);
    }
    /*
     * Which damage keeps it legal is for the server to say: what it takes for
     * another request ends the connection or is answered at the next one.
     */
    transmit(p, in, bytes, len, type != PROXY_FORGET && !damaged);
}

static void send_bytes(Peer *p, Input *in)
{
    Input part = input_take(in, input_byte(in));

    transmit(p, in, part.bytes, part.size, false);
}

static void greet(Peer *p)
{
    ProxyRequest t = { .hello = { PROXY_VERSION } };
    uint8_t bytes[64];
    Input none = { NULL, 0 };
    ssize_t len = proxy_encode_request(bytes, sizeof(bytes), 1, PROXY_HELLO,
                                       &t);

    transmit(p, &none, bytes, len, true);
}

/* ---- what must hold at the end ---- */

static void check_made(void *opaque, const struct stat *st)
{
    const Peer *p = opaque;

    MUST((p->flags & HELPER_ALLOW_DEVICES) ||
         (!S_ISCHR(st->st_mode) && !S_ISBLK(st->st_mode)));
    if (p->host_acted || geteuid() != 0) {
        return;
    }
    MUST((p->flags & HELPER_ALLOW_SUID) || S_ISDIR(st->st_mode) ||
         !(st->st_mode & (S_ISUID | S_ISGID)));
    MUST(!p->tree.config.users ||
         id_map_has_host(p->tree.config.users, st->st_uid));
    MUST(!p->tree.config.groups ||
         id_map_has_host(p->tree.config.groups, st->st_gid));
}

static GThread *start_server(Peer *p)
{
    const uint8_t flags = p->flags;
    ProxyServerOptions options = {
        .allow_suid = flags & HELPER_ALLOW_SUID,
        .allow_devices = flags & HELPER_ALLOW_DEVICES,
        .no_mounts = flags & HELPER_NO_MOUNTS,
        .uidmap = p->tree.config.users ? "0:100000:65536" : NULL,
        .gidmap = p->tree.config.groups ? "0:100000:65536" : NULL,
        .workers = flags & HELPER_MORE_WORKERS ? 3 : 1,
        .max_ids = flags & HELPER_FEW_IDS ? 4 : 1000,
    };

    return server_start(&p->world, &p->tree.config, &options, &p->fd);
}

static void play(Peer *p, Input *in)
{
    if (p->flags & HELPER_GREET) {
        greet(p);
    }
    for (unsigned i = 0; i < MAX_RECORDS && in->size; i++) {
        uint8_t op = input_byte(in);

        if (op >= TREE_HOST) {
            p->host_acted = true;
            host_step(&p->world, in);
        } else if (op >= HELPER_DAMAGED && draw[op % ARRAY_SIZE(draw)]) {
            send_request(p, in, op % ARRAY_SIZE(draw), true);
        } else if (op < HELPER_DAMAGED && draw[op % ARRAY_SIZE(draw)]) {
            send_request(p, in, op % ARRAY_SIZE(draw), false);
        } else {
            send_bytes(p, in);
        }
    }
    while (p->unanswered && !p->over) {
        receive(p);
    }
}

static void run(Input *in)
{
    Peer p = { .bank = { -1, -1, -1, -1 } };
    GThread *thread;
    uint32_t owner;

    tree_begin(&p.tree, in);
    p.flags = input_byte(in);
    owner = p.tree.flags & TREE_MAPS ? 100000 : 1000;
    world_open(&p.world, owner, owner);
    world_bind(&p.world);
    thread = start_server(&p);
    if (thread) {
        play(&p, in);
        close(p.fd);
        g_thread_join(thread);
        world_each(&p.world, check_made, &p);
    }
    for (unsigned i = 0; i < N_BANK; i++) {
        if (p.bank[i] >= 0) {
            close(p.bank[i]);
        }
    }
    world_close(&p.world);
    tree_end(&p.tree);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    return world_run(data, size, run);
}
