/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Mapping of the ids in arguments and results of the driver interface,
 * according to uidmap= and gidmap= of an export.
 *
 * Used by fsdriver*.c, which map arguments before and results after they call
 * a driver.  Without a map ids do not change.  Context: any thread, never
 * blocks.
 */
#ifndef FSDEV_FS_IDS_H
#define FSDEV_FS_IDS_H

#include "fsdev/core/fsdriver.h"

/**
 * fs_call_to_host, fs_set_to_host: set *@host to a copy with ids of the host.
 * -EOVERFLOW as id_map_to_host().
 */
int fs_call_to_host(const FsConfig *config, const FsCall *call, FsCall *host);
int fs_set_to_host(const FsConfig *config, const FsSetattr *set,
                   FsSetattr *host);
/** fs_attr_to_guest: map owner and group in place. */
void fs_attr_to_guest(const FsConfig *config, FsAttr *attr);
/**
 * fs_xattr_to_guest: map the ids in the value of @name in place.  -ENODATA if
 * the attribute has no effect for any id of the guest.
 */
int fs_xattr_to_guest(const FsConfig *config, const char *name, void *value,
                      size_t size);
/**
 * fs_xattr_to_host: if the value of @name has ids to be mapped, set *@mapped to
 * a new copy with the ids of the host, which the caller frees, and *@size to
 * its size.
 *
 * A capability that xattrs= lets reach the host gets revision 3, with the
 * host's id of the guest's root, so that it has no effect for other users.
 */
int fs_xattr_to_host(const FsConfig *config, const char *name,
                     const void *value, size_t *size, void **mapped);

#endif
