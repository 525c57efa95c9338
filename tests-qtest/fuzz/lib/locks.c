/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Byte-range locks for memfs: see locks.h. */
#include "fsdev/core/p9-osdep.h"
#include "lib/memfs.h"
#include "locks.h"

typedef struct Locker {
    FsLocker base;
    uint64_t ino;
    GArray *held;               /* of FsLock */
} Locker;

static GMutex lock;             /* guards the rest */
static GSList *lockers;
static bool host_has_all;
static FsDriver driver;

static uint64_t end_of(const FsLock *l)
{
    return !l->length || l->start + l->length < l->start
           ? UINT64_MAX : l->start + l->length;
}

static bool overlap(const FsLock *a, const FsLock *b)
{
    return a->start < end_of(b) && b->start < end_of(a);
}

static int open_locker(const FsCall *call, FsFile *file, bool may_write,
                       FsLocker **out)
{
    Locker *l = g_new0(Locker, 1);

    l->base.export = file->node->export;
    l->base.remote = file->remote;
    l->ino = file->ino;
    l->held = g_array_new(FALSE, FALSE, sizeof(FsLock));
    g_mutex_lock(&lock);
    lockers = g_slist_prepend(lockers, l);
    g_mutex_unlock(&lock);
    *out = &l->base;
    return 0;
}

static void close_locker(FsLocker *base)
{
    Locker *l = container_of(base, Locker, base);

    g_mutex_lock(&lock);
    lockers = g_slist_remove(lockers, l);
    g_mutex_unlock(&lock);
    g_array_unref(l->held);
    g_free(l);
}

/* Locked: a lock of another owner that excludes @want; NULL: none. */
static const FsLock *find_conflict(const Locker *me, const FsLock *want)
{
    static const FsLock hosts = { .type = F_WRLCK, .pid = 1 };

    if (host_has_all) {
        return &hosts;
    }
    for (GSList *i = lockers; i; i = i->next) {
        const Locker *other = i->data;

        for (guint n = 0; n < other->held->len; n++) {
            const FsLock *l = &g_array_index(other->held, FsLock, n);

            if (other != me && other->ino == me->ino && overlap(l, want) &&
                (l->type == F_WRLCK || want->type == F_WRLCK)) {
                return l;
            }
        }
    }
    return NULL;
}

static int set_lock(const FsCall *call, FsLocker *base, const FsLock *want)
{
    Locker *me = container_of(base, Locker, base);
    int ret = 0;

    g_mutex_lock(&lock);
    if (want->type == F_UNLCK) {
        g_array_set_size(me->held, 0);
    } else if (find_conflict(me, want)) {
        ret = -EACCES;
    } else {
        g_array_append_vals(me->held, want, 1);
    }
    g_mutex_unlock(&lock);
    return ret;
}

static int get_lock(const FsCall *call, FsLocker *base, FsLock *l)
{
    const FsLock *found;

    g_mutex_lock(&lock);
    found = find_conflict(container_of(base, Locker, base), l);
    if (found) {
        *l = *found;
    } else {
        l->type = F_UNLCK;
    }
    g_mutex_unlock(&lock);
    return 0;
}

void locks_over(FsExport *export, bool asks)
{
    driver = memfs_driver;
    driver.asks = asks;
    driver.locker_open = open_locker;
    driver.locker_close = close_locker;
    driver.lock = set_lock;
    driver.getlock = get_lock;
    export->driver = &driver;
    host_has_all = false;
}

void locks_of_host(bool locked)
{
    g_mutex_lock(&lock);
    host_has_all = locked;
    g_mutex_unlock(&lock);
}

unsigned locks_count(void)
{
    unsigned n;

    g_mutex_lock(&lock);
    n = g_slist_length(lockers);
    g_mutex_unlock(&lock);
    return n;
}
