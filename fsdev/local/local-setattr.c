/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The local driver: changing attributes.
 *
 * Owner, mode, size and times are changed in this order.  A change of the
 * owner, the size or the data takes set-id bits and capabilities away from a
 * program, which is done here too.  The credential policy stores owner and
 * mode; size and times are always those of the host.
 * Called through fsdriver.c, and by local-io.c for its truncating opens and
 * its writes, from any thread that may block.
 */
#include "fsdev/core/p9-osdep.h"
#include "fsdev/local/local-int.h"

/* The set-id bits of @mode that a write by an ordinary user clears. */
static uint32_t setid_bits(uint32_t mode)
{
    uint32_t bits = 0;

    if (!S_ISREG(mode)) {
        return 0;
    }
    bits |= mode & S_ISUID;
    /* Without group execution the bit stands for mandatory locking. */
    bits |= mode & S_IXGRP ? mode & S_ISGID : 0;
    return bits;
}

int local_drop_setid(LocalExport *export, LocalObject *obj,
                     const HostStat *st, const FsAttr *attr)
{
    CredValues values = { .valid = FS_SET_MODE };
    int ret = local_drop_capability(export, obj);

    if (ret == 0 && setid_bits(st->mode)) {
        values.mode = st->mode & ~setid_bits(st->mode);
        ret = cred_passthrough.store(&obj->cred, &values);
        /* Not the owner of the file: then the kernel does it on a write. */
        ret = ret == -EPERM ? 0 : ret;
    }
    if (ret == 0 && export->policy->fake_special && setid_bits(attr->mode)) {
        values.mode = attr->mode & ~setid_bits(attr->mode);
        ret = local_object_store(export, obj, attr, &values);
    }
    return ret;
}

int local_set_size(const FsCall *call, LocalExport *export, LocalObject *obj,
                   int fd, uint64_t size)
{
    HOST_FD own = -1;
    HostStat st;
    FsAttr attr;
    int ret;

    if (size > INT64_MAX) {
        return -EINVAL;
    }
    ret = local_object_attr(call, export, obj, &st, &attr);
    if (ret < 0) {
        return ret;
    }
    if (S_ISDIR(attr.mode)) {
        return -EISDIR;
    }
    if (!S_ISREG(attr.mode)) {
        return S_ISLNK(attr.mode) ? -ELOOP : -ENXIO;
    }
    if (fd < 0) {
        own = local_reopen(call, obj->cred.fd, O_WRONLY);
        if (own < 0) {
            return own;
        }
        fd = own;
    }
    ret = local_drop_setid(export, obj, &st, &attr);
    return ret < 0 ? ret : NEG_ERRNO(ftruncate(fd, size));
}

static int set_cred(LocalExport *export, LocalObject *obj,
                    const FsAttr *attr, const FsSetattr *set)
{
    CredValues values = {
        .valid = set->valid & (FS_SET_MODE | FS_SET_UID | FS_SET_GID),
        .uid = set->uid,
        .gid = set->gid,
        .mode = (set->mode & 07777) | (attr->mode & S_IFMT),
    };
    int ret = 0;

    if (values.uid == UINT32_MAX) {
        values.valid &= ~FS_SET_UID;
    }
    if (values.gid == UINT32_MAX) {
        values.valid &= ~FS_SET_GID;
    }
    if (!values.valid) {
        return 0;
    }
    /*
     * The set-id program of the old owner must not become one of the new owner.
     * For values of the host the kernel ensures this, even for root.
     */
    if (export->policy->fake_special && !(values.valid & FS_SET_MODE) &&
        setid_bits(attr->mode)) {
        values.valid |= FS_SET_MODE;
        values.mode = attr->mode & ~setid_bits(attr->mode);
    }
    if (values.valid & (FS_SET_UID | FS_SET_GID)) {
        ret = local_drop_capability(export, obj);
    }
    return ret < 0 ? ret : local_object_store(export, obj, attr, &values);
}

static int set_times(const LocalObject *obj, const FsSetattr *set)
{
    struct timespec times[2] = {
        { .tv_nsec = UTIME_OMIT }, { .tv_nsec = UTIME_OMIT },
    };

    if (set->valid & FS_SET_ATIME) {
        times[0] = set->atime;
    }
    if (set->valid & FS_SET_MTIME) {
        times[1] = set->mtime;
    }
    return host_utimens(obj->cred.fd, times);
}

/*
 * Setting another time is the only way to update the ctime without side
 * effects: a chown to the same owner would clear the set-id bits.
 */
static int touch_ctime(const LocalObject *obj)
{
    struct timespec times[2] = { { 0 }, { .tv_nsec = UTIME_OMIT } };
    HostStat st;
    int ret = host_stat(obj->cred.fd, &st);

    if (ret < 0) {
        return ret;
    }
    times[0] = st.atime;
    ret = host_utimens(obj->cred.fd, times);
    if (ret == -EPERM && !setid_bits(st.mode)) {
        ret = host_chown(obj->cred.fd, UINT32_MAX, UINT32_MAX);
    }
    return ret;
}

static bool needs_ctime(const LocalExport *export, const FsSetattr *set)
{
    const uint32_t cred = FS_SET_MODE | FS_SET_UID | FS_SET_GID;
    const uint32_t touching = FS_SET_SIZE | FS_SET_ATIME | FS_SET_MTIME;

    if (set->valid & touching) {
        return false;
    }
    /* Storing values beside a file does not update the file's ctime. */
    return set->valid & cred ? export->policy->beside
                             : set->valid & FS_SET_CTIME;
}

int local_setattr(const FsCall *call, FsNode *node, FsFile *file,
                  const FsSetattr *set)
{
    LocalExport *export = local_export(node->export);
    LocalFile *local = file ? local_file(file) : NULL;
    bool writable = local && (local->flags & O_ACCMODE) != O_RDONLY;
    const uint32_t first = FS_SET_MODE | FS_SET_UID | FS_SET_GID;
    LOCAL_OBJECT obj = { 0 };
    HostStat st;
    FsAttr attr;
    int ret;

    if (fs_export_is_readonly(&export->base)) {
        return -EROFS;
    }
    /* The file would have to be opened after other changes: see leases. */
    if ((set->valid & FS_SET_SIZE) && (set->valid & first) && !writable &&
        !fs_call_may_block(call)) {
        return -EAGAIN;
    }
    ret = local_object_get(call, name_from_fs(node), local, LOCAL_WRITE, &obj);
    if (ret == 0) {
        ret = local_object_attr(call, export, &obj, &st, &attr);
    }
    if (ret == 0) {
        ret = set_cred(export, &obj, &attr, set);
    }
    if (ret == 0 && (set->valid & FS_SET_SIZE)) {
        ret = local_set_size(call, export, &obj, writable ? local->fd : -1,
                             set->size);
    }
    if (ret == 0 && (set->valid & (FS_SET_ATIME | FS_SET_MTIME))) {
        ret = set_times(&obj, set);
    }
    if (ret == 0 && needs_ctime(export, set)) {
        ret = touch_ctime(&obj);
    }
    return ret;
}
