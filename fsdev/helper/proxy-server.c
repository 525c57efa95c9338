/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The server end of a proxy connection: see proxy-server.h.
 *
 * The thread that receives a request decodes it, performs it (proxy-serve.c)
 * and sends the reply.  Context: the threads of one server.
 */
#include "fsdev/core/p9-osdep.h"
#include <sys/socket.h>
#include "fsdev/helper/helper-cred.h"
#include "fsdev/helper/proxy-server-int.h"
#include "fsdev/host/host.h"
#include "fsdev/proxy/proxy-packet.h"

struct ProxyServer {
    int fd;                     /* owned */
    FsExport *export;           /* counted */
    ProxyServerOptions options;
    ProxyIds *ids;
    GThread **workers;
    GMutex lock;                /* guards the next three */
    GCond changed;
    unsigned waiting;           /* workers that have started */
    bool open;                  /* workers may receive requests */
    gint greeted;               /* HELLO succeeded; atomic */
    gint violated;              /* the client violated the protocol; atomic */
};

/* ---- requests --------------------------------------------------------- */

static void violation(ProxyServer *server)
{
    g_atomic_int_set(&server->violated, true);
    /* This also ends recvmsg() in the other workers. */
    shutdown(server->fd, SHUT_RDWR);
}

/* Returns the length of the next request, or 0 at the end of the connection. */
static size_t receive(ProxyServer *server, ProxyWork *work)
{
    ProxyFds fds;
    ssize_t len = proxy_packet_receive(server->fd, work->in, sizeof(work->in),
                                       1, &fds, 0);

    if (len == -EMSGSIZE || (fds.lost && fds.n)) {
        /* No request is longer or has more than one descriptor. */
        proxy_fds_close(&fds);
        violation(server);
        return 0;
    }
    if (len <= 0) {
        return 0;
    }
    work->in_fd = fds.n ? fds.fd[0] : -1;
    work->fd_lost = fds.lost;
    return len;
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
    ret = proxy_packet_send(server->fd, work->out, len, work->fds, work->n_fds,
                            0);
    if (ret == -ETOOMANYREFS) {
        /* Too many sent descriptors have not been received by the client. */
        len = proxy_encode_reply(work->out, sizeof(work->out), tag,
                                 work->type, ENFILE, NULL);
        proxy_packet_send(server->fd, work->out, len, NULL, 0, 0);
    }
}

/* Whether the protocol allows this request at this time. */
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

/*
 * Before Linux 6.13, extended attributes of most objects are reached through
 * the working directory of the thread.
 */
static void prepare_thread(void)
{
    int ret = host_features()->xattrat ? 0 : host_enter_proc_fd();

    if (ret < 0) {
        g_error("cannot change the directory of a thread: %s", strerror(-ret));
    }
}

static gpointer worker(gpointer opaque)
{
    ProxyServer *server = opaque;
    ProxyWork *work = g_new0(ProxyWork, 1);

    prepare_thread();
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
    /* The filter will not allow the system calls that start a thread. */
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
