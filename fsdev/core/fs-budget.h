/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a guest can make QEMU keep, and its limits.
 *
 * A session and an export have one budget each.  What is kept is charged before
 * it is allocated and refunded after it was freed, also by what a reset leaves
 * behind; a reset does not change the budget.  A limit that is met is reported
 * at most once a minute for each item (fs-warn.h).  Context: any thread.
 */
#ifndef FSDEV_FS_BUDGET_H
#define FSDEV_FS_BUDGET_H

#include <glib.h>

/* What is left of a request that is cut, and of one that lists a directory */
#define FS_BUDGET_PIECE 16384
/* The most limits that a guest's memory can be the reason for: max_fids */
#define FS_MAX_FIDS_FEW     163840u
#define FS_MAX_FIDS_MANY    393216u
#define FS_MAX_LOCKS_DEFAULT    4096u
#define FS_MAX_MEMORY_DEFAULT   (24u * 1024 * 1024)

typedef enum FsBudgetItem {
    /* Of a session */
    FS_BUDGET_FIDS,
    FS_BUDGET_XATTRS,           /* fids that hold an extended attribute */
    FS_BUDGET_LOCKS,            /* owners of locks */
    FS_BUDGET_MEMORY,           /* bytes: payload that is copied, directory */
                                /* reads, attributes, owners, long strings */
    FS_BUDGET_PIECES,           /* bytes of requests that are cut for that */
    /* Of an export */
    FS_BUDGET_NAMES,            /* names in a node table */
    FS_BUDGET_PATHS,            /* … and their bytes */
    FS_BUDGET_RANGES,           /* locked ranges */
    FS_BUDGET_DIRS,             /* bytes of buffers of open directories */
    FS_BUDGET_FILES,            /* open files: node-fd.c counts them */
    FS_BUDGET_ITEMS,
} FsBudgetItem;

struct FsConfig;
struct FsExport;

/* The limits of an export and its sessions; atomic, 0: none. */
typedef struct FsLimits {
    gsize item[FS_BUDGET_ITEMS];
} FsLimits;

typedef struct FsBudget {
    const struct FsExport *export;  /* borrowed; NULL before init */
    gsize used[FS_BUDGET_ITEMS];    /* atomic */
    gsize peak[FS_BUDGET_ITEMS];    /* of used since a trim; atomic */
} FsBudget;

/**
 * fs_limits_set: take the limits from @config, at the start and later.
 *
 * What is used already stays, also if it is more.
 */
void fs_limits_set(FsLimits *limits, const struct FsConfig *config);

/** fs_budget_init: the limits are those of @export, which outlives it. */
void fs_budget_init(FsBudget *budget, const struct FsExport *export);

/**
 * fs_budget_charge: false, and nothing is charged, if it is too much.  Then the
 * limit is reported as by fs_budget_report().
 */
bool fs_budget_charge(FsBudget *budget, FsBudgetItem item, gsize amount);
/**
 * fs_budget_refund: give back what was charged, after it was freed.
 *
 * If most of a large amount is given back, so is the memory to the host.  That
 * takes about a millisecond for each 10 MiB.
 */
void fs_budget_refund(FsBudget *budget, FsBudgetItem item, gsize amount);
/**
 * fs_budget_trim: give freed memory back to the host, unless it is little; to
 * be called when everything was freed.
 */
void fs_budget_trim(FsBudget *budget);

/** fs_budget_limit: the limit of now; 0: none. */
gsize fs_budget_limit(const FsBudget *budget, FsBudgetItem item);
gsize fs_budget_used(const FsBudget *budget, FsBudgetItem item);

/** fs_budget_report: print that the limit was met. */
void fs_budget_report(const FsBudget *budget, FsBudgetItem item);

#endif
