/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What uidmap= and gidmap= of an export mean for the arguments and results of
 * the driver interface.
 *
 * For fsdriver.c, which calls these on the way to and from a driver.  Without
 * a map nothing changes.  Context: any thread, never blocks.
 */
#ifndef FSDEV_FS_IDS_H
#define FSDEV_FS_IDS_H

#include "fsdev/core/fsdriver.h"

/** fs_call_to_host, fs_set_to_host: copy; -EOVERFLOW as id_map_to_host(). */
int fs_call_to_host(const FsConfig *config, const FsCall *call, FsCall *host);
int fs_set_to_host(const FsConfig *config, const FsSetattr *set,
                   FsSetattr *host);
/** fs_attr_to_guest: owner and group, in place. */
void fs_attr_to_guest(const FsConfig *config, FsAttr *attr);
/** fs_xattr_to_guest: the ids in the value of attribute @name, in place. */
int fs_xattr_to_guest(const FsConfig *config, const char *name, void *value,
                      size_t size);
/**
 * fs_xattr_to_host: when the value of attribute @name has ids that are mapped,
 * *@mapped is a new copy with those of the host, for the caller to free.
 */
int fs_xattr_to_host(const FsConfig *config, const char *name,
                     const void *value, size_t size, void **mapped);

#endif
