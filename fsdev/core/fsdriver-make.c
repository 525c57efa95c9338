/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The interface between session and drivers: calls that create objects.
 *
 * See fsdriver.c.  Context: see the comments in fsdriver.h.
 */
#include "fsdev/core/p9-osdep.h"
#include "fsdev/core/fsdriver-int.h"
#include "fsdev/core/fs-owners.h"

/* How often to try for a file that appears and disappears on the host. */
#define CREATE_TRIES 16

/*
 * May @call create @name in @dir?  @entry: the driver has a function for it.
 * *@host is the call with the ids of the host, and *@quota the quota that the
 * object is charged to, or NULL.
 */
static int prepare(const FsCall *call, bool entry, FsNode *dir,
                   const char *name, FsCall *host, FsQuota **quota)
{
    int ret = check_call(call, entry, dir);

    if (ret == 0) {
        ret = fs_call_to_host(&dir->export->config, call, host);
    }
    if (ret == 0) {
        ret = fs_owners_check(call, FS_OWNERS_MAKE,
                              &(FsObjects) { .dir = dir });
    }
    *quota = fs_quota_of(dir->export);
    if (ret == 0 && *quota) {
        ret = fs_quota_admit_new(call, dir, name);
    }
    return ret;
}

/* After prepare() and the driver's function, which has returned @ret. */
static int made(FsNode *dir, FsQuota *quota, int ret, const FsAttr *seen,
                FsAttr *attr)
{
    fs_change_note();
    if (quota) {
        fs_quota_made(dir->export, ret, seen);
    }
    return tell_attr(dir, ret, seen, attr);
}

int fs_create_or_open(int flags, FsCreateFn *create, FsCreateFn *open,
                      void *opaque)
{
    int ret = -ESTALE;

    for (int tries = 0; tries < CREATE_TRIES; tries++) {
        ret = create(opaque);
        if (ret != -EEXIST || (flags & O_EXCL)) {
            break;
        }
        ret = open(opaque);
        if (ret != -ENOENT && ret != -ESTALE) {
            break;
        }
    }
    return ret;
}

/* One call of fs_create(). */
typedef struct Creation {
    const FsCall *call;
    FsNode *dir;
    const char *name;
    int flags;
    uint32_t mode;
    FsNode *node;               /* counted; the result, with its file */
    FsFile *file;
    FsAttr attr;                /* as the guest sees them */
} Creation;

static int create_by(Creation *op, int flags)
{
    FsNode *dir = op->dir;
    FsQuota *quota;
    FsCall host;
    FsAttr seen;
    int ret = prepare(op->call, driver_of(dir)->create, dir, op->name, &host,
                      &quota);

    if (ret < 0) {
        return ret;
    }
    fs_change_note();
    ret = status(dir, "create", op->name,
                 driver_of(dir)->create(&host, dir, op->name, flags, op->mode,
                                        &op->node, &op->file, &seen));
    return made(dir, quota, ret, &seen, &op->attr);
}

static int create_new(void *opaque)
{
    Creation *op = opaque;

    return create_by(op, op->flags | O_EXCL);
}

static int open_existing(void *opaque)
{
    Creation *op = opaque;
    FsNode *node = NULL;
    int ret = fs_lookup(op->call, op->dir, op->name, &node, &op->attr);

    if (ret < 0) {
        return ret;
    }
    ret = S_ISDIR(op->attr.mode)
          ? -EISDIR : fs_open_attr(op->call, node, op->flags & ~O_EXCL,
                                   &op->file, &op->attr);
    if (ret < 0) {
        fs_node_unref(node);
        return ret;
    }
    op->node = node;
    return 0;
}

static int create_in(const FsCall *call, FsNode *dir, const char *name,
                     int flags, uint32_t mode, FsNode **node, FsFile **file,
                     FsAttr *attr)
{
    Creation op = {
        .call = call, .dir = dir, .name = name, .flags = flags, .mode = mode,
    };
    int ret;

    /*
     * With maps the owner of a file that exists already has to be checked; it
     * is not charged to a quota once more.
     */
    if (fs_owners_apply(&dir->export->config) || fs_quota_of(dir->export)) {
        ret = fs_create_or_open(flags, create_new, open_existing, &op);
    } else {
        ret = create_by(&op, flags);
    }
    if (ret == 0) {
        assert(op.node && op.file && op.file->node && !op.file->is_dir);
        *node = op.node;
        *file = op.file;
        *attr = op.attr;
    }
    return ret;
}

int fs_create(const FsCall *call, FsNode *dir, const char *name, int flags,
              uint32_t mode, FsNode **node, FsFile **file, FsAttr *attr)
{
    return IN_REMADE(call, dir, create_in(call, dir, name, flags, mode, node,
                                          file, attr));
}

static int mkdir_in(const FsCall *call, FsNode *dir, const char *name,
                    uint32_t mode, FsAttr *attr)
{
    FsQuota *quota;
    FsCall host;
    FsAttr seen;
    int ret = prepare(call, driver_of(dir)->mkdir, dir, name, &host, &quota);

    if (ret < 0) {
        return ret;
    }
    fs_change_note();
    ret = status(dir, "mkdir", name,
                 driver_of(dir)->mkdir(&host, dir, name, mode, &seen));
    return made(dir, quota, ret, &seen, attr);
}

int fs_mkdir(const FsCall *call, FsNode *dir, const char *name, uint32_t mode,
             FsAttr *attr)
{
    return IN_REMADE(call, dir, mkdir_in(call, dir, name, mode, attr));
}

static int mknod_in(const FsCall *call, FsNode *dir, const char *name,
                    uint32_t mode, uint64_t rdev, FsAttr *attr)
{
    FsQuota *quota;
    FsCall host;
    FsAttr seen;
    int ret = prepare(call, driver_of(dir)->mknod, dir, name, &host, &quota);

    if (ret < 0) {
        return ret;
    }
    fs_change_note();
    ret = status(dir, "mknod", name,
                 driver_of(dir)->mknod(&host, dir, name, mode, rdev, &seen));
    return made(dir, quota, ret, &seen, attr);
}

int fs_mknod(const FsCall *call, FsNode *dir, const char *name, uint32_t mode,
             uint64_t rdev, FsAttr *attr)
{
    return IN_REMADE(call, dir, mknod_in(call, dir, name, mode, rdev, attr));
}

static int symlink_in(const FsCall *call, FsNode *dir, const char *name,
                      const char *target, FsAttr *attr)
{
    FsQuota *quota;
    FsCall host;
    FsAttr seen;
    int ret = prepare(call, driver_of(dir)->symlink, dir, name, &host, &quota);

    if (ret < 0) {
        return ret;
    }
    fs_change_note();
    ret = status(dir, "symlink", name,
                 driver_of(dir)->symlink(&host, dir, name, target, &seen));
    return made(dir, quota, ret, &seen, attr);
}

int fs_symlink(const FsCall *call, FsNode *dir, const char *name,
               const char *target, FsAttr *attr)
{
    return IN_REMADE(call, dir, symlink_in(call, dir, name, target, attr));
}
