/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Properties of the host's file systems, and what is mounted where.
 *
 * /proc/self/mountinfo, which is open since host_init(), reports whether
 * anything was mounted or unmounted; it is read again only then.  What was read
 * is a snapshot, which may be used as long as it is referenced.
 * Context: any thread.
 */
#ifndef FSDEV_HOST_FS_H
#define FSDEV_HOST_FS_H

#include "fsdev/core/p9-osdep.h"
#include "fsdev/host/host.h"

/**
 * host_fs_is_local: no call on @fd's file system waits for a network or a
 * user-space server (fstatfs magic).
 */
bool host_fs_is_local(int fd);
/** host_fs_is_in_memory: files of @fd's file system are read from memory. */
bool host_fs_is_in_memory(int fd);

/**
 * host_fs_invents_size: is the size in @st, the attributes of @fd's file, not
 * that of its contents?
 *
 * The kernel tells a fixed size for the files of sysfs and the like, which hold
 * less.  Linux 6.12 as a guest never ends a read that crosses the real end.
 * procfs tells 0 instead, with which programs read until the end.
 */
bool host_fs_invents_size(int fd, const HostStat *st);

/* Which entries of a directory may have another st_dev than the directory. */
typedef enum HostFsDevs {
    HOST_DEVS_ANY,          /* all of them; the file system is not known */
    HOST_DEVS_DIRS,         /* mount points, and directories: subvolumes */
    HOST_DEVS_MOUNTS,       /* mount points; for others st_ino == d_ino */
} HostFsDevs;
HostFsDevs host_fs_devs(int fd);

/**
 * host_fs_dev_id: an identity for the device @dev of the object of @fd which
 * the device has after the next boot, too: derived from the UUID of the file
 * system, and for btrfs of the subvolume, if it has one and reports it; else
 * @dev.  May hang if the file system does not respond.
 */
uint64_t host_fs_dev_id(int fd, uint64_t dev);

/* Counted. */
typedef struct HostMounts HostMounts;

/**
 * host_mounts_get: what is mounted now, counted.
 *
 * Reading the list again may sleep; without @may_sleep that is -EAGAIN.
 * -ENOSYS when the kernel does not provide the list.
 */
int host_mounts_get(bool may_sleep, HostMounts **mounts);
void host_mounts_put(HostMounts *mounts);
/**
 * host_mounts_in: the last components of all mount points within the mount
 * @mnt_id, as a set (borrowed).  NULL when this process does not see the mount,
 * so that it is not known what is mounted there.
 */
GHashTable *host_mounts_in(const HostMounts *mounts, uint64_t mnt_id);

/** host_mounts_parse: from the text of a mountinfo file. */
HostMounts *host_mounts_parse(const char *text);

#endif
