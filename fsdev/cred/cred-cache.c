/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The cache of stored values: see cred-cache.h, also for why its answers are
 * correct.
 *
 * It is a table of small sets; a new entry replaces the oldest of its set.  The
 * table never grows, and pages of it that were never written take no memory.
 * One mutex guards it and is held while one set is searched.  Called by the
 * local driver from any thread.
 */
#include "fsdev/core/p9-osdep.h"
#include "fsdev/core/fs-hash.h"
#include "fsdev/cred/cred-cache.h"

#include <pthread.h>

enum {
    SETS = 1 << 13,
    WAYS = 4,           /* entries of one set, the newest first */
};

typedef struct Entry {
    uint64_t dev;
    uint64_t ino;
    int64_t ctime;      /* ns since 1970; 0: unused */
    int64_t btime;
    uint64_t rdev;
    uint32_t uid;
    uint32_t gid;
    uint32_t mode;
    uint16_t valid;
    bool has_rdev;
    bool whiteouts;
    uint8_t hidden_links;
    bool has_btime;
} Entry;

typedef Entry Set[WAYS];

struct CredCache {
    pthread_mutex_t lock;
    uint64_t seed;      /* constant; keeps guests from choosing the set */
    Set *sets;          /* owned */
};

CredCache *cred_cache_new(void)
{
    CredCache *cache = g_new0(CredCache, 1);

    pthread_mutex_init(&cache->lock, NULL);
    cache->seed = ((uint64_t)g_random_int() << 32) | g_random_int();
    cache->sets = g_new0(Set, SETS);
    return cache;
}

void cred_cache_free(CredCache *cache)
{
    if (cache) {
        pthread_mutex_destroy(&cache->lock);
        g_free(cache->sets);
        g_free(cache);
    }
}

struct timespec cred_cache_clock(void)
{
    struct timespec now;

    clock_gettime(CLOCK_REALTIME_COARSE, &now);
    return now;
}

int64_t cred_cache_ns(const struct timespec *ts)
{
    return (int64_t)((uint64_t)ts->tv_sec * 1000000000u +
                     (uint64_t)ts->tv_nsec);
}

static Entry *set_of(CredCache *cache, const HostStat *st)
{
    uint64_t hash = fs_hash_mix(fs_hash_mix(cache->seed, st->ino), st->dev);

    return cache->sets[(hash >> 32) & (SETS - 1)];
}

/* Is @entry about the inode of @st, whatever its ctime was? */
static bool is_about(const Entry *entry, const HostStat *st)
{
    return entry->ctime && entry->ino == st->ino && entry->dev == st->dev;
}

static bool is_current(const Entry *entry, const HostStat *st)
{
    return is_about(entry, st) && entry->ctime == cred_cache_ns(&st->ctime) &&
           entry->has_btime == st->has_btime &&
           (!st->has_btime || entry->btime == cred_cache_ns(&st->btime));
}

bool cred_cache_get(CredCache *cache, const HostStat *st, CredValues *values)
{
    const Entry *set = set_of(cache, st);
    bool found = false;

    pthread_mutex_lock(&cache->lock);
    for (int i = 0; i < WAYS && !found; i++) {
        if (is_current(&set[i], st)) {
            *values = (CredValues) {
                .valid = set[i].valid,
                .has_rdev = set[i].has_rdev,
                .whiteouts = set[i].whiteouts,
                .hidden_links = set[i].hidden_links,
                .uid = set[i].uid,
                .gid = set[i].gid,
                .mode = set[i].mode,
                .rdev = set[i].rdev,
            };
            found = true;
        }
    }
    pthread_mutex_unlock(&cache->lock);
    return found;
}

/*
 * File systems round ctimes down: some to 100 ns or 1 µs, old formats to whole
 * milliseconds or to one or two seconds (ext4 with inodes of 128 bytes, FAT).
 * For that long a change may be given the ctime that the inode has already.
 */
static int64_t grain_of(const struct timespec *ctime)
{
    return ctime->tv_nsec % 1000000 ? 1000 : 2000000000;
}

bool cred_cache_is_past(const struct timespec *ctime,
                        const struct timespec *clock)
{
    return cred_cache_ns(ctime) + grain_of(ctime) < cred_cache_ns(clock);
}

void cred_cache_put(CredCache *cache, const HostStat *st,
                    const struct timespec *before, const CredValues *values)
{
    Entry *set = set_of(cache, st);
    int out = 0;

    if (!cred_cache_is_past(&st->ctime, before)) {
        return;
    }
    pthread_mutex_lock(&cache->lock);
    while (out < WAYS - 1 && !is_about(&set[out], st)) {
        out++;
    }
    memmove(&set[1], &set[0], out * sizeof(set[0]));
    set[0] = (Entry) {
        .dev = st->dev,
        .ino = st->ino,
        .ctime = cred_cache_ns(&st->ctime),
        .btime = cred_cache_ns(&st->btime),
        .has_btime = st->has_btime,
        .valid = values->valid,
        .has_rdev = values->has_rdev,
        .whiteouts = values->whiteouts,
        .hidden_links = values->hidden_links,
        .uid = values->uid,
        .gid = values->gid,
        .mode = values->mode,
        .rdev = values->rdev,
    };
    pthread_mutex_unlock(&cache->lock);
}
