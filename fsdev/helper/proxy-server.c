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
#include "fsdev/helper/proxy-crew.h"
#include "fsdev/helper/proxy-server-int.h"
#include "fsdev/host/host.h"
#include "fsdev/proxy/proxy-packet.h"

typedef struct Worker {
    ProxyServer *server;        /* borrowed */
    unsigned number;
    GThread *thread;
} Worker;

struct ProxyServer {
    ProxySocket sock;
    FsExport *export;           /* counted */
    ProxyServerOptions options;
    ProxyIds *ids;
    ProxyCrew *crew;
    Worker *workers;
    GThread *watch;
    GMutex lock;                /* guards the next three */
    GCond changed;
    unsigned waiting;           /* threads that have started */
    bool open;                  /* workers may receive requests */
    gint greeted;               /* HELLO succeeded; atomic */
    gint violated;              /* the client violated the protocol; atomic */
};

/* ---- requests --------------------------------------------------------- */

static void violation(ProxyServer *server)
{
    g_atomic_int_set(&server->violated, true);
    /* This also ends recvmsg() in all workers. */
    shutdown(server->sock.fd, SHUT_RDWR);
}

/* Returns the length of the next request, or 0 at the end of the connection. */
static size_t receive(ProxyServer *server, ProxyWork *work)
{
    ProxyFds fds;
    ssize_t len = proxy_packet_receive(&server->sock, work->in,
                                       sizeof(work->in), 1, &fds, 0);

    if (len == -EMSGSIZE || len == -EBADMSG || (fds.lost && fds.n)) {
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

static void reply(ProxyServer *server, ProxyWork *work, int result)
{
    ssize_t len = proxy_encode_reply(work->out, sizeof(work->out), work->tag,
                                     work->type, -result, &work->r);
    int ret;

    if (result < 0) {
        work->n_fds = 0;
    }
    ret = proxy_packet_send(&server->sock, work->out, len, work->fds,
                            work->n_fds, 0);
    if (ret == -ETOOMANYREFS) {
        /* Too many sent descriptors have not been received by the client. */
        len = proxy_encode_reply(work->out, sizeof(work->out), work->tag,
                                 work->type, ENFILE, NULL);
        proxy_packet_send(&server->sock, work->out, len, NULL, 0, 0);
    }
}

/* Whether the protocol allows this request at this time. */
static bool is_legal(ProxyServer *server, const ProxyWork *work)
{
    bool takes_fd = proxy_message_info(work->type)->flags & PROXY_F_TAKES_FD;

    return takes_fd == (work->in_fd >= 0 || work->fd_lost) &&
           (work->type == PROXY_HELLO || g_atomic_int_get(&server->greeted));
}

/* False when the connection has ended. */
static bool receive_request(ProxyServer *server, ProxyWork *work)
{
    size_t len = receive(server, work);

    if (!len) {
        return false;
    }
    work->error = proxy_decode_request(work->in, len, &work->tag, &work->type,
                                       &work->t);
    if (work->error == -EBADMSG || !is_legal(server, work)) {
        violation(server);
        return false;
    }
    return true;
}

static void perform(ProxyServer *server, ProxyWork *work)
{
    int ret = work->error ?: proxy_work_serve(work);

    if (ret == 0 && work->type == PROXY_HELLO) {
        g_atomic_int_set(&server->greeted, true);
    }
    if (!(proxy_message_info(work->type)->flags & PROXY_F_ONE_WAY)) {
        reply(server, work, ret);
    } else if (ret < 0) {
        violation(server);
    }
    proxy_work_clear(work);
}

static ProxyWork *work_new(ProxyServer *server)
{
    ProxyWork *work = g_new(ProxyWork, 1);

    /* The buffers are large, and are written before they are read. */
    memset(work, 0, offsetof(ProxyWork, in));
    work->in_fd = -1;
    work->export = server->export;
    work->options = &server->options;
    work->ids = server->ids;
    return work;
}

static void work_free(ProxyWork *work)
{
    if (work) {
        proxy_work_clear(work);
        g_free(work);
    }
}

/* ---- threads ---------------------------------------------------------- */

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

/* The filter will not allow the system calls that start a thread. */
static void wait_until_open(ProxyServer *server)
{
    g_mutex_lock(&server->lock);
    server->waiting++;
    g_cond_broadcast(&server->changed);
    while (!server->open) {
        g_cond_wait(&server->changed, &server->lock);
    }
    g_mutex_unlock(&server->lock);
}

/* Perform @work and what has waited for its end; returns the last of them. */
static ProxyWork *perform_all(Worker *me, ProxyWork *work)
{
    ProxyWork *next;

    perform(me->server, work);
    while ((next = proxy_crew_end(me->server->crew, me->number))) {
        work_free(work);
        work = next;
        perform(me->server, work);
    }
    return work;
}

static gpointer run_worker(gpointer opaque)
{
    Worker *me = opaque;
    ProxyServer *server = me->server;
    ProxyWork *work = NULL;

    prepare_thread();
    wait_until_open(server);
    while (proxy_crew_await(server->crew)) {
        work = work ?: work_new(server);
        if (!receive_request(server, work)) {
            proxy_crew_stop(server->crew);
            break;
        }
        if (proxy_crew_begin(server->crew, me->number, proxy_work_target(work),
                             work)) {
            work = perform_all(me, work);
        } else {
            work = NULL;
        }
    }
    work_free(work);
    helper_cred_own();
    return NULL;
}

static gpointer run_watch(gpointer opaque)
{
    ProxyServer *server = opaque;

    wait_until_open(server);
    proxy_crew_watch(server->crew);
    return NULL;
}

/* ---- the server ------------------------------------------------------- */

ProxyServer *proxy_server_new(int fd, FsExport *export,
                              const ProxyServerOptions *options)
{
    ProxyServer *server = g_new0(ProxyServer, 1);
    FsNode *root = fs_root(export);

    proxy_socket_init(&server->sock, fd);
    server->export = fs_export_ref(export);
    server->options = *options;
    server->ids = proxy_ids_new(root, options->max_ids);
    fs_node_unref(root);
    g_mutex_init(&server->lock);
    g_cond_init(&server->changed);
    server->crew = proxy_crew_new(options->workers);
    server->workers = g_new0(Worker, options->workers);
    for (unsigned i = 0; i < options->workers; i++) {
        Worker *worker = &server->workers[i];

        *worker = (Worker) { .server = server, .number = i };
        worker->thread = g_thread_new("worker", run_worker, worker);
    }
    server->watch = g_thread_new("watch", run_watch, server);
    g_mutex_lock(&server->lock);
    while (server->waiting < options->workers + 1) {
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
        g_thread_join(server->workers[i].thread);
    }
    g_thread_join(server->watch);
    return g_atomic_int_get(&server->violated) ? -EPROTO : 0;
}

void proxy_server_free(ProxyServer *server)
{
    ProxyWork *work;

    while ((work = proxy_crew_left(server->crew))) {
        work_free(work);
    }
    proxy_crew_free(server->crew);
    proxy_ids_free(server->ids);
    proxy_socket_exit(&server->sock);
    fs_export_unref(server->export);
    g_mutex_clear(&server->lock);
    g_cond_clear(&server->changed);
    g_free(server->workers);
    g_free(server);
}
