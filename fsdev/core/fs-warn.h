/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Warnings about an export: what keeps a guest from being served, and what to
 * do about it.
 *
 * Guests can bring about most of the causes as often as they like, so the
 * number of lines is limited for each export and cause.  A line goes to
 * standard error, in QEMU as a warning.
 */
#ifndef FSDEV_FS_WARN_H
#define FSDEV_FS_WARN_H

#include "fsdev/core/fsdriver.h"

#define FS_WARN_NO_XATTRS \
    "mapped-xattr needs user attributes, which the host's file system does " \
    "not store; use mapped-file, or another file system"

typedef enum FsWarnCause {
    FS_WARN_ENTRY,              /* a directory entry that is left out */
    FS_WARN_XATTR,              /* no user attributes for a mapped model */
    FS_WARN_OWNER,              /* no right to give files to other users */
    FS_WARN_FULL,               /* no space, or a quota is used up */
    FS_WARN_FDS,                /* no descriptors */
    FS_WARN_HANG,               /* storage does not answer */
    FS_WARN_QUOTA,              /* max_bytes or max_files was met */
    FS_WARN_HELPER,             /* virtfs-proxy-helper does not serve */
    FS_WARN_LIMIT,              /* + FsBudgetItem: a limit was met */
    FS_WARN_CAUSES = FS_WARN_LIMIT + FS_BUDGET_ITEMS,
} FsWarnCause;

/**
 * fs_warn: print a line about @export, unless there were enough for @cause.
 *
 * The line begins with the export; the format adds what is wrong and how to
 * mend it.  Control characters become question marks, as names of files may
 * contain them.  Returns whether the line was printed.
 * Context: any thread; may wait for standard error.
 */
bool fs_warn(const FsExport *export, FsWarnCause cause, const char *format, ...)
    G_GNUC_PRINTF(3, 4);
/**
 * fs_warn_of: warn if @error, the result of the driver's function @entry, is
 * one for which the host has to be mended: no space, no descriptors, no
 * attributes for mapped-xattr.
 */
void fs_warn_of(const FsExport *export, const char *entry, int error);
/** fs_warn_due: would fs_warn() print a line that differs from earlier ones? */
bool fs_warn_due(const FsExport *export, FsWarnCause cause);
/** fs_warn_forget: @export is about to be freed. */
void fs_warn_forget(const FsExport *export);

#endif
