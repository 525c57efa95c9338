/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Lanes: the closed loops that make the load.
 *
 * A lane does one operation at a time, an operation is a sequence of messages,
 * and a workload's step function says what comes next.  Queue depth N is N
 * lanes, each with its own slot, tag and fids.  Everything runs in the bench's
 * one thread, from lanes_run().
 */
#ifndef BENCH_LANE_H
#define BENCH_LANE_H

#include "guest.h"
#include "tree.h"

#define LANES_MAX       32
#define LANE_FIDS       4       /* fids that each lane may use */

typedef struct Lane Lane;
typedef struct Load Load;

/*
 * Called first with lane->step 0, then after each reply with a step one
 * higher.  Checks the reply, builds the next message and returns true, or
 * returns false when the operation is complete.
 */
typedef bool LaneStep(Lane *lane);

struct Lane {
    Load *load;             /* borrowed */
    unsigned id;            /* slot and tag */
    unsigned step;
    uint64_t op;            /* number of the operation, counted over lanes */
    uint64_t start_ns;
    uint64_t random;

    uint8_t *tx;            /* start of the message being built */
    uint8_t *tx_at;         /* its end so far */
    const uint8_t *rx;      /* where the reply goes */
    size_t rx_room;
    uint32_t reply_len;
    uint32_t at;            /* how much of the reply has been read */

    /* For step functions. */
    uint64_t bytes;         /* payload moved; added up by the loop */
    uint32_t pick;          /* which file */
    uint64_t offset;
    uint64_t qid;
    uint32_t count;
    uint8_t *seen;          /* a bit an entry, owned */
};

/* What all lanes of a run share. */
struct Load {
    Guest *guest;           /* borrowed */
    const Tree *tree;       /* borrowed */
    LaneStep *step;
    uint32_t msize;
    uint32_t io_size;       /* payload of one read or write */
    uint32_t held;          /* fids that stay, from FID_HELD on */
    uint64_t root_qid;
    uint64_t ops;           /* operations started */
    GArray *latencies;      /* uint64_t nanoseconds, or NULL */
    Lane lanes[LANES_MAX];
    Lane control;           /* for set-up, outside of any figure */
};

enum {
    FID_ROOT = 0,
    FID_DIR = 1,            /* the folder that holds a tree's files */
    FID_FILE = 2,           /* a file kept open */
    FID_LANE = 16,          /* LANE_FIDS for each lane */
    FID_HELD = 1000,
};

/* The @n-th fid that belongs to a lane alone. */
static inline uint32_t lane_fid(const Lane *lane, unsigned n)
{
    return FID_LANE + lane->id * LANE_FIDS + n;
}

/* Makes the lanes of a load whose other fields are set. */
void lanes_init(Load *load);
void lanes_free(Load *load);

typedef struct RunResult {
    uint64_t ops, bytes, ns;
} RunResult;

/*
 * Runs load->step on @depth lanes until @ns nanoseconds have passed or
 * @max_ops operations have been started; those that were started are ended.
 */
RunResult lanes_run(Load *load, unsigned depth, uint64_t ns, uint64_t max_ops);

/* Sends what lane->tx holds and waits for the reply; for set-up. */
void lane_call(Lane *lane);

#endif
