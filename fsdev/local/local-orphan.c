/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Owner and mode of files that are open but have no name left.
 *
 * A model that stores values beside the name loses them with the name, but the
 * guest may go on using an unlinked file.  The values that it saw last are kept
 * here by the identity of the inode until its last open file is closed.  Each
 * export has one table, which its orphan_lock guards.  Called by the other
 * local-*.c from any thread; never blocks.
 */
#include "fsdev/core/p9-osdep.h"
#include "fsdev/core/fs-hash.h"
#include "fsdev/local/local-int.h"

typedef struct Orphan {
    uint64_t dev;
    uint64_t ino;
    CredValues values;
} Orphan;

static guint orphan_hash(gconstpointer key)
{
    const Orphan *orphan = key;

    return fs_hash_mix(fs_hash_mix(0, orphan->ino), orphan->dev) >> 32;
}

static gboolean orphan_equal(gconstpointer a, gconstpointer b)
{
    const Orphan *left = a;
    const Orphan *right = b;

    return left->ino == right->ino && left->dev == right->dev;
}

GHashTable *local_orphans_new(void)
{
    return g_hash_table_new_full(orphan_hash, orphan_equal, g_free, NULL);
}

void local_orphan_keep(LocalExport *export, const FsAttr *attr)
{
    Orphan *orphan = g_new(Orphan, 1);

    *orphan = (Orphan) {
        .dev = attr->dev,
        .ino = attr->ino,
        .values = {
            .valid = FS_SET_UID | FS_SET_GID | FS_SET_MODE,
            .has_rdev = true,
            .uid = attr->uid,
            .gid = attr->gid,
            .mode = attr->mode,
            .rdev = attr->rdev,
        },
    };
    g_mutex_lock(&export->orphan_lock);
    g_hash_table_replace(export->orphans, orphan, orphan);
    g_mutex_unlock(&export->orphan_lock);
}

void local_orphan_load(LocalExport *export, FsAttr *attr)
{
    Orphan key = { .dev = attr->dev, .ino = attr->ino };
    Orphan *orphan;

    g_mutex_lock(&export->orphan_lock);
    orphan = g_hash_table_lookup(export->orphans, &key);
    if (orphan) {
        cred_overlay(attr, &orphan->values);
    }
    g_mutex_unlock(&export->orphan_lock);
}

bool local_orphan_is(LocalExport *export, const FsAttr *attr)
{
    const Orphan key = { .dev = attr->dev, .ino = attr->ino };
    bool is;

    g_mutex_lock(&export->orphan_lock);
    is = g_hash_table_contains(export->orphans, &key);
    g_mutex_unlock(&export->orphan_lock);
    return is;
}

void local_orphan_drop(LocalExport *export, const Node *node)
{
    Orphan key = { .dev = node_dev(node), .ino = node_ino(node) };

    g_mutex_lock(&export->orphan_lock);
    g_hash_table_remove(export->orphans, &key);
    g_mutex_unlock(&export->orphan_lock);
}
