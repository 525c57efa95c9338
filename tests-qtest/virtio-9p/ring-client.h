/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A small 9P2000.L client over one RingDev, with named arguments.
 *
 * ring_twalk(d, .fid = 0, .newfid = 1, .names = { "a", "b" }) sends the
 * message, waits for the answer and fails the test unless the answer is the
 * R-message or, if .err is given, Rlerror with that errno.  Use ring_send()
 * and ring_reply() to have several requests in flight.  Single thread.
 */
#ifndef VIRTIO_9P_RING_CLIENT_H
#define VIRTIO_9P_RING_CLIENT_H

#include "ring-dev.h"
#include "ring-msg.h"

/* As .err: any errno is accepted */
#define RING_ANY_ERROR (-1)

enum {
    RING_MSIZE = 8192,          /* the default msize */
    RING_IOHDR = 24,            /* room that clients leave for the header */
};

/*
 * ring_send - put one message on the ring with a fresh tag and kick.
 * Takes @m.  The request has one descriptor for the message and one of
 * RING_REPLY_ROOM bytes for the reply.
 */
RingReq *ring_send(RingDev *d, RingMsg *m);

/* How a message is laid out on the ring; all fields are optional */
typedef struct RingShape {
    uint32_t room;              /* bytes for the reply, 0 = RING_REPLY_ROOM */
    uint32_t out_split;         /* bytes per descriptor, 0 = all in one */
    uint32_t in_split;          /* bytes per descriptor, 0 = all in one */
    bool indirect;
    bool hold;                  /* do not kick: the test calls ring_kick() */
    bool keep_tag;              /* the test has set the tag of the message */
} RingShape;

#define ring_send_as(d, m, ...) \
    ring_send_shape((d), (m), (RingShape) { __VA_ARGS__ })
RingReq *ring_send_shape(RingDev *d, RingMsg *m, RingShape shape);

/*
 * ring_reply - wait for a request and decode the header of its reply.
 * Checks that tag, size field and used length agree.  Frees @r.
 */
RingReply *ring_reply(RingReq *r);

/* ring_send() and ring_reply() */
RingReply *ring_rpc(RingDev *d, RingMsg *m);

/*
 * Checks a reply; @err is as .err above.  Frees it and returns NULL if an error
 * was expected
 */
RingReply *ring_expect(RingReply *reply, uint8_t ttype, int err);

/* ring_reply(), ring_expect() and free; for replies without content */
void ring_expect_done(RingReq *r, uint8_t ttype, int err);

/* The error number in an Rlerror, 0 for any other reply; frees @reply */
int ring_reply_errno(RingReply *reply);

/* Version 9P2000.L with the default msize, then attach to fid 0. */
void ring_mount(RingDev *d);

/* A pc with one export, mounted: synth, or local with the scratch directory */
RingDev *ring_synth(void);
RingDev *ring_local(const char *fsdev_options);

/* Each struct names the fields of one T-message; .err as above. */
typedef struct RingTversion {
    uint32_t msize;             /* 0 = RING_MSIZE */
    const char *version;        /* NULL = "9P2000.L" */
    int err;
} RingTversion;
typedef struct RingRversion {
    uint32_t msize;
    char version[32];
} RingRversion;
RingRversion ring_tversion_do(RingDev *d, RingTversion o);
#define ring_tversion(d, ...) \
    ring_tversion_do((d), (RingTversion) { __VA_ARGS__ })

typedef struct RingTattach {
    uint32_t fid;
    const char *uname, *aname;
    uint32_t n_uname;
    int err;
} RingTattach;
RingQid ring_tattach_do(RingDev *d, RingTattach o);
#define ring_tattach(d, ...) \
    ring_tattach_do((d), (RingTattach) { __VA_ARGS__ })

typedef struct RingTwalk {
    uint32_t fid, newfid;
    const char *names[RING_MAXWELEM + 1];
    int err;
} RingTwalk;
typedef struct RingRwalk {
    uint16_t n;
    RingQid qid[RING_MAXWELEM];
} RingRwalk;
RingRwalk ring_twalk_do(RingDev *d, RingTwalk o);
#define ring_twalk(d, ...) ring_twalk_do((d), (RingTwalk) { __VA_ARGS__ })

typedef struct RingTlopen {
    uint32_t fid;
    uint32_t flags;
    int err;
} RingTlopen;
typedef struct RingRlopen {
    RingQid qid;
    uint32_t iounit;
} RingRlopen;
RingRlopen ring_tlopen_do(RingDev *d, RingTlopen o);
#define ring_tlopen(d, ...) ring_tlopen_do((d), (RingTlopen) { __VA_ARGS__ })

typedef struct RingTcreate {
    uint32_t fid;               /* directory; Tlcreate turns it into a file */
    const char *name;
    uint32_t flags;             /* Tlcreate only */
    const char *target;         /* Tsymlink only */
    uint32_t mode;
    uint32_t major, minor;      /* Tmknod only */
    uint32_t gid;
    int err;
} RingTcreate;
RingRlopen ring_tlcreate_do(RingDev *d, RingTcreate o);
RingQid ring_tsymlink_do(RingDev *d, RingTcreate o);
RingQid ring_tmknod_do(RingDev *d, RingTcreate o);
RingQid ring_tmkdir_do(RingDev *d, RingTcreate o);
#define ring_tlcreate(d, ...) \
    ring_tlcreate_do((d), (RingTcreate) { __VA_ARGS__ })
#define ring_tsymlink(d, ...) \
    ring_tsymlink_do((d), (RingTcreate) { __VA_ARGS__ })
#define ring_tmknod(d, ...) ring_tmknod_do((d), (RingTcreate) { __VA_ARGS__ })
#define ring_tmkdir(d, ...) ring_tmkdir_do((d), (RingTcreate) { __VA_ARGS__ })

typedef struct RingTio {
    uint32_t fid;
    uint64_t offset;
    uint32_t count;             /* bytes to read; size of @data to write */
    const void *data;           /* Twrite */
    void *buf;                  /* Tread: receives the data; may be NULL */
    int err;
} RingTio;
/* Both return the count of the reply. */
uint32_t ring_tread_do(RingDev *d, RingTio o);
uint32_t ring_twrite_do(RingDev *d, RingTio o);
#define ring_tread(d, ...) ring_tread_do((d), (RingTio) { __VA_ARGS__ })
#define ring_twrite(d, ...) ring_twrite_do((d), (RingTio) { __VA_ARGS__ })

typedef struct RingTfid {
    uint32_t fid;
    int err;
} RingTfid;
void ring_tclunk_do(RingDev *d, RingTfid o);
void ring_tremove_do(RingDev *d, RingTfid o);
/* The caller frees the target. */
char *ring_treadlink_do(RingDev *d, RingTfid o);
#define ring_tclunk(d, ...) ring_tclunk_do((d), (RingTfid) { __VA_ARGS__ })
#define ring_tremove(d, ...) ring_tremove_do((d), (RingTfid) { __VA_ARGS__ })
#define ring_treadlink(d, ...) \
    ring_treadlink_do((d), (RingTfid) { __VA_ARGS__ })

typedef struct RingRstatfs {
    uint32_t type, bsize;
    uint64_t blocks, bfree, bavail, files, ffree, fsid;
    uint32_t namelen;
} RingRstatfs;
RingRstatfs ring_tstatfs_do(RingDev *d, RingTfid o);
#define ring_tstatfs(d, ...) ring_tstatfs_do((d), (RingTfid) { __VA_ARGS__ })

typedef struct RingTgetattr {
    uint32_t fid;
    uint64_t mask;              /* 0 = RING_GETATTR_BASIC */
    int err;
} RingTgetattr;
typedef struct RingAttr {
    uint64_t valid;
    RingQid qid;
    uint32_t mode, uid, gid;
    uint64_t nlink, rdev, size, blksize, blocks;
    uint64_t atime, atime_nsec, mtime, mtime_nsec, ctime, ctime_nsec;
} RingAttr;
RingAttr ring_tgetattr_do(RingDev *d, RingTgetattr o);
#define ring_tgetattr(d, ...) \
    ring_tgetattr_do((d), (RingTgetattr) { __VA_ARGS__ })

typedef struct RingTsetattr {
    uint32_t fid, valid, mode, uid, gid;
    uint64_t size, atime, atime_nsec, mtime, mtime_nsec;
    int err;
} RingTsetattr;
void ring_tsetattr_do(RingDev *d, RingTsetattr o);
#define ring_tsetattr(d, ...) \
    ring_tsetattr_do((d), (RingTsetattr) { __VA_ARGS__ })

typedef struct RingTxattr {
    uint32_t fid, newfid;       /* newfid: Txattrwalk */
    const char *name;
    uint64_t size;              /* Txattrcreate */
    uint32_t flags;             /* Txattrcreate */
    int err;
} RingTxattr;
uint64_t ring_txattrwalk_do(RingDev *d, RingTxattr o);
void ring_txattrcreate_do(RingDev *d, RingTxattr o);
#define ring_txattrwalk(d, ...) \
    ring_txattrwalk_do((d), (RingTxattr) { __VA_ARGS__ })
#define ring_txattrcreate(d, ...) \
    ring_txattrcreate_do((d), (RingTxattr) { __VA_ARGS__ })

typedef struct RingTreaddir {
    uint32_t fid;
    uint64_t offset;
    uint32_t count;
    int err;
} RingTreaddir;
typedef struct RingDirent {
    RingQid qid;
    uint64_t offset;
    uint8_t type;
    char *name;                 /* owned by the array */
} RingDirent;
/* Array of RingDirent; an incomplete entry fails the test */
GArray *ring_treaddir_do(RingDev *d, RingTreaddir o);
#define ring_treaddir(d, ...) \
    ring_treaddir_do((d), (RingTreaddir) { __VA_ARGS__ })

typedef struct RingTfsync {
    uint32_t fid, datasync;
    int err;
} RingTfsync;
void ring_tfsync_do(RingDev *d, RingTfsync o);
#define ring_tfsync(d, ...) ring_tfsync_do((d), (RingTfsync) { __VA_ARGS__ })

typedef struct RingTlock {
    uint32_t fid;
    uint8_t type;
    uint32_t flags;             /* Tlock only */
    uint64_t start, length;
    uint32_t proc_id;
    const char *client_id;
    int err;
} RingTlock;
uint8_t ring_tlock_do(RingDev *d, RingTlock o);
/* Returns type, start, length and proc_id of the reply. */
RingTlock ring_tgetlock_do(RingDev *d, RingTlock o);
#define ring_tlock(d, ...) ring_tlock_do((d), (RingTlock) { __VA_ARGS__ })
#define ring_tgetlock(d, ...) \
    ring_tgetlock_do((d), (RingTlock) { __VA_ARGS__ })

typedef struct RingTname {
    uint32_t dir;               /* directory of the (old) name */
    uint32_t fid;               /* Tlink: target; Trename: what moves */
    const char *name;
    uint32_t newdir;            /* Trenameat */
    const char *newname;        /* Trenameat */
    uint32_t flags;             /* Tunlinkat */
    int err;
} RingTname;
void ring_tlink_do(RingDev *d, RingTname o);
void ring_trename_do(RingDev *d, RingTname o);
void ring_trenameat_do(RingDev *d, RingTname o);
void ring_tunlinkat_do(RingDev *d, RingTname o);
#define ring_tlink(d, ...) ring_tlink_do((d), (RingTname) { __VA_ARGS__ })
#define ring_trename(d, ...) ring_trename_do((d), (RingTname) { __VA_ARGS__ })
#define ring_trenameat(d, ...) \
    ring_trenameat_do((d), (RingTname) { __VA_ARGS__ })
#define ring_tunlinkat(d, ...) \
    ring_tunlinkat_do((d), (RingTname) { __VA_ARGS__ })

typedef struct RingTflush {
    uint16_t oldtag;
    int err;
} RingTflush;
void ring_tflush_do(RingDev *d, RingTflush o);
#define ring_tflush(d, ...) ring_tflush_do((d), (RingTflush) { __VA_ARGS__ })

#endif
