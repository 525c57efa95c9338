/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The local driver: what has just been made gets its owner and mode.
 *
 * When a step fails, the new object is removed, unless another object has its
 * name now.  Called by local-create.c, from any thread that may block.
 */
#include "fsdev/core/p9-osdep.h"
#include "fsdev/core/fs-owners.h"
#include "fsdev/local/local-int.h"

/* Remove from @todo what the host has set correctly; see local_new_finish(). */
static void drop_what_is_right(CredValues *todo, const HostStat *st)
{
    const uint32_t owner = FS_SET_UID | FS_SET_GID;

    /* Setting an owner takes a privilege; a correct one need not be set. */
    if ((todo->valid & FS_SET_UID) && todo->uid == st->uid) {
        todo->valid &= ~FS_SET_UID;
    }
    if ((todo->valid & FS_SET_GID) && todo->gid == st->gid) {
        todo->valid &= ~FS_SET_GID;
    }
    /* A change of owner may change the mode. */
    if (!(todo->valid & owner) && !((todo->mode ^ st->mode) & 07777)) {
        todo->valid &= ~FS_SET_MODE;
    }
}

/*
 * Where an owner is optional, the object may keep that of this process.  With
 * maps it is checked like any other owner, and before the object gets set-id
 * bits.
 */
static int settle_owner(LocalExport *export, const CredObject *cred,
                        CredValues *todo, HostStat *st)
{
    const FsConfig *config = &export->base.config;
    CredValues owner = *todo;
    int ret;

    if (!export->policy->owner_optional || !fs_owners_apply(config)) {
        return 0;
    }
    owner.valid &= FS_SET_UID | FS_SET_GID;
    todo->valid &= ~owner.valid;
    ret = export->policy->store(cred, &owner, NULL);
    if (ret == 0) {
        ret = host_stat(cred->fd, st);
    }
    return ret < 0 ? ret : fs_owners_check_new(config, st->uid, st->gid);
}

int local_new_finish(LocalExport *export, CredObject *cred,
                     const CredValues *values, HostStat *st, FsAttr *attr)
{
    bool fake = export->policy->fake_special;
    CredValues todo = *values;
    int ret = 0;

    if (!fake) {
        drop_what_is_right(&todo, st);
        ret = settle_owner(export, cred, &todo, st);
    }
    if (ret == 0 && (fake || todo.valid)) {
        /* Values of an earlier file of this name do not apply. */
        cred->fresh = true;
        ret = export->policy->store(cred, &todo, NULL);
        if (ret == 0) {
            ret = host_stat(cred->fd, st);
        }
    }
    if (ret == 0) {
        local_dev_learn(export, st->dev, cred->fd);
        local_attr_from_host(attr, st);
        if (fake) {
            cred_overlay(attr, values);
        }
    }
    return ret;
}

void local_new_undo(LocalExport *export, const CredObject *cred)
{
    HostStat st, now;

    if (host_stat(cred->fd, &st) < 0 ||
        host_stat_id_at(cred->dirfd, cred->name, &now) < 0 ||
        !local_same_object(&now, &st)) {
        return;
    }
    unlinkat(cred->dirfd, cred->name, S_ISDIR(st.mode) ? AT_REMOVEDIR : 0);
    if (export->policy->remove_values) {
        export->policy->remove_values(cred->dirfd, cred->name);
    }
}

/* ---- what has no descriptor ------------------------------------------- */

/*
 * mkdir(2) and similar calls return no descriptor.  When the name is looked up
 * afterwards, it may lead to another object that a program on the host has put
 * there, such as a hard link to a file.  What was made here has the owner of
 * this process, no rights and one name.  The mapped models need not be as
 * strict, since they change nothing of an inode but their own attributes.
 * Returns 0, -ESTALE for another object, -EPERM if the file system does not
 * store owners.
 */
static int check_ours(const LocalExport *export, const HostStat *st,
                      uint32_t type)
{
    if ((st->mode & S_IFMT) != type || (type != S_IFDIR && st->nlink != 1)) {
        return -ESTALE;
    }
    if (export->policy->fake_special) {
        return 0;
    }
    if (type != S_IFLNK && (st->mode & 0777) != 0) {
        return -ESTALE;
    }
    return st->uid == geteuid() ? 0 : -EPERM;
}

/* Remove what was made, of which there is no descriptor. */
static void unmake(const LocalExport *export, int dirfd, const char *component,
                   uint32_t type)
{
    HostStat st;

    if (host_stat_id_at(dirfd, component, &st) == 0 &&
        check_ours(export, &st, type) != -ESTALE) {
        unlinkat(dirfd, component, type == S_IFDIR ? AT_REMOVEDIR : 0);
    }
}

/* What was made keeps the owner that the file system says, if it may. */
static int accept_owner(LocalExport *export, const HostStat *st, int refused,
                        FsAttr *attr)
{
    local_attr_from_host(attr, st);
    return export->policy->owner_optional
           ? fs_owners_check_new(&export->base.config, st->uid, st->gid)
           : refused;
}

int local_new_adopt(LocalExport *export, int dirfd, const char *component,
                    const CredValues *values, FsAttr *attr)
{
    HOST_FD fd = host_lookup(dirfd, component, HOST_NO_XDEV);
    uint32_t type = values->mode & S_IFMT;
    CredObject cred = {
        .fd = fd, .fd_is_path = true, .dirfd = dirfd, .name = component,
        .host_type = type,
    };
    HostStat st;
    int ret = fd < 0 ? fd : host_stat(fd, &st);

    if (ret == -EXDEV) {
        /* A file system has been mounted on it in the meantime. */
        return -ESTALE;
    }
    if (ret < 0) {
        unmake(export, dirfd, component, type);
        return ret;
    }
    ret = check_ours(export, &st, type);
    if (ret < 0) {
        ret = accept_owner(export, &st, ret, attr);
        if (ret < 0) {
            unmake(export, dirfd, component, type);
        }
        return ret;
    }
    ret = local_new_finish(export, &cred, values, &st, attr);
    if (ret < 0) {
        local_new_undo(export, &cred);
    }
    return ret;
}
