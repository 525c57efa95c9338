/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Operations on attributes.  Single thread; called by lanes_run().
 */
#include <string.h>
#include "work.h"

#define PLAIN_MODE      (S_IFREG | 0644)
#define UNKNOWN_TAG     0x7ffe

static bool is_mapped(const Tree *tree)
{
    return tree->kind == TREE_MAPPED_XATTR || tree->kind == TREE_MAPPED_FILE;
}

static uint32_t pick_file(Lane *lane)
{
    lane->pick = random_next(&lane->random) % lane->load->tree->files;
    return lane->pick;
}

/* Checks the attributes of file lane->pick; returns the qid. */
static uint64_t check_file(Lane *lane)
{
    const Tree *tree = lane->load->tree;
    bool mapped = is_mapped(tree);
    uint32_t mode = mapped ? TREE_ATTR_MODE : PLAIN_MODE;
    P9Attr a;

    p9_rgetattr(lane, &a);
    if (a.mode != mode || a.size != tree_size(tree, lane->pick) ||
        a.nlink != 1 || a.qid_type != P9_QTFILE) {
        p9_wrong(lane, "file %u: expected mode %o size %" PRIu64 " nlink 1 "
                 "qid type 0, got %o %" PRIu64 " %" PRIu64 " %u", lane->pick,
                 mode, tree_size(tree, lane->pick), a.mode, a.size, a.nlink,
                 a.qid_type);
    }
    if (mapped && (a.uid != tree_uid(lane->pick) ||
                   a.gid != tree_gid(lane->pick))) {
        p9_wrong(lane, "file %u: expected owner %u:%u, got %u:%u", lane->pick,
                 tree_uid(lane->pick), tree_gid(lane->pick), a.uid, a.gid);
    }
    return a.qid;
}

bool work_flush(Lane *lane)
{
    if (lane->step == 1) {
        p9_rempty(lane, P9_RFLUSH);
        return false;
    }
    p9_tflush(lane, UNKNOWN_TAG);
    return true;
}

bool work_getattr_root(Lane *lane)
{
    P9Attr a;

    if (lane->step == 0) {
        p9_tgetattr(lane, FID_ROOT);
        return true;
    }
    p9_rgetattr(lane, &a);
    if (!S_ISDIR(a.mode) || a.qid_type != P9_QTDIR ||
        a.qid != lane->load->root_qid) {
        p9_wrong(lane, "root: expected a directory with qid 0x%" PRIx64
                 ", got mode %o qid 0x%" PRIx64, lane->load->root_qid, a.mode,
                 a.qid);
    }
    return false;
}

bool work_getattr_held(Lane *lane)
{
    if (lane->step == 0) {
        /* Held fid n is file n, because at most one fid per file is held. */
        lane->pick = random_next(&lane->random) % lane->load->held;
        p9_tgetattr(lane, FID_HELD + lane->pick);
        return true;
    }
    check_file(lane);
    return false;
}

/* The part of a stat after the walk. */
static bool stat_end(Lane *lane, unsigned step)
{
    uint64_t qid;

    switch (step) {
    case 0:
        p9_tgetattr(lane, lane_fid(lane, 0));
        return true;
    case 1:
        qid = check_file(lane);
        if (qid != lane->qid) {
            p9_wrong(lane, "qid: Rwalk has 0x%" PRIx64 ", Rgetattr 0x%" PRIx64,
                     lane->qid, qid);
        }
        p9_tclunk(lane, lane_fid(lane, 0));
        return true;
    default:
        p9_rempty(lane, P9_RCLUNK);
        return false;
    }
}

bool work_stat_root(Lane *lane)
{
    unsigned parts = session_walk_parts(lane->load->tree);

    if (lane->step == 0) {
        pick_file(lane);
    } else if (lane->step <= parts) {
        lane->qid = session_walked_part(lane, lane->step - 1);
    }
    if (lane->step < parts) {
        session_walk_part(lane, lane->step, lane_fid(lane, 0), lane->pick);
        return true;
    }
    return stat_end(lane, lane->step - parts);
}

bool work_stat_parent(Lane *lane)
{
    char name[TREE_NAME_SIZE];

    if (lane->step == 0) {
        tree_file_name(pick_file(lane), name);
        p9_twalk(lane, FID_DIR, lane_fid(lane, 0));
        p9_twalk_name(lane, name);
        return true;
    }
    if (lane->step == 1) {
        lane->qid = p9_rwalk(lane, 1);
    }
    return stat_end(lane, lane->step - 1);
}

bool work_xattr_get(Lane *lane)
{
    uint8_t expected[TREE_XATTR_SIZE];
    const uint8_t *data;
    uint64_t size;

    switch (lane->step) {
    case 0:
        lane->pick = random_next(&lane->random) % lane->load->held;
        p9_txattrwalk(lane, FID_HELD + lane->pick, lane_fid(lane, 0),
                      TREE_XATTR_NAME);
        return true;
    case 1:
        size = p9_rxattrwalk(lane);
        if (size != TREE_XATTR_SIZE) {
            p9_wrong(lane, "xattr of %" PRIu64 " bytes, expected %d", size,
                     TREE_XATTR_SIZE);
        }
        p9_tread(lane, lane_fid(lane, 0), 0, TREE_XATTR_SIZE);
        return true;
    case 2:
        tree_xattr_value(expected, lane->pick);
        if (p9_rread(lane, &data) != TREE_XATTR_SIZE ||
            memcmp(data, expected, TREE_XATTR_SIZE)) {
            p9_wrong(lane, "wrong xattr value of file %u", lane->pick);
        }
        p9_tclunk(lane, lane_fid(lane, 0));
        return true;
    default:
        p9_rempty(lane, P9_RCLUNK);
        return false;
    }
}

void work_check_held(Load *load)
{
    Lane *lane = &load->control;
    uint32_t i;

    for (i = 0; i < load->held; i += 1 + load->held / 100) {
        lane->pick = i % load->tree->files;
        p9_tgetattr(lane, FID_HELD + i);
        lane_call(lane);
        check_file(lane);
    }
}
