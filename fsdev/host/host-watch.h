/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Watches: has anything happened to some inodes of the host, or to the mounts
 * of this process?
 *
 * The kernel puts an event into a queue before the system call that has caused
 * it returns (inotify(7)).  So one system call tells whether any of thousands
 * of inodes was changed by a call that has ended, in whichever process.  What
 * is written through a mapping of a file is reported when the mapping ends.
 *
 * A mark on an inode reports one event and is gone then, so that no process of
 * the host can fill the queue.  The caller provides the locking: one call at a
 * time for a HostWatch.  Context: any thread, never blocks.
 */
#ifndef FSDEV_HOST_WATCH_H
#define FSDEV_HOST_WATCH_H

#include "fsdev/core/p9-osdep.h"

typedef struct HostWatch HostWatch;

typedef enum HostWatchKind {
    /* Contents and attributes, and that a name is added, changed or removed. */
    HOST_WATCH_FILE,
    /* That a directory is renamed or removed, and its attributes. */
    HOST_WATCH_PLACE,
} HostWatchKind;

/**
 * host_watch_new: NULL when the user may have no more watches, or /proc does
 * not tell what is mounted.  It has two descriptors, of those that node-fd.c
 * leaves to the rest of the process.
 */
HostWatch *host_watch_new(void);
void host_watch_free(HostWatch *watch);
/**
 * host_watch_add: mark the inode of @fd, which may be a path fd.
 *
 * Returns the number of the mark, which is that of the old mark if the inode
 * has one.  Numbers are not used again.  -ENOSPC at the limit of the user, and
 * -ENOENT after a chroot().
 */
int host_watch_add(HostWatch *watch, int fd, HostWatchKind kind);
void host_watch_remove(HostWatch *watch, int mark);
/**
 * host_watch_check: call @gone for each mark that has reported since the last
 * check; it may also be called for a mark that was removed.
 *
 * Returns whether the mounts have changed since the last check, or reports were
 * lost.
 */
bool host_watch_check(HostWatch *watch, void (*gone)(void *opaque, int mark),
                      void *opaque);

#endif
