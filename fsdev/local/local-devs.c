/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The local driver: the devices below the exported directory.
 *
 * The numbers of the host's devices depend on the order in which they appear,
 * and many are made when a file system is mounted or a subvolume is accessed.
 * So whatever is derived from a device uses another identity of it, which takes
 * a system call: once for each number.  If the host gives a number to another
 * device later, that one inherits the identity, which only has to be the same
 * for the same number while the export is open.
 * Called by the other local-*.c and by the proxy driver, from any thread.
 */
#include "fsdev/core/p9-osdep.h"
#include "fsdev/core/fs-hash.h"
#include "fsdev/local/local-int.h"

/* Mounts come and go; of further devices the number itself is used. */
#define DEVS_MAX 4096

typedef struct LocalDev {
    uint64_t dev;
    uint64_t id;
} LocalDev;

static guint dev_hash(gconstpointer key)
{
    return fs_hash_mix(0, ((const LocalDev *)key)->dev) >> 32;
}

static gboolean dev_equal(gconstpointer a, gconstpointer b)
{
    return ((const LocalDev *)a)->dev == ((const LocalDev *)b)->dev;
}

void local_devs_exit(LocalExport *export)
{
    g_hash_table_destroy(export->devs);
    g_mutex_clear(&export->devs_lock);
}

bool local_dev_id(FsExport *base, uint64_t dev, uint64_t *id)
{
    LocalExport *export = local_export(base);
    LocalDev key = { .dev = dev };
    LocalDev *found;

    g_mutex_lock(&export->devs_lock);
    found = g_hash_table_lookup(export->devs, &key);
    if (found) {
        *id = found->id;
    }
    g_mutex_unlock(&export->devs_lock);
    return found;
}

static void learn(LocalExport *export, uint64_t dev, int fd)
{
    LocalDev met = { .dev = dev };

    if (local_dev_id(&export->base, dev, &met.id)) {
        return;
    }
    met.id = host_fs_dev_id(fd, dev);
    g_mutex_lock(&export->devs_lock);
    if (g_hash_table_size(export->devs) < DEVS_MAX &&
        !g_hash_table_contains(export->devs, &met)) {
        g_hash_table_add(export->devs, g_memdup2(&met, sizeof(met)));
    }
    g_mutex_unlock(&export->devs_lock);
}

void local_devs_init(LocalExport *export, int root_fd)
{
    g_mutex_init(&export->devs_lock);
    export->devs = g_hash_table_new_full(dev_hash, dev_equal, g_free, NULL);
    learn(export, export->root_dev, root_fd);
}

void local_dev_learn(LocalExport *export, uint64_t dev, int fd)
{
    if (dev != export->root_dev) {
        learn(export, dev, fd);
    }
}

int local_meet_dev(FsExport *base, uint64_t dev, int fd)
{
    LocalExport *export = local_export(base);

    if (dev == export->root_dev) {
        return 0;
    }
    if (base->config.multidevs == FS_MULTIDEVS_FORBID) {
        return -ENODEV;
    }
    learn(export, dev, fd);
    return 0;
}
