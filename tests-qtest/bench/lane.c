/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The loop that keeps lanes busy.  Single thread.
 *
 * All replies that are found in the ring at once are processed, and their next
 * requests submitted, before one kick, like a driver that handles all used
 * buffers in one interrupt.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "lane.h"

#define SEED UINT64_C(0x9e3779b97f4a7c15)

static void init_lane(Load *load, Lane *lane, unsigned id)
{
    memset(lane, 0, sizeof(*lane));
    lane->load = load;
    lane->id = id;
    lane->random = SEED * (id + 1);
}

void lanes_init(Load *load)
{
    unsigned i;

    for (i = 0; i < LANES_MAX; i++) {
        init_lane(load, &load->lanes[i], i);
    }
    init_lane(load, &load->control, LANES_MAX);
}

void lanes_free(Load *load)
{
    unsigned i;

    for (i = 0; i < LANES_MAX; i++) {
        g_clear_pointer(&load->lanes[i].seen, g_free);
    }
}

static void submit(Lane *lane)
{
    guest_submit(lane->load->guest, lane->id, lane->tx,
                 lane->tx_at - lane->tx, lane->rx, lane->rx_room);
}

static void accept_reply(Lane *lane, uint32_t len)
{
    if (len > lane->rx_room) {
        die("got a reply of %u bytes, but there is room for %zu", len,
            lane->rx_room);
    }
    lane->reply_len = len;
    lane->at = 0;
}

void lane_call(Lane *lane)
{
    Guest *g = lane->load->guest;
    unsigned slot;
    uint32_t len;

    submit(lane);
    guest_kick(g);
    guest_wait(g);
    guest_next(g, &slot, &len);
    if (slot != lane->id) {
        die("got a reply for slot %u, expected slot %u", slot, lane->id);
    }
    accept_reply(lane, len);
}

static void start_op(Lane *lane)
{
    lane->step = 0;
    lane->op = lane->load->ops++;
    lane->bytes = 0;
    lane->start_ns = now_ns();
    if (!lane->load->step(lane)) {
        die("the operation did not build a message");
    }
    submit(lane);
}

/* Returns true when the lane's operation has ended. */
static bool advance(Lane *lane, uint32_t len, uint64_t now, RunResult *result)
{
    uint64_t took;

    accept_reply(lane, len);
    lane->step++;
    if (lane->load->step(lane)) {
        submit(lane);
        return false;
    }
    took = now - lane->start_ns;
    if (lane->load->latencies) {
        g_array_append_val(lane->load->latencies, took);
    }
    result->ops++;
    result->bytes += lane->bytes;
    return true;
}

RunResult lanes_run(Load *load, unsigned depth, uint64_t ns, uint64_t max_ops)
{
    RunResult result = { 0 };
    uint64_t start = now_ns();
    uint64_t last_op = load->ops + max_ops;
    uint64_t now = start;
    unsigned active, slot;
    uint32_t len;

    for (active = 0; active < depth && load->ops < last_op; active++) {
        start_op(&load->lanes[active]);
    }
    while (active) {
        guest_kick(load->guest);
        guest_wait(load->guest);
        now = now_ns();
        while (guest_next(load->guest, &slot, &len)) {
            if (slot >= depth) {
                die("got a reply for slot %u, expected a slot below %u", slot,
                    depth);
            }
            if (!advance(&load->lanes[slot], len, now, &result)) {
                continue;
            }
            if (load->ops < last_op && now - start < ns) {
                start_op(&load->lanes[slot]);
            } else {
                active--;
            }
        }
    }
    result.ns = now - start;
    return result;
}
