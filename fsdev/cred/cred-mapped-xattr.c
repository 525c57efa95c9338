/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Security model mapped-xattr: what the guest has set is stored in extended
 * attributes of the host file.
 *
 * user.virtfs.uid, .gid and .mode hold 32 bits, user.virtfs.rdev holds 64 bits,
 * all in little-endian order.  user.virtfs.whiteouts, which QEMU's 9pfs does
 * not know, has no value: what counts is that it exists.  Where an attribute
 * is missing or does not have this format, the host's value applies.  A real
 * symbolic link cannot have user attributes, so it always shows its host
 * values.
 * Called by the local driver, from any thread that may block.
 */
#include "fsdev/core/p9-osdep.h"
#include <sys/xattr.h>
#include "fsdev/cred/cred.h"

#define VIRTFS_UID "user.virtfs.uid"
#define VIRTFS_GID "user.virtfs.gid"
#define VIRTFS_MODE "user.virtfs.mode"
#define VIRTFS_RDEV "user.virtfs.rdev"
#define VIRTFS_WHITEOUTS "user.virtfs.whiteouts"
/* Enough for the names of nearly all files. */
#define LIST_SIZE 1024

static ssize_t get_value(const CredObject *obj, const char *name, void *value,
                         size_t size)
{
    return obj->fd_is_path
           ? host_getxattr(obj->fd, name, value, size)
           : NEG_ERRNO(fgetxattr(obj->fd, name, value, size));
}

static ssize_t list_names(const CredObject *obj, char *list, size_t size)
{
    return obj->fd_is_path ? host_listxattr(obj->fd, list, size)
                           : NEG_ERRNO(flistxattr(obj->fd, list, size));
}

static int put_value(const CredObject *obj, const char *name,
                     const void *value, size_t size)
{
    return obj->fd_is_path
           ? host_setxattr(obj->fd, name, value, size, 0)
           : NEG_ERRNO(fsetxattr(obj->fd, name, value, size, 0));
}

static void remove_value(const CredObject *obj, const char *name)
{
    if (obj->fd_is_path) {
        host_removexattr(obj->fd, name);
    } else {
        fremovexattr(obj->fd, name);
    }
}

/*
 * Does the error mean that there is no stored value?  There is none, there
 * cannot be one, it may not be read, or it does not have our format.
 */
static bool means_absent(ssize_t err)
{
    return err == -ENODATA || err == -EOPNOTSUPP || err == -EPERM ||
           err == -EACCES || err == -ERANGE;
}

/* Returns 1 with *@out set, 0 when there is no such value of @size bytes. */
static int load_bytes(const CredObject *obj, const char *name, void *out,
                      size_t size)
{
    ssize_t ret = get_value(obj, name, out, size);

    if (ret < 0) {
        return means_absent(ret) ? 0 : (int)ret;
    }
    return (size_t)ret == size;
}

static int load32(const CredObject *obj, const char *name, uint32_t *out)
{
    uint32_t value;
    int ret = load_bytes(obj, name, &value, sizeof(value));

    if (ret > 0) {
        *out = le32_to_cpu(value);
    }
    return ret;
}

static int load64(const CredObject *obj, const char *name, uint64_t *out)
{
    uint64_t value;
    int ret = load_bytes(obj, name, &value, sizeof(value));

    if (ret > 0) {
        *out = le64_to_cpu(value);
    }
    return ret;
}

/*
 * Sets *@found to FS_SET_* of the values that may be stored, a device number
 * counting with the mode, and *@whiteouts if that attribute exists.
 */
static int find_values(const CredObject *obj, uint32_t *found,
                       bool *whiteouts)
{
    char list[LIST_SIZE];
    ssize_t len = list_names(obj, list, sizeof(list));

    *found = 0;
    if (len == -ERANGE || len == -E2BIG) {
        /* Too many to list, so each value has to be read to know. */
        *found = FS_SET_UID | FS_SET_GID | FS_SET_MODE;
        *whiteouts = get_value(obj, VIRTFS_WHITEOUTS, NULL, 0) >= 0;
        return 0;
    }
    for (ssize_t at = 0; at < len; at += strlen(list + at) + 1) {
        if (!strcmp(list + at, VIRTFS_UID)) {
            *found |= FS_SET_UID;
        } else if (!strcmp(list + at, VIRTFS_GID)) {
            *found |= FS_SET_GID;
        } else if (!strcmp(list + at, VIRTFS_MODE)) {
            *found |= FS_SET_MODE;
        } else if (!strcmp(list + at, VIRTFS_WHITEOUTS)) {
            *whiteouts = true;
        }
    }
    return len < 0 && !means_absent(len) ? (int)len : 0;
}

static int load_one(const CredObject *obj, const char *name, uint32_t bit,
                    uint32_t found, uint32_t *value, CredValues *values)
{
    int ret = found & bit ? load32(obj, name, value) : 0;

    if (ret > 0) {
        values->valid |= bit;
    }
    return ret < 0 ? ret : 0;
}

/*
 * Listing the names first takes one call for most files that were made on the
 * host, which have no value.  Files that the guest has made have all values.
 */
static int mapped_xattr_load(const CredObject *obj, const FsAttr *attr,
                             int holder, CredValues *values)
{
    uint32_t found;
    int ret;

    *values = (CredValues) { 0 };
    if (S_ISLNK(attr->mode)) {
        return 0;
    }
    ret = find_values(obj, &found, &values->whiteouts);
    if (ret == 0) {
        ret = load_one(obj, VIRTFS_UID, FS_SET_UID, found, &values->uid,
                       values);
    }
    if (ret == 0) {
        ret = load_one(obj, VIRTFS_GID, FS_SET_GID, found, &values->gid,
                       values);
    }
    if (ret == 0) {
        ret = load_one(obj, VIRTFS_MODE, FS_SET_MODE, found, &values->mode,
                       values);
    }
    /* Only a stored mode makes a file a device: others cost no call. */
    if (ret == 0 && S_ISREG(attr->mode) && (values->valid & FS_SET_MODE) &&
        (S_ISCHR(values->mode) || S_ISBLK(values->mode))) {
        ret = load64(obj, VIRTFS_RDEV, &values->rdev);
        values->has_rdev = ret > 0;
    }
    return ret < 0 ? ret : 0;
}

static int store32(const CredObject *obj, const char *name, uint32_t value)
{
    value = cpu_to_le32(value);
    return put_value(obj, name, &value, sizeof(value));
}

static void mapped_xattr_restore(const CredObject *obj,
                                 const CredValues *before, uint32_t valid)
{
    const struct {
        uint32_t bit;
        const char *name;
        uint32_t value;
    } rows[] = {
        { FS_SET_UID, VIRTFS_UID, before->uid },
        { FS_SET_GID, VIRTFS_GID, before->gid },
        { FS_SET_MODE, VIRTFS_MODE, before->mode },
    };

    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        if (!(valid & rows[i].bit)) {
            continue;
        }
        if (before->valid & rows[i].bit) {
            store32(obj, rows[i].name, rows[i].value);
        } else {
            remove_value(obj, rows[i].name);
        }
    }
}

/*
 * The owner is stored before the mode: a failure between the two must not
 * leave set-id bits with the old owner.  A device number and the mark of
 * whiteouts are only stored alone, or for a new object.
 */
static int mapped_xattr_store(const CredObject *obj, const CredValues *values,
                              const CredValues *before)
{
    uint32_t stored = 0;
    int ret = 0;

    if (values->valid & FS_SET_UID) {
        ret = store32(obj, VIRTFS_UID, values->uid);
        stored |= FS_SET_UID;
    }
    if (ret == 0 && (values->valid & FS_SET_GID)) {
        ret = store32(obj, VIRTFS_GID, values->gid);
        stored |= FS_SET_GID;
    }
    if (ret == 0 && (values->valid & FS_SET_MODE)) {
        ret = store32(obj, VIRTFS_MODE, values->mode);
        stored |= FS_SET_MODE;
    }
    if (ret == 0 && values->has_rdev) {
        uint64_t rdev = cpu_to_le64(values->rdev);

        ret = put_value(obj, VIRTFS_RDEV, &rdev, sizeof(rdev));
    }
    if (ret == 0 && values->whiteouts) {
        ret = put_value(obj, VIRTFS_WHITEOUTS, "", 0);
    }
    /* Of one value, nothing has been stored. */
    if (ret < 0 && before && (stored & (stored - 1))) {
        mapped_xattr_restore(obj, before, stored);
    }
    return ret;
}

const CredPolicy cred_mapped_xattr = {
    .fake_special = true,
    .load = mapped_xattr_load,
    .store = mapped_xattr_store,
    .restore = mapped_xattr_restore,
};
