/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Requests of 9P2000.u whose system calls fail: see failing-requests.h. */
#include "fsdev/core/p9-osdep.h"
#include "hw/9pfs/9p-flags.h"
#include "failing-requests.h"

static int open_as(World *w, uint8_t mode)
{
    return ASK(w->c, open, .fid = 1, .mode = mode);
}

static int open_to_cut(World *w)
{
    return open_as(w, 1 | P9_OMODE_TRUNC);
}

static int open_and_remove(World *w)
{
    int ret = open_as(w, P9_OMODE_RCLOSE);

    return ret ?: ASK(w->c, clunk, .fid = 1);
}

static int create(World *w, uint32_t perm, const char *extension)
{
    return ASK(w->c, create, .fid = 1, .name = P9NAME("new"), .perm = perm,
               .mode = 2, .extension = P9STR(extension));
}

static int create_file(World *w)
{
    return create(w, 0640, "");
}

static int create_dir(World *w)
{
    return ASK(w->c, create, .fid = 1, .name = P9NAME("new"),
               .perm = P9_DM_DIR | 0750, .mode = 0);
}

static int create_symlink(World *w)
{
    return create(w, P9_DM_SYMLINK | 0777, "some/where");
}

static int create_link(World *w)
{
    return create(w, P9_DM_LINK, "2");
}

static int create_fifo(World *w)
{
    return create(w, P9_DM_PIPE | 0640, "");
}

static int create_device(World *w)
{
    return create(w, P9_DM_DEVICE | 0640, "c 1 3");
}

static int stat_of(World *w)
{
    return ASK(w->c, stat, .fid = 1);
}

static int read_of(World *w)
{
    return MIN(client_read(w->c, 1, 0, 8000), 0);
}

static int wstat(World *w, const P9Stat *st)
{
    return ASK(w->c, wstat, .fid = 1, .stat = *st);
}

static int wstat_name(World *w)
{
    P9Stat st = client_keep_all();

    st.name = P9STR("new");
    return wstat(w, &st);
}

static int wstat_name_over(World *w)
{
    P9Stat st = client_keep_all();

    st.name = P9STR("other");
    return wstat(w, &st);
}

static int wstat_mode(World *w)
{
    P9Stat st = client_keep_all();

    st.mode = 0611;
    return wstat(w, &st);
}

static int wstat_all(World *w)
{
    P9Stat st = client_keep_all();

    st.name = P9STR("new");
    st.mode = 0611;
    st.length = 3;
    st.mtime = 2000;
    st.atime = 1000;
    return wstat(w, &st);
}

static int wstat_sync(World *w)
{
    P9Stat st = client_keep_all();

    return wstat(w, &st);
}

#define FID(path, ...) .dotu = true, \
    .fid = { { path, NOT_OPEN }, ##__VA_ARGS__ }
#define OPEN(path, flags) .dotu = true, .fid = { { path, flags } }

const FailingRequest failing_dotu_requests[] = {
    { "open", "to-cut", FID("file"), .ask = open_to_cut },
    { "open", "and-remove", FID("other"), .ask = open_and_remove,
      .clunks = true },
    { "create", "file", FID("dir"), .ask = create_file, .models = LOCAL_ALL },
    { "create", "directory", FID("dir"), .ask = create_dir },
    { "create", "link-to-name", FID("dir"), .ask = create_symlink },
    { "create", "link", FID("dir", { "file", NOT_OPEN }),
      .ask = create_link },
    { "create", "fifo", FID("dir"), .ask = create_fifo },
    { "create", "device", FID("dir"), .ask = create_device,
      .models = LOCAL_PASSTHROUGH | LOCAL_MAPPED | LOCAL_PROXY },
    { "stat", "file", FID("file"), .ask = stat_of, .reads = true },
    { "stat", "link", FID("link"), .ask = stat_of, .reads = true },
    { "read", "directory", OPEN("", O_RDONLY), .ask = read_of,
      .reads = true },
    { "wstat", "name", FID("file"), .ask = wstat_name },
    { "wstat", "name-over", FID("file"), .ask = wstat_name_over },
    { "wstat", "mode", FID("file"), .ask = wstat_mode },
    { "wstat", "all", FID("file"), .ask = wstat_all },
    { "wstat", "sync", OPEN("file", O_RDWR), .ask = wstat_sync,
      .reads = true },
};
const size_t failing_dotu_request_count = ARRAY_SIZE(failing_dotu_requests);
