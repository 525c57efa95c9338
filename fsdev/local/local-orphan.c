/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Owner and mode of files that are in use but have lost a name.
 *
 * A model that stores values beside the name loses them with the name, but the
 * guest may go on using the file.  The values that it saw last are kept here
 * with the Node, until that is freed.  If the file has further names, these
 * share the inode that holds the values, and a descriptor of that inode is kept
 * as well: what is changed by the one is seen by the other.  Each export has
 * one table, which its orphan_lock guards.  Called by the other local-*.c from
 * any thread; never blocks.
 */
#include "fsdev/core/p9-osdep.h"
#include "fsdev/local/local-int.h"

typedef struct Orphan {
    LocalExport *export;
    int holder;                 /* owned path fd; 0: none */
    CredValues values;
} Orphan;

static void orphan_free(void *opaque)
{
    Orphan *orphan = opaque;

    if (orphan->holder) {
        close(orphan->holder);
        node_fd_unaccount(orphan->export->table);
    }
    g_free(orphan);
}

GHashTable *local_orphans_new(void)
{
    return g_hash_table_new_full(NULL, NULL, NULL, orphan_free);
}

/* A descriptor that is counted with the others, or 0. */
static int take_holder(LocalExport *export, int fd)
{
    if (fd >= 0 && (fd == 0 || node_fd_account(export->table, false) < 0)) {
        close(fd);
        fd = 0;
    }
    return MAX(fd, 0);
}

void local_orphan_keep(LocalExport *export, const Node *node,
                       const FsAttr *attr, int holder)
{
    Orphan *orphan = g_new(Orphan, 1);

    *orphan = (Orphan) {
        .export = export,
        .holder = take_holder(export, holder),
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
    g_hash_table_replace(export->orphans, (void *)node, orphan);
    g_atomic_int_set(&export->orphan_count,
                     g_hash_table_size(export->orphans));
    g_mutex_unlock(&export->orphan_lock);
}

static Orphan *find(LocalExport *export, const Node *node)
{
    return g_hash_table_lookup(export->orphans, node);
}

void local_orphan_change(LocalExport *export, const Node *node,
                         const FsAttr *attr)
{
    Orphan *orphan;

    g_mutex_lock(&export->orphan_lock);
    orphan = find(export, node);
    if (orphan) {
        orphan->values.uid = attr->uid;
        orphan->values.gid = attr->gid;
        orphan->values.mode = attr->mode;
    }
    g_mutex_unlock(&export->orphan_lock);
    if (!orphan) {
        local_orphan_keep(export, node, attr, -1);
    }
}

void local_orphan_load(LocalExport *export, const Node *node, FsAttr *attr)
{
    Orphan *orphan;

    g_mutex_lock(&export->orphan_lock);
    orphan = find(export, node);
    if (orphan) {
        cred_overlay(attr, &orphan->values);
    }
    g_mutex_unlock(&export->orphan_lock);
}

bool local_orphan_is(LocalExport *export, const Node *node, int *holder)
{
    Orphan *orphan;

    *holder = 0;
    if (!g_atomic_int_get(&export->orphan_count)) {
        return false;
    }
    g_mutex_lock(&export->orphan_lock);
    orphan = find(export, node);
    *holder = orphan ? orphan->holder : 0;
    g_mutex_unlock(&export->orphan_lock);
    return orphan;
}

void local_orphan_drop(LocalExport *export, const Node *node)
{
    if (!g_atomic_int_get(&export->orphan_count)) {
        return;
    }
    g_mutex_lock(&export->orphan_lock);
    g_hash_table_remove(export->orphans, node);
    g_atomic_int_set(&export->orphan_count,
                     g_hash_table_size(export->orphans));
    g_mutex_unlock(&export->orphan_lock);
}
