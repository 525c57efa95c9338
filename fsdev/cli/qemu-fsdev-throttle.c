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
#include "qemu/main-loop.h"
#include "qemu/option.h"
#include "qemu/throttle-options.h"
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
    GQueue waiting[THROTTLE_MAX];   /* borrowed FsTicket, by direction */
    GSList *loops;                  /* GateLoop, owned */
};

bool qemu_fsdev_throttle_parse(ThrottleConfig *config, QemuOpts *opts,
                               Error **errp)
{
    ERRP_GUARD();

    throttle_config_init(config);
#define FSDEV_THROTTLE(suffix, bucket, field, def, help) \
    config->buckets[bucket].field = \
        qemu_opt_get_number(opts, THROTTLE_OPT_PREFIX suffix, def);
#include "qemu-fsdev-options.def"
    config->op_size =
        qemu_opt_get_number(opts, THROTTLE_OPT_PREFIX QEMU_OPT_IOPS_SIZE, 0);

    if (!throttle_is_valid(config, errp)) {
        error_prepend(errp, "throttling: ");
        return false;
    }
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

FsGate *qemu_fsdev_gate_new(ThrottleConfig *config)
{
    FsdevGate *gate;

    if (!throttle_enabled(config)) {
        return NULL;
    }
    gate = g_new0(FsdevGate, 1);
    gate->gate.admit = fsdev_gate_admit;
    gate->gate.cancel = fsdev_gate_cancel;
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
