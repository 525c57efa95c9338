/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Tgetattr, Tsetattr, Tstatfs, Treadlink.
 */
#include "fsdev/core/p9-osdep.h"
#include <linux/magic.h>
#include "9p-ops.h"
#include "9p-reply.h"

/* Bits of request_mask in a Tgetattr and of valid in an Rgetattr. */
#define GETATTR_BASIC   0x000007ffULL   /* all fields from mode to blocks */
#define GETATTR_BTIME   0x00000800ULL

/* Bits of valid in a Tsetattr. */
#define SETATTR_MODE        0x001u
#define SETATTR_UID         0x002u
#define SETATTR_GID         0x004u
#define SETATTR_SIZE        0x008u
#define SETATTR_ATIME       0x010u
#define SETATTR_MTIME       0x020u
#define SETATTR_CTIME       0x040u
#define SETATTR_ATIME_SET   0x080u
#define SETATTR_MTIME_SET   0x100u

/* The encoding of new_encode_dev() in Linux, which the guest decodes. */
static uint32_t encode_dev(dev_t dev)
{
    return (minor(dev) & 0xff) | major(dev) << 8 | (minor(dev) & ~0xffu) << 12;
}

int p9_getattr_prepare(P9Request *req)
{
    P9Fid *fid = req->fid[0];

    req->first_look = !fid->looked_at;
    fid->looked_at = true;
    /* The size of an open file may have changed since the walk. */
    req->has_attr = !req->file[0] &&
                    p9_recent_get(&req->session->recent, fid->recent,
                                  &req->attr);
    return 0;
}

int p9_getattr_run(P9Request *req, const FsCall *call)
{
    struct P9Rgetattr *r = &req->r.getattr;
    FsAttr attr = req->attr;
    int ret = 0;

    if (!req->has_attr) {
        ret = fs_getattr(call, req->node[0], req->file[0],
                         req->first_look ? FS_FIRST_LOOK : 0, &attr);
    }
    if (ret < 0) {
        return ret;
    }
    *r = (struct P9Rgetattr) {
        .valid = GETATTR_BASIC,
        .mode = attr.mode,
        .uid = attr.uid,
        .gid = attr.gid,
        .nlink = attr.nlink,
        .rdev = encode_dev(attr.rdev),
        .size = attr.size,
        .blksize = p9_reply_iounit(req, attr.blksize),
        .blocks = attr.blocks,
        .atime_sec = attr.atime.tv_sec,
        .atime_nsec = attr.atime.tv_nsec,
        .mtime_sec = attr.mtime.tv_sec,
        .mtime_nsec = attr.mtime.tv_nsec,
        .ctime_sec = attr.ctime.tv_sec,
        .ctime_nsec = attr.ctime.tv_nsec,
    };
    if ((req->t.getattr.request_mask & GETATTR_BTIME) &&
        (attr.valid & FS_ATTR_BTIME)) {
        r->valid |= GETATTR_BTIME;
        r->btime_sec = attr.btime.tv_sec;
        r->btime_nsec = attr.btime.tv_nsec;
    }
    return p9_qid_from_attr(req->session->qids, &attr, &r->qid);
}

/* A time to set: the given one, or the current time of the host. */
static int time_from_wire(bool given, uint64_t sec, uint64_t nsec,
                          struct timespec *ts)
{
    if (given && nsec >= 1000000000) {
        return -EINVAL;
    }
    *ts = (struct timespec) {
        .tv_sec = given ? p9_seconds(sec) : 0,
        .tv_nsec = given ? (long)nsec : UTIME_NOW,
    };
    return 0;
}

int p9_setattr_run(P9Request *req, const FsCall *call)
{
    static const struct {
        uint32_t wire;
        uint32_t set;
    } bits[] = {
        { SETATTR_MODE, FS_SET_MODE },
        { SETATTR_UID, FS_SET_UID },
        { SETATTR_GID, FS_SET_GID },
        { SETATTR_SIZE, FS_SET_SIZE },
        { SETATTR_ATIME, FS_SET_ATIME },
        { SETATTR_MTIME, FS_SET_MTIME },
        { SETATTR_CTIME, FS_SET_CTIME },
    };
    const struct P9Tsetattr *t = &req->t.setattr;
    FsSetattr set = {
        .mode = t->mode & 07777,
        .uid = t->uid,
        .gid = t->gid,
        .size = t->size,
    };
    int ret;

    for (size_t i = 0; i < ARRAY_SIZE(bits); i++) {
        set.valid |= t->valid & bits[i].wire ? bits[i].set : 0;
    }
    if ((set.valid & FS_SET_SIZE) && set.size > INT64_MAX) {
        return -EINVAL;
    }
    ret = time_from_wire(t->valid & SETATTR_ATIME_SET, t->atime_sec,
                         t->atime_nsec, &set.atime);
    if (!ret) {
        ret = time_from_wire(t->valid & SETATTR_MTIME_SET, t->mtime_sec,
                             t->mtime_nsec, &set.mtime);
    }
    return ret < 0 ? ret : fs_setattr(call, req->node[0], req->file[0], &set);
}

int p9_statfs_run(P9Request *req, const FsCall *call)
{
    struct P9Rstatfs *r = &req->r.statfs;
    struct statfs st;
    uint32_t fsid[2];
    uint64_t factor;
    int ret;

    ret = fs_statfs(call, req->node[0], &st);
    if (ret < 0) {
        return ret;
    }
    /*
     * Guests use f_bsize as the best transfer size.  Report the largest
     * multiple of the host's block size that fits in a message, and count the
     * blocks in that unit.
     */
    if (!st.f_bsize) {
        st.f_bsize = 4096;      /* some FUSE servers leave it 0 */
    }
    r->bsize = p9_reply_iounit(req, st.f_bsize);
    factor = MAX(r->bsize / (uint64_t)st.f_bsize, 1);
    r->bsize = st.f_bsize * factor;
    r->type = req->session->export->config.statfs_v9fs ? V9FS_MAGIC
                                                       : st.f_type;
    r->blocks = st.f_blocks / factor;
    r->bfree = st.f_bfree / factor;
    r->bavail = st.f_bavail / factor;
    r->files = st.f_files;
    r->ffree = st.f_ffree;
    memcpy(fsid, &st.f_fsid, sizeof(fsid));
    r->fsid = fsid[0] | (uint64_t)fsid[1] << 32;
    r->namelen = st.f_namelen;
    return 0;
}

int p9_readlink(P9Request *req, const FsCall *call, FsNode *node,
                P9String *target)
{
    char *buf = p9_arena_alloc(&req->kept.arena, PATH_MAX);
    ssize_t len = fs_readlink(call, node, buf, PATH_MAX);

    if (len < 0) {
        return len;
    }
    /* The kernel never returns that many bytes, so the target was cut. */
    if (len == PATH_MAX) {
        return -ENAMETOOLONG;
    }
    buf[len] = '\0';
    *target = (P9String) { .s = buf, .len = len };
    return 0;
}

int p9_readlink_run(P9Request *req, const FsCall *call)
{
    return p9_readlink(req, call, req->node[0], &req->r.readlink.target);
}
