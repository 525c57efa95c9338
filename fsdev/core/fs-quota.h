/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The quota of an export: how many bytes and files its guests may make it hold.
 *
 * What the tree holds is counted once, in a thread of its own (see
 * fs-quota-count.c), and kept up to date afterwards by the calls of fsdriver.h.
 * An object counts as one file, however many names it has, until nothing can
 * use it any more: one that has lost its last name counts as long as a fid
 * leads to it.  A regular file counts with its length as well, rounded up to
 * FS_QUOTA_UNIT; holes are part of the length.  So each call knows what it adds
 * before it is made, which blocks on the host's disk do not tell.  The exported
 * directory itself does not count.
 *
 * Lengths are not locked while a file is written.  The first call that changes
 * the length of an object reads it; calls that run meanwhile only raise what is
 * charged, and the last of them settles that by the real length, if need be.
 *
 * An export without a quota costs one test of a pointer.  Context: any thread;
 * functions without an FsCall do not block.
 */
#ifndef FSDEV_FS_QUOTA_H
#define FSDEV_FS_QUOTA_H

#include "fsdev/core/fsdriver.h"

#define FS_QUOTA_UNIT 4096u

typedef struct FsQuotaObject FsQuotaObject;

/* What the tree of an export holds, and may hold. */
typedef struct FsQuotaState {
    uint64_t max_bytes;         /* 0: no limit */
    uint64_t max_files;
    uint64_t bytes;
    uint64_t files;
    uint64_t missed;            /* objects that could not be counted */
    bool counting;              /* there may be more */
} FsQuotaState;

/* An object whose length a call is about to change. */
typedef struct FsQuotaHold {
    FsQuota *quota;
    FsQuotaObject *object;      /* borrowed from the quota */
    FsNode *node;               /* borrowed */
    FsFile *file;               /* borrowed; NULL: not open */
    bool settle;                /* what is charged may be too much */
} FsQuotaHold;

/* The names that a call is about to change, and what loses one. */
typedef struct FsQuotaVictim {
    FsQuota *quota;             /* NULL: fs_quota_victim() has failed */
    const char *name;           /* is removed or replaced */
    const char *from;           /* is renamed to it, or NULL */
    FsNode *dir;                /* borrowed */
    FsNode *from_dir;
    FsNode *node;               /* counted; NULL: there is none */
    FsAttr attr;
} FsQuotaVictim;

static inline FsQuota *fs_quota_of(const FsExport *export)
{
    return g_atomic_pointer_get((FsQuota **)&export->quota);
}

/**
 * fs_export_set_quota: limit what the tree of @export may hold from now on.
 *
 * 0: no limit.  The first limit has the tree counted in the background; calls
 * that run meanwhile may be missed.  Context: main thread.
 */
void fs_export_set_quota(FsExport *export, uint64_t max_bytes,
                         uint64_t max_files);
/**
 * fs_export_quota: false, and *@state is unchanged, if there never was a limit.
 * Context: any thread; never blocks.
 */
bool fs_export_quota(FsExport *export, FsQuotaState *state);
/**
 * fs_quota_admit_new: charge a file that is about to be made as @name in @dir.
 *
 * Returns 0, -ENOSPC, or -EEXIST if there is one with this name, which has to
 * be answered then.  -EAGAIN if finding out would have to wait longer.
 */
int fs_quota_admit_new(const FsCall *call, FsNode *dir, const char *name);
/**
 * fs_quota_made: after fs_quota_admit_new() and the call, which has returned
 * @ret and, if that is 0, @attr.
 */
void fs_quota_made(FsExport *export, int ret, const FsAttr *attr);

/**
 * fs_quota_hold: begin a call that may change the length of @node's object;
 * @file is an open file of it, or NULL.  On success fs_quota_release() must
 * follow.
 */
int fs_quota_hold(FsQuotaHold *hold, const FsCall *call, FsNode *node,
                  FsFile *file);
/**
 * fs_quota_admit_write: charge what a write of @length bytes at @offset adds.
 *
 * Returns how many of them may be written, or -ENOSPC.
 */
ssize_t fs_quota_admit_write(FsQuotaHold *hold, uint64_t offset, size_t length);
/** fs_quota_admit_size: the same for a new length of the file: 0 or -ENOSPC. */
int fs_quota_admit_size(FsQuotaHold *hold, uint64_t size);
/** fs_quota_release: the call has returned. */
void fs_quota_release(FsQuotaHold *hold, const FsCall *call);

/**
 * fs_quota_victim: find what has victim->name now; the strings and the borrowed
 * nodes are set by the caller.
 *
 * Until fs_quota_victim_done() no other call changes the same names.  -EAGAIN
 * if that would have to wait longer; all other errors are left to the call that
 * follows.
 */
int fs_quota_victim(FsQuotaVictim *victim, const FsCall *call);
/**
 * fs_quota_victim_done: @ret is the result of the call that took the name.
 * Does nothing after a fs_quota_victim() that has failed.
 */
void fs_quota_victim_done(FsQuotaVictim *victim, const FsCall *call, int ret);

/** fs_quota_statfs: show the quota of @export in *@st, of the host. */
void fs_quota_statfs(FsExport *export, struct statfs *st);

/**
 * fs_quota_gone: for drivers: nothing refers to the object any more.  To be
 * called for each object that fids have led to.
 */
void fs_quota_gone(FsExport *export, uint64_t dev, uint64_t ino);

/**
 * fs_quota_leave: the last reference to @export was dropped.  True if the
 * thread that counts still uses it, and will call fs_export_close().
 */
bool fs_quota_leave(FsExport *export);
void fs_quota_free(FsQuota *quota);
/** fs_quota_await: wait until the tree has been counted.  For tests. */
void fs_quota_await(FsExport *export);

#endif
