/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Values that are kept while their inodes are watched: see cred-watch.h.
 *
 * An entry is added in this order: mark the folder and the file, then look at
 * the way to them again.  If it leads to the same inodes, any later change of
 * it is an event.
 *
 * One mutex guards everything.  It is held while the events are taken, so that
 * no thread uses an entry that another thread has not yet dropped, but not
 * while something is looked up.  Called by the local driver from any thread.
 */
#include "fsdev/core/p9-osdep.h"
#include "fsdev/core/fs-hash.h"
#include "fsdev/cred/cred-watch.h"
#include "fsdev/host/host-watch.h"

#include <pthread.h>

enum {
    WAYS = 4,
    FILE_SETS = 512,
    FOLDER_SETS = 64,
    KEEP_SECONDS = 10,
    PAUSE_SECONDS = 1,
};

/* What a slot of the tables is about; see also folder_key(). */
typedef struct Key {
    CredDir dir;
    uint32_t host_type;
    const char *name;           /* borrowed; NULL: the root */
} Key;

typedef struct Slot Slot;
struct Slot {
    Key key;
    char *name;                 /* owned; that of the key */
    int mark;                   /* of the file or folder; 0: unused */
    uint64_t epoch;             /* CredWatch.epoch when it was looked up */
    int64_t used;               /* seconds */
    /* In CredWatch.files only: */
    Slot *folder;               /* borrowed; may be about another one by now */
    int folder_mark;
    CredValues values;
};

typedef Slot Set[WAYS];

typedef struct Table {
    Set *sets;                  /* owned */
    unsigned count;             /* of sets, a power of 2 */
} Table;

struct CredWatch {
    const CredPolicy *policy;   /* constant */
    pthread_mutex_t lock;
    uint64_t seed;              /* constant; keeps guests from choosing sets */
    HostWatch *host;            /* owned; NULL before the first entry */
    int64_t pause;              /* seconds; nothing is added before */
    uint64_t epoch;             /* counts the changes of mounts */
    GHashTable *marks;          /* owned: set of marks without an event */
    Table files;
    Table folders;
};

CredWatch *cred_watch_new(const CredPolicy *policy)
{
    CredWatch *watch = g_new0(CredWatch, 1);

    watch->policy = policy;
    pthread_mutex_init(&watch->lock, NULL);
    watch->seed = ((uint64_t)g_random_int() << 32) | g_random_int();
    watch->marks = g_hash_table_new(NULL, NULL);
    watch->files = (Table) { g_new0(Set, FILE_SETS), FILE_SETS };
    watch->folders = (Table) { g_new0(Set, FOLDER_SETS), FOLDER_SETS };
    return watch;
}

static void table_free(Table *table)
{
    for (unsigned i = 0; i < table->count * WAYS; i++) {
        g_free(table->sets[i / WAYS][i % WAYS].name);
    }
    g_free(table->sets);
}

void cred_watch_free(CredWatch *watch)
{
    if (watch) {
        host_watch_free(watch->host);
        g_hash_table_destroy(watch->marks);
        table_free(&watch->files);
        table_free(&watch->folders);
        pthread_mutex_destroy(&watch->lock);
        g_free(watch);
    }
}

static int64_t now_seconds(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC_COARSE, &now);
    return now.tv_sec;
}

static Slot *set_of(const CredWatch *watch, const Table *table, const Key *key)
{
    uint64_t hash = fs_hash_mix(watch->seed, key->dir.ino);

    hash = fs_hash_mix(hash, key->dir.dev ^ key->dir.mnt_id << 32);
    for (const char *c = key->name ?: ""; *c; c++) {
        hash = fs_hash_mix(hash, *c);
    }
    return table->sets[(hash >> 32) & (table->count - 1)];
}

static bool same_key(const Key *a, const Key *b)
{
    return a->dir.ino == b->dir.ino && a->dir.dev == b->dir.dev &&
           a->dir.mnt_id == b->dir.mnt_id && a->host_type == b->host_type &&
           !g_strcmp0(a->name, b->name);
}

/* Locked. */
static bool has_mark(const CredWatch *watch, int mark)
{
    return g_hash_table_contains(watch->marks, GINT_TO_POINTER(mark));
}

static void forget_mark(void *opaque, int mark)
{
    CredWatch *watch = opaque;

    g_hash_table_remove(watch->marks, GINT_TO_POINTER(mark));
}

/* Locked: take the events that have come. */
static void check(CredWatch *watch)
{
    if (host_watch_check(watch->host, forget_mark, watch)) {
        watch->epoch++;
    }
}

/* Locked: has nothing happened since @slot was filled, as of the last check? */
static bool is_good(const CredWatch *watch, const Slot *slot)
{
    return slot->mark && slot->epoch == watch->epoch &&
           has_mark(watch, slot->mark) &&
           (!slot->folder || has_mark(watch, slot->folder_mark));
}

static Slot *slot_find(const CredWatch *watch, const Table *table,
                       const Key *key)
{
    Slot *set = set_of(watch, table, key);

    for (int i = 0; i < WAYS; i++) {
        if (set[i].mark && same_key(&set[i].key, key)) {
            return &set[i];
        }
    }
    return NULL;
}

/*
 * Locked: the slot that @key has or may get, or NULL if all that it could get
 * were used a short time ago.
 */
static Slot *slot_for(const CredWatch *watch, const Table *table,
                      const Key *key)
{
    Slot *slot = slot_find(watch, table, key);
    Slot *set = set_of(watch, table, key);

    if (slot) {
        return slot;
    }
    slot = &set[0];
    for (int i = 1; i < WAYS; i++) {
        if (!is_good(watch, &set[i]) ||
            (is_good(watch, slot) && set[i].used < slot->used)) {
            slot = &set[i];
        }
    }
    return is_good(watch, slot) && now_seconds() - slot->used <= KEEP_SECONDS
           ? NULL : slot;
}

/* Locked: mark the inode of @fd.  Returns the mark, or 0. */
static int mark_inode(CredWatch *watch, int fd, HostWatchKind kind)
{
    int mark = host_watch_add(watch->host, fd, kind);

    if (mark < 0) {
        /* Most likely the user has no more watches; try again later. */
        watch->pause = now_seconds() + PAUSE_SECONDS;
        return 0;
    }
    g_hash_table_add(watch->marks, GINT_TO_POINTER(mark));
    return mark;
}

static void unmark(CredWatch *watch, int mark)
{
    if (mark && has_mark(watch, mark)) {
        host_watch_remove(watch->host, mark);
        forget_mark(watch, mark);
    }
}

/* Locked: let @slot be about @filled, whose name is copied. */
static void slot_fill(CredWatch *watch, Slot *slot, const Slot *filled)
{
    if (slot->mark != filled->mark) {
        unmark(watch, slot->mark);
    }
    g_free(slot->name);
    *slot = *filled;
    slot->key.name = slot->name = g_strdup(filled->key.name);
    slot->used = now_seconds();
}

static Key key_of(const CredObject *obj)
{
    return (Key) {
        .dir = obj->dir, .host_type = obj->host_type, .name = obj->name,
    };
}

bool cred_watch_get(CredWatch *watch, const CredObject *obj, CredValues *values)
{
    Key key = key_of(obj);
    bool good = false;
    Slot *slot;

    pthread_mutex_lock(&watch->lock);
    slot = obj->nameless ? NULL : slot_find(watch, &watch->files, &key);
    if (slot) {
        check(watch);
        good = is_good(watch, slot);
    }
    if (good) {
        slot->used = slot->folder->used = now_seconds();
        *values = slot->values;
    } else if (slot) {
        /* There may be nothing to keep for it any more. */
        unmark(watch, slot->mark);
        slot->mark = 0;
    }
    pthread_mutex_unlock(&watch->lock);
    return good;
}

/* ---- adding ----------------------------------------------------------- */

static bool is_same(const HostStat *a, const HostStat *b)
{
    return a->dev == b->dev && a->ino == b->ino && a->mnt_id == b->mnt_id;
}

/*
 * Locked, and unlocked meanwhile: mark the folder of @obj and look at it again.
 * Returns false if something has changed in between.
 */
static bool mark_folder(CredWatch *watch, const CredObject *obj, Slot *folder)
{
    const CredPolicy *policy = watch->policy;
    HostStat before, after;
    HOST_FD fd = -1;
    bool same;

    pthread_mutex_unlock(&watch->lock);
    fd = policy->folder(obj, &before);
    pthread_mutex_lock(&watch->lock);
    if (fd < 0) {
        return false;
    }
    folder->mark = mark_inode(watch, fd, HOST_WATCH_PLACE);
    folder->epoch = watch->epoch;
    pthread_mutex_unlock(&watch->lock);
    close(fd);
    fd = policy->folder(obj, &after);
    same = fd >= 0 && is_same(&before, &after);
    pthread_mutex_lock(&watch->lock);
    return same && is_good(watch, folder);
}

/* The same for the file with the values, whose path fd is @fd. */
static bool mark_file(CredWatch *watch, const CredObject *obj,
                      const FsAttr *attr, int fd, const HostStat *before,
                      Slot *file)
{
    HOST_FD again = -1;
    HostStat after;
    bool same;

    file->mark = mark_inode(watch, fd, HOST_WATCH_FILE);
    file->epoch = watch->epoch;
    pthread_mutex_unlock(&watch->lock);
    again = watch->policy->holder(obj, attr, &after);
    same = again >= 0 && is_same(before, &after) &&
           before->ctime.tv_sec == after.ctime.tv_sec &&
           before->ctime.tv_nsec == after.ctime.tv_nsec;
    pthread_mutex_lock(&watch->lock);
    return same && is_good(watch, file);
}

/* The root's values are in the root itself, those of others in a folder. */
static Key folder_key(const CredObject *obj)
{
    return (Key) {
        .dir = obj->dir, .host_type = obj->name ? 0 : obj->host_type,
    };
}

/* Locked: the slot of the folder of @obj, which is marked; or NULL. */
static Slot *folder_of(CredWatch *watch, const CredObject *obj)
{
    Slot folder = { .key = folder_key(obj) };
    Slot *slot = slot_for(watch, &watch->folders, &folder.key);

    if (!slot || is_good(watch, slot)) {
        return slot;
    }
    slot = mark_folder(watch, obj, &folder)
           ? slot_for(watch, &watch->folders, &folder.key) : NULL;
    if (slot) {
        slot_fill(watch, slot, &folder);
    } else {
        unmark(watch, folder.mark);
    }
    return slot;
}

/* Locked: is there room for @key, and anything to watch with? */
static bool may_add(CredWatch *watch, const Key *key)
{
    if (now_seconds() < watch->pause) {
        return false;
    }
    if (!watch->host) {
        watch->host = host_watch_new();
    }
    if (!watch->host) {
        watch->pause = now_seconds() + PAUSE_SECONDS;
        return false;
    }
    if (!slot_for(watch, &watch->files, key)) {
        return false;
    }
    check(watch);
    return true;
}

static void add_locked(CredWatch *watch, const CredObject *obj,
                       const FsAttr *attr, int fd, const HostStat *st,
                       const CredValues *values)
{
    Slot file = { .key = key_of(obj), .values = *values };
    Slot *slot;

    if (!may_add(watch, &file.key)) {
        return;
    }
    file.folder = folder_of(watch, obj);
    if (!file.folder) {
        return;
    }
    file.folder_mark = file.folder->mark;
    slot = mark_file(watch, obj, attr, fd, st, &file)
           ? slot_for(watch, &watch->files, &file.key) : NULL;
    if (slot) {
        slot_fill(watch, slot, &file);
    } else {
        unmark(watch, file.mark);
    }
}

void cred_watch_add(CredWatch *watch, const CredObject *obj,
                    const FsAttr *attr, int fd, const HostStat *st,
                    const CredValues *values)
{
    if (obj->nameless || !obj->dir.ino) {
        return;
    }
    pthread_mutex_lock(&watch->lock);
    add_locked(watch, obj, attr, fd, st, values);
    pthread_mutex_unlock(&watch->lock);
}

unsigned cred_watch_entries(CredWatch *watch)
{
    unsigned count = 0;

    pthread_mutex_lock(&watch->lock);
    if (watch->host) {
        check(watch);
    }
    for (unsigned i = 0; i < watch->files.count * WAYS; i++) {
        count += is_good(watch, &watch->files.sets[i / WAYS][i % WAYS]);
    }
    pthread_mutex_unlock(&watch->lock);
    return count;
}
