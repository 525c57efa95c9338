/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The start of virtfs-proxy-helper: all restrictions, in their order.
 *
 * The functions are called in this order.  Errors are reported with
 * helper_say() and end the process.  Context: while there is one thread, except
 * for the filter.
 */
#ifndef FSDEV_HELPER_START_H
#define FSDEV_HELPER_START_H

#include "fsdev/core/fsdriver.h"

typedef struct HelperStart {
    const char *path;           /* the directory to export */
    bool readonly;
    bool allow_suid;
    bool allow_devices;
    bool nested_export;         /* the guest may set user.virtfs.* */
    FsXattrRules *xattrs;       /* borrowed; NULL: none of security.* */
    /* The ids of the host that guests may have; NULL: all. */
    IdMap *users;
    IdMap *groups;
} HelperStart;

/**
 * helper_start_locked: restrict the process except for the filter, and open the
 * export, which is the root directory by then.
 *
 * *@no_mounts: see helper_sandbox_mounts().  The caller owns the result.
 */
FsExport *helper_start_locked(const HelperStart *start, bool *no_mounts);
/**
 * helper_start_connected: what is possible once the socket's name has been
 * removed.
 *
 * Sets up Landlock, if the kernel has it, and has messages written by another
 * process, which is the last one that is created; see helper-messages.h.
 */
void helper_start_connected(void);
/**
 * helper_start_filter: install the filter, for all threads.  Any number of
 * threads may exist.
 */
void helper_start_filter(const HelperStart *start);

#endif
