/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The local driver: making files, directories, links and special files.
 *
 * A new object is made without rights for others, then gets its owner and after
 * that its mode, all by descriptor, so that a set-id file of the wrong owner
 * never exists (local-new.c).  An object that existed before keeps its owner
 * and mode.
 * Called through fsdriver.c from any thread that may block.
 */
#include "fsdev/core/p9-osdep.h"
#include "fsdev/local/local-int.h"

/* Flags of the guest that apply to the descriptor of a new file. */
#define CREATE_FLAGS (O_ACCMODE | O_APPEND | O_DSYNC | O_SYNC)

/* ---- common ----------------------------------------------------------- */

int local_check_new(Name *dir, const char *component)
{
    LocalExport *export = local_export_of(dir);

    if (fs_export_is_readonly(&export->base)) {
        return -EROFS;
    }
    return local_hidden(export, component) ? -EINVAL : 0;
}

/*
 * In a set-group-id directory a file gets the group of the directory, and a
 * user who is not a member of the group must not make a program that runs as
 * this group.  The protocol does not say who is a member, so only uid 0 is
 * regarded as one.
 */
static int new_mode(const FsCall *call, Name *dir, uint32_t *mode)
{
    const uint32_t program = S_ISGID | S_IXGRP;
    FsAttr attr;
    int ret;

    *mode &= 07777;
    if ((*mode & program) != program || fs_call_owner(call)->root) {
        return 0;
    }
    ret = local_name_attr(call, dir, NULL, FS_OWNER_ONLY, &attr);
    if (ret == 0 && (attr.mode & S_ISGID)) {
        *mode &= ~S_ISGID;
    }
    return fs_call_refused(call, ret) ? ret : 0;
}

static CredValues new_values(const FsCall *call, const LocalExport *export,
                             uint32_t mode)
{
    CredValues values = {
        .valid = FS_SET_MODE,
        .uid = fs_call_owner(call)->uid,
        .gid = fs_call_owner(call)->gid,
        .mode = mode,
    };

    if (fs_call_owner(call)->uid != UINT32_MAX) {
        values.valid |= FS_SET_UID;
    }
    if (fs_call_owner(call)->gid != UINT32_MAX) {
        values.valid |= FS_SET_GID;
    }
    return values;
}

/* Pin the path fd of @dir and take the lock for making an object in it. */
static int pin_to_make(const FsCall *call, LocalExport *export, Name *dir,
                       LocalPin *pin, LocalLock *lock)
{
    int ret = local_pin(call, pin, dir);

    return ret < 0 ? ret
                   : local_lock(call, export, local_is_far(export, dir), true,
                                lock);
}

/* Check that @component may be made in @dir, and do what pin_to_make() does. */
static int check_and_pin(const FsCall *call, LocalExport *export, Name *dir,
                         const char *component, LocalPin *pin, LocalLock *lock)
{
    int ret = local_check_new(dir, component);

    return ret < 0 ? ret : pin_to_make(call, export, dir, pin, lock);
}

/* ---- regular files ---------------------------------------------------- */

typedef struct NewFile {
    CredObject cred;
    HostStat st;
    FsAttr attr;
} NewFile;

static int put_content(int fd, const char *content)
{
    size_t len = strlen(content);
    ssize_t done = NEG_ERRNO(pwrite(fd, content, len, 0));

    if (done < 0) {
        return done;
    }
    return (size_t)done == len ? 0 : -ENOSPC;
}

/* Can the owner and group that the host gives to a new file stay? */
static bool keeps_owner(LocalExport *export, const CredValues *values)
{
    uint32_t uid = g_atomic_int_get(&export->made_uid);
    uint32_t gid = g_atomic_int_get(&export->made_gid);

    return (!(values->valid & FS_SET_UID) || values->uid == uid) &&
           (!(values->valid & FS_SET_GID) || values->gid == gid);
}

/*
 * The mode to make a file with: without rights for others if its owner or group
 * may have to be changed.  That is not expected where @values name neither, or
 * where the host gave exactly these to the last new file.  If this is wrong, in
 * a directory with a group of its own, it has a local disk's rights briefly.
 */
static mode_t to_make(LocalExport *export, const CredValues *values)
{
    if (export->policy->fake_special) {
        return export->base.config.fmode;
    }
    return values->mode & (keeps_owner(export, values) ? 0777 : 0700);
}

static int look_at_made(LocalExport *export, int fd, HostStat *st)
{
    int ret = host_stat(fd, st);

    if (ret == 0) {
        g_atomic_int_set(&export->made_uid, st->uid);
        g_atomic_int_set(&export->made_gid, st->gid);
    }
    return ret;
}

/*
 * Make the regular file @component, open with @flags, with @content unless that
 * is NULL.  On success the caller owns @made->cred.fd; on failure the file has
 * been removed.
 */
static int make_regular(LocalExport *export, int dirfd, const char *component,
                        int flags, const char *content,
                        const CredValues *values, NewFile *made)
{
    int fd = host_create(dirfd, component, flags, to_make(export, values));
    int ret = 0;

    if (fd < 0) {
        return fd;
    }
    made->cred = (CredObject) {
        .fd = fd, .dirfd = dirfd, .name = component, .host_type = S_IFREG,
    };
    if (!export->policy->fake_special) {
        ret = look_at_made(export, fd, &made->st);
    }
    if (ret == 0 && content) {
        ret = put_content(fd, content);
    }
    if (ret == 0) {
        ret = local_new_finish(export, &made->cred, values, &made->st,
                               &made->attr);
    }
    if (ret < 0) {
        local_new_undo(export, &made->cred);
        close(fd);
    }
    return ret;
}

/* One call of fs_create(). */
typedef struct Creation {
    const FsCall *call;
    LocalExport *export;
    Name *dir;
    const char *component;
    int flags;
    CredValues values;
    LocalFile *file;            /* the result, with its attributes */
    FsAttr attr;
} Creation;

static int create_counted(Creation *op)
{
    int count = g_atomic_int_get(&op->export->setid_count);
    LOCAL_LOCK lock = { 0 };
    LOCAL_PIN pin = { 0 };
    NewFile made;
    Name *name;
    int ret = pin_to_make(op->call, op->export, op->dir, &pin, &lock);

    if (ret < 0) {
        return ret;
    }
    ret = make_regular(op->export, pin.fd, op->component,
                       op->flags & CREATE_FLAGS, NULL, &op->values, &made);
    if (ret < 0) {
        return ret;
    }
    /* A path fd is opened by the name later, if that still leads here. */
    ret = name_insert_open(op->dir, op->component, made.cred.fd, &made.st,
                           &name);
    if (ret < 0) {
        local_new_undo(op->export, &made.cred);
        close(made.cred.fd);
        return ret;
    }
    op->attr = made.attr;
    local_attr_identify(&op->attr, name);
    op->file = local_file(local_file_new(op->export, name, made.cred.fd,
                                         op->flags));
    if (!(op->values.mode & (S_ISUID | S_ISGID))) {
        op->file->setid_seen = count;
    }
    name_unref(name);
    return 0;
}

static int create_new(void *opaque)
{
    Creation *op = opaque;
    NodeTable *table = op->export->table;
    int ret = node_fd_account(table, false);

    if (ret < 0) {
        return ret;
    }
    ret = create_counted(op);
    if ((ret == -EMFILE || ret == -ENFILE) && node_fd_reclaim(table)) {
        ret = create_counted(op);
    }
    if (ret < 0) {
        node_fd_unaccount(table);
    }
    return ret;
}

static int open_existing(void *opaque)
{
    Creation *op = opaque;
    Name *name;
    int ret = local_find(op->call, op->dir, op->component, &name, &op->attr);

    if (ret < 0) {
        return ret;
    }
    ret = local_open_name(op->call, op->export, name, op->flags, &op->file,
                          op->flags & O_TRUNC ? &op->attr : NULL);
    name_unref(name);
    return ret;
}

int local_create(const FsCall *call, FsNode *dir, const char *name, int flags,
                 uint32_t mode, FsNode **node, FsFile **file, FsAttr *attr)
{
    Creation op = {
        .call = call, .export = local_export(dir->export),
        .dir = name_from_fs(dir), .component = name, .flags = flags | O_CREAT,
    };
    int ret = local_check_new(op.dir, name);

    if (ret < 0) {
        return ret;
    }
    if ((flags & O_ACCMODE) == O_ACCMODE) {
        return -EINVAL;
    }
    ret = new_mode(call, op.dir, &mode);
    if (ret < 0) {
        return ret;
    }
    op.values = new_values(call, op.export, mode | S_IFREG);
    ret = fs_create_or_open(flags, create_new, open_existing, &op);
    if (ret < 0) {
        return ret;
    }
    *attr = op.attr;
    *file = &op.file->base;
    *node = fs_node_ref(op.file->base.node);
    return 0;
}

/* ---- what is not opened ----------------------------------------------- */

int local_mkdir(const FsCall *call, FsNode *dir, const char *name,
                uint32_t mode, FsAttr *attr)
{
    LocalExport *export = local_export(dir->export);
    LOCAL_LOCK lock = { 0 };
    LOCAL_PIN pin = { 0 };
    CredValues values;
    FsAttr seen;
    int ret = check_and_pin(call, export, name_from_fs(dir), name, &pin, &lock);

    if (ret < 0) {
        return ret;
    }
    values = new_values(call, export, (mode & 07777) | S_IFDIR);
    if (mkdirat(pin.fd, name, export->policy->fake_special
                ? export->base.config.dmode : 0) < 0) {
        return -errno;
    }
    ret = local_new_adopt(export, pin.fd, name, &values, &seen);
    if (ret == 0) {
        *attr = seen;
    }
    return ret;
}

/* A special file of the host, whose inode holds all values. */
static int mknod_real(LocalExport *export, int dirfd, const char *component,
                      uint64_t rdev, const CredValues *values, FsAttr *attr)
{
    if (mknodat(dirfd, component, values->mode & S_IFMT, rdev) < 0) {
        return -errno;
    }
    return local_new_adopt(export, dirfd, component, values, attr);
}

/* A regular file that is not needed open, or that represents another type. */
static int mknod_regular(LocalExport *export, int dirfd, const char *component,
                         const char *content, const CredValues *values,
                         FsAttr *attr)
{
    NewFile made;
    int ret = make_regular(export, dirfd, component, O_WRONLY, content, values,
                           &made);

    if (ret == 0) {
        close(made.cred.fd);
        *attr = made.attr;
    }
    return ret;
}

/* What can be checked before an object of @type is made in @dir. */
static int mknod_check(const FsCall *call, LocalExport *export, Name *dir,
                       const char *component, uint32_t type, uint64_t rdev)
{
    int ret = local_check_new(dir, component);

    if (ret == 0 && !S_ISREG(type) && !S_ISCHR(type) && !S_ISBLK(type) &&
        !S_ISFIFO(type) && !S_ISSOCK(type)) {
        ret = -EINVAL;
    }
    if (ret == 0 && local_is_whiteout(export, type, rdev)) {
        ret = local_whiteout_mark(call, export, dir);
    }
    return ret;
}

int local_mknod(const FsCall *call, FsNode *dir, const char *name,
                uint32_t mode, uint64_t rdev, FsAttr *attr)
{
    LocalExport *export = local_export(dir->export);
    Name *parent = name_from_fs(dir);
    uint32_t type = mode & S_IFMT ? mode & S_IFMT : S_IFREG;
    bool fake = export->policy->fake_special;
    LOCAL_LOCK lock = { 0 };
    LOCAL_PIN pin = { 0 };
    CredValues values;
    FsAttr seen;
    int ret = mknod_check(call, export, parent, name, type, rdev);

    if (ret == 0) {
        ret = new_mode(call, parent, &mode);
    }
    if (ret == 0) {
        ret = pin_to_make(call, export, parent, &pin, &lock);
    }
    if (ret < 0) {
        return ret;
    }
    values = new_values(call, export, mode | type);
    /* The formats have always stored it for FIFOs and sockets too. */
    values.has_rdev = fake;
    values.rdev = rdev;
    if (fake || S_ISREG(type)) {
        ret = mknod_regular(export, pin.fd, name, NULL, &values, &seen);
    } else {
        ret = mknod_real(export, pin.fd, name, rdev, &values, &seen);
    }
    if (ret == 0) {
        *attr = seen;
    }
    return ret;
}

/* A link of the mapped models is a file that contains its target. */
static int symlink_fake(LocalExport *export, int dirfd, const char *component,
                        const char *target, const CredValues *values,
                        FsAttr *attr)
{
    size_t len = strlen(target);

    if (len == 0 || len >= PATH_MAX) {
        return len == 0 ? -ENOENT : -ENAMETOOLONG;
    }
    return mknod_regular(export, dirfd, component, target, values, attr);
}

static int symlink_real(LocalExport *export, int dirfd, const char *component,
                        const char *target, CredValues *values, FsAttr *attr)
{
    /* The mode of a link cannot be set. */
    values->valid &= ~FS_SET_MODE;
    if (symlinkat(target, dirfd, component) < 0) {
        return -errno;
    }
    return local_new_adopt(export, dirfd, component, values, attr);
}

int local_symlink(const FsCall *call, FsNode *dir, const char *name,
                  const char *target, FsAttr *attr)
{
    LocalExport *export = local_export(dir->export);
    CredValues values = new_values(call, export, S_IFLNK | 0777);
    LOCAL_LOCK lock = { 0 };
    LOCAL_PIN pin = { 0 };
    FsAttr seen;
    int ret = check_and_pin(call, export, name_from_fs(dir), name, &pin, &lock);

    if (ret < 0) {
        return ret;
    }
    if (export->policy->fake_special) {
        ret = symlink_fake(export, pin.fd, name, target, &values, &seen);
    } else {
        ret = symlink_real(export, pin.fd, name, target, &values, &seen);
    }
    if (ret == 0) {
        *attr = seen;
    }
    return ret;
}
