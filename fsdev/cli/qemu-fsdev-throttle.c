/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Throttling: an FsGate on QEMU's leaky buckets.
 *
 * Reads wait in one first-in, first-out queue and writes in another, and the
 * timer of each queue releases the next ticket.  Several devices with event
 * loops of their own may share a gate: the timers run in the main loop, and the
 * bottom half of a GateLoop admits the tickets in the loop where they were
 * submitted.  The rates refer to the host's clock, whether or not the guest is
 * stopped or runs slowly.
 */
#include "qemu/osdep.h"
#include "qapi/error.h"
#include "qemu/lockable.h"
#include "qemu/option.h"
#include "qemu/throttle-options.h"
#include "fsdev/core/qemu-compat.h"
#include "fsdev/cli/qemu-fsdev-throttle.h"

typedef struct FsdevGate FsdevGate;

/* An event loop with waiting tickets.  Not freed, but reused by other loops. */
typedef struct GateLoop {
    FsdevGate *gate;
    AioContext *ctx;                /* NULL: not in use */
    QEMUBH *bh;                     /* runs gate_loop_admit() in ctx */
    GQueue going;                   /* borrowed FsTicket to be admitted */
    unsigned tickets;               /* waiting or going */
} GateLoop;

struct FsdevGate {
    FsGate gate;
    QemuMutex lock;                 /* guards the rest and all GateLoops */
    ThrottleState state;
    ThrottleTimers timers;
    unsigned refs;
    GQueue waiting[THROTTLE_MAX];   /* borrowed FsTicket, by direction */
    GSList *loops;                  /* GateLoop, owned */
};

bool qemu_fsdev_throttle_parse(ThrottleConfig *config, QemuOpts *opts,
                               Error **errp)
{
    ThrottleConfig new = *config;
    ERRP_GUARD();

#define FSDEV_THROTTLE(suffix, bucket, field, def, help) \
    new.buckets[bucket].field = \
        qemu_opt_get_number(opts, THROTTLE_OPT_PREFIX suffix, \
                            new.buckets[bucket].field);
#include "qemu-fsdev-options.def"
    new.op_size = qemu_opt_get_number(opts,
                                      THROTTLE_OPT_PREFIX QEMU_OPT_IOPS_SIZE,
                                      new.op_size);

    if (!throttle_is_valid(&new, errp)) {
        error_prepend(errp, "throttling: ");
        return false;
    }
    *config = new;
    return true;
}

static ThrottleDirection fsdev_ticket_direction(const FsTicket *ticket)
{
    return ticket->is_write ? THROTTLE_WRITE : THROTTLE_READ;
}

/* Locked.  Context: the loop. */
static void gate_loop_put(GateLoop *loop)
{
    if (--loop->tickets == 0) {
        qemu_bh_delete(loop->bh);
        loop->bh = NULL;
        loop->ctx = NULL;
    }
}

/* The next ticket to admit in @loop, or NULL.  Context: the loop. */
static FsTicket *gate_loop_next(GateLoop *loop)
{
    GList *link;

    QEMU_LOCK_GUARD(&loop->gate->lock);
    if (loop->ctx != qemu_get_current_aio_context()) {
        return NULL;
    }
    link = g_queue_pop_head_link(&loop->going);
    if (!link) {
        return NULL;
    }
    gate_loop_put(loop);
    return link->data;
}

/* admitted() may cancel other tickets, or submit the same one again. */
static void gate_loop_admit(void *opaque)
{
    FsTicket *ticket;

    while ((ticket = gate_loop_next(opaque))) {
        ticket->admitted(ticket);
    }
}

/* Locked.  Context: the loop. */
static GateLoop *gate_loop_get(FsdevGate *gate)
{
    AioContext *ctx = qemu_get_current_aio_context();
    GateLoop *unused = NULL;

    for (GSList *l = gate->loops; l; l = l->next) {
        GateLoop *loop = l->data;

        if (loop->ctx == ctx) {
            return loop;
        }
        unused = loop->ctx ? unused : loop;
    }
    if (!unused) {
        unused = g_new0(GateLoop, 1);
        unused->gate = gate;
        g_queue_init(&unused->going);
        gate->loops = g_slist_prepend(gate->loops, unused);
    }
    unused->ctx = ctx;
    unused->bh = aio_bh_new(ctx, gate_loop_admit, unused);
    return unused;
}

/* While a queue is not empty, its timer or fsdev_gate_open() is running. */
static bool fsdev_gate_admit(FsGate *fsgate, FsTicket *ticket)
{
    FsdevGate *gate = container_of(fsgate, FsdevGate, gate);
    ThrottleDirection dir = fsdev_ticket_direction(ticket);
    GateLoop *loop;

    QEMU_LOCK_GUARD(&gate->lock);
    if (g_queue_is_empty(&gate->waiting[dir]) &&
        !throttle_schedule_timer(&gate->state, &gate->timers, dir)) {
        throttle_account(&gate->state, dir, ticket->bytes);
        return true;
    }
    loop = gate_loop_get(gate);
    loop->tickets++;
    ticket->gate_data = loop;
    ticket->going = false;
    ticket->link = (GList) { .data = ticket };
    g_queue_push_tail_link(&gate->waiting[dir], &ticket->link);
    return false;
}

/* The timer is left running: it may find the queue empty or another ticket. */
static void fsdev_gate_cancel(FsGate *fsgate, FsTicket *ticket)
{
    FsdevGate *gate = container_of(fsgate, FsdevGate, gate);
    GateLoop *loop = ticket->gate_data;

    QEMU_LOCK_GUARD(&gate->lock);
    g_queue_unlink(ticket->going
                   ? &loop->going
                   : &gate->waiting[fsdev_ticket_direction(ticket)],
                   &ticket->link);
    gate_loop_put(loop);
}

/*
 * The first ticket is released without checking the buckets again.  With a
 * limit for the total both timers expire together; if the later one checked
 * again, it would always find that the other direction had used up the rate.
 */
static void fsdev_gate_open(FsdevGate *gate, ThrottleDirection dir)
{
    GList *link;

    QEMU_LOCK_GUARD(&gate->lock);
    while ((link = g_queue_pop_head_link(&gate->waiting[dir]))) {
        FsTicket *ticket = link->data;
        GateLoop *loop = ticket->gate_data;

        throttle_account(&gate->state, dir, ticket->bytes);
        ticket->going = true;
        g_queue_push_tail_link(&loop->going, &ticket->link);
        qemu_bh_schedule(loop->bh);
        if (!g_queue_is_empty(&gate->waiting[dir]) &&
            throttle_schedule_timer(&gate->state, &gate->timers, dir)) {
            break;
        }
    }
}

static void fsdev_gate_read_timer(void *opaque)
{
    fsdev_gate_open(opaque, THROTTLE_READ);
}

static void fsdev_gate_write_timer(void *opaque)
{
    fsdev_gate_open(opaque, THROTTLE_WRITE);
}

static FsdevGate *fsdev_gate(FsGate *fsgate)
{
    return container_of(fsgate, FsdevGate, gate);
}

void qemu_fsdev_gate_set(FsGate *fsgate, ThrottleConfig *config)
{
    FsdevGate *gate = fsdev_gate(fsgate);
    bool open[THROTTLE_MAX];

    qemu_mutex_lock(&gate->lock);
    throttle_config(&gate->state, QEMU_CLOCK_REALTIME, config);
    for (int dir = 0; dir < THROTTLE_MAX; dir++) {
        /* The timer was set by the old limits. */
        timer_del(gate->timers.timers[dir]);
        open[dir] = !g_queue_is_empty(&gate->waiting[dir]) &&
                    !throttle_schedule_timer(&gate->state, &gate->timers, dir);
    }
    qemu_mutex_unlock(&gate->lock);
    for (int dir = 0; dir < THROTTLE_MAX; dir++) {
        if (open[dir]) {
            fsdev_gate_open(gate, dir);
        }
    }
}

FsGate *qemu_fsdev_gate_ref(FsGate *fsgate)
{
    qatomic_inc(&fsdev_gate(fsgate)->refs);
    return fsgate;
}

/* Context: main loop, because of the timers. */
static void fsdev_gate_free(void *opaque)
{
    FsdevGate *gate = opaque;

    throttle_timers_destroy(&gate->timers);
    g_slist_free_full(gate->loops, g_free);
    qemu_mutex_destroy(&gate->lock);
    g_free(gate);
}

void qemu_fsdev_gate_unref(FsGate *fsgate)
{
    FsdevGate *gate = fsdev_gate(fsgate);

    if (qatomic_fetch_dec(&gate->refs) == 1) {
        aio_bh_schedule_oneshot(qemu_get_aio_context(), fsdev_gate_free, gate);
    }
}

FsGate *qemu_fsdev_gate_new(ThrottleConfig *config)
{
    FsdevGate *gate = g_new0(FsdevGate, 1);

    gate->gate.admit = fsdev_gate_admit;
    gate->gate.cancel = fsdev_gate_cancel;
    gate->gate.unref = qemu_fsdev_gate_unref;
    gate->refs = 1;
    qemu_mutex_init(&gate->lock);
    g_queue_init(&gate->waiting[THROTTLE_READ]);
    g_queue_init(&gate->waiting[THROTTLE_WRITE]);
    throttle_init(&gate->state);
    throttle_timers_init(&gate->timers, qemu_get_aio_context(),
                         QEMU_CLOCK_REALTIME, fsdev_gate_read_timer,
                         fsdev_gate_write_timer, gate);
    throttle_config(&gate->state, QEMU_CLOCK_REALTIME, config);
    return &gate->gate;
}
