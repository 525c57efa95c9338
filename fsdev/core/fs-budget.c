/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a guest can make QEMU keep: see fs-budget.h.
 */
#include "fsdev/core/p9-osdep.h"
#include "fsdev/core/fs-warn.h"
#include "fsdev/core/fsdriver.h"

#ifdef __GLIBC__
#include <malloc.h>
#endif

#define TRIM_BYTES      (16u * 1024 * 1024)     /* while others are used */
#define TRIM_IDLE_BYTES (1u * 1024 * 1024)      /* at the end */

/* For a request of each descriptor of a large virtqueue */
#define PIECES_BYTES    (1024u * FS_BUDGET_PIECE)
/* Of 32 KiB each; a directory without one reads more often from the host. */
#define DIRS_BYTES      (8u * 1024 * 1024)
/* A name in use has 10 to 20 bytes on average. */
#define PATH_BYTES      48

typedef struct BudgetRow {
    const char *what;           /* is limited */
    const char *raise;          /* how to raise the limit; NULL: no report */
    size_t unit;                /* bytes of memory for one, roughly */
} BudgetRow;

#define RAISE_FSDEV(option) "option " option " of -fsdev"

static const BudgetRow rows[FS_BUDGET_ITEMS] = {
    [FS_BUDGET_FIDS] = { "fids", RAISE_FSDEV("max_fids"), 320 },
    [FS_BUDGET_XATTRS] = { "open extended attributes",
                           RAISE_FSDEV("max_xattr"), 128 },
    [FS_BUDGET_LOCKS] = { "owners of file locks", RAISE_FSDEV("max_locks"),
                          128 },
    [FS_BUDGET_MEMORY] = { "bytes for requests", RAISE_FSDEV("max_memory"),
                           1 },
    [FS_BUDGET_PIECES] = { "bytes for requests that were cut",
                           RAISE_FSDEV("max_memory"), 1 },
    [FS_BUDGET_NAMES] = { "files in use", RAISE_FSDEV("max_fids"), 0 },
    [FS_BUDGET_PATHS] = { "bytes in names of files in use",
                          RAISE_FSDEV("max_fids"), 0 },
    [FS_BUDGET_RANGES] = { "locked ranges of files", RAISE_FSDEV("max_locks"),
                           0 },
    [FS_BUDGET_DIRS] = { "bytes for open directories", NULL, 0 },
    [FS_BUDGET_FILES] = { "open files",
                          "limit on open files of QEMU's process (ulimit -n)",
                          0 },
};

void fs_limits_set(FsLimits *limits, const FsConfig *config)
{
    gsize fids = config->max_fids ?: FS_MAX_FIDS_FEW;
    gsize locks = config->max_locks ?: FS_MAX_LOCKS_DEFAULT;
    gsize memory = MIN(config->max_memory ?: FS_MAX_MEMORY_DEFAULT,
                       G_MAXSIZE);

    const gsize item[FS_BUDGET_ITEMS] = {
        [FS_BUDGET_FIDS] = fids,
        [FS_BUDGET_XATTRS] = config->max_xattr,
        [FS_BUDGET_LOCKS] = locks,
        [FS_BUDGET_MEMORY] = memory,
        [FS_BUDGET_PIECES] = PIECES_BYTES,
        /* A fid also keeps the names of the directories above. */
        [FS_BUDGET_NAMES] = fids,
        [FS_BUDGET_PATHS] = fids <= G_MAXSIZE / PATH_BYTES
                            ? fids * PATH_BYTES : G_MAXSIZE,
        [FS_BUDGET_RANGES] = locks,
        [FS_BUDGET_DIRS] = DIRS_BYTES,
    };

    for (unsigned i = 0; i < FS_BUDGET_ITEMS; i++) {
        g_atomic_pointer_set(&limits->item[i], item[i]);
    }
}

void fs_budget_init(FsBudget *budget, const FsExport *export)
{
    *budget = (FsBudget) { .export = export };
}

gsize fs_budget_limit(const FsBudget *budget, FsBudgetItem item)
{
    const FsExport *export = budget->export;

    return export ? (gsize)g_atomic_pointer_get(
                        (gsize *)&export->limits.item[item]) : 0;
}

void fs_budget_report(const FsBudget *budget, FsBudgetItem item)
{
    const BudgetRow *row = &rows[item];
    gsize max = fs_budget_limit(budget, item);
    g_autofree char *limit = NULL;

    if (!row->raise || !budget->export ||
        !fs_warn_due(budget->export, FS_WARN_LIMIT + item)) {
        return;
    }
    if (max) {
        limit = g_strdup_printf("%zu ", max);
    }
    fs_warn(budget->export, FS_WARN_LIMIT + item,
            "the guest has met the limit of %s%s; the %s raises it",
            limit ?: "", row->what, row->raise);
}

/* ---- charging ---- */

bool fs_budget_charge(FsBudget *budget, FsBudgetItem item, gsize amount)
{
    gsize limit = fs_budget_limit(budget, item);
    gsize before = (gsize)g_atomic_pointer_add(&budget->used[item], amount);

    if (limit && amount && (before > limit || amount > limit - before)) {
        g_atomic_pointer_add(&budget->used[item], -amount);
        fs_budget_report(budget, item);
        return false;
    }
    return true;
}

static void give_back_to_host(void)
{
#ifdef __GLIBC__
    malloc_trim(0);
#endif
}

void fs_budget_refund(FsBudget *budget, FsBudgetItem item, gsize amount)
{
    gsize before = (gsize)g_atomic_pointer_add(&budget->used[item], -amount);
    gsize peak = (gsize)g_atomic_pointer_get(&budget->peak[item]);
    gsize now = before - amount;

    assert(before >= amount);
    if (before > peak) {
        peak = before;
        g_atomic_pointer_set(&budget->peak[item], peak);
    }
    if (now <= peak / 4 && (peak - now) * rows[item].unit >= TRIM_BYTES) {
        g_atomic_pointer_set(&budget->peak[item], now);
        give_back_to_host();
    }
}

void fs_budget_trim(FsBudget *budget)
{
    gsize bytes = 0;

    for (unsigned i = 0; i < FS_BUDGET_ITEMS; i++) {
        gsize used = fs_budget_used(budget, i);
        gsize peak = (gsize)g_atomic_pointer_get(&budget->peak[i]);

        bytes += peak > used ? (peak - used) * rows[i].unit : 0;
        g_atomic_pointer_set(&budget->peak[i], used);
    }
    if (bytes >= TRIM_IDLE_BYTES) {
        give_back_to_host();
    }
}

gsize fs_budget_used(const FsBudget *budget, FsBudgetItem item)
{
    return (gsize)g_atomic_pointer_get((gsize *)&budget->used[item]);
}
