/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The serving end of a proxy connection: see proxy-server.h.
 *
 * Each request is decoded, done (proxy-serve.c) and answered by the thread that
 * took it.  Context: the threads of one server.
 */
#include "fsdev/core/p9-osdep.h"
#include <sys/socket.h>
#include "fsdev/helper/helper-cred.h"
#include "fsdev/helper/proxy-server-int.h"

struct ProxyServer {
    int fd;                     /* owned */
    FsExport *export;           /* counted */
    ProxyServerOptions options;
    ProxyIds *ids;
    GThread **workers;
    GMutex lock;                /* guards the next three */
    GCond changed;
    unsigned waiting;           /* workers that have started */
    bool open;                  /* … may begin */
    gint greeted;               /* HELLO has been answered; atomic */
    gint violated;              /* the peer broke the protocol; atomic */
};

/* ---- requests --------------------------------------------------------- */

static void violation(ProxyServer *server)
{
    g_atomic_int_set(&server->violated, true);
    /* Ends the waiting of the other workers too. */
    shutdown(server->fd, SHUT_RDWR);
}

/* Room is for one; the kernel closes any others and says MSG_CTRUNC. */
static int take_fd(struct msghdr *msg)
{
    const struct cmsghdr *c = CMSG_FIRSTHDR(msg);
    int fd = -1;

    if (c && c->cmsg_level == SOL_SOCKET && c->cmsg_type == SCM_RIGHTS &&
        c->cmsg_len == CMSG_LEN(sizeof(int))) {
        memcpy(&fd, CMSG_DATA(c), sizeof(int));
    }
    return fd;
}

/* Returns the length of the next request, 0 when there will be none. */
static size_t receive(ProxyServer *server, ProxyWork *work)
{
    struct iovec iov = { work->in, sizeof(work->in) };
    union {
        struct cmsghdr header;
        char room[CMSG_LEN(sizeof(int))];
    } control;
    struct msghdr msg = {
        .msg_iov = &iov, .msg_iovlen = 1,
        .msg_control = &control, .msg_controllen = CMSG_LEN(sizeof(int)),
    };
    ssize_t len;

    do {
        len = recvmsg(server->fd, &msg, MSG_CMSG_CLOEXEC);
    } while (len < 0 && errno == EINTR);
    if (len <= 0) {
        return 0;
    }
    work->in_fd = take_fd(&msg);
    work->fd_lost = (msg.msg_flags & MSG_CTRUNC) && work->in_fd < 0;
    if ((msg.msg_flags & MSG_TRUNC) ||
        ((msg.msg_flags & MSG_CTRUNC) && work->in_fd >= 0)) {
        /* Nobody sends that much, or that many descriptors. */
        violation(server);
        return 0;
    }
    return len;
}

static int reply_send(ProxyServer *server, const ProxyWork *work, size_t len)
{
    struct iovec iov = { (void *)work->out, len };
    union {
        struct cmsghdr header;
        char room[CMSG_SPACE(sizeof(work->fds))];
    } control = { 0 };
    struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1 };
    ssize_t ret;

    if (work->n_fds) {
        msg.msg_control = &control;
        msg.msg_controllen = CMSG_SPACE(work->n_fds * sizeof(int));
        control.header.cmsg_level = SOL_SOCKET;
        control.header.cmsg_type = SCM_RIGHTS;
        control.header.cmsg_len = CMSG_LEN(work->n_fds * sizeof(int));
        memcpy(CMSG_DATA(&control.header), work->fds,
               work->n_fds * sizeof(int));
    }
    do {
        ret = sendmsg(server->fd, &msg, MSG_NOSIGNAL);
    } while (ret < 0 && errno == EINTR);
    return ret < 0 ? -errno : 0;
}

static void reply(ProxyServer *server, ProxyWork *work, uint32_t tag,
                  int result)
{
    ssize_t len = proxy_encode_reply(work->out, sizeof(work->out), tag,
                                     work->type, -result, &work->r);
    int ret;

    if (result < 0) {
        work->n_fds = 0;
    }
    ret = reply_send(server, work, len);
    if (ret == -ETOOMANYREFS) {
        /* More descriptors on their way than the peer takes. */
        work->n_fds = 0;
        len = proxy_encode_reply(work->out, sizeof(work->out), tag,
                                 work->type, ENFILE, NULL);
        reply_send(server, work, len);
    }
}

/* May there be such a request now? */
static bool is_legal(ProxyServer *server, const ProxyWork *work)
{
    bool takes_fd = proxy_message_info(work->type)->flags & PROXY_F_TAKES_FD;

    return takes_fd == (work->in_fd >= 0 || work->fd_lost) &&
           (work->type == PROXY_HELLO || g_atomic_int_get(&server->greeted));
}

static bool one_request(ProxyServer *server, ProxyWork *work)
{
    size_t len = receive(server, work);
    uint32_t tag;
    int ret;

    if (!len) {
        return false;
    }
    ret = proxy_decode_request(work->in, len, &tag, &work->type, &work->t);
    if (ret == -EBADMSG || !is_legal(server, work)) {
        violation(server);
        return false;
    }
    if (ret == 0) {
        ret = proxy_work_serve(work);
    }
    if (ret == 0 && work->type == PROXY_HELLO) {
        g_atomic_int_set(&server->greeted, true);
    }
    if (!(proxy_message_info(work->type)->flags & PROXY_F_ONE_WAY)) {
        reply(server, work, tag, ret);
    } else if (ret < 0) {
        violation(server);
    }
    proxy_work_clear(work);
    return true;
}

static gpointer worker(gpointer opaque)
{
    ProxyServer *server = opaque;
    ProxyWork *work = g_new0(ProxyWork, 1);

    g_mutex_lock(&server->lock);
    server->waiting++;
    g_cond_broadcast(&server->changed);
    while (!server->open) {
        g_cond_wait(&server->changed, &server->lock);
    }
    g_mutex_unlock(&server->lock);
    work->in_fd = -1;
    work->export = server->export;
    work->options = &server->options;
    work->ids = server->ids;
    while (one_request(server, work)) {
        /* The next one. */
    }
    proxy_work_clear(work);
    helper_cred_own();
    g_free(work);
    return NULL;
}

/* ---- the server ------------------------------------------------------- */

ProxyServer *proxy_server_new(int fd, FsExport *export,
                              const ProxyServerOptions *options)
{
    ProxyServer *server = g_new0(ProxyServer, 1);
    FsNode *root = fs_root(export);

    server->fd = fd;
    server->export = fs_export_ref(export);
    server->options = *options;
    server->ids = proxy_ids_new(root, options->max_ids);
    fs_node_unref(root);
    g_mutex_init(&server->lock);
    g_cond_init(&server->changed);
    server->workers = g_new(GThread *, options->workers);
    for (unsigned i = 0; i < options->workers; i++) {
        server->workers[i] = g_thread_new("worker", worker, server);
    }
    /* What a thread does to start is not what it may do later. */
    g_mutex_lock(&server->lock);
    while (server->waiting < options->workers) {
        g_cond_wait(&server->changed, &server->lock);
    }
    g_mutex_unlock(&server->lock);
    return server;
}

int proxy_server_run(ProxyServer *server)
{
    g_mutex_lock(&server->lock);
    server->open = true;
    g_cond_broadcast(&server->changed);
    g_mutex_unlock(&server->lock);
    for (unsigned i = 0; i < server->options.workers; i++) {
        g_thread_join(server->workers[i]);
    }
    return g_atomic_int_get(&server->violated) ? -EPROTO : 0;
}

void proxy_server_free(ProxyServer *server)
{
    proxy_ids_free(server->ids);
    close(server->fd);
    fs_export_unref(server->export);
    g_mutex_clear(&server->lock);
    g_cond_clear(&server->changed);
    g_free(server->workers);
    g_free(server);
}
