/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the calls of fsdriver.h tell about an object, and change of it.
 *
 * Identity: two objects of an export that are known at the same time differ in
 * device, inode number or "twin".  The latter is 0 unless the host shows the
 * same numbers for several objects; it stays the same while the object is
 * known.  Of such hosts, "mark" says more about which object it is, if that is
 * known: one that gets its numbers later has another mark.
 */
#ifndef FSDEV_FS_ATTR_H
#define FSDEV_FS_ATTR_H

#include "fsdev/core/p9-osdep.h"

enum {
    FS_ATTR_BTIME = 1u << 0,    /* FsAttr.btime is valid */
};

typedef struct FsAttr {
    uint32_t valid;             /* FS_ATTR_* of the optional fields */
    uint32_t mode;              /* as the guest sees it, with the type */
    uint32_t uid;
    uint32_t gid;
    uint64_t nlink;
    uint64_t dev;               /* of the host, also inode number */
    uint64_t ino;
    uint64_t twin;
    uint64_t mark;
    uint64_t rdev;              /* in the host's dev_t encoding */
    uint64_t size;
    uint64_t blocks;            /* of 512 bytes */
    uint32_t blksize;
    struct timespec atime;
    struct timespec mtime;
    struct timespec ctime;
    struct timespec btime;
} FsAttr;

/*
 * What is known of the object of a node without asking the host, to find it
 * again in another process.
 */
typedef struct FsIdentity {
    uint32_t type;              /* S_IFMT bits, as on the host */
    uint64_t dev;               /* these four as in FsAttr */
    uint64_t ino;
    uint64_t twin;
    uint64_t mark;
    int64_t born;               /* birth time in ns; 0: not known */
    bool proof;                 /* dev and ino tell it from all others */
} FsIdentity;

enum {
    FS_SET_MODE = 1u << 0,
    FS_SET_UID = 1u << 1,
    FS_SET_GID = 1u << 2,
    FS_SET_SIZE = 1u << 3,
    FS_SET_ATIME = 1u << 4,     /* to FsSetattr.atime; UTIME_NOW allowed */
    FS_SET_MTIME = 1u << 5,
    FS_SET_CTIME = 1u << 6,     /* only update the ctime */
};

typedef struct FsSetattr {
    uint32_t valid;             /* FS_SET_* */
    uint32_t mode;              /* permission bits, 07777 */
    uint32_t uid;
    uint32_t gid;
    uint64_t size;
    struct timespec atime;
    struct timespec mtime;
} FsSetattr;

typedef struct FsDirent {
    const char *name;           /* borrowed, NUL-terminated */
    size_t name_len;
    uint64_t next;              /* cookie that continues after this entry */
    uint64_t ino;
    uint64_t dev;               /* 0 without FS_READDIR_DEV */
    uint64_t twin;
    uint8_t type;               /* DT_*; DT_UNKNOWN if it takes another call */
} FsDirent;

#endif
