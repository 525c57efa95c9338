/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a program of the host does to the files with the values of mapped-file,
 * and to their folders: one change each, with what the guest sees then.
 */
#ifndef WATCH_CHANGES_H
#define WATCH_CHANGES_H

#include "local-env.h"

#define WATCH_META ".virtfs_metadata"

/* The owner on the host, where nothing is stored. */
#define WATCH_UNSTORED UINT32_MAX

/*
 * A change of what belongs to the file d/f, whose owner was 1.  In the second
 * folder d/other, a file f has the values of the owner 2.
 */
typedef struct WatchChange {
    const char *name;
    void (*happens)(LocalEnv *env);
    int error;                  /* what the guest gets then, … */
    uint32_t uid;               /* … or this owner */
    bool mounts;                /* has to be allowed to mount */
    bool on_disk;               /* in memory, this does not change the ctime */
} WatchChange;

extern const WatchChange watch_changes[];
extern const size_t n_watch_changes;

/** watch_change_end: close and unmount what a change has left. */
void watch_change_end(LocalEnv *env);

void watch_move(const LocalEnv *env, const char *from, const char *to);
void watch_exchange(const LocalEnv *env, const char *a, const char *b);
void watch_unmount(LocalEnv *env, const char *name);

#endif
