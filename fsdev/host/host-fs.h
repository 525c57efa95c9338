/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What is known of the host's file systems, and what is mounted where.
 *
 * The kernel tells through /proc/self/mountinfo, kept open since host_init(),
 * whether anything was mounted or unmounted; it is read again only then.  What
 * was read is a snapshot that its holder may go on using.  Context: any thread.
 */
#ifndef FSDEV_HOST_FS_H
#define FSDEV_HOST_FS_H

#include "fsdev/core/p9-osdep.h"

/**
 * host_fs_is_local: no call on @fd's file system waits for a network or a
 * user-space server (fstatfs magic).
 */
bool host_fs_is_local(int fd);
/** host_fs_is_in_memory: reading a file of @fd's file system needs no disk. */
bool host_fs_is_in_memory(int fd);

/* Which entries of a directory may have another st_dev than it has itself. */
typedef enum HostFsDevs {
    HOST_DEVS_ANY,          /* nothing is known: any of them */
    HOST_DEVS_DIRS,         /* mount points and directories: subvolumes */
    HOST_DEVS_MOUNTS,       /* mount points; others have st_ino == d_ino too */
} HostFsDevs;
HostFsDevs host_fs_devs(int fd);

/* Counted. */
typedef struct HostMounts HostMounts;

/**
 * host_mounts_get: what is mounted now, counted.  Reading it anew may sleep:
 * -EAGAIN instead unless @may_sleep.  -ENOSYS when the kernel does not tell.
 */
int host_mounts_get(bool may_sleep, HostMounts **mounts);
void host_mounts_put(HostMounts *mounts);
/**
 * host_mounts_in: last components of what is mounted within mount @mnt_id, as
 * a set (borrowed).  NULL when the mount is none that this process sees, which
 * tells nothing.
 */
GHashTable *host_mounts_in(const HostMounts *mounts, uint64_t mnt_id);

/* host_mounts_parse: the text of a mountinfo file; for tests too. */
HostMounts *host_mounts_parse(const char *text);

#endif
