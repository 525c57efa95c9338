/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * virtfs-proxy-helper with a compromised QEMU: requests that the driver never
 * sends, and what can be done with the descriptors in the answers.
 */
#include "fsdev/core/p9-osdep.h"
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/xattr.h>
#include "helper-peer.h"
#include "fsdev/helper/proxy-server.h"

/* ---- special files ---------------------------------------------------- */

static void fifo_is_not_opened(void)
{
    PEER peer;
    g_autofree char *path = NULL;
    uint64_t id;
    ProxyReply r;
    int fds[PROXY_FDS_MAX];

    if (!peer_init(&peer, NULL)) {
        return;
    }
    path = helper_run_path(&peer.run, "fifo");
    g_assert_cmpint(mkfifo(path, 0666), ==, 0);
    id = peer_lookup(&peer, PROXY_ROOT_ID, "fifo");
    g_assert_cmpint(peer_try_open(&peer, id, O_RDONLY, NULL), ==, -ENXIO);
    g_assert_cmpint(peer_try_open(&peer, id, O_WRONLY, NULL), ==, -ENXIO);
    {
        ProxyRequest t = { .create = { PROXY_ROOT_ID, helper_text("fifo"),
                                       O_RDWR, 0600, 0, 0 } };

        g_assert_cmpint(peer_ask(&peer, PROXY_CREATE, &t, &r, fds), ==, -ENXIO);
    }
    {
        ProxyRequest t = { .setattr = { id, { .valid = FS_SET_SIZE } } };

        g_assert_cmpint(peer_ask(&peer, PROXY_SETATTR, &t, &r, fds), ==,
                        -ENXIO);
    }
    peer_check_alive(&peer);
}

static int make_device(Peer *peer)
{
    ProxyRequest t = { .mknod = { PROXY_ROOT_ID, helper_text("null"),
                                  S_IFCHR | 0666, makedev(1, 3), 0, 0 } };
    int fds[PROXY_FDS_MAX];
    ProxyReply r;

    return peer_ask(peer, PROXY_MKNOD, &t, &r, fds);
}

static void devices_are_refused(void)
{
    PEER peer;

    if (peer_init(&peer, NULL)) {
        g_assert_cmpint(make_device(&peer), ==, -EPERM);
        peer_check_alive(&peer);
    }
}

static void devices_are_not_opened(void)
{
    PEER peer;
    uint64_t id;

    if (!peer_init(&peer, "--allow-devices")) {
        return;
    }
    if (make_device(&peer) == -EPERM) {
        g_test_skip("device nodes cannot be made here");
        return;
    }
    g_assert_true(S_ISCHR(peer_mode_of(&peer, "null")));
    id = peer_lookup(&peer, PROXY_ROOT_ID, "null");
    g_assert_cmpint(peer_try_open(&peer, id, O_RDWR, NULL), ==, -ENXIO);
}

/* ---- attributes of the mapped models ---------------------------------- */

static int set_stored_mode(Peer *peer)
{
    const ProxyRequest t = { .setxattr = {
        PROXY_ROOT_ID, helper_text("user.virtfs.mode"), { "x", 1 }, 0,
    } };
    int fds[PROXY_FDS_MAX];
    ProxyReply r;

    return peer_ask(peer, PROXY_SETXATTR, &t, &r, fds);
}

static void stored_modes_are_refused(void)
{
    PEER peer;

    if (peer_init(&peer, NULL)) {
        g_assert_cmpint(set_stored_mode(&peer), ==, -EOPNOTSUPP);
        peer_check_alive(&peer);
    }
}

static void stored_modes_for_nested_export(void)
{
    PEER peer;
    int ret;

    if (!peer_init(&peer, "--nested-export")) {
        return;
    }
    ret = set_stored_mode(&peer);
    if (ret == -EOPNOTSUPP) {
        g_test_skip("no user attributes here");
        return;
    }
    g_assert_cmpint(ret, ==, 0);
}

/* ---- set-id programs -------------------------------------------------- */

static int make_program(Peer *peer, int *fd)
{
    ProxyRequest t = { .create = { PROXY_ROOT_ID, helper_text("program"),
                                   O_RDWR, 06755, 0, 0 } };
    int fds[PROXY_FDS_MAX];
    ProxyReply r;
    int ret = peer_ask(peer, PROXY_CREATE, &t, &r, fds);

    *fd = fds[0];
    if (ret == 0) {
        close(fds[1]);
    }
    return ret;
}

static void setid_bits_are_taken_away(void)
{
    ProxyRequest t = { .mkdir = { PROXY_ROOT_ID, helper_text("dir"), 06775,
                                  0, 0 } };
    int fds[PROXY_FDS_MAX];
    ProxyReply r;
    uint64_t id;
    PEER peer;
    int fd;

    if (!peer_init(&peer, NULL)) {
        return;
    }
    g_assert_cmpint(make_program(&peer, &fd), ==, 0);
    close(fd);
    g_assert_cmphex(peer_mode_of(&peer, "program"), ==, S_IFREG | 0755);
    g_assert_cmpint(peer_ask(&peer, PROXY_MKDIR, &t, &r, fds), ==, 0);
    g_assert_cmphex(peer_mode_of(&peer, "dir"), ==, S_IFDIR | 02775);
    id = peer_lookup(&peer, PROXY_ROOT_ID, "program");
    t.setattr = (struct ProxyTsetattr) {
        id, { .valid = FS_SET_MODE, .mode = 06711 },
    };
    g_assert_cmpint(peer_ask(&peer, PROXY_SETATTR, &t, &r, fds), ==, 0);
    g_assert_cmphex(peer_mode_of(&peer, "program"), ==, S_IFREG | 0711);
}

/* The helper enforces its own map, whatever ids QEMU sends. */
static void owners_outside_the_map_are_refused(void)
{
    static const struct {
        uint32_t uid;
        int ret;
    } rows[] = {
        { 1000, 0 }, { 70004, 0 }, { 70005, -EOVERFLOW }, { 999, -EOVERFLOW },
        { 0, -EOVERFLOW }, { UINT32_MAX, -EOVERFLOW },
    };
    int fds[PROXY_FDS_MAX];
    ProxyReply r;
    PEER peer;

    if (!peer_init(&peer, "--uidmap=0:1000:1+5:70000:5")) {
        return;
    }
    g_assert_cmpint(chmod(peer.run.dir, 0777), ==, 0);
    g_assert_cmpint(chown(peer.run.dir, 1000, 0), ==, 0);
    g_assert_cmpint(mkdirat(peer.root, "mine", 0700), ==, 0);
    g_assert_cmpint(fchownat(peer.root, "mine", 70000, 0, 0), ==, 0);
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        ProxyRequest t = { .mkdir = { PROXY_ROOT_ID, helper_text("d"), 0700,
                                      rows[i].uid, 0 } };

        g_assert_cmpint(peer_ask(&peer, PROXY_MKDIR, &t, &r, fds), ==,
                        rows[i].ret);
        unlinkat(peer.root, "d", AT_REMOVEDIR);
        t.mknod = (struct ProxyTmknod) {
            PROXY_ROOT_ID, helper_text("p"), S_IFIFO | 0600, 0, rows[i].uid, 0,
        };
        g_assert_cmpint(peer_ask(&peer, PROXY_MKNOD, &t, &r, fds), ==,
                        rows[i].ret);
        unlinkat(peer.root, "p", 0);
        t.symlink = (struct ProxyTsymlink) {
            PROXY_ROOT_ID, helper_text("l"), helper_text("x"), rows[i].uid, 0,
        };
        g_assert_cmpint(peer_ask(&peer, PROXY_SYMLINK, &t, &r, fds), ==,
                        rows[i].ret);
        unlinkat(peer.root, "l", 0);
        t.create = (struct ProxyTcreate) {
            PROXY_ROOT_ID, helper_text("f"), O_RDWR, 0600, rows[i].uid, 0,
        };
        g_assert_cmpint(peer_ask(&peer, PROXY_CREATE, &t, &r, fds), ==,
                        rows[i].ret);
        if (rows[i].ret == 0) {
            close(fds[0]);
            close(fds[1]);
            unlinkat(peer.root, "f", 0);
        }
        t.setattr = (struct ProxyTsetattr) {
            peer_lookup(&peer, PROXY_ROOT_ID, "mine"),
            { .valid = FS_SET_UID, .uid = rows[i].uid },
        };
        /* In SETATTR, UINT32_MAX means "do not change". */
        g_assert_cmpint(peer_ask(&peer, PROXY_SETATTR, &t, &r, fds), ==,
                        rows[i].uid == UINT32_MAX ? 0 : rows[i].ret);
    }
}

/*
 * Even if set-id bits are allowed, the file cannot be executed by means of the
 * descriptor.
 */
static void programs_do_not_run(void)
{
    PEER peer;
    int fd;

    if (!peer_init(&peer, "--allow-suid")) {
        return;
    }
    g_assert_cmpint(make_program(&peer, &fd), ==, 0);
    g_assert_cmphex(peer_mode_of(&peer, "program"), ==, S_IFREG | 06755);
    g_assert_cmpint(write(fd, "#!/bin/sh\n", 10), ==, 10);
    {
        char *argv[] = { (char *)"program", NULL };

        g_assert_cmpint(fexecve(fd, argv, argv), ==, -1);
        g_assert_cmpint(errno, ==, EACCES);
    }
    close(fd);
}

/* ---- requests -------------------------------------------------------- */

static void numbers_are_known_or_stale(void)
{
    static const uint64_t invented[] = {
        1, UINT64_C(1) << 32, UINT64_C(77) << 32 | 5, UINT64_MAX,
    };
    uint64_t id;
    PEER peer;

    if (!peer_init(&peer, NULL)) {
        return;
    }
    for (size_t i = 0; i < ARRAY_SIZE(invented); i++) {
        g_assert_cmpint(peer_try_lookup(&peer, invented[i], "x", &id), ==,
                        -ESTALE);
        g_assert_cmpint(peer_try_open(&peer, invented[i], O_RDONLY, NULL), ==,
                        -ESTALE);
    }
    peer_check_alive(&peer);
}

/* ---- sizes ------------------------------------------------------------ */

static void xattr_sizes_are_bounded(void)
{
    static const uint32_t sizes[] = { 0, 1, 65537, INT_MAX, UINT32_MAX };
    g_autofree char *path = NULL;
    PEER peer;

    if (!peer_init(&peer, NULL)) {
        return;
    }
    path = helper_run_path(&peer.run, "");
    if (setxattr(path, "user.a", "value", 5, 0) < 0) {
        g_test_skip("the temporary directory has no user.* attributes");
        return;
    }
    for (size_t i = 0; i < ARRAY_SIZE(sizes); i++) {
        ProxyRequest t = { .getxattr = { PROXY_ROOT_ID, helper_text("user.a"),
                                         sizes[i] } };
        int fds[PROXY_FDS_MAX];
        ProxyReply r;
        int ret = peer_ask(&peer, PROXY_GETXATTR, &t, &r, fds);

        g_assert_cmpint(ret, ==, sizes[i] == 1 ? -ERANGE : 0);
        if (ret == 0) {
            g_assert_cmpuint(r.getxattr.length, ==, 5);
            g_assert_cmpuint(r.getxattr.value.len, ==, sizes[i] ? 5 : 0);
        }
        t.listxattr = (struct ProxyTlistxattr) { PROXY_ROOT_ID, sizes[i] };
        ret = peer_ask(&peer, PROXY_LISTXATTR, &t, &r, fds);
        g_assert_cmpint(ret, ==, sizes[i] == 1 ? -ERANGE : 0);
    }
    peer_check_alive(&peer);
}

/* Many OPEN requests whose answers, with descriptors, are not received. */
static void flood_of_opens(void)
{
    enum { MANY = 20000 };
    char buf[PROXY_SMALL_MAX];
    unsigned before, most = 0;
    uint64_t id;
    PEER peer;

    if (!peer_init(&peer, NULL)) {
        return;
    }
    peer_check_alive(&peer);
    id = peer_lookup(&peer, PROXY_ROOT_ID, "alive");
    before = helper_run_count_fds(&peer.run);
    for (unsigned i = 0; i < MANY; i++) {
        ProxyRequest t = { .open = { id, O_RDONLY } };
        ssize_t len = proxy_encode_request(buf, sizeof(buf), i, PROXY_OPEN,
                                           &t);

        if (send(peer.run.fd, buf, len, MSG_NOSIGNAL | MSG_DONTWAIT) < 0) {
            unsigned now = helper_run_count_fds(&peer.run);

            /* The helper waits until its answers are received. */
            g_assert_cmpint(errno, ==, EAGAIN);
            most = MAX(most, now);
            break;
        }
    }
    g_assert_cmpuint(most, >, 0);
    g_assert_cmpuint(most, <=, before + 2 * PROXY_SERVER_WORKERS);
}

/* ---- broken messages -------------------------------------------------- */

typedef struct Broken {
    const char *name;
    const char *bytes;
    size_t len;
    size_t padded;              /* with zeros to this length */
} Broken;

static const Broken broken[] = {
    { "short-header", "\1\0\0\0\2\0", 6 },
    { "one-byte", "\1", 1 },
    { "unknown-type", "\1\0\0\0\0\0\0\0", 8 },
    { "unknown-large-type", "\1\0\0\0\377\377\377\377", 8 },
    { "no-fields", "\1\0\0\0\2\0\0\0", 8 },
    { "half-a-field", "\1\0\0\0\2\0\0\0\0\0\0\0", 12 },
    { "text-longer-than-message",
      "\1\0\0\0\2\0\0\0\0\0\0\0\0\0\0\0\377\0\0\0abc\0", 24 },
    { "text-of-4-GiB",
      "\1\0\0\0\2\0\0\0\0\0\0\0\0\0\0\0\377\377\377\377abc\0", 24 },
    { "text-without-nul",
      "\1\0\0\0\2\0\0\0\0\0\0\0\0\0\0\0\3\0\0\0abcd", 24 },
    { "more-than-fields", "\1\0\0\0\4\0\0\0\0\0\0\0\0\0\0\0\0", 17 },
    { "longer-than-any", "\1\0\0\0\2\0\0\0", 8, PROXY_MESSAGE_MAX + 1 },
    { "forgets-the-root",
      "\1\0\0\0\3\0\0\0\14\0\0\0\0\0\0\0\0\0\0\0\1\0\0\0", 24 },
    { "forgets-nobody",
      "\1\0\0\0\3\0\0\0\14\0\0\0\5\0\0\0\1\0\0\0\1\0\0\0", 24 },
    { "forgets-half", "\1\0\0\0\3\0\0\0\3\0\0\0abc", 15 },
};

static void test_broken(gconstpointer opaque)
{
    const Broken *row = opaque;
    size_t len = MAX(row->len, row->padded);
    g_autofree char *bytes = g_malloc0(len);
    char end;
    PEER peer;

    if (!peer_init(&peer, NULL)) {
        return;
    }
    memcpy(bytes, row->bytes, row->len);
    g_assert_cmpint(send(peer.run.fd, bytes, len, MSG_NOSIGNAL), ==, len);
    g_assert_cmpint(recv(peer.run.fd, &end, 1, 0), <=, 0);
    g_assert_cmpint(helper_run_wait(&peer.run), ==, 1);
    g_assert_true(helper_run_said(&peer.run, "violated the protocol"));
}

/* Send a request of @type, whose fields do not matter, with @n descriptors. */
static void send_with_fds(const Peer *peer, ProxyType type, const int *fds,
                          size_t n)
{
    union {
        struct cmsghdr header;
        char room[CMSG_SPACE(2 * sizeof(int))];
    } control = { 0 };
    ProxyRequest t = { .fetch = { PROXY_ROOT_ID } };
    char buf[64];
    struct iovec iov = { buf, 0 };
    struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1 };

    iov.iov_len = proxy_encode_request(buf, sizeof(buf), 1, type, &t);
    if (n) {
        msg.msg_control = &control;
        msg.msg_controllen = CMSG_SPACE(n * sizeof(int));
        control.header.cmsg_level = SOL_SOCKET;
        control.header.cmsg_type = SCM_RIGHTS;
        control.header.cmsg_len = CMSG_LEN(n * sizeof(int));
        memcpy(CMSG_DATA(&control.header), fds, n * sizeof(int));
    }
    g_assert_cmpint(sendmsg(peer->run.fd, &msg, 0), ==, iov.iov_len);
}

typedef struct Unexpected {
    const char *name;
    ProxyType type;
    size_t n;
} Unexpected;

static const Unexpected unexpected[] = {
    { "one-for-none", PROXY_FETCH, 1 },
    { "two-for-none", PROXY_FETCH, 2 },
    { "two-for-one", PROXY_ADOPT, 2 },
    { "none-for-one", PROXY_ADOPT, 0 },
};

static void unexpected_descriptors(gconstpointer opaque)
{
    const Unexpected *row = opaque;
    PEER peer;

    if (!peer_init(&peer, NULL)) {
        return;
    }
    send_with_fds(&peer, row->type, (int[2]) { peer.root, peer.root }, row->n);
    g_assert_cmpint(helper_run_wait(&peer.run), ==, 1);
    g_assert_true(helper_run_said(&peer.run, "violated the protocol"));
}

/* The result of ADOPT with @fd, which is closed. */
static int adopt(const Peer *peer, int fd)
{
    uint32_t error = 0;
    ProxyReply r;
    char buf[64];
    ssize_t len;

    g_assert_cmpint(fd, >=, 0);
    send_with_fds(peer, PROXY_ADOPT, &fd, 1);
    len = recv(peer->run.fd, buf, sizeof(buf), 0);
    g_assert_cmpint(proxy_decode_reply(buf, len, PROXY_ADOPT, &error, &r), ==,
                    0);
    close(fd);
    return -(int)error;
}

static void adopts_from_its_mount_alone(void)
{
    gint64 deadline = g_get_monotonic_time() + 10 * G_TIME_SPAN_SECOND;
    unsigned before;
    PEER peer;

    if (!peer_init(&peer, NULL)) {
        return;
    }
    g_assert_cmpint(mkdirat(peer.root, "d", 0700), ==, 0);
    g_assert_cmpint(adopt(&peer, openat(peer.root, "d", O_PATH)), ==, 0);
    before = helper_run_count_fds(&peer.run);
    /* The export by another mount, a directory beside it, and others. */
    g_assert_cmpint(adopt(&peer, open(peer.run.dir, O_PATH)), ==, -EXDEV);
    g_assert_cmpint(adopt(&peer, open(peer.run.base, O_PATH)), ==, -EXDEV);
    g_assert_cmpint(adopt(&peer, open("/", O_PATH)), ==, -EXDEV);
    g_assert_cmpint(adopt(&peer, open("/proc/self", O_PATH)), ==, -EXDEV);
    g_assert_cmpint(adopt(&peer, openat(peer.root, "d", O_RDONLY)), ==,
                    -EBADF);
    g_assert_cmpint(adopt(&peer, dup(peer.run.fd)), ==, -EBADF);
    /* The helper closes the descriptor after it has answered. */
    while (helper_run_count_fds(&peer.run) > before) {
        g_assert_cmpint(g_get_monotonic_time(), <, deadline);
    }
}

/*
 * At its limit of descriptors the helper cannot receive one, which is not a
 * violation of the protocol.
 */
static void adopts_nothing_without_a_descriptor_free(void)
{
    struct rlimit limit;
    PEER peer;

    if (!peer_init(&peer, NULL)) {
        return;
    }
    g_assert_cmpint(prlimit(peer.run.pid, RLIMIT_NOFILE, NULL, &limit), ==, 0);
    /* All numbers below this limit are in use. */
    limit.rlim_cur = 3;
    g_assert_cmpint(prlimit(peer.run.pid, RLIMIT_NOFILE, &limit, NULL), ==, 0);
    g_assert_cmpint(adopt(&peer, dup(peer.root)), ==, -EMFILE);
    limit.rlim_cur = limit.rlim_max;
    g_assert_cmpint(prlimit(peer.run.pid, RLIMIT_NOFILE, &limit, NULL), ==, 0);
    g_assert_cmpint(adopt(&peer, dup(peer.root)), ==, 0);
}

static void hello_comes_first(void)
{
    ProxyRequest t = { .fetch = { PROXY_ROOT_ID } };
    int fds[PROXY_FDS_MAX];
    HELPER_RUN run;
    ProxyReply r;

    if (!helper_run_possible()) {
        return;
    }
    helper_run_init(&run);
    helper_run_fd(&run, NULL);
    g_assert_cmpint(helper_ask(run.fd, PROXY_FETCH, &t, &r, fds), ==, -EPIPE);
    g_assert_cmpint(helper_run_wait(&run), ==, 1);
}

static void other_versions_are_refused(void)
{
    ProxyRequest t = { .hello = { PROXY_VERSION + 1 } };
    int fds[PROXY_FDS_MAX];
    HELPER_RUN run;
    ProxyReply r;

    if (!helper_run_possible()) {
        return;
    }
    helper_run_init(&run);
    helper_run_fd(&run, NULL);
    g_assert_cmpint(helper_ask(run.fd, PROXY_HELLO, &t, &r, fds), ==,
                    -EPROTONOSUPPORT);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    umask(022);
    g_test_add_func("/helper-hostile/fifo-is-not-opened", fifo_is_not_opened);
    g_test_add_func("/helper-hostile/devices-are-refused",
                    devices_are_refused);
    g_test_add_func("/helper-hostile/devices-are-not-opened",
                    devices_are_not_opened);
    g_test_add_func("/helper-hostile/stored-modes-are-refused",
                    stored_modes_are_refused);
    g_test_add_func("/helper-hostile/stored-modes-for-nested-export",
                    stored_modes_for_nested_export);
    g_test_add_func("/helper-hostile/setid-bits-are-taken-away",
                    setid_bits_are_taken_away);
    g_test_add_func("/helper-hostile/owners-outside-the-map-are-refused",
                    owners_outside_the_map_are_refused);
    g_test_add_func("/helper-hostile/programs-do-not-run",
                    programs_do_not_run);
    g_test_add_func("/helper-hostile/numbers-are-known-or-stale",
                    numbers_are_known_or_stale);
    g_test_add_func("/helper-hostile/xattr-sizes-are-bounded",
                    xattr_sizes_are_bounded);
    g_test_add_func("/helper-hostile/flood-of-opens", flood_of_opens);
    g_test_add_func("/helper-hostile/adopts-from-its-mount-alone",
                    adopts_from_its_mount_alone);
    g_test_add_func("/helper-hostile/adopts-nothing-without-descriptor-free",
                    adopts_nothing_without_a_descriptor_free);
    g_test_add_func("/helper-hostile/hello-comes-first", hello_comes_first);
    g_test_add_func("/helper-hostile/other-versions-are-refused",
                    other_versions_are_refused);
    for (size_t i = 0; i < ARRAY_SIZE(broken); i++) {
        g_autofree char *path = g_strdup_printf("/helper-hostile/message/%s",
                                                broken[i].name);

        g_test_add_data_func(path, &broken[i], test_broken);
    }
    for (size_t i = 0; i < ARRAY_SIZE(unexpected); i++) {
        g_autofree char *path =
            g_strdup_printf("/helper-hostile/descriptors/%s",
                            unexpected[i].name);

        g_test_add_data_func(path, &unexpected[i], unexpected_descriptors);
    }
    return g_test_run();
}
