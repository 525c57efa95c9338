/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The asking end of a proxy connection: see proxy-conn.h.
 *
 * One mutex guards everything but the reading, which whoever has set "reading"
 * does without it.  The socket is closed when nobody uses the connection any
 * more; until then a broken one is only shut down, so that no thread waits on
 * a descriptor that has become something else's.
 */
#include "fsdev/p9-osdep.h"
#include <poll.h>
#include <sys/socket.h>
#include "fsdev/proxy-conn.h"

/* So many fit into one packet; fewer wait for more, or for the end. */
#define FORGET_TOGETHER 32

/* Somebody waits for an answer. */
typedef struct Pending {
    uint32_t tag;
    GCond ready;                /* done, or to become the reader */
    bool done;
    char *buf;                  /* owned once done */
    size_t len;
    int fds[PROXY_FDS_MAX];
    unsigned n_fds;
    bool fds_lost;
} Pending;

typedef struct Forget {
    uint64_t id;
    uint32_t count;
} Forget;

struct ProxyConn {
    gint refs;                  /* atomic */
    int fd;                     /* owned */
    GMutex lock;
    gint broken;                /* atomic; set with the lock held */
    bool reading;               /* one of the pending reads the socket */
    uint32_t next_tag;
    GHashTable *pending;        /* tag → Pending, borrowed */
    GArray *unsent;             /* of Forget: see send_unsent() */
    char inbox[PROXY_MESSAGE_MAX];      /* the reader's */
};

ProxyConn *proxy_conn_new(int fd)
{
    ProxyConn *conn = g_new0(ProxyConn, 1);

    conn->refs = 1;
    conn->fd = fd;
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

/* ---- the end of it ---------------------------------------------------- */

static void wake_all(ProxyConn *conn)
{
    GHashTableIter iter;
    gpointer pending;

    g_hash_table_iter_init(&iter, conn->pending);
    while (g_hash_table_iter_next(&iter, NULL, &pending)) {
        g_cond_signal(&((Pending *)pending)->ready);
    }
}

static void break_locked(ProxyConn *conn)
{
    if (!g_atomic_int_get(&conn->broken)) {
        g_atomic_int_set(&conn->broken, true);
        shutdown(conn->fd, SHUT_RDWR);
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
    struct pollfd peer = { .fd = conn->fd };

    /* It may have gone while nobody had a question. */
    if (!g_atomic_int_get(&conn->broken) && poll(&peer, 1, 0) > 0 &&
        (peer.revents & (POLLHUP | POLLERR))) {
        proxy_conn_break(conn);
    }
    return g_atomic_int_get(&conn->broken);
}

/* ---- sending ---------------------------------------------------------- */

static int send_bytes(int fd, const void *buf, size_t len, int flags)
{
    ssize_t ret;

    do {
        ret = send(fd, buf, len, MSG_NOSIGNAL | flags);
    } while (ret < 0 && errno == EINTR);
    return ret < 0 ? -errno : 0;
}

/*
 * Locked: what is to be forgotten, if it is worth a packet.  Everything that
 * is left waits for more of it.
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
        if (send_bytes(conn->fd, buf, len, MSG_DONTWAIT) == -EAGAIN) {
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
    /* With sock_fd= the helper goes on without us. */
    send_unsent(conn, 1);
    close(conn->fd);
    g_hash_table_destroy(conn->pending);
    g_array_free(conn->unsent, true);
    g_mutex_clear(&conn->lock);
    g_free(conn);
}

static int send_with_fd(int sock, const void *buf, size_t len, int fd)
{
    struct iovec iov = { (void *)buf, len };
    union {
        struct cmsghdr header;
        char room[CMSG_SPACE(sizeof(int))];
    } control = { .header = {
        .cmsg_len = CMSG_LEN(sizeof(int)),
        .cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS,
    } };
    struct msghdr msg = {
        .msg_iov = &iov, .msg_iovlen = 1,
        .msg_control = &control, .msg_controllen = sizeof(control),
    };
    ssize_t ret;

    memcpy(CMSG_DATA(&control.header), &fd, sizeof(int));
    do {
        ret = sendmsg(sock, &msg, MSG_NOSIGNAL);
    } while (ret < 0 && errno == EINTR);
    return ret < 0 ? -errno : 0;
}

static int send_request(ProxyConn *conn, uint32_t tag, ProxyType type,
                        const ProxyRequest *t, int fd)
{
    unsigned flags = proxy_message_info(type)->flags;
    bool big = flags & PROXY_F_BIG;
    g_autofree char *room = big ? g_malloc(PROXY_MESSAGE_MAX) : NULL;
    char small[PROXY_SMALL_MAX];
    char *buf = big ? room : small;
    ssize_t len = proxy_encode_request(buf, big ? PROXY_MESSAGE_MAX
                                                : PROXY_SMALL_MAX,
                                       tag, type, t);

    if (len < 0) {
        return len;
    }
    return flags & PROXY_F_TAKES_FD ? send_with_fd(conn->fd, buf, len, fd)
                                    : send_bytes(conn->fd, buf, len, 0);
}

/* ---- reading ---------------------------------------------------------- */

/* Descriptors of @msg: as many as fit into @fds, the rest is closed. */
static unsigned take_fds(struct msghdr *msg, int *fds)
{
    unsigned taken = 0;

    for (struct cmsghdr *c = CMSG_FIRSTHDR(msg); c; c = CMSG_NXTHDR(msg, c)) {
        unsigned n;

        if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS) {
            continue;
        }
        n = (c->cmsg_len - CMSG_LEN(0)) / sizeof(int);
        for (unsigned i = 0; i < n; i++) {
            int fd;

            memcpy(&fd, CMSG_DATA(c) + i * sizeof(int), sizeof(int));
            if (taken < PROXY_FDS_MAX) {
                fds[taken++] = fd;
            } else {
                close(fd);
            }
        }
    }
    return taken;
}

static void close_fds(const int *fds, unsigned n)
{
    for (unsigned i = 0; i < n; i++) {
        if (fds[i] >= 0) {
            close(fds[i]);
        }
    }
}

/* One message into the inbox.  False when there is no use in reading on. */
static bool receive(ProxyConn *conn, Pending *got)
{
    struct iovec iov = { conn->inbox, sizeof(conn->inbox) };
    union {
        struct cmsghdr header;
        char room[CMSG_SPACE(PROXY_FDS_MAX * sizeof(int))];
    } control;
    struct msghdr msg = {
        .msg_iov = &iov, .msg_iovlen = 1,
        .msg_control = &control, .msg_controllen = sizeof(control),
    };
    ssize_t len;

    do {
        len = recvmsg(conn->fd, &msg, MSG_CMSG_CLOEXEC);
    } while (len < 0 && errno == EINTR);
    if (len <= 0) {
        return false;
    }
    *got = (Pending) { .len = len };
    got->n_fds = take_fds(&msg, got->fds);
    /* More than fit were sent, or the table of this process is full. */
    got->fds_lost = msg.msg_flags & MSG_CTRUNC;
    if ((msg.msg_flags & MSG_TRUNC) ||
        proxy_decode_tag(conn->inbox, len, &got->tag) < 0) {
        close_fds(got->fds, got->n_fds);
        return false;
    }
    return true;
}

/* Locked: hand @got, which @reader has in the inbox, to whom it is for. */
static bool deliver(ProxyConn *conn, const Pending *got, const Pending *reader)
{
    Pending *to = g_hash_table_lookup(conn->pending,
                                      GUINT_TO_POINTER(got->tag));

    if (!to || to->done) {
        close_fds(got->fds, got->n_fds);
        return false;
    }
    to->buf = g_malloc(got->len);
    memcpy(to->buf, conn->inbox, got->len);
    to->len = got->len;
    memcpy(to->fds, got->fds, sizeof(to->fds));
    to->n_fds = got->n_fds;
    to->fds_lost = got->fds_lost;
    to->done = true;
    if (to != reader) {
        g_cond_signal(&to->ready);
    }
    return true;
}

/*
 * Locked: somebody else who waits shall read.  Whoever has waited for longest,
 * as the next answer is most likely for him: nobody has to be woken for it.
 */
static void pass_reading_on(ProxyConn *conn)
{
    Pending *oldest = NULL;
    GHashTableIter iter;
    gpointer value;

    g_hash_table_iter_init(&iter, conn->pending);
    while (g_hash_table_iter_next(&iter, NULL, &value)) {
        Pending *pending = value;

        /* Tags are counted up, and start anew some day. */
        if (!pending->done && (!oldest || conn->next_tag - pending->tag >
                                          conn->next_tag - oldest->tag)) {
            oldest = pending;
        }
    }
    if (oldest) {
        g_cond_signal(&oldest->ready);
    }
}

/* Locked; the lock is released while this thread reads. */
static void await(ProxyConn *conn, Pending *pending)
{
    while (!pending->done && !g_atomic_int_get(&conn->broken)) {
        Pending got;
        bool received;

        if (conn->reading) {
            g_cond_wait(&pending->ready, &conn->lock);
            continue;
        }
        conn->reading = true;
        g_mutex_unlock(&conn->lock);
        received = receive(conn, &got);
        g_mutex_lock(&conn->lock);
        conn->reading = false;
        if (!received || !deliver(conn, &got, pending)) {
            break_locked(conn);
        }
    }
    if (!conn->reading) {
        pass_reading_on(conn);
    }
}

/* ---- calls ------------------------------------------------------------ */

/* Locked.  Tags of answers that are still awaited are not used again. */
static void pending_add(ProxyConn *conn, Pending *pending)
{
    do {
        pending->tag = conn->next_tag++;
    } while (g_hash_table_contains(conn->pending,
                                   GUINT_TO_POINTER(pending->tag)));
    g_hash_table_insert(conn->pending, GUINT_TO_POINTER(pending->tag),
                        pending);
}

static int answer_take(ProxyType type, Pending *pending, ProxyAnswer *answer)
{
    uint32_t error = 0;
    unsigned wanted;
    int ret;

    answer->buf = pending->buf;
    for (unsigned i = 0; i < pending->n_fds; i++) {
        answer->fds[i] = pending->fds[i];
    }
    ret = proxy_decode_reply(answer->buf, pending->len, type, &error,
                             &answer->r);
    if (ret < 0) {
        return ret;
    }
    wanted = error ? 0 : proxy_message_info(type)->fds;
    if (pending->fds_lost && pending->n_fds < wanted) {
        answer->fds_lost = true;
        return -EMFILE;
    }
    if (pending->n_fds != wanted || pending->fds_lost) {
        return -EBADMSG;
    }
    return -(int)error;
}

int proxy_conn_call(ProxyConn *conn, ProxyType type, const ProxyRequest *t,
                    int fd, ProxyAnswer *answer)
{
    Pending pending = { 0 };
    int ret = -EIO;

    *answer = (ProxyAnswer) { .fds = { -1, -1 } };
    g_cond_init(&pending.ready);
    g_mutex_lock(&conn->lock);
    if (!g_atomic_int_get(&conn->broken)) {
        send_unsent(conn, FORGET_TOGETHER);
        pending_add(conn, &pending);
        g_mutex_unlock(&conn->lock);
        ret = send_request(conn, pending.tag, type, t, fd);
        g_mutex_lock(&conn->lock);
        if (ret == 0) {
            await(conn, &pending);
        } else if (ret != -EMSGSIZE) {
            break_locked(conn);
        }
        g_hash_table_remove(conn->pending, GUINT_TO_POINTER(pending.tag));
        ret = ret == -EMSGSIZE ? -E2BIG : -EIO;
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
    return ret;
}

void proxy_answer_clear(ProxyAnswer *answer)
{
    close_fds(answer->fds, PROXY_FDS_MAX);
    g_free(answer->buf);
    *answer = (ProxyAnswer) { .fds = { -1, -1 } };
}
