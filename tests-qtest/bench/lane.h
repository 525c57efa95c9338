/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Lanes: the closed loops that generate the load.
 *
 * A lane executes one operation at a time.  An operation is a sequence of
 * messages; the workload's step function builds the next one.  A queue depth of
 * N uses N lanes, each with its own slot, tag and fids.  Everything runs in the
 * benchmark's only thread, from lanes_run().
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
 * Called first with lane->step == 0, then after each reply with an incremented
 * step.  Checks the reply, builds the next message and returns true, or
 * returns false when the operation is complete.
 */
typedef bool LaneStep(Lane *lane);

struct Lane {
    Load *load;             /* borrowed */
    unsigned id;            /* slot and tag */
    unsigned step;
    uint64_t op;            /* number of the operation, unique among lanes */
    uint64_t start_ns;
    uint64_t random;

    uint8_t *tx;            /* start of the message being built */
    uint8_t *tx_at;         /* current end of the message */
    const uint8_t *rx;      /* buffer for the reply */
    size_t rx_room;
    uint32_t reply_len;
    uint32_t at;            /* how much of the reply has been parsed */

    /* For step functions. */
    uint64_t bytes;         /* payload of this operation, added up at its end */
    uint32_t pick;          /* number of the chosen file */
    uint64_t offset;
    uint64_t qid;
    uint32_t count;
    uint8_t *seen;          /* a flag per directory entry, owned */
};

/* What all lanes of a run share. */
struct Load {
    Guest *guest;           /* borrowed */
    const Tree *tree;       /* borrowed */
    LaneStep *step;
    uint32_t msize;
    uint32_t io_size;       /* payload of one read or write */
    uint32_t held;          /* number of held fids, from FID_HELD on */
    uint64_t root_qid;
    uint64_t ops;           /* operations started */
    GArray *latencies;      /* uint64_t nanoseconds, or NULL */
    Lane lanes[LANES_MAX];
    Lane control;           /* for the set-up, never measured */
};

enum {
    FID_ROOT = 0,
    FID_DIR = 1,            /* the directory with the tree's files */
    FID_FILE = 2,           /* a file that stays open */
    FID_LANE = 16,          /* LANE_FIDS for each lane */
    FID_HELD = 1000,
};

/* The @n-th of the fids that only @lane uses */
static inline uint32_t lane_fid(const Lane *lane, unsigned n)
{
    return FID_LANE + lane->id * LANE_FIDS + n;
}

/* Initializes the lanes of a load whose other fields are set. */
void lanes_init(Load *load);
void lanes_free(Load *load);

typedef struct RunResult {
    uint64_t ops, bytes, ns;
} RunResult;

/*
 * Runs load->step on @depth lanes until @ns nanoseconds have passed or
 * @max_ops operations have been started; waits until all of them are complete.
 */
RunResult lanes_run(Load *load, unsigned depth, uint64_t ns, uint64_t max_ops);

/* Sends the message in lane->tx and waits for the reply; for the set-up. */
void lane_call(Lane *lane);

#endif
