/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The session of a virtio-9p device: see virtio-9p-server.h.
 */
#include "qemu/osdep.h"
#include "qemu/timer.h"
#include "qemu/units.h"
#include "fsdev/core/qemu-compat.h"
#include "9p-session.h"
#include "9p-trace.h"
#include "virtio-9p-blocker.h"
#include "virtio-9p-server.h"

/*
 * What the longest chain can carry: a request takes one descriptor, and its
 * reply one for the header and one for each page of payload.
 */
#define MSIZE_MAX       ((VIRTQUEUE_MAX_SIZE - 2) * 4096)
/*
 * Requests taken from the queue, and bytes of replies to them, before others
 * get their turn on the loop.
 */
#define BATCH_MAX       VIRTQUEUE_MAX_SIZE
#define BATCH_BYTES_MAX (4 * MiB)
/*
 * The largest number of threads for requests that may hang.  All requests that
 * fit in the queue can hang at once, and again as many after a reset that has
 * left the first ones behind.  With more resets a guest can use up all of these
 * threads.  Then its requests for such storage wait until some of it answers,
 * while those for storage of the host are served as before.
 */
#define APART_MAX       (2 * P9_QUEUE_SIZE)

struct P9Server {
    P9Loop *loop;               /* counted */
    P9Ring *ring;               /* counted */
    P9Blocker *blocker;         /* owned */
    bool blocks;                /* it is to be used */
    P9Exec *exec;               /* owned */
    QEMUBH *work;               /* owned: server_work() */
    bool due;                   /* atomic: there may be requests in the queue */

    /* Orders; guarded by lock */
    QemuMutex lock;
    unsigned orders;            /* number of orders so far */
    int fd;                     /* owned: host notifier to watch, or -1 */
    bool ended;                 /* end the session and free the server */

    /* Used in the loop */
    P9Session *session;         /* owned */
    QEMUTimer *timer;           /* p9_session_tick() */
    unsigned followed;          /* number of orders that were followed */
    EventNotifier kick;         /* host notifier; owned if listens is set */
    bool listens;
    bool polled;                /* AioContext polls; notifications are off */
    bool in_turn;
    size_t batch_bytes;         /* of the replies of this turn */
};

/* ---- calls of the session; context: the loop ---- */

static void server_push(void *opaque, P9Request *req, size_t len)
{
    P9Server *server = opaque;

    server->batch_bytes += len;
    p9_ring_return(server->ring, p9_request_element(req), len, NULL);
}

static void server_broken(void *opaque, P9Request *req, const char *why)
{
    P9Server *server = opaque;

    p9_ring_return(server->ring, p9_request_element(req), 0, why);
}

static int server_set_busy(void *opaque, bool busy)
{
    P9Server *server = opaque;

    return server->blocks ? p9_blocker_set(server->blocker, busy) : 0;
}

static void server_busy_done(void *opaque, int result)
{
    P9Server *server = opaque;

    defer_call_begin();
    p9_session_busy_done(server->session, result);
    defer_call_end();
}

static void server_set_timer(void *opaque, unsigned ms)
{
    P9Server *server = opaque;

    timer_mod_anticipate(server->timer,
                         qemu_clock_get_ms(QEMU_CLOCK_REALTIME) + ms);
}

static void server_tick(void *opaque)
{
    P9Server *server = opaque;

    defer_call_begin();
    p9_session_tick(server->session);
    defer_call_end();
}

static bool server_more(void *opaque)
{
    P9Server *server = opaque;

    return p9_ring_more(server->ring);
}

static const P9TransportOps server_transport = {
    .push = server_push,
    .broken = server_broken,
    .set_busy = server_set_busy,
    .set_timer = server_set_timer,
    .more = server_more,
    .trace_request = p9_trace_request,
    .trace_reply = p9_trace_reply,
};

/* ---- taking requests; context: the loop ---- */

static bool server_take(P9Server *server)
{
    P9RingElement *e = p9_ring_pop(server->ring);

    if (!e) {
        return false;
    }
    p9_request_submit(p9_request_new(server->session, e),
                      e->elem.out_sg, e->elem.out_num,
                      e->elem.in_sg, e->elem.in_num);
    return true;
}

/* While AioContext polls the queue, it keeps notifications off itself. */
static bool server_want_kicks(P9Server *server, bool want)
{
    return server->polled ? p9_ring_more(server->ring)
                          : p9_ring_want_kicks(server->ring, want);
}

static bool batch_full(const P9Server *server, unsigned taken)
{
    return taken >= BATCH_MAX || server->batch_bytes >= BATCH_BYTES_MAX;
}

/* If the device was reset, reset the session. */
static void server_follow_ring(P9Server *server)
{
    unsigned generation;

    if (p9_ring_follow(server->ring, &generation)) {
        timer_del(server->timer);
        p9_session_reset(server->session, generation);
    }
}

/* Have the loop look at the queue.  Context: any thread. */
static void server_make_due(P9Server *server)
{
    qatomic_set(&server->due, true);
    qemu_bh_schedule(server->work);
}

static void server_turn(P9Server *server)
{
    unsigned taken = 0;

    if (server->in_turn) {
        server_make_due(server);
        return;
    }
    server->in_turn = true;
    server->batch_bytes = 0;
    server_follow_ring(server);
    defer_call_begin();
    do {
        server_want_kicks(server, false);
        while (!batch_full(server, taken) && server_take(server)) {
            taken++;
        }
    } while (!batch_full(server, taken) && server_want_kicks(server, true));
    defer_call_end();
    server->in_turn = false;
    if (batch_full(server, taken)) {
        server_make_due(server);
    }
}

/* ---- the host notifier; context: the loop ---- */

static void kick_read(EventNotifier *n)
{
    P9Server *server = container_of(n, P9Server, kick);

    if (event_notifier_test_and_clear(n)) {
        server_turn(server);
    }
}

static bool kick_poll(void *opaque)
{
    return p9_ring_more(container_of(opaque, P9Server, kick)->ring);
}

static void kick_poll_ready(EventNotifier *n)
{
    server_turn(container_of(n, P9Server, kick));
}

static void kick_poll_begin(EventNotifier *n)
{
    P9Server *server = container_of(n, P9Server, kick);

    server_want_kicks(server, false);
    server->polled = true;
}

/* AioContext polls once more after this. */
static void kick_poll_end(EventNotifier *n)
{
    P9Server *server = container_of(n, P9Server, kick);

    server->polled = false;
    server_want_kicks(server, true);
}

/* @fd: a descriptor to be taken over, or -1. */
static void kick_listen(P9Server *server, int fd)
{
    AioContext *ctx = p9_loop_context(server->loop);

    if (server->listens) {
        aio_set_event_notifier(ctx, &server->kick, NULL, NULL, NULL);
        event_notifier_cleanup(&server->kick);
        server->polled = false;
    }
    server->listens = fd >= 0;
    if (server->listens) {
        event_notifier_init_fd(&server->kick, fd);
        aio_set_event_notifier(ctx, &server->kick, kick_read, kick_poll,
                               kick_poll_ready);
        aio_set_event_notifier_poll(ctx, &server->kick, kick_poll_begin,
                                    kick_poll_end);
    }
}

/* ---- following orders; context: the loop ---- */

/* What the session needs until its last job is done. */
typedef struct SessionBase {
    P9Exec *exec;               /* owned */
    P9Loop *loop;               /* counted */
} SessionBase;

static void session_gone(void *opaque)
{
    g_autofree SessionBase *base = opaque;

    p9_exec_qemu_free(base->exec);
    p9_loop_unref(base->loop);
}

static void server_free(P9Server *server)
{
    SessionBase *base = g_new(SessionBase, 1);

    base->exec = server->exec;
    base->loop = p9_loop_ref(server->loop);
    qemu_bh_delete(server->work);
    timer_free(server->timer);
    p9_session_free(server->session, session_gone, base);
    p9_blocker_free(server->blocker);
    p9_ring_unref(server->ring);
    p9_loop_unref(server->loop);
    qemu_mutex_destroy(&server->lock);
    g_free(server);
}

/* Returns false if the server is to be freed. */
static bool server_follow_orders(P9Server *server)
{
    unsigned orders;
    bool ended;
    int fd;

    qemu_mutex_lock(&server->lock);
    orders = server->orders;
    ended = server->ended;
    fd = server->fd;
    server->fd = -1;
    qemu_mutex_unlock(&server->lock);

    if (orders != server->followed) {
        server->followed = orders;
        kick_listen(server, fd);
        /* Kicks that came before were not noticed. */
        if (server->listens) {
            qatomic_set(&server->due, true);
        }
    }
    return !ended;
}

static void server_work(void *opaque)
{
    P9Server *server = opaque;

    if (server->in_turn) {
        qemu_bh_schedule(server->work);
    } else if (!server_follow_orders(server)) {
        server_free(server);
    } else {
        server_follow_ring(server);
        defer_call_begin();
        p9_session_resume(server->session);
        defer_call_end();
        if (qatomic_xchg(&server->due, false) ||
            p9_ring_missed(server->ring)) {
            server_turn(server);
        }
    }
}

/* ---- orders; context: BQL held ---- */

P9Server *p9_server_new(FsExport *export, P9Ring *ring, P9Loop *loop,
                        const char *mount_tag, bool may_migrate)
{
    AioContext *ctx = p9_loop_context(loop);
    P9Server *server = g_new0(P9Server, 1);
    P9Limits limits = {
        .max_msize = MSIZE_MAX,
        .own_loop = !p9_loop_is_main(loop),
    };

    server->loop = p9_loop_ref(loop);
    server->ring = p9_ring_ref(ring);
    server->fd = -1;
    qemu_mutex_init(&server->lock);
    server->blocker = p9_blocker_new(loop, mount_tag, server_busy_done,
                                     server);
    server->blocks = !may_migrate;
    server->exec = p9_exec_qemu_new(ctx, APART_MAX);
    server->session = p9_session_new(export, server->exec,
                                     &server_transport, server,
                                     p9_ring_guest(ring), &limits);
    server->timer = aio_timer_new(ctx, QEMU_CLOCK_REALTIME, SCALE_MS,
                                  server_tick, server);
    server->work = aio_bh_new(ctx, server_work, server);
    return server;
}

static void server_order(P9Server *server, int fd, bool end)
{
    qemu_mutex_lock(&server->lock);
    if (server->fd >= 0) {
        close(server->fd);
    }
    server->fd = fd;
    server->ended |= end;
    server->orders++;
    /* When the lock is released, the loop may free a server that ended. */
    qemu_bh_schedule(server->work);
    qemu_mutex_unlock(&server->lock);
}

void p9_server_end(P9Server *server)
{
    p9_blocker_end(server->blocker);
    server_order(server, -1, true);
}

void p9_server_look(P9Server *server)
{
    if (p9_loop_is_main(server->loop)) {
        server_turn(server);
    } else {
        server_make_due(server);
    }
}

void p9_server_resume(P9Server *server)
{
    qemu_bh_schedule(server->work);
}

void p9_server_reset(P9Server *server)
{
    p9_blocker_drop(server->blocker);
    qatomic_set(&server->due, false);
    qemu_bh_schedule(server->work);
}

int p9_server_listen(P9Server *server, EventNotifier *n)
{
    int fd = fcntl(event_notifier_get_fd(n), F_DUPFD_CLOEXEC, 0);

    if (fd < 0) {
        return -errno;
    }
    server_order(server, fd, false);
    return 0;
}

void p9_server_ignore(P9Server *server)
{
    server_order(server, -1, false);
}

/* ---- calls of the session by the thread that holds the BQL ---- */

/* Shared by the thread that calls and the loop; freed with the last of them. */
typedef struct Errand {
    P9Server *server;           /* borrowed; valid while wanted is set */
    void (*fn)(P9Session *s, void *opaque);
    void *opaque;               /* the same */
    QemuMutex lock;             /* guards the rest */
    QemuCond cond;
    bool wanted;
    bool done;
    unsigned refs;
} Errand;

/* Releases the lock. */
static void errand_unref(Errand *errand)
{
    bool last = !--errand->refs;

    qemu_mutex_unlock(&errand->lock);
    if (last) {
        qemu_cond_destroy(&errand->cond);
        qemu_mutex_destroy(&errand->lock);
        g_free(errand);
    }
}

/*
 * Context: the loop.  The server cannot be freed while the call is wanted,
 * because the thread that wants it holds the BQL.
 */
static void errand_bh(void *opaque)
{
    Errand *errand = opaque;

    qemu_mutex_lock(&errand->lock);
    if (errand->wanted) {
        server_follow_ring(errand->server);
        errand->fn(errand->server->session, errand->opaque);
        errand->done = true;
        qemu_cond_signal(&errand->cond);
    }
    errand_unref(errand);
}

bool p9_server_call(P9Server *server, void (*fn)(P9Session *s, void *opaque),
                    void *opaque, unsigned ms)
{
    Errand *errand;
    bool done;

    if (p9_loop_is_main(server->loop)) {
        server_follow_ring(server);
        fn(server->session, opaque);
        return true;
    }
    errand = g_new0(Errand, 1);
    errand->server = server;
    errand->fn = fn;
    errand->opaque = opaque;
    errand->wanted = true;
    errand->refs = 2;
    qemu_mutex_init(&errand->lock);
    qemu_cond_init(&errand->cond);
    aio_bh_schedule_oneshot(p9_loop_context(server->loop), errand_bh, errand);

    qemu_mutex_lock(&errand->lock);
    while (!errand->done &&
           qemu_cond_timedwait(&errand->cond, &errand->lock, ms)) {
        /* It was signalled, or woken for no reason. */
    }
    errand->wanted = false;
    done = errand->done;
    errand_unref(errand);
    return done;
}

const P9Stats *p9_server_stats(P9Server *server)
{
    return p9_session_stats(server->session);
}

typedef struct Look {
    unsigned what;
    P9Inspection *result;
} Look;

static void look_at(P9Session *s, void *opaque)
{
    Look *look = opaque;

    look->result = p9_session_inspect(s, look->what);
}

P9Inspection *p9_server_inspect(P9Server *server, unsigned what, unsigned ms)
{
    Look wanted = { .what = what };

    p9_server_call(server, look_at, &wanted, ms);
    return wanted.result;
}
