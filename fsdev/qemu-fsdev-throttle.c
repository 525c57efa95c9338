/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Throttling: an FsGate on QEMU's leaky buckets.
 *
 * Reads and writes wait in one queue each, first come, first served, and a
 * timer for each queue lets the next one go.  Everything here runs in the
 * main loop with the BQL held; a session that has its own event loop must
 * bring its tickets there.  Time is the host's: a guest that is stopped or
 * runs slowly has the same rate.
 */
#include "qemu/osdep.h"
#include "qapi/error.h"
#include "qemu/main-loop.h"
#include "qemu/option.h"
#include "qemu/throttle-options.h"
#include "fsdev/qemu-fsdev-throttle.h"

typedef struct FsdevGate {
    FsGate gate;
    ThrottleState state;
    ThrottleTimers timers;
    GQueue waiting[THROTTLE_MAX];   /* borrowed FsTicket, by direction */
} FsdevGate;

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

/* While a queue is not empty its timer runs, or fsdev_gate_open() does. */
static bool fsdev_gate_admit(FsGate *fsgate, FsTicket *ticket)
{
    FsdevGate *gate = container_of(fsgate, FsdevGate, gate);
    ThrottleDirection dir = fsdev_ticket_direction(ticket);

    if (g_queue_is_empty(&gate->waiting[dir]) &&
        !throttle_schedule_timer(&gate->state, &gate->timers, dir)) {
        throttle_account(&gate->state, dir, ticket->bytes);
        return true;
    }
    ticket->link = (GList) { .data = ticket };
    g_queue_push_tail_link(&gate->waiting[dir], &ticket->link);
    return false;
}

/* The timer may run on: it finds the queue empty, or somebody else's turn. */
static void fsdev_gate_cancel(FsGate *fsgate, FsTicket *ticket)
{
    FsdevGate *gate = container_of(fsgate, FsdevGate, gate);
    ThrottleDirection dir = fsdev_ticket_direction(ticket);

    g_queue_unlink(&gate->waiting[dir], &ticket->link);
}

/*
 * The first ticket goes without another look at the buckets.  Under a common
 * limit both timers fire together, and if the later one had to ask again, the
 * other direction would have taken what there was, every time.
 */
static void fsdev_gate_open(FsdevGate *gate, ThrottleDirection dir)
{
    GList *link;

    while ((link = g_queue_pop_head_link(&gate->waiting[dir]))) {
        FsTicket *ticket = link->data;

        throttle_account(&gate->state, dir, ticket->bytes);
        ticket->admitted(ticket);
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
    g_queue_init(&gate->waiting[THROTTLE_READ]);
    g_queue_init(&gate->waiting[THROTTLE_WRITE]);
    throttle_init(&gate->state);
    throttle_timers_init(&gate->timers, qemu_get_aio_context(),
                         QEMU_CLOCK_REALTIME, fsdev_gate_read_timer,
                         fsdev_gate_write_timer, gate);
    throttle_config(&gate->state, QEMU_CLOCK_REALTIME, config);
    return &gate->gate;
}
