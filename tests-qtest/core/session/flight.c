/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A client whose requests are in flight: see flight.h. */
#include "fsdev/core/p9-osdep.h"
#include "session/flight.h"

Client *flight_start_on(const P9Limits *limits)
{
    Client *c = client_new(memfs_open(), CLIENT_STEPPED, limits);

    c->by_hand = false;
    g_assert_cmpint(client_version(c, 65536, "9P2000.L"), ==, 0);
    g_assert_cmpint(client_attach(c, 0, 0), ==, 0);
    memfs_add(c->export, "file", "0123456789");
    memfs_add(c->export, "dir", NULL);
    g_assert_cmpint(client_open(c, 1, "file", O_RDWR), ==, 0);
    g_assert_cmpint(client_walk(c, 0, 2, "file"), ==, 0);
    g_assert_cmpint(client_walk(c, 0, 3, "dir"), ==, 0);
    g_assert_cmpint(client_open(c, 4, "dir", O_RDONLY), ==, 0);
    c->by_hand = true;
    memfs_sleepy(c->export, true);
    return c;
}

Client *flight_start(void)
{
    return flight_start_on(NULL);
}

Call *flight_mkdir(Client *c, uint16_t tag, const char *name)
{
    return SEND(c, tag, mkdir, .fid = 3, .name = P9NAME(name), .mode = 0755);
}

void flight_answered(Call *call, int error)
{
    g_assert_cmpint(call->state, ==, CALL_ANSWERED);
    g_assert_cmpint(call->error, ==, error);
}

bool flight_exists(Client *c, const char *path)
{
    FsNode *node;

    memfs_sleepy(c->export, false);
    node = memfs_node(c->export, path);
    memfs_sleepy(c->export, true);
    fs_node_unref(node);
    return node;
}

unsigned flight_fids(Client *c)
{
    P9SessionInfo info;

    client_info(c, &info);
    return info.fids;
}

int flight_never(void *opaque G_GNUC_UNUSED, const MemCall *call)
{
    return call->op == MEM_WRITE ? -EINPROGRESS : 0;
}

int flight_never_later(void *opaque G_GNUC_UNUSED, const MemCall *call)
{
    return call->op != MEM_WRITE         ? 0
           : call->wait == FS_WAIT_NEVER ? -EAGAIN
                                         : -EINPROGRESS;
}
