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

/* A change of the owner may have changed the mode, too. */
static void host_restore(const CredObject *obj, const CredValues *before,
                         uint32_t valid)
{
    CredValues values = *before;

    values.valid &= valid | FS_SET_MODE;
    set_owner(obj, &values);
    set_mode(obj, &values);
}

/* The second step after set_owner(). */
static int then_set_mode(const CredObject *obj, const CredValues *values,
                         const CredValues *before)
{
    int ret = set_mode(obj, values);

    if (ret < 0 && before && (values->valid & (FS_SET_UID | FS_SET_GID))) {
        host_restore(obj, before, values->valid);
    }
    return ret;
}

static int passthrough_store(const CredObject *obj, const CredValues *values,
                             const CredValues *before)
{
    int ret = set_owner(obj, values);

    return ret < 0 ? ret : then_set_mode(obj, values, before);
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

static int none_store(const CredObject *obj, const CredValues *values,
                      const CredValues *before)
{
    int ret = set_owner(obj, values);

    if (ret < 0 && !owner_not_ours_to_set(ret)) {
        return ret;
    }
    return then_set_mode(obj, values, before);
}

const CredPolicy cred_passthrough = {
    .load = passthrough_load,
    .store = passthrough_store,
    .restore = host_restore,
};

const CredPolicy cred_none = {
    .owner_optional = true,
    .load = passthrough_load,
    .store = none_store,
    .restore = host_restore,
};
