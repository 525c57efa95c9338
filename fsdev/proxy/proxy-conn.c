/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The client end of a proxy connection: see proxy-conn.h.
 *
 * One mutex guards everything except the inbox and the receiving side of the
 * socket, which belong to the thread that has set "reading".  A broken
 * connection is only shut down; the socket is closed with the last reference,
 * so that no thread waits on a descriptor number that has been reused.
 */
#include "fsdev/core/p9-osdep.h"
#include <poll.h>
#include <sys/socket.h>
#include "fsdev/core/fs-trace.h"
#include "fsdev/proxy/proxy-conn.h"
#include "fsdev/proxy/proxy-packet.h"

/* Elements of a full FORGET packet; fewer are kept until more are added. */
#define FORGET_TOGETHER 32
/* Replies that a loop receives before it resumes their coroutines. */
#define RESUME_TOGETHER 32

/* A request in flight. */
typedef struct Pending {
    uint32_t tag;
    GCond ready;                /* signalled: done, or take up the reading */
    const FsYield *yield;       /* borrowed; NULL: a thread waits */
    void *self;                 /* the coroutine that waits, else NULL */
    void *loop;                 /* the event loop of self */
    bool yielded;               /* self has yielded and was not woken so far */
    bool done;
    char *buf;                  /* owned once done */
    size_t len;
    ProxyFds fds;
} Pending;

/*
 * An event loop that watches the socket for its coroutines.  It does so from
 * their first request until it leaves or the connection is broken, as adding
 * and removing the handler costs more than a reply.
 */
typedef struct Watch {
    ProxyConn *conn;            /* counted */
    const FsYield *yield;       /* borrowed */
    void *loop;
    unsigned calls;             /* of its coroutines, in flight */
} Watch;

typedef struct Forget {
    uint64_t id;
    uint32_t count;
} Forget;

struct ProxyConn {
    gint refs;                  /* atomic */
    ProxySocket sock;
    GMutex lock;
    gint broken;                /* atomic; set with the lock held */
    gint ended;                 /* the helper closed it; atomic */
    bool reading;               /* a waiting thread reads the socket */
    uint32_t next_tag;
    GHashTable *pending;        /* tag → Pending, borrowed */
    unsigned unanswered;        /* requests in pending without a reply */
    GSList *watches;            /* of Watch */
    GArray *unsent;             /* of Forget: see send_unsent() */
    char inbox[PROXY_MESSAGE_MAX];      /* owned by the reading thread */
};

ProxyConn *proxy_conn_new(int fd)
{
    ProxyConn *conn = g_new0(ProxyConn, 1);

    conn->refs = 1;
    proxy_socket_init(&conn->sock, fd);
    g_mutex_init(&conn->lock);
    conn->pending = g_hash_table_new(NULL, NULL);
    conn->unsent = g_array_new(false, false, sizeof(Forget));
    return conn;
}

ProxyConn *proxy_conn_ref(ProxyConn *conn)
{
    g_atomic_int_inc(&conn->refs);
    return conn;
}

/* ---- breaking --------------------------------------------------------- */

/* Locked. */
static void wake(Pending *pending)
{
    if (!pending->yield) {
        g_cond_signal(&pending->ready);
    } else if (pending->yielded) {
        pending->yielded = false;
        pending->yield->wake(pending->self);
    }
}

static void wake_all(ProxyConn *conn)
{
    GHashTableIter iter;
    gpointer pending;

    g_hash_table_iter_init(&iter, conn->pending);
    while (g_hash_table_iter_next(&iter, NULL, &pending)) {
        wake(pending);
    }
}

static void break_locked(ProxyConn *conn)
{
    if (!g_atomic_int_get(&conn->broken)) {
        g_atomic_int_set(&conn->broken, true);
        shutdown(conn->sock.fd, SHUT_RDWR);
        wake_all(conn);
    }
}

void proxy_conn_break(ProxyConn *conn)
{
    g_mutex_lock(&conn->lock);
    break_locked(conn);
    g_mutex_unlock(&conn->lock);
}

bool proxy_conn_is_broken(ProxyConn *conn)
{
    struct pollfd peer = { .fd = conn->sock.fd };

    /* The helper may have gone while no request was in flight. */
    if (!g_atomic_int_get(&conn->broken) && poll(&peer, 1, 0) > 0 &&
        (peer.revents & (POLLHUP | POLLERR))) {
        proxy_conn_break(conn);
    }
    return g_atomic_int_get(&conn->broken);
}

bool proxy_conn_is_ended(ProxyConn *conn)
{
    return g_atomic_int_get(&conn->ended);
}

/* @ret: of a system call on the socket. */
static void note_end(ProxyConn *conn, ssize_t ret)
{
    if (ret == -EPIPE || ret == -ECONNRESET) {
        g_atomic_int_set(&conn->ended, true);
    }
}

/* ---- sending ---------------------------------------------------------- */

/*
 * Locked: send FORGET packets while at least @at_least elements are left.  The
 * others wait for more.
 */
static void send_unsent(ProxyConn *conn, guint at_least)
{
    while (conn->unsent->len && conn->unsent->len >= at_least) {
        guint n = MIN(conn->unsent->len, FORGET_TOGETHER);
        char forgotten[FORGET_TOGETHER * PROXY_FORGOTTEN_SIZE];
        ProxyRequest t = {
            .forget = { { forgotten, n * PROXY_FORGOTTEN_SIZE } },
        };
        char buf[sizeof(forgotten) + 64];
        ssize_t len;

        for (guint i = 0; i < n; i++) {
            const Forget *forget = &g_array_index(conn->unsent, Forget, i);

            proxy_put_forgotten(forgotten, i, forget->id, forget->count);
        }
        len = proxy_encode_request(buf, sizeof(buf), 0, PROXY_FORGET, &t);
        if (proxy_packet_send(&conn->sock, buf, len, NULL, 0, MSG_DONTWAIT) ==
            -EAGAIN) {
            break;
        }
        g_array_remove_range(conn->unsent, 0, n);
    }
}

void proxy_conn_forget(ProxyConn *conn, uint64_t id, uint32_t count, bool gone)
{
    const Forget forget = { id, count };

    g_mutex_lock(&conn->lock);
    if (!g_atomic_int_get(&conn->broken)) {
        g_array_append_val(conn->unsent, forget);
        send_unsent(conn, gone ? 1 : FORGET_TOGETHER);
    }
    g_mutex_unlock(&conn->lock);
}

void proxy_conn_unref(ProxyConn *conn)
{
    if (!g_atomic_int_dec_and_test(&conn->refs)) {
        return;
    }
    /* With sock_fd= the socket may stay open, and the helper goes on. */
    send_unsent(conn, 1);
    proxy_socket_exit(&conn->sock);
    g_hash_table_destroy(conn->pending);
    g_array_free(conn->unsent, true);
    g_mutex_clear(&conn->lock);
    g_free(conn);
}

static int send_request(ProxyConn *conn, const Pending *pending,
                        ProxyType type, const ProxyRequest *t, int fd)
{
    int how = pending->yield ? MSG_DONTWAIT : 0;
    unsigned flags = proxy_message_info(type)->flags;
    bool big = flags & PROXY_F_BIG;
    g_autofree char *room = big ? g_malloc(PROXY_MESSAGE_MAX) : NULL;
    char small[PROXY_SMALL_MAX];
    char *buf = big ? room : small;
    ssize_t len = proxy_encode_request(buf, big ? PROXY_MESSAGE_MAX
                                                : PROXY_SMALL_MAX,
                                       pending->tag, type, t);

    if (len < 0) {
        return len;
    }
    trace_fs_proxy_request(conn, pending->tag, proxy_message_info(type)->name);
    return proxy_packet_send(&conn->sock, buf, len, &fd,
                             flags & PROXY_F_TAKES_FD ? 1 : 0, how);
}

/* ---- reading ---------------------------------------------------------- */

/*
 * Receive one message into the inbox.  Returns 0, -EAGAIN if there is none and
 * @flags has MSG_DONTWAIT, or -EIO if the connection is unusable.
 */
static int receive(ProxyConn *conn, int flags, Pending *got)
{
    ProxyFds fds;
    ssize_t len = proxy_packet_receive(&conn->sock, conn->inbox,
                                       sizeof(conn->inbox), PROXY_FDS_MAX,
                                       &fds, flags);

    note_end(conn, len ?: -ECONNRESET);
    if (len <= 0) {
        return len == -EAGAIN && (flags & MSG_DONTWAIT) ? -EAGAIN : -EIO;
    }
    *got = (Pending) { .len = len, .fds = fds };
    if (proxy_decode_tag(conn->inbox, len, &got->tag) < 0) {
        proxy_fds_close(&got->fds);
        return -EIO;
    }
    return 0;
}

/*
 * Locked: move @got, whose bytes are in the inbox, to the request with its tag,
 * which is returned; the caller wakes its waiter.  NULL when no request in
 * flight has that tag.
 */
static Pending *deliver(ProxyConn *conn, Pending *got)
{
    Pending *to = g_hash_table_lookup(conn->pending,
                                      GUINT_TO_POINTER(got->tag));

    if (!to || to->done) {
        proxy_fds_close(&got->fds);
        return NULL;
    }
    to->buf = g_malloc(got->len);
    memcpy(to->buf, conn->inbox, got->len);
    to->len = got->len;
    to->fds = got->fds;
    to->done = true;
    conn->unanswered--;
    return to;
}

/* Tags increase and wrap around; hence the distances to the next one. */
static bool is_older(const ProxyConn *conn, const Pending *a, const Pending *b)
{
    return conn->next_tag - a->tag > conn->next_tag - b->tag;
}

/*
 * Locked: let another waiting thread read.  This is the one that has waited
 * longest: the next reply is most likely its own, and then no further thread
 * has to be woken.
 */
static void pass_reading_on(ProxyConn *conn)
{
    Pending *oldest = NULL;
    GHashTableIter iter;
    gpointer value;

    g_hash_table_iter_init(&iter, conn->pending);
    while (g_hash_table_iter_next(&iter, NULL, &value)) {
        Pending *pending = value;

        if (!pending->yield && !pending->done &&
            (!oldest || is_older(conn, pending, oldest))) {
            oldest = pending;
        }
    }
    if (oldest) {
        g_cond_signal(&oldest->ready);
    }
}

/* Locked; the lock is released while this thread reads or waits. */
static void await(ProxyConn *conn, Pending *pending)
{
    while (!pending->done && !g_atomic_int_get(&conn->broken)) {
        Pending got;
        Pending *to;
        int ret;

        if (conn->reading) {
            g_cond_wait(&pending->ready, &conn->lock);
            continue;
        }
        conn->reading = true;
        g_mutex_unlock(&conn->lock);
        ret = receive(conn, 0, &got);
        g_mutex_lock(&conn->lock);
        conn->reading = false;
        to = ret == 0 ? deliver(conn, &got) : NULL;
        if (!to) {
            break_locked(conn);
        } else if (to != pending) {
            wake(to);
        }
    }
    if (!conn->reading) {
        pass_reading_on(conn);
    }
}

/* ---- coroutines ------------------------------------------------------- */

/*
 * Locked; the caller holds a reference to the connection.  Context: the loop of
 * @watch.
 */
static void watch_free(Watch *watch)
{
    ProxyConn *conn = watch->conn;

    watch->yield->watch(conn->sock.fd, NULL, NULL);
    conn->watches = g_slist_remove(conn->watches, watch);
    g_atomic_int_add(&conn->refs, -1);
    g_free(watch);
}

/*
 * Context: the loop of @opaque, a Watch.  Receives nothing while a thread is
 * reading: the thread would wait for ever if its reply were received here.
 */
static void watch_ready(void *opaque)
{
    Watch *watch = opaque;
    ProxyConn *conn = proxy_conn_ref(watch->conn);
    const FsYield *yield = watch->yield;
    void *selves[RESUME_TOGETHER];
    unsigned n = 0;

    g_mutex_lock(&conn->lock);
    do {
        Pending got;
        Pending *to;
        int ret = conn->reading || g_atomic_int_get(&conn->broken)
                  ? -EAGAIN : receive(conn, MSG_DONTWAIT, &got);

        if (ret == -EAGAIN) {
            break;
        }
        to = ret == 0 ? deliver(conn, &got) : NULL;
        if (!to) {
            break_locked(conn);
        } else if (to->yielded && to->loop == watch->loop) {
            to->yielded = false;
            selves[n++] = to->self;
        } else {
            wake(to);
        }
    } while (n < RESUME_TOGETHER && conn->unanswered);
    if (g_atomic_int_get(&conn->broken) && !watch->calls) {
        watch_free(watch);
    }
    g_mutex_unlock(&conn->lock);
    yield->resume(selves, n);
    proxy_conn_unref(conn);
}

/* Locked: the Watch of this thread's loop, created on first use. */
static Watch *watch_begin(ProxyConn *conn, const FsYield *yield)
{
    void *loop = yield->loop();
    Watch *watch;

    for (GSList *l = conn->watches; l; l = l->next) {
        watch = l->data;
        if (watch->loop == loop) {
            watch->calls++;
            return watch;
        }
    }
    watch = g_new(Watch, 1);
    *watch = (Watch) { proxy_conn_ref(conn), yield, loop, 1 };
    conn->watches = g_slist_prepend(conn->watches, watch);
    yield->watch(conn->sock.fd, watch_ready, watch);
    return watch;
}

/* Locked. */
static void watch_end(Watch *watch)
{
    if (--watch->calls == 0 && g_atomic_int_get(&watch->conn->broken)) {
        watch_free(watch);
    }
}

void proxy_conn_leave_loop(ProxyConn *conn, const FsYield *yield)
{
    void *loop = yield->loop();
    Watch *found = NULL;

    g_mutex_lock(&conn->lock);
    for (GSList *l = conn->watches; l && !found; l = l->next) {
        Watch *watch = l->data;

        found = watch->loop == loop && !watch->calls ? watch : NULL;
    }
    if (found) {
        watch_free(found);
    }
    g_mutex_unlock(&conn->lock);
}

/* Like await(), in a coroutine. */
static void await_yielding(ProxyConn *conn, Pending *pending)
{
    while (!pending->done && !g_atomic_int_get(&conn->broken)) {
        pending->yielded = true;
        g_mutex_unlock(&conn->lock);
        pending->yield->yield();
        g_mutex_lock(&conn->lock);
    }
}

/* ---- calls ------------------------------------------------------------ */

/* Locked.  Skips the tags of requests that are still in flight. */
static void pending_add(ProxyConn *conn, Pending *pending)
{
    do {
        pending->tag = conn->next_tag++;
    } while (g_hash_table_contains(conn->pending,
                                   GUINT_TO_POINTER(pending->tag)));
    g_hash_table_insert(conn->pending, GUINT_TO_POINTER(pending->tag),
                        pending);
    conn->unanswered++;
}

static int answer_take(ProxyType type, Pending *pending, ProxyAnswer *answer)
{
    uint32_t error = 0;
    unsigned wanted;
    int ret;

    answer->buf = pending->buf;
    for (unsigned i = 0; i < pending->fds.n; i++) {
        answer->fds[i] = pending->fds.fd[i];
    }
    ret = proxy_decode_reply(answer->buf, pending->len, type, &error,
                             &answer->r);
    if (ret < 0) {
        return ret;
    }
    wanted = error ? 0 : proxy_message_info(type)->fds;
    if (pending->fds.lost && pending->fds.n < wanted) {
        answer->fds_lost = true;
        return -EMFILE;
    }
    if (pending->fds.n != wanted || pending->fds.lost) {
        return -EBADMSG;
    }
    return -(int)error;
}

int proxy_conn_call(const FsCall *call, ProxyConn *conn, ProxyType type,
                    const ProxyRequest *t, int fd, ProxyAnswer *answer)
{
    Pending pending = { .yield = fs_call_yield(call) };
    Watch *watch = NULL;
    int ret = -EIO;

    *answer = (ProxyAnswer) { .fds = { -1, -1 } };
    g_cond_init(&pending.ready);
    g_mutex_lock(&conn->lock);
    if (!g_atomic_int_get(&conn->broken)) {
        send_unsent(conn, FORGET_TOGETHER);
        pending_add(conn, &pending);
        if (pending.yield) {
            pending.self = pending.yield->self();
            watch = watch_begin(conn, pending.yield);
            pending.loop = watch->loop;
        }
        g_mutex_unlock(&conn->lock);
        ret = send_request(conn, &pending, type, t, fd);
        note_end(conn, ret);
        g_mutex_lock(&conn->lock);
        if (ret == 0) {
            (pending.yield ? await_yielding : await)(conn, &pending);
        } else if (ret != -EMSGSIZE && !(pending.yield && ret == -EAGAIN)) {
            break_locked(conn);
        }
        g_hash_table_remove(conn->pending, GUINT_TO_POINTER(pending.tag));
        conn->unanswered -= !pending.done;
        if (watch) {
            watch_end(watch);
        }
        ret = ret == -EMSGSIZE ? -E2BIG : ret == -EAGAIN ? -EAGAIN : -EIO;
    }
    g_mutex_unlock(&conn->lock);
    g_cond_clear(&pending.ready);
    if (pending.done) {
        ret = answer_take(type, &pending, answer);
        if (ret == -EBADMSG) {
            proxy_conn_break(conn);
            ret = -EIO;
        }
    }
    trace_fs_proxy_reply(conn, pending.tag, proxy_message_info(type)->name,
                         ret);
    return ret;
}

void proxy_answer_clear(ProxyAnswer *answer)
{
    for (unsigned i = 0; i < PROXY_FDS_MAX; i++) {
        if (answer->fds[i] >= 0) {
            close(answer->fds[i]);
        }
    }
    g_free(answer->buf);
    *answer = (ProxyAnswer) { .fds = { -1, -1 } };
}
