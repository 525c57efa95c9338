/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What fs-quota.c and the thread that counts share.
 */
#ifndef FSDEV_FS_QUOTA_INT_H
#define FSDEV_FS_QUOTA_INT_H

#include "fsdev/core/fs-quota.h"

/*
 * A set of the objects that have been counted, while the thread counts.  Each
 * takes 8 bytes and the free slots, at most 32 bytes together.
 */
typedef struct FsQuotaSeen {
    uint64_t *slots;            /* owned; SEEN_FREE, SEEN_GONE or a hash */
    size_t size;                /* a power of two; 0: no slots yet */
    size_t filled;              /* slots that are not SEEN_FREE */
} FsQuotaSeen;

struct FsQuota {
    FsExport *export;           /* borrowed: it owns this */
    GMutex lock;                /* guards the rest */
    GCond counted;              /* working has become false */
    uint64_t max_bytes;         /* 0: no limit */
    uint64_t max_files;
    uint64_t bytes;             /* charged, a multiple of FS_QUOTA_UNIT */
    uint64_t files;
    GQueue victims;             /* borrowed FsQuotaVictim, in progress */
    GCond fewer;                /* victims has become shorter */
    GHashTable *objects;        /* set of FsQuotaObject, owned */
    gint kept;                  /* their number; atomic */
    FsQuotaSeen seen;           /* empty unless counting */
    GQueue moved;               /* counted FsNode: directories to look into */
    uint64_t missed;            /* objects that could not be counted */
    bool counting;              /* seen is in use */
    bool working;               /* the thread uses the export */
    bool stop;                  /* the export is about to be closed */
};

/* Others on the host may have removed more than was ever counted. */
static inline void fs_quota_take(uint64_t *used, uint64_t amount)
{
    *used -= MIN(*used, amount);
}

static inline uint64_t fs_quota_left(uint64_t max, uint64_t used)
{
    return !max ? UINT64_MAX : max > used ? max - used : 0;
}

/* fs-quota.c */

/**
 * fs_quota_look: *@attr is set to the identity, type and length of @node's
 * object; @file may be NULL.  What fs_getattr() returns.
 */
int fs_quota_look(const FsCall *call, FsNode *node, FsFile *file, FsAttr *attr);
/** fs_quota_make_dead: the object with @attr counts until its last use. */
void fs_quota_make_dead(FsQuota *quota, const FsAttr *attr);

/**
 * fs_quota_see: count the object with @attr, unless it has been counted.
 * Returns whether it has not.  Context: locked, and counting.
 */
bool fs_quota_see(FsQuota *quota, const FsAttr *attr);

/* fs-quota-count.c */

/** fs_quota_count: start the thread; counting and working are set. */
void fs_quota_count(FsQuota *quota);
/** fs_quota_seen_add: false if it is in it already. */
bool fs_quota_seen_add(FsQuotaSeen *seen, uint64_t dev, uint64_t ino);
void fs_quota_seen_remove(FsQuotaSeen *seen, uint64_t dev, uint64_t ino);
void fs_quota_seen_clear(FsQuotaSeen *seen);

#endif
