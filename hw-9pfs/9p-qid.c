/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Inode numbers of several devices in one 64-bit space: see 9p-qid.h.
 *
 * What follows calls "number" what a Linux guest shows as st_ino and d_ino.
 * That is the path plus 2, modulo 2^64 (v9fs_qid2ino() in fs/9p; a 32-bit guest
 * combines both halves of it), so a path is the number minus 2.  Each of these
 * ranges of numbers is disjoint from the others and is used without repetition,
 * so that two inodes never get the same path:
 *
 *  - Inodes on the device of the exported directory keep the host's number.
 *    Programs that store inode numbers, such as git, rsync and borg, find the
 *    same ones on both sides.  Exceptions are 0, which readdir(3) of some C
 *    libraries skips, and what begins with the byte of one of the next ranges;
 *    no file system in use counts that far, and overlayfs (xino) sets fewer
 *    bits.
 *  - SLOT_NUMBER, a slot, the lower half of the host's number: the inodes of
 *    all other devices.  The upper half has few different values, so that one
 *    table entry serves 2^32 inodes.  The host's number cannot be kept, because
 *    nothing excludes that the exported device uses it as well.
 *  - SINGLE_NUMBER, a count: each for one inode of a file system that scatters
 *    its numbers and has used up the slots, up to a limit.
 *  - TWIN_NUMBER, FsAttr.twin: an object whose number another one has, too,
 *    whatever the policy is.
 *
 * Which slot a device gets must not depend on what the guest accesses first.
 * So it is derived from an identity of the device that is the same the next
 * time (fs_dev_id()), and from the upper half of the number.  With ten devices
 * the probability that two of them need the same slot is one in 370 000; only
 * then the order decides, and one of them gets the next free slot.
 */
#include "fsdev/core/p9-osdep.h"
#include "fsdev/core/fs-hash.h"
#include "9p-qid.h"

#define SHOWN_MINUS_PATH 2
#define SLOT_NUMBER     (0xffULL << 56)
#define SINGLE_NUMBER   (0xfeULL << 56)
#define TWIN_NUMBER     (0xfdULL << 56)
#define FIRST_RESERVED  TWIN_NUMBER
#define SLOT_BITS       24
#define SLOT_INO_BITS   32
#define SLOTS_MAX       (1u << 16)      /* in use; below 1 % of all */
#define SINGLES_MAX     (1u << 20)      /* about 60 MB in the worst case */

typedef struct QidKey {
    uint64_t dev;
    uint64_t ino;               /* of a slot: its upper bits only */
    uint64_t number;
} QidKey;

/* An object whose number is not the one that it would get. */
typedef struct QidKept {
    uint64_t dev;
    uint64_t ino;
    uint64_t twin;
    uint64_t number;
} QidKept;

struct P9QidMap {
    FsExport *export;           /* borrowed */
    FsMultidevs policy;
    bool no_cache_hint;
    uint64_t root_dev;          /* valid when has_root is set */
    gint has_root;              /* atomic */
    GMutex lock;                /* guards the tables */
    GHashTable *slots;          /* sets of QidKey, owned */
    GHashTable *singles;
    GHashTable *slots_in_use;   /* a set of numbers of slots */
    uint64_t next_single;
    gint has_kept;              /* atomic: p9_qid_keep() was called */
    GHashTable *kept;           /* set of QidKept, owned */
    GHashTable *kept_numbers;   /* set of the numbers in it, borrowed */
};

static guint qid_key_hash(gconstpointer p)
{
    const QidKey *key = p;

    return fs_hash_mix(fs_hash_mix(0, key->ino), key->dev) >> 32;
}

static gboolean qid_key_equal(gconstpointer a, gconstpointer b)
{
    const QidKey *x = a;
    const QidKey *y = b;

    return x->dev == y->dev && x->ino == y->ino;
}

static GHashTable *qid_table_new(void)
{
    return g_hash_table_new_full(qid_key_hash, qid_key_equal, g_free, NULL);
}

static guint qid_kept_hash(gconstpointer p)
{
    const QidKept *key = p;
    uint64_t hash = fs_hash_mix(fs_hash_mix(0, key->ino), key->dev);

    return fs_hash_mix(hash, key->twin) >> 32;
}

static gboolean qid_kept_equal(gconstpointer a, gconstpointer b)
{
    const QidKept *x = a;
    const QidKept *y = b;

    return x->dev == y->dev && x->ino == y->ino && x->twin == y->twin;
}

P9QidMap *p9_qid_map_new(FsExport *export)
{
    P9QidMap *map = g_new0(P9QidMap, 1);

    map->export = export;
    map->policy = export->config.multidevs;
    map->no_cache_hint = export->config.no_cache_hint;
    g_mutex_init(&map->lock);
    map->slots = qid_table_new();
    map->singles = qid_table_new();
    map->slots_in_use = g_hash_table_new(NULL, NULL);
    map->kept = g_hash_table_new_full(qid_kept_hash, qid_kept_equal, g_free,
                                      NULL);
    map->kept_numbers = g_hash_table_new(g_int64_hash, g_int64_equal);
    return map;
}

void p9_qid_map_free(P9QidMap *map)
{
    g_hash_table_destroy(map->slots);
    g_hash_table_destroy(map->singles);
    g_hash_table_destroy(map->slots_in_use);
    g_hash_table_destroy(map->kept_numbers);
    g_hash_table_destroy(map->kept);
    g_mutex_clear(&map->lock);
    g_free(map);
}

static bool qid_is_root_dev(P9QidMap *map, uint64_t dev)
{
    bool same;

    if (g_atomic_int_get(&map->has_root)) {
        return dev == map->root_dev;
    }
    g_mutex_lock(&map->lock);
    if (!g_atomic_int_get(&map->has_root)) {
        map->root_dev = dev;
        g_atomic_int_set(&map->has_root, 1);
    }
    same = dev == map->root_dev;
    g_mutex_unlock(&map->lock);
    return same;
}

/* Locked.  Adds @key unless the table is full. */
static bool qid_add(GHashTable *table, unsigned max, const QidKey *key)
{
    if (g_hash_table_size(table) >= max) {
        return false;
    }
    g_hash_table_add(table, g_memdup2(key, sizeof(*key)));
    return true;
}

/* Locked.  The first slot from @start on that is not in use. */
static uint32_t qid_free_slot(P9QidMap *map, uint64_t start)
{
    uint32_t slot = (start >> 32) & ((1u << SLOT_BITS) - 1);

    while (g_hash_table_contains(map->slots_in_use, GUINT_TO_POINTER(slot))) {
        slot = (slot + 1) & ((1u << SLOT_BITS) - 1);
    }
    return slot;
}

/* Locked.  The slot for the upper half @high of numbers of @dev. */
static bool qid_slot(P9QidMap *map, uint64_t dev, uint64_t high,
                     uint64_t *slot)
{
    QidKey key = { .dev = dev, .ino = high };
    QidKey *found = g_hash_table_lookup(map->slots, &key);
    uint64_t id;

    if (found) {
        *slot = found->number;
        return true;
    }
    if (!fs_dev_id(map->export, dev, &id)) {
        id = dev;
    }
    key.number = qid_free_slot(map, fs_hash_mix(fs_hash_mix(0, id), high));
    if (!qid_add(map->slots, SLOTS_MAX, &key)) {
        return false;
    }
    g_hash_table_add(map->slots_in_use, GUINT_TO_POINTER(key.number));
    *slot = key.number;
    return true;
}

/* Locked. */
static bool qid_is_kept(const P9QidMap *map, uint64_t number)
{
    return g_hash_table_contains(map->kept_numbers, &number);
}

/* Locked.  These are assigned in sequence. */
static bool qid_single(P9QidMap *map, uint64_t dev, uint64_t ino,
                       uint64_t *number)
{
    QidKey key = { .dev = dev, .ino = ino };
    QidKey *found = g_hash_table_lookup(map->singles, &key);

    if (found) {
        *number = found->number;
        return true;
    }
    while (qid_is_kept(map, SINGLE_NUMBER | map->next_single)) {
        map->next_single++;
    }
    key.number = map->next_single;
    if (!qid_add(map->singles, SINGLES_MAX, &key)) {
        return false;
    }
    *number = map->next_single++;
    return true;
}

static int qid_refuse(void)
{
    p9_warn_once("9p: too many inodes on foreign devices below the export; "
                 "further ones are refused");
    return -ENFILE;
}

/* Locked. */
static int qid_mapped_number(P9QidMap *map, uint64_t dev, uint64_t ino,
                             uint64_t *number)
{
    uint64_t part;

    if (qid_slot(map, dev, ino >> SLOT_INO_BITS, &part)) {
        *number = SLOT_NUMBER | part << SLOT_INO_BITS |
                  (ino & ((1ULL << SLOT_INO_BITS) - 1));
        return 0;
    }
    if (qid_single(map, dev, ino, &part)) {
        *number = SINGLE_NUMBER | part;
        return 0;
    }
    return qid_refuse();
}

/* The number unless it is kept for another object. */
static int qid_usual_number(P9QidMap *map, uint64_t dev, uint64_t ino,
                            uint64_t twin, uint64_t *number)
{
    bool own = qid_is_root_dev(map, dev);
    int ret;

    if (!own && map->policy == FS_MULTIDEVS_FORBID) {
        p9_warn_once("9p: the export holds more than one device and "
                     "multidevs=forbid: access to the others is refused");
        return -ENODEV;
    }
    if (!own && map->policy == FS_MULTIDEVS_WARN) {
        p9_warn_once("9p: the export holds more than one device: inode "
                     "numbers may collide in the guest; see multidevs=");
    }
    if (twin) {
        *number = TWIN_NUMBER | (twin & ((1ULL << 56) - 1));
        return 0;
    }
    if (map->policy == FS_MULTIDEVS_WARN ||
        (own && ino && ino < FIRST_RESERVED)) {
        *number = ino;
        return 0;
    }
    g_mutex_lock(&map->lock);
    ret = qid_mapped_number(map, dev, ino, number);
    g_mutex_unlock(&map->lock);
    return ret;
}

static int qid_number(P9QidMap *map, uint64_t dev, uint64_t ino, uint64_t twin,
                      uint64_t *number)
{
    QidKept key = { .dev = dev, .ino = ino, .twin = twin };
    QidKept *found;
    uint64_t part;
    int ret = qid_usual_number(map, dev, ino, twin, number);

    if (ret < 0 || !g_atomic_int_get(&map->has_kept)) {
        return ret;
    }
    g_mutex_lock(&map->lock);
    found = g_hash_table_lookup(map->kept, &key);
    if (found) {
        *number = found->number;
    } else if (qid_is_kept(map, *number)) {
        /* The twin is part of the number that is taken. */
        if (qid_single(map, fs_hash_mix(dev, twin), ino, &part)) {
            *number = SINGLE_NUMBER | part;
        } else {
            ret = qid_refuse();
        }
    }
    g_mutex_unlock(&map->lock);
    return ret;
}

int p9_qid_path(P9QidMap *map, uint64_t dev, uint64_t ino, uint64_t twin,
                uint64_t *path)
{
    uint64_t number = 0;
    int ret = qid_number(map, dev, ino, twin, &number);

    if (ret < 0) {
        return ret;
    }
    *path = number - SHOWN_MINUS_PATH;
    return 0;
}

bool p9_qid_keep(P9QidMap *map, uint64_t dev, uint64_t ino, uint64_t twin,
                 uint64_t path)
{
    QidKept kept = { dev, ino, twin, path + SHOWN_MINUS_PATH };
    QidKept *own;
    bool free;

    g_mutex_lock(&map->lock);
    free = !qid_is_kept(map, kept.number) &&
           !g_hash_table_contains(map->kept, &kept);
    if (free) {
        own = g_memdup2(&kept, sizeof(kept));
        g_hash_table_add(map->kept, own);
        g_hash_table_add(map->kept_numbers, &own->number);
        g_atomic_int_set(&map->has_kept, 1);
    }
    g_mutex_unlock(&map->lock);
    return free;
}

void p9_qid_forget_kept(P9QidMap *map)
{
    g_mutex_lock(&map->lock);
    g_hash_table_remove_all(map->kept_numbers);
    g_hash_table_remove_all(map->kept);
    g_atomic_int_set(&map->has_kept, 0);
    g_mutex_unlock(&map->lock);
}

static uint8_t qid_type(uint32_t mode)
{
    return S_ISDIR(mode) ? P9_QTDIR : S_ISLNK(mode) ? P9_QTSYMLINK
                                                    : P9_QTFILE;
}

static uint64_t stir(uint64_t h, const struct timespec *ts)
{
    return fs_hash_mix(h, (uint64_t)ts->tv_sec * 1000000000u + ts->tv_nsec);
}

/*
 * The version changes whenever the content does; a client that caches drops
 * the inode then.  The mtime is not sufficient, because a program that writes
 * can reset it.  The ctime cannot be reset, although it also changes with names
 * and owners.  Two writes within one tick of the host's clock get the same
 * version.
 *
 * The mark is that of an object whose numbers prove nothing: a client may hold
 * what it has cached of another one that had them before.
 *
 * The version 0 turns off the Linux client's page cache for the file.
 */
static uint32_t qid_version(const P9QidMap *map, const FsAttr *attr)
{
    uint64_t h = stir(stir(fs_hash_mix(attr->size, attr->mark), &attr->mtime),
                      &attr->ctime);

    if (map->no_cache_hint && S_ISREG(attr->mode)) {
        return 0;
    }
    return (h >> 32) ?: 1;
}

int p9_qid_from_attr(P9QidMap *map, const FsAttr *attr, P9Qid *qid)
{
    uint64_t path;
    int ret = p9_qid_path(map, attr->dev, attr->ino, attr->twin, &path);

    if (ret < 0) {
        return ret;
    }
    *qid = (P9Qid) {
        .type = qid_type(attr->mode),
        .version = qid_version(map, attr),
        .path = path,
    };
    return 0;
}

unsigned p9_qid_readdir_flags(const P9QidMap *map)
{
    return map->policy == FS_MULTIDEVS_WARN ? 0 : FS_READDIR_DEV;
}

P9Qid p9_qid_from_dirent(P9QidMap *map, const FsDirent *entry)
{
    /* The version would take a stat; the Linux client does not use it. */
    P9Qid qid = {
        .type = qid_type(DTTOIF(entry->type)),
        .path = entry->ino - SHOWN_MINUS_PATH,
    };
    uint64_t id;

    if (map->policy != FS_MULTIDEVS_WARN &&
        (qid_is_root_dev(map, entry->dev) ||
         fs_dev_id(map->export, entry->dev, &id))) {
        p9_qid_path(map, entry->dev, entry->ino, entry->twin, &qid.path);
    }
    return qid;
}
