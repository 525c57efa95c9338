/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Security models passthrough and none: the host's inode holds all values.
 *
 * There is nothing to overlay on the host's attributes.  Storing is a chown and
 * a chmod of the object by its descriptor, the owner first, because a change of
 * owner clears the set-id bits.  The model none differs in one thing: an owner
 * that the host does not permit to be set stays as it is, without an error.
 * Called by the local driver, from any thread that may block.
 */
#include "fsdev/core/p9-osdep.h"
#include "fsdev/cred/cred.h"

static int passthrough_load(const CredObject *obj, const FsAttr *attr,
                            int holder, CredValues *values)
{
    *values = (CredValues) { 0 };
    return 0;
}

static int set_owner(const CredObject *obj, const CredValues *values)
{
    uint32_t uid = values->valid & FS_SET_UID ? values->uid : UINT32_MAX;
    uint32_t gid = values->valid & FS_SET_GID ? values->gid : UINT32_MAX;

    if (uid == UINT32_MAX && gid == UINT32_MAX) {
        return 0;
    }
    return obj->fd_is_path ? host_chown(obj->fd, uid, gid)
                           : NEG_ERRNO(fchown(obj->fd, uid, gid));
}

static int set_mode(const CredObject *obj, const CredValues *values)
{
    mode_t mode = values->mode & 07777;

    if (!(values->valid & FS_SET_MODE)) {
        return 0;
    }
    return obj->fd_is_path ? host_chmod(obj->fd, mode)
                           : NEG_ERRNO(fchmod(obj->fd, mode));
}

static int passthrough_store(const CredObject *obj, const CredValues *values)
{
    int ret = set_owner(obj, values);

    return ret < 0 ? ret : set_mode(obj, values);
}

/*
 * Does the error mean that this owner cannot be set?  The privilege is missing,
 * the user namespace does not map the id, or the file system stores no owners.
 */
static bool owner_not_ours_to_set(int err)
{
    return err == -EPERM || err == -EACCES || err == -EINVAL ||
           err == -EOVERFLOW || err == -EOPNOTSUPP || err == -ENOSYS;
}

static int none_store(const CredObject *obj, const CredValues *values)
{
    int ret = set_owner(obj, values);

    if (ret < 0 && !owner_not_ours_to_set(ret)) {
        return ret;
    }
    return set_mode(obj, values);
}

const CredPolicy cred_passthrough = {
    .load = passthrough_load,
    .store = passthrough_store,
};

const CredPolicy cred_none = {
    .owner_optional = true,
    .load = passthrough_load,
    .store = none_store,
};
