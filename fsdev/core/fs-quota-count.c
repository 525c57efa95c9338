/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The thread that counts what the tree of an export holds, for its quota.
 *
 * It looks up every name, depth first, by the entries of the driver, so that it
 * sees what guests see; of each directory above it keeps a node and a position.
 * Guests use the export meanwhile.  What they are about to change is counted
 * first, and a set of what has been counted keeps the thread from counting it
 * once more.  A directory that is renamed could get from where the thread has
 * not been to where it has been already, so it looks into that, too.
 *
 * The thread runs when no other wants the CPU or, depending on the host's I/O
 * scheduler, the disk.  It takes no lock while it waits for the host, so it
 * delays no request.
 */
#include "fsdev/core/p9-osdep.h"
#include <sched.h>
#include "fsdev/core/fs-hash.h"
#include "fsdev/core/fs-quota-int.h"
#include "fsdev/core/fsdriver-int.h"

/* ---- the set ---- */

#define SEEN_FREE 0u
#define SEEN_GONE 1u
#define SEEN_LEAST 1024u

static uint64_t seen_key(uint64_t dev, uint64_t ino)
{
    uint64_t key = fs_hash_mix(fs_hash_mix(0, dev), ino);

    return key > SEEN_GONE ? key : key + 2;
}

/* The slot that has @key, or else the free one where it belongs. */
static uint64_t *seen_slot(const FsQuotaSeen *seen, uint64_t key)
{
    size_t i = key & (seen->size - 1);

    while (seen->slots[i] != key && seen->slots[i] != SEEN_FREE) {
        i = (i + 1) & (seen->size - 1);
    }
    return &seen->slots[i];
}

static void seen_grow(FsQuotaSeen *seen)
{
    FsQuotaSeen more = {
        .size = MAX(seen->size * 2, SEEN_LEAST), .filled = seen->filled,
    };

    more.slots = g_new0(uint64_t, more.size);
    for (size_t i = 0; i < seen->size; i++) {
        if (seen->slots[i] != SEEN_FREE) {
            *seen_slot(&more, seen->slots[i]) = seen->slots[i];
        }
    }
    g_free(seen->slots);
    *seen = more;
}

bool fs_quota_seen_add(FsQuotaSeen *seen, uint64_t dev, uint64_t ino)
{
    uint64_t key = seen_key(dev, ino);
    uint64_t *slot;

    if (seen->filled >= seen->size / 2) {
        seen_grow(seen);
    }
    slot = seen_slot(seen, key);
    if (*slot == key) {
        return false;
    }
    *slot = key;
    seen->filled++;
    return true;
}

void fs_quota_seen_remove(FsQuotaSeen *seen, uint64_t dev, uint64_t ino)
{
    uint64_t key = seen_key(dev, ino);
    uint64_t *slot = seen->size ? seen_slot(seen, key) : NULL;

    if (slot && *slot == key) {
        *slot = SEEN_GONE;
    }
}

void fs_quota_seen_clear(FsQuotaSeen *seen)
{
    g_free(seen->slots);
    *seen = (FsQuotaSeen) { .slots = NULL };
}

/* ---- one directory ---- */

#define BATCH 128

/* Of the thread, for all calls; with the rights of the process. */
static const FsCall count_call = {
    .wait = FS_WAIT_ANYTHING,
    .cred = { .uid = UINT32_MAX, .gid = UINT32_MAX },
};

typedef struct Level {
    FsNode *dir;                /* counted */
    uint64_t cookie;            /* where to go on */
} Level;

typedef struct Entry {
    char *name;                 /* owned */
    uint64_t next;
} Entry;

static void clear_entry(void *entry)
{
    g_free(((Entry *)entry)->name);
}

static int take_entry(void *opaque, const FsDirent *entry)
{
    GArray *entries = opaque;
    Entry copy = { .next = entry->next };

    if (entries->len == BATCH) {
        return 1;
    }
    copy.name = g_strdup(entry->name);
    g_array_append_val(entries, copy);
    return 0;
}

/* Entries of @level from its cookie on; none: it has ended. */
static int read_entries(const Level *level, GArray *entries)
{
    const FsDriver *driver = driver_of(level->dir);
    FsFile *file;
    int ret = driver->open(&count_call, level->dir, O_RDONLY | O_DIRECTORY,
                           &file);

    if (ret < 0) {
        return ret;
    }
    ret = driver->readdir(&count_call, file, level->cookie, 0, take_entry,
                          entries);
    driver->release(file);
    return ret;
}

static void miss(FsQuota *quota)
{
    g_mutex_lock(&quota->lock);
    quota->missed++;
    g_mutex_unlock(&quota->lock);
}

static bool is_stopped(FsQuota *quota)
{
    bool stop;

    g_mutex_lock(&quota->lock);
    stop = quota->stop;
    g_mutex_unlock(&quota->lock);
    return stop;
}

/* The node, counted, if it is a directory to look into; else NULL. */
static FsNode *count_entry(FsQuota *quota, FsNode *dir, const char *name)
{
    FsNode *node = NULL;
    FsAttr attr;
    bool is_new;
    int ret;

    if (!strcmp(name, ".") || !strcmp(name, "..")) {
        return NULL;
    }
    ret = driver_of(dir)->lookup(&count_call, dir, name, &node, &attr);
    if (ret < 0) {
        if (ret != -ENOENT) {
            miss(quota);
        }
        return NULL;
    }
    g_mutex_lock(&quota->lock);
    is_new = fs_quota_see(quota, &attr);
    g_mutex_unlock(&quota->lock);
    if (is_new && S_ISDIR(attr.mode)) {
        return node;
    }
    fs_node_unref(node);
    return NULL;
}

/* ---- the tree ---- */

static void push(GArray *levels, FsNode *dir)
{
    Level level = { .dir = dir };

    g_array_append_val(levels, level);
}

static void pop(GArray *levels)
{
    fs_node_unref(g_array_index(levels, Level, levels->len - 1).dir);
    g_array_set_size(levels, levels->len - 1);
}

/* Some entries of the last of @levels. */
static void count_some(FsQuota *quota, GArray *levels)
{
    Level *level = &g_array_index(levels, Level, levels->len - 1);
    g_autoptr(GArray) entries = g_array_new(false, false, sizeof(Entry));
    FsNode *below = NULL;
    int ret;

    g_array_set_clear_func(entries, clear_entry);
    ret = read_entries(level, entries);
    if (ret < 0 && ret != -ENOENT) {
        miss(quota);
    }
    if (ret < 0 || !entries->len) {
        pop(levels);
        return;
    }
    for (unsigned i = 0; i < entries->len && !below; i++) {
        const Entry *entry = &g_array_index(entries, Entry, i);

        if (is_stopped(quota)) {
            return;
        }
        below = count_entry(quota, level->dir, entry->name);
        level->cookie = entry->next;
    }
    if (below) {
        push(levels, below);
    }
}

/* The next directory that was renamed, counted; NULL: that was all. */
static FsNode *next_moved(FsQuota *quota)
{
    FsNode *dir;

    g_mutex_lock(&quota->lock);
    dir = g_queue_pop_head(&quota->moved);
    if (!dir) {
        quota->counting = false;
        fs_quota_seen_clear(&quota->seen);
    }
    g_mutex_unlock(&quota->lock);
    return dir;
}

static void count_tree(FsQuota *quota)
{
    g_autoptr(GArray) levels = g_array_new(false, false, sizeof(Level));
    FsNode *dir = fs_root(quota->export);

    do {
        push(levels, dir);
        while (levels->len && !is_stopped(quota)) {
            count_some(quota, levels);
        }
        while (levels->len) {
            pop(levels);
        }
        dir = next_moved(quota);
    } while (dir);
}

static void *count_thread(void *opaque)
{
    const struct sched_param param = { 0 };
    FsQuota *quota = opaque;
    uint64_t missed;
    bool close;

    /* The filter of -sandbox allows this policy only. */
    pthread_setschedparam(pthread_self(), SCHED_IDLE, &param);
    count_tree(quota);
    g_mutex_lock(&quota->lock);
    missed = quota->missed;
    g_mutex_unlock(&quota->lock);
    if (missed) {
        fs_warn(quota->export, FS_WARN_QUOTA, "%" PRIu64 " files and "
                "directories in it could not be read, and do not count for "
                "max_bytes and max_files", missed);
    }
    g_mutex_lock(&quota->lock);
    quota->working = false;
    close = quota->stop;
    g_cond_broadcast(&quota->counted);
    g_mutex_unlock(&quota->lock);
    if (close) {
        fs_export_close(quota->export);
    }
    return NULL;
}

void fs_quota_count(FsQuota *quota)
{
    g_autoptr(GError) error = NULL;
    GThread *thread;
    FsNode *node;

    thread = g_thread_try_new("9p-quota", count_thread, quota, &error);
    if (thread) {
        g_thread_unref(thread);
        return;
    }
    g_mutex_lock(&quota->lock);
    quota->counting = quota->working = false;
    quota->missed++;
    fs_quota_seen_clear(&quota->seen);
    while ((node = g_queue_pop_head(&quota->moved))) {
        fs_node_unref(node);
    }
    g_mutex_unlock(&quota->lock);
    fs_warn(quota->export, FS_WARN_QUOTA, "its files cannot be counted (%s), "
            "and only new ones count for max_bytes and max_files",
            error->message);
}

bool fs_quota_leave(FsExport *export)
{
    FsQuota *quota = fs_quota_of(export);
    bool working;

    if (!quota) {
        return false;
    }
    g_mutex_lock(&quota->lock);
    working = quota->working;
    quota->stop = true;
    g_mutex_unlock(&quota->lock);
    return working;
}

void fs_quota_await(FsExport *export)
{
    FsQuota *quota = fs_quota_of(export);

    g_mutex_lock(&quota->lock);
    while (quota->working) {
        g_cond_wait(&quota->counted, &quota->lock);
    }
    g_mutex_unlock(&quota->lock);
}
