/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * virtfs-proxy-helper with a file system below the export that does not
 * respond: other requests are served nevertheless.
 */
#include "fsdev/core/p9-osdep.h"
#include <poll.h>
#include <sys/socket.h>
#include "fsdev/helper/proxy-crew.h"
#include "fsdev/helper/proxy-server.h"
#include "helper-peer.h"
#include "lib/fuse-stand-in.h"

#define PATIENCE_MS 10000

/* ---- the helper ------------------------------------------------------- */

typedef struct Hang {
    Peer peer;
    FuseStandIn *fuse;          /* mounted at "hang" in the export; owned */
    uint64_t dir;               /* the number of that directory */
    unsigned unanswered;
    uint32_t tag;               /* of the last request */
} Hang;

static const char *cannot_mount;

static void hang_end(Hang *hang)
{
    if (hang->fuse) {
        fuse_stand_in_free(hang->fuse);
        peer_clear(&hang->peer);
    }
}
#define HANG __attribute__((cleanup(hang_end))) Hang

/* False when the test was skipped. */
static bool hang_start(Hang *hang)
{
    g_autofree char *path = NULL;
    const char *why = cannot_mount;

    *hang = (Hang) { 0 };
    if (!helper_run_possible()) {
        return false;
    }
    helper_run_init(&hang->peer.run);
    path = helper_run_path(&hang->peer.run, "hang");
    g_assert_cmpint(mkdir(path, 0755), ==, 0);
    hang->fuse = why ? NULL : fuse_stand_in_new(path, &why);
    if (!hang->fuse) {
        helper_run_clear(&hang->peer.run);
        g_test_skip(why);
        return false;
    }
    helper_run_fd(&hang->peer.run, NULL);
    hang->peer.root = helper_greet(hang->peer.run.fd);
    hang->dir = peer_lookup(&hang->peer, PROXY_ROOT_ID, "hang");
    fuse_stand_in_hang(hang->fuse, 0);
    return true;
}

/* Send a lookup without waiting for the reply. */
static void send_lookup(Hang *hang, uint64_t dir, const char *name)
{
    const ProxyRequest t = { .lookup = { dir, helper_text(name) } };
    char buf[512];
    ssize_t len = proxy_encode_request(buf, sizeof(buf), ++hang->tag,
                                       PROXY_LOOKUP, &t);

    g_assert_cmpint(send(hang->peer.run.fd, buf, len, MSG_NOSIGNAL), ==, len);
    hang->unanswered++;
}

static void close_received(struct msghdr *msg)
{
    struct cmsghdr *c = CMSG_FIRSTHDR(msg);

    if (c) {
        close(*(int *)CMSG_DATA(c));
    }
}

/* The tag of the next reply. */
static uint32_t next_reply(Hang *hang)
{
    struct pollfd fd = { .fd = hang->peer.run.fd, .events = POLLIN };
    char buf[512];
    char control[CMSG_SPACE(PROXY_FDS_MAX * sizeof(int))];
    struct iovec iov = { buf, sizeof(buf) };
    struct msghdr msg = {
        .msg_iov = &iov, .msg_iovlen = 1,
        .msg_control = control, .msg_controllen = sizeof(control),
    };
    uint32_t tag;
    ssize_t len;

    g_assert_cmpint(poll(&fd, 1, PATIENCE_MS), ==, 1);
    len = recvmsg(fd.fd, &msg, MSG_CMSG_CLOEXEC);
    g_assert_cmpint(len, >, 0);
    close_received(&msg);
    g_assert_cmpint(proxy_decode_tag(buf, len, &tag), ==, 0);
    hang->unanswered--;
    return tag;
}

/* A request that does not concern what hangs is answered, and it alone. */
static void check_others(Hang *hang)
{
    for (int i = 0; i < 2 * PROXY_CREW_RECEIVERS; i++) {
        send_lookup(hang, PROXY_ROOT_ID, i % 2 ? "alive" : "none");
        g_assert_cmpuint(next_reply(hang), ==, hang->tag);
    }
}

/* When the file system responds again, nothing has been lost. */
static void check_all_answered(Hang *hang)
{
    fuse_stand_in_answer(hang->fuse);
    while (hang->unanswered) {
        next_reply(hang);
    }
    peer_check_alive(&hang->peer);
}

/* More requests for one name, and for its directory, than there are threads. */
static void test_one_object(void)
{
    HANG hang;

    if (!hang_start(&hang)) {
        return;
    }
    for (int i = 0; i < 2 * PROXY_SERVER_WORKERS; i++) {
        send_lookup(&hang, PROXY_ROOT_ID, "hang");
    }
    g_assert_cmpuint(fuse_stand_in_await(hang.fuse, PATIENCE_MS), !=, 0);
    check_others(&hang);
    check_all_answered(&hang);
}

/* The same for many objects of one file system. */
static void test_one_file_system(void)
{
    HANG hang;

    if (!hang_start(&hang)) {
        return;
    }
    for (int i = 0; i < 2 * PROXY_SERVER_WORKERS; i++) {
        g_autofree char *name = g_strdup_printf("file%d", i);

        send_lookup(&hang, hang.dir, name);
    }
    /* The kernel holds the others back: it looks up one at a time there. */
    g_assert_cmpuint(fuse_stand_in_await(hang.fuse, PATIENCE_MS), !=, 0);
    check_others(&hang);
    check_all_answered(&hang);
}

/* ---- the rules alone -------------------------------------------------- */

static int works[PROXY_SERVER_WORKERS];

static void test_limit_of_object(void)
{
    ProxyCrew *crew = proxy_crew_new(PROXY_SERVER_WORKERS);
    const ProxyTarget one = { true, 1, 1 };
    const ProxyTarget other = { true, 2, 1 };
    unsigned n = 0;

    for (; n < PROXY_CREW_PER_OBJECT; n++) {
        g_assert_true(proxy_crew_await(crew));
        g_assert_true(proxy_crew_begin(crew, n, one, &works[n]));
    }
    g_assert_true(proxy_crew_await(crew));
    g_assert_false(proxy_crew_begin(crew, n, one, &works[n]));
    g_assert_true(proxy_crew_await(crew));
    g_assert_true(proxy_crew_begin(crew, n, other, &works[n + 1]));
    /* Only the end of a request for the same object lets the next one begin. */
    g_assert_null(proxy_crew_end(crew, n));
    g_assert_true(proxy_crew_end(crew, 0) == &works[n]);
    g_assert_null(proxy_crew_end(crew, 0));
    proxy_crew_stop(crew);
    g_assert_false(proxy_crew_await(crew));
    proxy_crew_free(crew);
}

static void test_limit_of_file_system(void)
{
    ProxyCrew *crew = proxy_crew_new(PROXY_SERVER_WORKERS);
    ProxyTarget target = { true, 0, 1 };
    unsigned n = 0;

    for (; n < PROXY_SERVER_WORKERS / 2; n++, target.object++) {
        g_assert_true(proxy_crew_await(crew));
        g_assert_true(proxy_crew_begin(crew, n, target, &works[n]));
    }
    g_assert_true(proxy_crew_await(crew));
    g_assert_false(proxy_crew_begin(crew, n, target, &works[n]));
    target.dev = 2;
    g_assert_true(proxy_crew_await(crew));
    g_assert_true(proxy_crew_begin(crew, n, target, &works[n]));
    g_assert_true(proxy_crew_left(crew) == &works[n]);
    g_assert_null(proxy_crew_left(crew));
    proxy_crew_free(crew);
}

static gpointer await_in_thread(gpointer crew)
{
    return GINT_TO_POINTER(proxy_crew_await(crew));
}

static gpointer watch_in_thread(gpointer crew)
{
    proxy_crew_watch(crew);
    return NULL;
}

/* A thread of the reserve receives once all others are held up. */
static void test_reserve(void)
{
    ProxyCrew *crew = proxy_crew_new(PROXY_SERVER_WORKERS);
    GThread *watch = g_thread_new("watch", watch_in_thread, crew);
    GThread *reserve;

    for (unsigned n = 0; n < PROXY_CREW_RECEIVERS; n++) {
        g_assert_true(proxy_crew_await(crew));
    }
    reserve = g_thread_new("reserve", await_in_thread, crew);
    for (unsigned n = 0; n < PROXY_CREW_RECEIVERS; n++) {
        g_assert_true(proxy_crew_begin(crew, n, (ProxyTarget) { 0 },
                                       &works[n]));
    }
    g_assert_true(g_thread_join(reserve));
    proxy_crew_stop(crew);
    g_thread_join(watch);
    proxy_crew_free(crew);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    umask(022);
    cannot_mount = fuse_stand_in_separate();
    g_test_add_func("/helper-hang/one-object", test_one_object);
    g_test_add_func("/helper-hang/one-file-system", test_one_file_system);
    g_test_add_func("/helper-hang/limit-of-object", test_limit_of_object);
    g_test_add_func("/helper-hang/limit-of-file-system",
                    test_limit_of_file_system);
    g_test_add_func("/helper-hang/threads/reserve", test_reserve);
    return g_test_run();
}
