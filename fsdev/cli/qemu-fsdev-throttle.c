/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Throttling: an FsGate on QEMU's leaky buckets.
 *
 * Reads, writes, and requests about names or attributes wait in a first-in,
 * first-out queue each, and the timer of a queue releases its next ticket.
 * Several devices with event loops of their own may share a gate: the timers
 * run in the main loop, and the bottom half of a GateLoop admits the tickets in
 * the loop where they were submitted.  The rates refer to the host's clock,
 * whether or not the guest is stopped or runs slowly.
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

/* Leaky buckets, and the timers of their two directions. */
typedef struct GateBuckets {
    ThrottleState state;
    ThrottleTimers timers;
} GateBuckets;

struct FsdevGate {
    FsGate gate;
    QemuMutex lock;                 /* guards the rest and all GateLoops */
    GateBuckets data;
    GateBuckets meta;               /* uses THROTTLE_READ only */
    unsigned refs;
    char *group;                    /* owned */
    GQueue waiting[FS_TICKET_KINDS]; /* borrowed FsTicket */
    GSList *loops;                  /* GateLoop, owned */
};

/* ---- limits ---- */

void qemu_fsdev_limits_init(FsdevLimits *limits)
{
    throttle_config_init(&limits->data);
    throttle_config_init(&limits->meta);
}

static bool fsdev_limits_valid(ThrottleConfig *config, const char *options,
                               Error **errp)
{
    ERRP_GUARD();

    if (!throttle_is_valid(config, errp)) {
        error_prepend(errp, "%s: ", options);
        return false;
    }
    return true;
}

bool qemu_fsdev_limits_parse(FsdevLimits *limits, QemuOpts *opts, Error **errp)
{
    FsdevLimits new = *limits;
    LeakyBucket *meta = &new.meta.buckets[THROTTLE_OPS_TOTAL];

#define FSDEV_THROTTLE(suffix, bucket, field, def, help) \
    new.data.buckets[bucket].field = \
        qemu_opt_get_number(opts, THROTTLE_OPT_PREFIX suffix, \
                            new.data.buckets[bucket].field);
#include "qemu-fsdev-options.def"
    new.data.op_size = qemu_opt_get_number(opts, THROTTLE_OPT_PREFIX
                                           QEMU_OPT_IOPS_SIZE,
                                           new.data.op_size);
    meta->avg = qemu_opt_get_number(opts, "throttling.meta-total", meta->avg);
    meta->max = qemu_opt_get_number(opts, "throttling.meta-total-max",
                                    meta->max);
    meta->burst_length = qemu_opt_get_number(opts,
                                             "throttling.meta-total-max-length",
                                             meta->burst_length);

    if (!fsdev_limits_valid(&new.data, "throttling", errp) ||
        !fsdev_limits_valid(&new.meta, "throttling.meta-total", errp)) {
        return false;
    }
    *limits = new;
    return true;
}

bool qemu_fsdev_limits_any(FsdevLimits *limits)
{
    return throttle_enabled(&limits->data) || throttle_enabled(&limits->meta);
}

static bool fsdev_config_equal(const ThrottleConfig *a, const ThrottleConfig *b)
{
    for (int i = 0; i < BUCKETS_COUNT; i++) {
        const LeakyBucket *x = &a->buckets[i], *y = &b->buckets[i];

        if (x->avg != y->avg || x->max != y->max ||
            x->burst_length != y->burst_length) {
            return false;
        }
    }
    return a->op_size == b->op_size;
}

bool qemu_fsdev_limits_equal(const FsdevLimits *a, const FsdevLimits *b)
{
    return fsdev_config_equal(&a->data, &b->data) &&
           fsdev_config_equal(&a->meta, &b->meta);
}

/* ---- queues ---- */

static GateBuckets *gate_buckets(FsdevGate *gate, FsTicketKind kind)
{
    return kind == FS_TICKET_META ? &gate->meta : &gate->data;
}

static ThrottleDirection gate_direction(FsTicketKind kind)
{
    return kind == FS_TICKET_WRITE ? THROTTLE_WRITE : THROTTLE_READ;
}

/* Locked: true if the next ticket has to wait for the timer. */
static bool gate_schedule(FsdevGate *gate, FsTicketKind kind)
{
    GateBuckets *buckets = gate_buckets(gate, kind);

    return throttle_schedule_timer(&buckets->state, &buckets->timers,
                                   gate_direction(kind));
}

/* Locked */
static void gate_stop_timer(FsdevGate *gate, FsTicketKind kind)
{
    timer_del(gate_buckets(gate, kind)->timers.timers[gate_direction(kind)]);
}

/* Locked */
static void gate_account(FsdevGate *gate, const FsTicket *ticket)
{
    throttle_account(&gate_buckets(gate, ticket->kind)->state,
                     gate_direction(ticket->kind), ticket->bytes);
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
    GQueue *waiting = &gate->waiting[ticket->kind];
    GateLoop *loop;

    QEMU_LOCK_GUARD(&gate->lock);
    if (g_queue_is_empty(waiting) && !gate_schedule(gate, ticket->kind)) {
        gate_account(gate, ticket);
        return true;
    }
    loop = gate_loop_get(gate);
    loop->tickets++;
    ticket->gate_data = loop;
    ticket->going = false;
    ticket->link = (GList) { .data = ticket };
    g_queue_push_tail_link(waiting, &ticket->link);
    return false;
}

/* The timer is left running: it may find the queue empty or another ticket. */
static void fsdev_gate_cancel(FsGate *fsgate, FsTicket *ticket)
{
    FsdevGate *gate = container_of(fsgate, FsdevGate, gate);
    GateLoop *loop = ticket->gate_data;

    QEMU_LOCK_GUARD(&gate->lock);
    g_queue_unlink(ticket->going ? &loop->going : &gate->waiting[ticket->kind],
                   &ticket->link);
    gate_loop_put(loop);
}

/*
 * The first ticket is released without checking the buckets again.  With a
 * limit for the total both timers expire together; if the later one checked
 * again, it would always find that the other direction had used up the rate.
 */
static void fsdev_gate_open(FsdevGate *gate, FsTicketKind kind)
{
    GQueue *waiting = &gate->waiting[kind];
    GList *link;

    QEMU_LOCK_GUARD(&gate->lock);
    while ((link = g_queue_pop_head_link(waiting))) {
        FsTicket *ticket = link->data;
        GateLoop *loop = ticket->gate_data;

        gate_account(gate, ticket);
        ticket->going = true;
        g_queue_push_tail_link(&loop->going, &ticket->link);
        qemu_bh_schedule(loop->bh);
        if (!g_queue_is_empty(waiting) && gate_schedule(gate, kind)) {
            break;
        }
    }
}

static void fsdev_gate_read_timer(void *opaque)
{
    fsdev_gate_open(opaque, FS_TICKET_READ);
}

static void fsdev_gate_write_timer(void *opaque)
{
    fsdev_gate_open(opaque, FS_TICKET_WRITE);
}

static void fsdev_gate_meta_timer(void *opaque)
{
    fsdev_gate_open(opaque, FS_TICKET_META);
}

static FsdevGate *fsdev_gate(FsGate *fsgate)
{
    return container_of(fsgate, FsdevGate, gate);
}

/* Locked, or not shared yet. */
static void gate_configure(FsdevGate *gate, FsdevLimits *limits)
{
    throttle_config(&gate->data.state, QEMU_CLOCK_REALTIME, &limits->data);
    throttle_config(&gate->meta.state, QEMU_CLOCK_REALTIME, &limits->meta);
    qatomic_set(&gate->gate.meta, throttle_enabled(&limits->meta));
}

void qemu_fsdev_gate_set(FsGate *fsgate, FsdevLimits *limits)
{
    FsdevGate *gate = fsdev_gate(fsgate);
    bool open[FS_TICKET_KINDS];

    qemu_mutex_lock(&gate->lock);
    gate_configure(gate, limits);
    for (int kind = 0; kind < FS_TICKET_KINDS; kind++) {
        /* The timer was set by the old limits. */
        gate_stop_timer(gate, kind);
        open[kind] = !g_queue_is_empty(&gate->waiting[kind]) &&
                     !gate_schedule(gate, kind);
    }
    qemu_mutex_unlock(&gate->lock);
    for (int kind = 0; kind < FS_TICKET_KINDS; kind++) {
        if (open[kind]) {
            fsdev_gate_open(gate, kind);
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

    throttle_timers_destroy(&gate->data.timers);
    throttle_timers_destroy(&gate->meta.timers);
    g_free(gate->group);
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

static void gate_buckets_init(GateBuckets *buckets, QEMUTimerCB *read,
                              QEMUTimerCB *write, FsdevGate *gate)
{
    throttle_init(&buckets->state);
    throttle_timers_init(&buckets->timers, qemu_get_aio_context(),
                         QEMU_CLOCK_REALTIME, read, write, gate);
}

FsGate *qemu_fsdev_gate_new(FsdevLimits *limits, const char *group)
{
    FsdevGate *gate = g_new0(FsdevGate, 1);

    gate->group = g_strdup(group);
    gate->gate.admit = fsdev_gate_admit;
    gate->gate.cancel = fsdev_gate_cancel;
    gate->gate.unref = qemu_fsdev_gate_unref;
    gate->gate.group = gate->group;
    gate->refs = 1;
    qemu_mutex_init(&gate->lock);
    for (int kind = 0; kind < FS_TICKET_KINDS; kind++) {
        g_queue_init(&gate->waiting[kind]);
    }
    gate_buckets_init(&gate->data, fsdev_gate_read_timer,
                      fsdev_gate_write_timer, gate);
    /* Older versions of QEMU need both. */
    gate_buckets_init(&gate->meta, fsdev_gate_meta_timer,
                      fsdev_gate_meta_timer, gate);
    gate_configure(gate, limits);
    return &gate->gate;
}
