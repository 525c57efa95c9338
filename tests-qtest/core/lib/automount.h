/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * An automount point whose daemon never mounts anything: a process that
 * triggers it waits until it is freed, or until the process is killed.
 *
 * For processes that have called fuse_stand_in_separate().
 */
#ifndef AUTOMOUNT_H
#define AUTOMOUNT_H

#include "fsdev/core/p9-osdep.h"

typedef struct Automount Automount;

/** automount_new: on the directory @path; NULL where there is no autofs. */
Automount *automount_new(const char *path);
/** automount_free: let processes go on, and unmount it.  NULL is allowed. */
void automount_free(Automount *automount);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Automount, automount_free)

/** automount_triggered: has anything begun to wait for the daemon? */
bool automount_triggered(Automount *automount);

#endif
