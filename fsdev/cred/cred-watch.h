/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The values that a model stores beside files, kept as long as nothing happens
 * to the inodes that they were found in.
 *
 * To look at the file with the values of an object, its folder and the file
 * have to be opened step by step, and no descriptor that was kept would tell
 * with one call that both still have their names.  So the two are watched
 * (host-watch.h).  An entry says what was found for one name in one directory.
 * It is used only if no event of the two, and of the mounts of this process,
 * has come since before it was found, which takes one system call to see.
 *
 * Watching costs more than looking a few times, and the number of watches is
 * limited.  So only values that are used again are kept, and an entry is not
 * replaced by another one within ten seconds after it was used: when more files
 * are looked at in turn than there is room for, most are not watched.
 *
 * This holds only for file systems that no other host changes.
 * Context: any thread, waits for local storage at most.
 */
#ifndef FSDEV_CRED_WATCH_H
#define FSDEV_CRED_WATCH_H

#include "fsdev/cred/cred.h"

typedef struct CredWatch CredWatch;

CredWatch *cred_watch_new(const CredPolicy *policy);
void cred_watch_free(CredWatch *watch);
/** cred_watch_get: false when there is no entry for @obj. */
bool cred_watch_get(CredWatch *watch, const CredObject *obj,
                    CredValues *values);
/**
 * cred_watch_add: keep @values, which were stored for @obj when the policy's
 * holder() returned @fd and @st.  @attr is as for holder().  They are not kept
 * when they cannot be watched, or when there is no room.
 */
void cred_watch_add(CredWatch *watch, const CredObject *obj,
                    const FsAttr *attr, int fd, const HostStat *st,
                    const CredValues *values);
/** cred_watch_entries: how many entries can be used now. */
unsigned cred_watch_entries(CredWatch *watch);

#endif
