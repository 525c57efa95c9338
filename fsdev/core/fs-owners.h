/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Objects whose owner or group is not in the maps of the export.
 *
 * With uidmap= or gidmap= such an object is protected as in a Linux file system
 * that is mounted with an id map: it can be seen, and read as far as its
 * permissions allow that to everybody, but it is neither changed nor removed.
 * The rules are a table in fs-owners.c.  Used by fsdriver*.c, which check the
 * objects of a call before they call the driver.  Without a map there is no
 * check.  Context: see the comments in fsdriver.h.
 */
#ifndef FSDEV_FS_OWNERS_H
#define FSDEV_FS_OWNERS_H

#include "fsdev/core/fsdriver.h"

/* What a call does with its objects. */
typedef enum FsOwnersRule {
    FS_OWNERS_SEARCH,           /* find a name in dir */
    FS_OWNERS_READ,             /* the data of node, or its user attributes */
    FS_OWNERS_WRITE,            /* the data of node, or its size */
    FS_OWNERS_SETATTR,          /* other attributes of node */
    FS_OWNERS_SETXATTR,         /* an extended attribute of node */
    FS_OWNERS_MAKE,             /* a new object in dir */
    FS_OWNERS_LINK,             /* a new name in dir for node */
    FS_OWNERS_UNLINK,           /* name in dir */
    FS_OWNERS_RENAME,           /* name in dir to newname in newdir */
} FsOwnersRule;

/* The objects of a call, of one export.  Each rule uses some of them. */
typedef struct FsObjects {
    FsNode *node;
    FsNode *dir;
    const char *name;
    FsNode *newdir;
    const char *newname;
} FsObjects;

/**
 * fs_owners_check_new: -EOVERFLOW unless a new object may have this owner and
 * group of the host.
 */
static inline int fs_owners_check_new(const FsConfig *config, uint32_t uid,
                                      uint32_t gid)
{
    return id_map_has_host(config->users, uid) &&
           id_map_has_host(config->groups, gid) ? 0 : -EOVERFLOW;
}

/** fs_owners_apply: does the export have a map? */
static inline bool fs_owners_apply(const FsConfig *config)
{
    return config->users || config->groups;
}

/**
 * fs_owners_check: may a call use the objects in the way that @rule says?
 *
 * Returns 0, or the error that the kernel has for this.  A name that does not
 * exist is not an error, as the call itself finds that out.  -EAGAIN when @call
 * may not wait for as long as it takes to find out.
 */
int fs_owners_check(const FsCall *call, FsOwnersRule rule,
                    const FsObjects *objects);
/**
 * fs_owners_check_read: the same for FS_OWNERS_READ and an object with the
 * attributes @attr, whose ids are the host's.
 */
int fs_owners_check_read(const FsConfig *config, const FsAttr *attr);

#endif
