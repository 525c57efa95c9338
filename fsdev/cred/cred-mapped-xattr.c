/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Security model mapped-xattr: what the guest set is kept in extended
 * attributes of the host file.
 *
 * user.virtfs.uid, .gid and .mode hold 32 bits, user.virtfs.rdev 64, all
 * little-endian; that there is a user.virtfs.whiteouts, which QEMU's 9pfs does
 * not know, is all it says.  An attribute that is absent, or cannot be one of
 * these, means "as the host says".  A real symbolic link can carry no user
 * attribute and so always shows its host values.
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
/* Room for more names than nearly all files have. */
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

/* Nothing stored, nothing storable, nothing we may see, or not our format. */
static bool means_absent(ssize_t err)
{
    return err == -ENODATA || err == -EOPNOTSUPP || err == -EPERM ||
           err == -EACCES || err == -ERANGE;
}

/* 1 when @out was filled, 0 when there is no such value of @size bytes. */
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
 * FS_SET_* of the values there may be; a device number goes with a mode.  And
 * the one whose being there is all.
 */
static int find_values(const CredObject *obj, uint32_t *found,
                       bool *whiteouts)
{
    char list[LIST_SIZE];
    ssize_t len = list_names(obj, list, sizeof(list));

    *found = 0;
    if (len == -ERANGE || len == -E2BIG) {
        /* Too many to list: then each has to be asked for. */
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
 * Most files that the host made have no value, and one call tells; those that
 * the guest made have all of them, others any.
 */
static int mapped_xattr_load(const CredObject *obj, const FsAttr *attr,
                             CredValues *values)
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
    /* Only a stored mode can make a device; spare the others a call. */
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

/*
 * Owner before mode: a failure in between must not leave set-id bits with
 * the old owner.
 */
static int mapped_xattr_store(const CredObject *obj, const CredValues *values)
{
    int ret = 0;

    if (values->valid & FS_SET_UID) {
        ret = store32(obj, VIRTFS_UID, values->uid);
    }
    if (ret == 0 && (values->valid & FS_SET_GID)) {
        ret = store32(obj, VIRTFS_GID, values->gid);
    }
    if (ret == 0 && (values->valid & FS_SET_MODE)) {
        ret = store32(obj, VIRTFS_MODE, values->mode);
    }
    if (ret == 0 && values->has_rdev) {
        uint64_t rdev = cpu_to_le64(values->rdev);

        ret = put_value(obj, VIRTFS_RDEV, &rdev, sizeof(rdev));
    }
    if (ret == 0 && values->whiteouts) {
        ret = put_value(obj, VIRTFS_WHITEOUTS, "", 0);
    }
    return ret;
}

const CredPolicy cred_mapped_xattr = {
    .fake_special = true,
    .load = mapped_xattr_load,
    .store = mapped_xattr_store,
};
