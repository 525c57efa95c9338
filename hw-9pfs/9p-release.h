/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Closing files and lockers on a worker, because that may block.
 *
 * No request waits for it.  The session is not freed before it is done.
 * Context: event loop.
 */
#ifndef HW_9PFS_9P_RELEASE_H
#define HW_9PFS_9P_RELEASE_H

#include "9p-session-int.h"

/** p9_release_file: close @file; takes it over. */
void p9_release_file(P9Session *s, FsFile *file);
/** p9_release_locker: close @locker; takes it over.  Then calls @closed. */
void p9_release_locker(P9Session *s, FsLocker *locker,
                       void (*closed)(P9Session *s));

#endif
