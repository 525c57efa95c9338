/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * File systems by what tells their objects apart: see host-identity.h.
 * Used by fsdev/node from any thread.
 */
#include "fsdev/core/p9-osdep.h"
#include "fsdev/core/fs-hash.h"
#include "fsdev/host/host-identity.h"

#include <linux/magic.h>

/* Missing from the headers of some hosts. */
#ifndef AT_HANDLE_FID
#define AT_HANDLE_FID 0x200             /* Linux 6.5 */
#endif
#ifndef BCACHEFS_SUPER_MAGIC
#define BCACHEFS_SUPER_MAGIC 0xca451a4e
#endif
#ifndef FUSE_SUPER_MAGIC
#define FUSE_SUPER_MAGIC 0x65735546
#endif
#define ZFS_SUPER_MAGIC 0x2fc12fc1
#define JFS_SUPER_MAGIC 0x3153464a

/*
 * Where device and inode number are proof, and why.  What is not named here is
 * asked for more: FUSE shows the numbers that its server invents; overlayfs
 * shows one number for all hard links in a lower layer, though each of them
 * becomes a file of its own when it is changed; 9p and CIFS pass on what the
 * server says, about any number of file systems; and stacked file systems show
 * those of others.
 */
static const uint32_t numbers_tell[] = {
    EXT4_SUPER_MAGIC,           /* the index in the inode table; ext2, ext3 */
    XFS_SUPER_MAGIC,            /* where the inode is on the disk */
    BTRFS_SUPER_MAGIC,          /* an object of a tree; each has a st_dev */
    BCACHEFS_SUPER_MAGIC,       /* likewise */
    F2FS_SUPER_MAGIC,           /* an index of the node address table */
    ZFS_SUPER_MAGIC,            /* the object's number in its data set */
    JFS_SUPER_MAGIC,            /* the index in the inode map */
    TMPFS_MAGIC,                /* counted by the kernel */
    RAMFS_MAGIC,                /* likewise */
    SQUASHFS_MAGIC,             /* counted when the image was made */
    EROFS_SUPER_MAGIC_V1,       /* where the inode is in the image */
    ISOFS_SUPER_MAGIC,          /* where the directory entry is */
    MSDOS_SUPER_MAGIC,          /* made up, but for an inode in memory once */
    EXFAT_SUPER_MAGIC,          /* likewise */
    NFS_SUPER_MAGIC,            /* the fileid; each fsid has a st_dev */
};

bool host_numbers_tell(int fd)
{
    struct statfs st;

    if (fstatfs(fd, &st) < 0) {
        return false;
    }
    for (size_t i = 0; i < ARRAY_SIZE(numbers_tell); i++) {
        if ((uint32_t)st.f_type == numbers_tell[i]) {
            return true;
        }
    }
    return false;
}

/* ---- file handles ----------------------------------------------------- */

/* As large as any file system of the kernel needs. */
typedef struct Handle {
    struct file_handle header;
    unsigned char bytes[MAX_HANDLE_SZ];
} Handle;

static bool get_handle(int fd, int flags, Handle *handle)
{
    int mount_id;

    handle->header.handle_bytes = sizeof(handle->bytes);
    return name_to_handle_at(fd, "", &handle->header, &mount_id,
                             AT_EMPTY_PATH | flags) == 0 &&
           handle->header.handle_bytes <= sizeof(handle->bytes);
}

static uint64_t hash_of(const Handle *handle)
{
    uint64_t hash = fs_hash_mix(handle->header.handle_type,
                                handle->header.handle_bytes);

    for (unsigned i = 0; i < handle->header.handle_bytes; i++) {
        hash = fs_hash_mix(hash, handle->bytes[i]);
    }
    return hash ?: 1;
}

enum {
    /* exportfs_encode_ino64_fid(): inode number and generation, of any fs. */
    TYPE_GENERIC = 0x81,
    /* struct ovl_fh in fs/overlayfs: the flags are at this offset. */
    TYPE_OVERLAY = 0xf8,
    OVERLAY_FLAGS = 6,
    OVERLAY_UPPER = 0x04,
};

/*
 * A handle that the kernel would open belongs to one object, as NFS servers
 * rely on it.  Other handles (AT_HANDLE_FID) are only made to be compared.  In
 * overlayfs, all hard links in a lower layer have one handle of this kind,
 * which they keep when they become different files; an object that is in the
 * upper layer only has one of its own.
 */
static HostHandleKind kind_of_fid(const Handle *handle)
{
    switch (handle->header.handle_type) {
    case TYPE_GENERIC:
        return HOST_HANDLE_NONE;
    case TYPE_OVERLAY:
        return handle->header.handle_bytes > OVERLAY_FLAGS &&
               (handle->bytes[OVERLAY_FLAGS] & OVERLAY_UPPER)
               ? HOST_HANDLE_PROOF : HOST_HANDLE_HINT;
    default:
        return HOST_HANDLE_HINT;
    }
}

HostHandleKind host_handle(int fd, uint64_t *hash)
{
    HostHandleKind kind = HOST_HANDLE_NONE;
    Handle handle;

    *hash = 0;
    if (get_handle(fd, 0, &handle)) {
        kind = HOST_HANDLE_PROOF;
    } else if (errno == EOPNOTSUPP && get_handle(fd, AT_HANDLE_FID, &handle)) {
        kind = kind_of_fid(&handle);
    }
    if (kind != HOST_HANDLE_NONE) {
        *hash = hash_of(&handle);
    }
    return kind;
}
