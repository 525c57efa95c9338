/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Sets up sessions.  Single thread; called before the measurement, except for
 * the walks, which are part of some workloads.
 */
#include "session.h"

#define HOLD_DEPTH 32

unsigned session_walk_parts(const Tree *tree)
{
    return (tree->levels + P9_MAXWELEM) / P9_MAXWELEM;
}

static unsigned names_of_part(const Tree *tree, unsigned part)
{
    return MIN(P9_MAXWELEM, tree->levels + 1 - part * P9_MAXWELEM);
}

void session_walk_part(Lane *lane, unsigned part, uint32_t newfid,
                       uint32_t file)
{
    const Tree *tree = lane->load->tree;
    unsigned first = part * P9_MAXWELEM;
    char name[TREE_NAME_SIZE];
    unsigned i;

    p9_twalk(lane, part ? newfid : FID_ROOT, newfid);
    for (i = first; i < first + names_of_part(tree, part); i++) {
        if (i < tree->levels) {
            tree_dir_name(i + 1, name);
        } else {
            tree_file_name(file, name);
        }
        p9_twalk_name(lane, name);
    }
}

uint64_t session_walked_part(Lane *lane, unsigned part)
{
    return p9_rwalk(lane, names_of_part(lane->load->tree, part));
}

/* Walks one directory at a time; not measured, so the cost does not matter. */
static void walk_to_files(Lane *lane)
{
    char name[TREE_NAME_SIZE];
    unsigned i;

    p9_twalk(lane, FID_ROOT, FID_DIR);
    lane_call(lane);
    p9_rwalk(lane, 0);
    for (i = 1; i <= lane->load->tree->levels; i++) {
        tree_dir_name(i, name);
        p9_twalk(lane, FID_DIR, FID_DIR);
        p9_twalk_name(lane, name);
        lane_call(lane);
        p9_rwalk(lane, 1);
    }
}

void session_open(Load *load)
{
    Lane *lane = &load->control;
    uint32_t msize;

    p9_tversion(lane, load->msize);
    lane_call(lane);
    msize = p9_rversion(lane);
    if (msize != load->msize) {
        die("msize: expected %u, got %u", load->msize, msize);
    }
    p9_tattach(lane, FID_ROOT);
    lane_call(lane);
    load->root_qid = p9_rattach(lane);
    walk_to_files(lane);
}

void session_open_file(Load *load, uint32_t flags)
{
    Lane *lane = &load->control;
    char name[TREE_NAME_SIZE];

    tree_file_name(0, name);
    p9_twalk(lane, FID_DIR, FID_FILE);
    p9_twalk_name(lane, name);
    lane_call(lane);
    p9_rwalk(lane, 1);
    p9_tlopen(lane, FID_FILE, flags);
    lane_call(lane);
    p9_rlopen(lane, P9_RLOPEN);
}

static bool hold_step(Lane *lane)
{
    char name[TREE_NAME_SIZE];

    if (lane->step == 1) {
        p9_rwalk(lane, 1);
        return false;
    }
    tree_file_name(lane->op % lane->load->tree->files, name);
    p9_twalk(lane, FID_DIR, FID_HELD + lane->op);
    p9_twalk_name(lane, name);
    return true;
}

void session_hold(Load *load)
{
    LaneStep *step = load->step;

    load->step = hold_step;
    load->ops = 0;
    lanes_run(load, HOLD_DEPTH, UINT64_MAX, load->held);
    load->step = step;
    load->ops = 0;
}
