/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Operations on directories.  Single thread; called by lanes_run().
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "work.h"

#define DIR_FLAGS       (0100000 | O_DIRECTORY)
#define CREATE_FLAGS    (0100000 | O_CREAT | O_EXCL | O_RDWR)
#define CREATE_MODE     0644

/* One of so many operations is also checked on the host. */
#define HOST_CHECK      64

/* --- readdir ------------------------------------------------------------- */

/* The number of the file with the name of @e; other names are an error. */
static uint32_t entry_file(Lane *lane, const P9Dirent *e)
{
    uint32_t file = 0;
    unsigned i;

    if (e->name_len < 2 || e->name_len >= TREE_NAME_SIZE ||
        e->name[0] != 'f') {
        p9_wrong(lane, "unexpected entry \"%.*s\"", e->name_len, e->name);
    }
    for (i = 1; i < e->name_len; i++) {
        file = file * 10 + (e->name[i] - '0');
    }
    if (file >= lane->load->tree->files) {
        p9_wrong(lane, "unexpected entry \"%.*s\"", e->name_len, e->name);
    }
    return file;
}

static bool is_dot(const P9Dirent *e)
{
    return e->name[0] == '.' &&
           (e->name_len == 1 || (e->name_len == 2 && e->name[1] == '.'));
}

static void take_entries(Lane *lane)
{
    P9Dirent e;
    uint32_t file;

    while (p9_dirent(lane, &e)) {
        lane->offset = e.offset;
        if (e.name_len && is_dot(&e)) {
            continue;
        }
        file = entry_file(lane, &e);
        if (lane->seen[file]) {
            p9_wrong(lane, "got entry \"%.*s\" twice", e.name_len, e.name);
        }
        lane->seen[file] = 1;
        lane->count++;
    }
}

static void start_listing(Lane *lane)
{
    uint32_t files = lane->load->tree->files;

    if (!lane->seen) {
        lane->seen = g_malloc(files);
    }
    memset(lane->seen, 0, files);
    lane->count = 0;
    lane->offset = 0;
}

static void next_entries(Lane *lane)
{
    p9_treaddir(lane, lane_fid(lane, 0), lane->offset,
                lane->load->msize - P9_IOHDRSZ);
}

bool work_readdir(Lane *lane)
{
    switch (lane->step) {
    case 0:
        start_listing(lane);
        p9_twalk(lane, FID_DIR, lane_fid(lane, 0));
        return true;
    case 1:
        p9_rwalk(lane, 0);
        p9_tlopen(lane, lane_fid(lane, 0), DIR_FLAGS);
        return true;
    case 2:
        p9_rlopen(lane, P9_RLOPEN);
        next_entries(lane);
        return true;
    default:
        break;
    }
    if (lane->tx[4] == P9_TCLUNK) {
        p9_rempty(lane, P9_RCLUNK);
        return false;
    }
    if (p9_rreaddir(lane)) {
        take_entries(lane);
        next_entries(lane);
        return true;
    }
    if (lane->count != lane->load->tree->files) {
        p9_wrong(lane, "expected %u entries, got %u",
                 lane->load->tree->files, lane->count);
    }
    p9_tclunk(lane, lane_fid(lane, 0));
    return true;
}

/* --- create -------------------------------------------------------------- */

static uint8_t content_of(const Lane *lane)
{
    return 'a' + lane->op % 26;
}

static void check_on_host(Lane *lane, const char *name)
{
    uint8_t data[TREE_BLOCK], expected[TREE_BLOCK];
    uint32_t size = lane->load->io_size;
    int fd = openat(lane->load->tree->dir, name, O_RDONLY | O_CLOEXEC);

    memset(expected, content_of(lane), size);
    if (fd < 0 || read(fd, data, sizeof(data)) != (ssize_t)size ||
        memcmp(data, expected, size)) {
        p9_wrong(lane, "%s on the host does not have the written content",
                 name);
    }
    close(fd);
}

bool work_create(Lane *lane)
{
    char name[TREE_NAME_SIZE];
    uint32_t size = lane->load->io_size;

    snprintf(name, sizeof(name), "c%02u", lane->id % 100);
    switch (lane->step) {
    case 0:
        p9_twalk(lane, FID_DIR, lane_fid(lane, 0));
        return true;
    case 1:
        p9_rwalk(lane, 0);
        p9_tlcreate(lane, lane_fid(lane, 0), name, CREATE_FLAGS, CREATE_MODE,
                    0);
        return true;
    case 2:
        p9_rlopen(lane, P9_RLCREATE);
        memset(p9_payload(lane), content_of(lane), size);
        p9_twrite(lane, lane_fid(lane, 0), 0, size);
        return true;
    case 3:
        if (p9_rwrite(lane) != size) {
            p9_wrong(lane, "expected %u bytes to be written", size);
        }
        lane->bytes += size;
        p9_tclunk(lane, lane_fid(lane, 0));
        return true;
    case 4:
        p9_rempty(lane, P9_RCLUNK);
        if (lane->op % HOST_CHECK == 0) {
            check_on_host(lane, name);
        }
        p9_tunlinkat(lane, FID_DIR, name);
        return true;
    default:
        p9_rempty(lane, P9_RUNLINKAT);
        return false;
    }
}

void work_check_empty(Load *load)
{
    g_autoptr(GDir) dir = g_dir_open(load->tree->path, 0, NULL);
    const char *name;

    while ((name = g_dir_read_name(dir))) {
        if (name[0] != '.') {
            die("%s still exists after it was unlinked", name);
        }
    }
}

/* --- rename -------------------------------------------------------------- */

bool work_rename(Lane *lane)
{
    bool back = lane->op % 2;

    if (lane->step == 1) {
        p9_rempty(lane, P9_RRENAMEAT);
        if (lane->op % HOST_CHECK == 0 &&
            faccessat(lane->load->tree->root, back ? "d1" : "moved", F_OK,
                      0) < 0) {
            p9_wrong(lane, "the directory was not renamed on the host");
        }
        return false;
    }
    p9_trenameat(lane, FID_ROOT, back ? "moved" : "d1",
                 back ? "d1" : "moved");
    return true;
}

void work_check_renamed(Load *load)
{
    Lane *lane = &load->control;

    if (load->ops % 2) {
        lane->op = load->ops;
        lane->step = 0;
        work_rename(lane);
        lane_call(lane);
        lane->step = 1;
        work_rename(lane);
    }
    work_check_held(load);
}
