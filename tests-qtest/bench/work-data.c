/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Operations on the content of files.  Single thread; called by lanes_run().
 */
#include <fcntl.h>
#include <string.h>
#include <unistd.h>
#include "native.h"
#include "work.h"

/* O_RDONLY | O_LARGEFILE, as sent by Linux' client */
#define READ_FLAGS      0100000
#define WRITE_FLAGS     (0100000 | O_RDWR)

/* The file number for the pattern of written blocks, unlike file 0's. */
#define WRITTEN         1

static void expect_bytes(Lane *lane, uint32_t came)
{
    if (came != lane->load->io_size) {
        p9_wrong(lane, "expected %u bytes, got %u", lane->load->io_size,
                 came);
    }
    lane->bytes += came;
}

/* Checks the whole first block of file lane->pick. */
static void check_small(Lane *lane)
{
    const uint8_t *data;

    expect_bytes(lane, p9_rread(lane, &data));
    if (!tree_check(data, lane->pick, 0)) {
        p9_wrong(lane, "wrong content of file %u", lane->pick);
    }
}

static void walk_to_pick(Lane *lane)
{
    char name[TREE_NAME_SIZE];

    lane->pick = random_next(&lane->random) % lane->load->tree->files;
    tree_file_name(lane->pick, name);
    p9_twalk(lane, FID_DIR, lane_fid(lane, 0));
    p9_twalk_name(lane, name);
}

bool work_small_file(Lane *lane)
{
    switch (lane->step) {
    case 0:
        walk_to_pick(lane);
        return true;
    case 1:
        lane->qid = p9_rwalk(lane, 1);
        p9_twalk(lane, lane_fid(lane, 0), lane_fid(lane, 1));
        return true;
    case 2:
        p9_rwalk(lane, 0);
        p9_tlopen(lane, lane_fid(lane, 1), READ_FLAGS);
        return true;
    case 3:
        if (p9_rlopen(lane, P9_RLOPEN) != lane->qid) {
            p9_wrong(lane, "the qids of Rlopen and Rwalk differ");
        }
        p9_tread(lane, lane_fid(lane, 1), 0, lane->load->io_size);
        return true;
    case 4:
        check_small(lane);
        p9_tclunk(lane, lane_fid(lane, 1));
        return true;
    case 5:
        p9_rempty(lane, P9_RCLUNK);
        p9_tclunk(lane, lane_fid(lane, 0));
        return true;
    default:
        p9_rempty(lane, P9_RCLUNK);
        return false;
    }
}

bool work_cat(Lane *lane)
{
    switch (lane->step) {
    case 0:
        walk_to_pick(lane);
        return true;
    case 1:
        lane->qid = p9_rwalk(lane, 1);
        p9_tlopen(lane, lane_fid(lane, 0), READ_FLAGS);
        return true;
    case 2:
        if (p9_rlopen(lane, P9_RLOPEN) != lane->qid) {
            p9_wrong(lane, "the qids of Rlopen and Rwalk differ");
        }
        p9_tread(lane, lane_fid(lane, 0), 0, lane->load->io_size);
        return true;
    case 3:
        check_small(lane);
        p9_tclunk(lane, lane_fid(lane, 0));
        return true;
    default:
        p9_rempty(lane, P9_RCLUNK);
        return false;
    }
}

void work_open_read(Load *load)
{
    session_open_file(load, READ_FLAGS);
}

void work_open_write(Load *load)
{
    session_open_file(load, WRITE_FLAGS);
}

/* The number of requests of io_size for the whole file */
static uint64_t chunks(const Load *load)
{
    return load->tree->bytes / load->io_size;
}

/*
 * Checks the ends of every block and the whole of one block, a different one
 * each time: comparing all of 500 KiB would take as long as reading it.
 */
static void check_blocks(Lane *lane)
{
    uint64_t first = lane->offset / TREE_BLOCK;
    uint32_t blocks = lane->load->io_size / TREE_BLOCK;
    uint32_t whole = lane->op % blocks;
    const uint8_t *data;
    uint32_t i;

    expect_bytes(lane, p9_rread(lane, &data));
    for (i = 0; i < blocks; i++) {
        if (!tree_check_ends(data + i * TREE_BLOCK, 0, first + i) ||
            (i == whole &&
             !tree_check(data + i * TREE_BLOCK, 0, first + i))) {
            p9_wrong(lane, "wrong content of block %" PRIu64, first + i);
        }
    }
}

static bool read_chunk(Lane *lane, uint64_t chunk)
{
    if (lane->step == 1) {
        check_blocks(lane);
        return false;
    }
    lane->offset = chunk % chunks(lane->load) * lane->load->io_size;
    p9_tread(lane, FID_FILE, lane->offset, lane->load->io_size);
    return true;
}

/* Each lane has its own attached fid and opens its own file. */
void work_open_slow(Load *load)
{
    Lane *lane = &load->control;
    char name[TREE_NAME_SIZE];
    uint32_t fid;
    unsigned i;

    for (i = 0; i < LANES_MAX; i++) {
        fid = lane_fid(&load->lanes[i], 0);
        p9_tattach(lane, fid);
        lane_call(lane);
        p9_rattach(lane);
        tree_file_name(i, name);
        p9_twalk(lane, fid, fid);
        p9_twalk_name(lane, name);
        lane_call(lane);
        p9_rwalk(lane, 1);
        p9_tlopen(lane, fid, READ_FLAGS);
        lane_call(lane);
        p9_rlopen(lane, P9_RLOPEN);
    }
}

bool work_read_slow(Lane *lane)
{
    if (lane->step == 0) {
        lane->pick = lane->id;
        p9_tread(lane, lane_fid(lane, 0), 0, lane->load->io_size);
        return true;
    }
    check_small(lane);
    if (now_ns() - lane->start_ns < SLOW_NS) {
        p9_wrong(lane, "the read was too fast: the delay has no effect");
    }
    return false;
}

bool work_read_random(Lane *lane)
{
    return read_chunk(lane, random_next(&lane->random));
}

bool work_read_sequential(Lane *lane)
{
    return read_chunk(lane, lane->op);
}

bool work_write_sequential(Lane *lane)
{
    uint64_t at;

    if (lane->step == 1) {
        expect_bytes(lane, p9_rwrite(lane));
        return false;
    }
    lane->offset = lane->op % chunks(lane->load) * lane->load->io_size;
    for (at = 0; at < lane->load->io_size; at += TREE_BLOCK) {
        tree_fill_ends(p9_payload(lane) + at, WRITTEN,
                       (lane->offset + at) / TREE_BLOCK);
    }
    p9_twrite(lane, FID_FILE, lane->offset, lane->load->io_size);
    return true;
}

void work_check_written(Load *load)
{
    uint64_t written = MIN(load->ops, chunks(load)) * load->io_size;
    uint8_t block[TREE_BLOCK];
    char name[TREE_NAME_SIZE];
    uint64_t at;
    int fd;

    tree_file_name(0, name);
    fd = openat(load->tree->dir, name, O_RDONLY | O_CLOEXEC);
    for (at = 0; at < written; at += TREE_BLOCK) {
        if (pread(fd, block, TREE_BLOCK, at) != TREE_BLOCK ||
            !tree_check_ends(block, WRITTEN, at / TREE_BLOCK)) {
            die("block %" PRIu64 " on the host does not have the written "
                "content", at / TREE_BLOCK);
        }
    }
    close(fd);
}
