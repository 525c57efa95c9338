/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Fuzz program for the local driver: a guest makes calls of the driver
 * interface on a tree while the host changes it, in steps that the input
 * orders or in a thread.
 *
 * tree-input.h defines the format of the input.  For any input, results keep
 * their contract (lib/guest.c), nothing outside of the export is read or
 * changed, not even an atime (lib/world.c), and no descriptor is left open.
 */
#include "fsdev/core/p9-osdep.h"
#include "fsdev/host/host.h"
#include "lib/guest.h"
#include "lib/tree.h"
#include "lib/world.h"
#include "fuzz.h"
#include "must.h"

#define MAX_RECORDS 100

/* The thread that plays the host. */
typedef struct Host {
    const World *world;
    Input in;                   /* its records, which it repeats */
    gint stop;                  /* atomic */
} Host;

static gpointer play_host(gpointer opaque)
{
    Host *host = opaque;
    Input in = host->in;

    while (!g_atomic_int_get(&host->stop)) {
        if (!in.size) {
            in = host->in;
        }
        host_step(host->world, &in);
    }
    return NULL;
}

static void play(const World *world, FsExport *export, Input *in, bool threaded)
{
    Host host = { .world = world };
    GThread *thread = NULL;
    Guest guest;

    if (threaded) {
        host.in = input_take(in, in->size / 3);
        thread = host.in.size ? g_thread_new("host", play_host, &host) : NULL;
    }
    guest_start(&guest, export);
    for (unsigned i = 0; i < MAX_RECORDS && in->size; i++) {
        uint8_t op = input_byte(in);

        if (op < TREE_HOST) {
            guest_step(&guest, op % GUEST_OPS, in);
        } else if (!thread) {
            host_step(world, in);
        }
    }
    if (thread) {
        g_atomic_int_set(&host.stop, true);
        g_thread_join(thread);
    }
    guest_end(&guest);
}

static void run(Input *in)
{
    g_autoptr(GError) error = NULL;
    FsExport *export;
    World world;
    Tree tree;

    tree_begin(&tree, in);
    world_open(&world, tree.flags & TREE_MAPS ? 100000 : 1000,
               tree.flags & TREE_MAPS ? 100000 : 1001);
    tree.config.driver = &fs_local_driver;
    tree.config.path = world.path;
    export = fs_export_open(&tree.config, &error);
    if (export) {
        play(&world, export, in, tree.flags & TREE_THREAD);
        fs_export_unref(export);
    } else {
        MUST(error->message);
    }
    world_close(&world);
    tree_end(&tree);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    return world_run(data, size, run);
}
