/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Inode numbers of several devices in one 64-bit space: see 9p-qid.h.
 *
 * Inodes on the device of the exported directory keep their numbers (bit 63 is
 * clear), so guest and host show the same numbers.  For every other device, the
 * upper bits of the inode number, which have few different values, are replaced
 * by a slot number (bits 63..62 = 10), so that one table entry serves 2^40
 * inodes.  A file system that scatters its inode numbers uses up the slots;
 * then each inode gets a number of its own (bits 63..62 = 11), up to a limit.
 * The three ranges are disjoint and each mapping is injective, so two inodes
 * never get the same path.
 */
#include "fsdev/core/p9-osdep.h"
#include "fsdev/core/fs-hash.h"
#include "9p-qid.h"

#define QID_FOREIGN     (1ULL << 63)
#define QID_SINGLE      (3ULL << 62)
#define SLOT_BITS       16
#define SLOT_INO_BITS   40
#define SLOTS_MAX       (1u << SLOT_BITS)
#define SINGLES_MAX     (1u << 20)      /* about 60 MB in the worst case */

typedef struct QidKey {
    uint64_t dev;
    uint64_t ino;               /* of a slot: its upper bits only */
    uint64_t number;
} QidKey;

struct P9QidMap {
    FsMultidevs policy;
    bool no_cache_hint;
    uint64_t root_dev;          /* valid when has_root is set */
    gint has_root;              /* atomic */
    GMutex lock;                /* guards the tables */
    GHashTable *slots;          /* sets of QidKey, owned */
    GHashTable *singles;
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

P9QidMap *p9_qid_map_new(const FsConfig *config)
{
    P9QidMap *map = g_new0(P9QidMap, 1);

    map->policy = config->multidevs;
    map->no_cache_hint = config->no_cache_hint;
    g_mutex_init(&map->lock);
    map->slots = qid_table_new();
    map->singles = qid_table_new();
    return map;
}

void p9_qid_map_free(P9QidMap *map)
{
    g_hash_table_destroy(map->slots);
    g_hash_table_destroy(map->singles);
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

/* The number of (dev, ino) in @table; numbers are assigned in sequence. */
static bool qid_number(GHashTable *table, unsigned max, uint64_t dev,
                       uint64_t ino, uint64_t *number)
{
    QidKey key = { .dev = dev, .ino = ino };
    QidKey *found = g_hash_table_lookup(table, &key);

    if (!found) {
        if (g_hash_table_size(table) >= max) {
            return false;
        }
        key.number = g_hash_table_size(table);
        found = g_memdup2(&key, sizeof(key));
        g_hash_table_add(table, found);
    }
    *number = found->number;
    return true;
}

static int qid_foreign_path(P9QidMap *map, uint64_t dev, uint64_t ino,
                            uint64_t *path)
{
    uint64_t number;

    if (qid_number(map->slots, SLOTS_MAX, dev, ino >> SLOT_INO_BITS,
                   &number)) {
        *path = QID_FOREIGN | number << SLOT_INO_BITS |
                (ino & ((1ULL << SLOT_INO_BITS) - 1));
        return 0;
    }
    if (qid_number(map->singles, SINGLES_MAX, dev, ino, &number)) {
        *path = QID_SINGLE | number;
        return 0;
    }
    p9_warn_once("9p: too many inodes on foreign devices below the export; "
                 "further ones are refused");
    return -ENFILE;
}

int p9_qid_path(P9QidMap *map, uint64_t dev, uint64_t ino, uint64_t *path)
{
    int ret;

    if (qid_is_root_dev(map, dev)) {
        if (!(ino & QID_FOREIGN) || map->policy == FS_MULTIDEVS_WARN) {
            *path = ino;
            return 0;
        }
    } else if (map->policy == FS_MULTIDEVS_FORBID) {
        p9_warn_once("9p: the export holds more than one device and "
                     "multidevs=forbid: access to the others is refused");
        return -ENODEV;
    } else if (map->policy == FS_MULTIDEVS_WARN) {
        p9_warn_once("9p: the export holds more than one device: inode "
                     "numbers may collide in the guest; see multidevs=");
        *path = ino;
        return 0;
    }
    g_mutex_lock(&map->lock);
    ret = qid_foreign_path(map, dev, ino, path);
    g_mutex_unlock(&map->lock);
    return ret;
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
 * The version 0 turns off the Linux client's page cache for the file.
 */
static uint32_t qid_version(const P9QidMap *map, const FsAttr *attr)
{
    uint64_t h = stir(stir(attr->size, &attr->mtime), &attr->ctime);

    if (map->no_cache_hint && S_ISREG(attr->mode)) {
        return 0;
    }
    return (h >> 32) ?: 1;
}

int p9_qid_from_attr(P9QidMap *map, const FsAttr *attr, P9Qid *qid)
{
    uint64_t path;
    int ret = p9_qid_path(map, attr->dev, attr->ino, &path);

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
    P9Qid qid = { .type = qid_type(DTTOIF(entry->type)) };

    if (map->policy == FS_MULTIDEVS_WARN ||
        p9_qid_path(map, entry->dev, entry->ino, &qid.path) < 0) {
        qid.path = entry->ino;
    }
    return qid;
}
