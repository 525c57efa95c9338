/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The local driver: changing attributes.
 *
 * Owner and mode, times, and the size are changed in this order, and when one
 * of these fails, what was changed before is changed back.  The size is the
 * last because data that were cut off cannot be given back: what is done after
 * that cannot fail the request.  A change of the owner, the size or the data
 * takes set-id bits and capabilities away from a program, which is done here
 * too.  The credential policy stores owner and mode; size and times are always
 * those of the host.
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
    LocalCapability dropped;
    int ret = local_drop_capability(export, obj, &dropped);

    if (ret == 0 && setid_bits(st->mode)) {
        values.mode = st->mode & ~setid_bits(st->mode);
        ret = cred_passthrough.store(&obj->cred, &values, NULL);
        /* Not the owner of the file: then the kernel does it on a write. */
        ret = ret == -EPERM ? 0 : ret;
    }
    if (ret == 0 && export->policy->fake_special && setid_bits(attr->mode)) {
        values.mode = attr->mode & ~setid_bits(attr->mode);
        ret = local_object_store(export, obj, attr, &values);
    }
    return ret;
}

/* One call of local_setattr(), or a truncation, which only sets the size. */
typedef struct Change {
    const FsCall *call;
    LocalExport *export;
    LocalObject *obj;
    const FsSetattr *set;
    int fd;                     /* borrowed: open for writing, or -1 */
    int own_fd;                 /* owned; the same, opened for the size */
    HostStat st;                /* before the change, as is attr */
    FsAttr attr;
    CredValues before;          /* what was stored then */
    LocalCapability capability; /* that a change of the owner has taken */
    uint32_t stored;            /* FS_SET_* of values that were stored */
    bool same;                  /* … which they had before */
    bool timed;                 /* times were set */
} Change;

static void change_end(Change *change)
{
    host_fd_cleanup(&change->own_fd);
}
#define CHANGE __attribute__((cleanup(change_end))) Change

/* ---- the size --------------------------------------------------------- */

/* Can the object have another size?  Opens it for that. */
static int size_check(Change *change)
{
    uint32_t mode = change->attr.mode;

    if (change->set->size > INT64_MAX) {
        return -EINVAL;
    }
    if (S_ISDIR(mode)) {
        return -EISDIR;
    }
    if (!S_ISREG(mode)) {
        return S_ISLNK(mode) ? -ELOOP : -ENXIO;
    }
    if (change->fd < 0) {
        change->own_fd = local_reopen(change->call, change->obj->cred.fd,
                                      O_WRONLY);
        if (change->own_fd < 0) {
            return change->own_fd;
        }
        change->fd = change->own_fd;
    }
    return 0;
}

/* The mode may have been set before, and with it other set-id bits. */
static int size_drop_setid(Change *change)
{
    HostStat st = change->st;
    FsAttr attr = change->attr;
    int ret = 0;

    if (change->stored) {
        ret = local_object_attr(change->call, change->export, change->obj, &st,
                                &attr);
    }
    return ret < 0 ? ret
                   : local_drop_setid(change->export, change->obj, &st, &attr);
}

static int size_set(Change *change)
{
    int ret = size_drop_setid(change);

    return ret < 0 ? ret
                   : NEG_ERRNO(ftruncate(change->fd, change->set->size));
}

int local_truncate(const FsCall *call, LocalExport *export, LocalObject *obj,
                   int fd, FsAttr *attr)
{
    const FsSetattr set = { .valid = FS_SET_SIZE };
    CHANGE change = {
        .call = call, .export = export, .obj = obj, .set = &set,
        .fd = fd, .own_fd = -1,
    };
    int ret = local_object_attr(call, export, obj, &change.st, &change.attr);

    if (ret == 0) {
        ret = size_check(&change);
    }
    if (ret == 0) {
        ret = size_set(&change);
    }
    if (ret == 0) {
        *attr = change.attr;
    }
    return ret;
}

/* ---- owner and mode --------------------------------------------------- */

static bool is_last(const Change *change)
{
    return !(change->set->valid & (FS_SET_SIZE | FS_SET_ATIME | FS_SET_MTIME));
}

/*
 * A change of the owner takes the capability, which the host's kernel does for
 * that of the host.  It is given back if a later step fails.
 */
static int cred_drop_capability(Change *change, const CredValues *values)
{
    if (!(values->valid & (FS_SET_UID | FS_SET_GID))) {
        return 0;
    }
    if (local_keeps_capability(change->export)) {
        return local_drop_capability(change->export, change->obj,
                                     &change->capability);
    }
    if (!is_last(change) || (values->valid & FS_SET_MODE)) {
        local_capability(change->export, change->obj, &change->capability);
    }
    return 0;
}

static void cred_undo(Change *change)
{
    if (change->stored) {
        change->obj->stored = change->before;
        local_object_restore(change->export, change->obj, &change->attr,
                             change->stored);
    }
    local_restore_capability(change->export, change->obj, &change->capability);
}

static bool are_same(const CredValues *values, const CredValues *before)
{
    return !(values->valid & ~before->valid) &&
           (!(values->valid & FS_SET_UID) || values->uid == before->uid) &&
           (!(values->valid & FS_SET_GID) || values->gid == before->gid) &&
           (!(values->valid & FS_SET_MODE) || values->mode == before->mode);
}

static int cred_set(Change *change)
{
    const FsSetattr *set = change->set;
    CredValues values = {
        .valid = set->valid & (FS_SET_MODE | FS_SET_UID | FS_SET_GID),
        .uid = set->uid,
        .gid = set->gid,
        .mode = (set->mode & 07777) | (change->attr.mode & S_IFMT),
    };
    int ret;

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
    if (change->export->policy->fake_special &&
        !(values.valid & FS_SET_MODE) && setid_bits(change->attr.mode)) {
        values.valid |= FS_SET_MODE;
        values.mode = change->attr.mode & ~setid_bits(change->attr.mode);
    }
    change->before = change->obj->stored;
    ret = cred_drop_capability(change, &values);
    if (ret == 0) {
        ret = local_object_store(change->export, change->obj, &change->attr,
                                 &values);
    }
    if (ret < 0) {
        cred_undo(change);
        return ret;
    }
    change->stored = values.valid;
    change->same = are_same(&values, &change->before);
    return 0;
}

/* ---- times ------------------------------------------------------------ */

static bool is_now(const struct timespec *time)
{
    return time->tv_nsec == UTIME_NOW;
}

static int times_set(Change *change, struct timespec atime,
                     struct timespec mtime)
{
    const struct timespec times[2] = { atime, mtime };

    return host_utimens(change->obj->cred.fd, times);
}

/*
 * The times that are set before the size, because only the owner of the file
 * may set one to a value, or one alone.  With a new size the host sets the
 * mtime to the current time by itself, which the right to write suffices for,
 * as it does for setting both times to that.
 */
static int times_before_size(Change *change)
{
    const struct timespec omit = { .tv_nsec = UTIME_OMIT };
    const FsSetattr *set = change->set;
    bool cut = set->valid & FS_SET_SIZE;
    struct timespec atime = set->valid & FS_SET_ATIME ? set->atime : omit;
    struct timespec mtime = set->valid & FS_SET_MTIME ? set->mtime : omit;

    if (cut && is_now(&mtime)) {
        mtime = omit;
    }
    if (cut && is_now(&atime) && mtime.tv_nsec == UTIME_OMIT) {
        atime = omit;
    }
    change->timed = atime.tv_nsec != UTIME_OMIT ||
                    mtime.tv_nsec != UTIME_OMIT;
    return change->timed ? times_set(change, atime, mtime) : 0;
}

static void times_undo(Change *change)
{
    if (change->timed) {
        times_set(change, change->st.atime, change->st.mtime);
    }
}

/*
 * Nothing here can fail the request any more.  A time that was set before the
 * size can be set again.
 */
static void times_after_size(Change *change)
{
    const struct timespec omit = { .tv_nsec = UTIME_OMIT };
    const FsSetattr *set = change->set;
    bool given = (set->valid & FS_SET_MTIME) && !is_now(&set->mtime);

    if (given) {
        times_set(change, omit, set->mtime);
    } else if ((set->valid & FS_SET_ATIME) && is_now(&set->atime)) {
        times_set(change, set->atime, (struct timespec) {
                  .tv_nsec = UTIME_NOW });
    }
}

/*
 * Setting another time is the only way to update the ctime without side
 * effects: a chown to the same owner would clear the set-id bits.
 */
static int touch_ctime(Change *change)
{
    const struct timespec omit = { .tv_nsec = UTIME_OMIT };
    HostStat st;
    int ret = host_stat(change->obj->cred.fd, &st);

    if (ret < 0) {
        return ret;
    }
    ret = times_set(change, st.atime, omit);
    if (ret == -EPERM && !setid_bits(st.mode)) {
        ret = host_chown(change->obj->cred.fd, UINT32_MAX, UINT32_MAX);
    }
    return ret;
}

/*
 * Storing values beside a file does not update the file's ctime, nor does
 * writing an extended attribute that has this value already: ext4 ignores that.
 */
static bool storing_keeps_ctime(const Change *change)
{
    const CredPolicy *policy = change->export->policy;

    return policy->beside || (policy->fake_special && change->same);
}

/* ---- all of them ------------------------------------------------------ */

static int change_all(Change *change)
{
    const uint32_t valid = change->set->valid;
    int ret = valid & FS_SET_SIZE ? size_check(change) : 0;

    if (ret == 0) {
        ret = cred_set(change);
    }
    if (ret < 0) {
        return ret;
    }
    ret = times_before_size(change);
    if (ret == 0 && (valid & FS_SET_SIZE)) {
        ret = size_set(change);
        if (ret < 0) {
            times_undo(change);
        }
    }
    if (ret < 0) {
        cred_undo(change);
        return ret;
    }
    if (valid & FS_SET_SIZE) {
        times_after_size(change);
    }
    if (is_last(change) && change->stored && storing_keeps_ctime(change)) {
        touch_ctime(change);
    }
    return valid == FS_SET_CTIME ? touch_ctime(change) : 0;
}

int local_setattr(const FsCall *call, FsNode *node, FsFile *file,
                  const FsSetattr *set)
{
    LocalExport *export = local_export(node->export);
    LocalFile *local = file ? local_file(file) : NULL;
    bool writable = local && (local->flags & O_ACCMODE) != O_RDONLY;
    LOCAL_OBJECT obj = { 0 };
    CHANGE change = {
        .call = call, .export = export, .obj = &obj, .set = set,
        .fd = writable ? local->fd : -1, .own_fd = -1,
    };
    int ret;

    if (fs_export_is_readonly(&export->base)) {
        return -EROFS;
    }
    ret = local_object_get(call, name_from_fs(node), local, LOCAL_WRITE, &obj);
    if (ret == 0) {
        ret = local_object_attr(call, export, &obj, &change.st, &change.attr);
    }
    return ret < 0 ? ret : change_all(&change);
}
