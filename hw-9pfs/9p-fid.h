/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The fid table of a session.
 *
 * A fid refers to a node, and after an open also to a file; or it holds the
 * value of an extended attribute.  The table, the states and the pins are used
 * on the event loop only.  A request pins the fids that it names, so that they
 * and what they refer to are not freed before the request ends, even if they
 * are clunked.  Workers use the node and the file that the request has
 * captured, and never the fid itself.
 */
#ifndef HW_9PFS_9P_FID_H
#define HW_9PFS_9P_FID_H

#include "fsdev/core/fsdriver.h"

typedef struct P9Session P9Session;

/* States, as bits: a row of the message table names a set of them. */
enum {
    P9_FID_RESERVED = 1u << 0,  /* only its number is in use yet */
    P9_FID_NONE = 1u << 1,      /* refers to a node, not opened */
    P9_FID_OPENING = 1u << 2,   /* being opened or created */
    P9_FID_FILE = 1u << 3,
    P9_FID_DIR = 1u << 4,
    P9_FID_XATTR = 1u << 5,
    P9_FID_LOST = 1u << 6,      /* its object was not found by 9p-state.h */

    P9_FID_OPEN = P9_FID_FILE | P9_FID_DIR,
    P9_FID_READABLE = P9_FID_OPEN | P9_FID_XATTR,
    P9_FID_WRITABLE = P9_FID_FILE | P9_FID_XATTR,
    P9_FID_ANY = P9_FID_NONE | P9_FID_OPENING | P9_FID_READABLE,
    P9_FID_GIVEN_UP = P9_FID_ANY | P9_FID_LOST, /* may be clunked */
};

/* A value to be read (Txattrwalk), or one being written (Txattrcreate). */
typedef struct P9XattrFid {
    char *name;                 /* owned; NULL for a Txattrwalk */
    uint8_t *value;             /* owned, size bytes */
    uint32_t size;
    int flags;                  /* XATTR_CREATE, XATTR_REPLACE */
    uint8_t *written;           /* owned, one bit per byte; NULL: Txattrwalk */
    size_t charged;             /* FS_BUDGET_MEMORY */
    uint32_t missing;           /* bytes not written yet */
} P9XattrFid;

/*
 * What outlives what: a P9Fid is allocated when its number is reserved, and
 * freed when the number is free again and no request pins the fid; it is never
 * reused.  uid and root come from the attach and never change.  A walk in place
 * and a create make the fid refer to another node (p9_fid_set_node()) and
 * discard what was known of the old node; requests that began before keep the
 * old node.  Once the fid is open, node and file do not change any more.
 */
typedef struct P9Fid {
    P9Session *session;
    uint32_t number;
    uint32_t uid;               /* n_uname of the attach */
    uint8_t state;              /* one P9_FID_* bit */
    bool removed;               /* not in the table any more */
    bool remove_on_clunk;       /* .u: opened with ORCLOSE */
    bool looked_at;             /* a Tgetattr has been asked for node */
    unsigned pins;
    uint32_t recent;            /* what its walk has read: p9_recent_get() */
    FsNode *node;               /* counted */
    FsNode *root;               /* counted; of the attach; NULL: the export's */
    FsFile *file;               /* owned; in the states FILE and DIR … */
    int oflags;                 /* … and the host flags it was opened with */
    uint64_t dir_offset;        /* .u: offset of the next Tread of a DIR … */
    uint64_t dir_cookie;        /* … and the driver's cookie for it */
    P9XattrFid *xattr;          /* owned; in the state XATTR */
    GSList *lock_owners;        /* of P9LockOwner, counted: used this fid */
} P9Fid;

/** p9_fid_lookup: NULL if @number is unknown or only reserved. */
P9Fid *p9_fid_lookup(P9Session *s, uint32_t number);
/**
 * p9_fid_reserve: reserve @number.  The new fid is pinned for the caller, who
 * calls p9_fid_commit() or p9_fid_remove(), and p9_fid_unpin() in the end.
 *
 * -EINVAL if @number is NOFID or in use.  -EMFILE if the session has as many
 * fids as it may: a client has one for each file that it has open or caches,
 * and for its programs this means that there are too many of them.
 */
int p9_fid_reserve(P9Session *s, uint32_t number, P9Fid **fid);
/**
 * p9_fid_commit: make a reserved fid usable in @state; takes over @node.
 *
 * @root is the directory of the attach, or NULL for the exported directory.  It
 * stays the root of the fid wherever the fid is walked to.
 */
void p9_fid_commit(P9Fid *fid, uint8_t state, uint32_t uid, FsNode *root,
                   FsNode *node);
/**
 * p9_fid_set_node: make the fid refer to @node, which is taken over.  @recent
 * tells what the walk to it has read, or is 0.
 */
void p9_fid_set_node(P9Fid *fid, FsNode *node, uint32_t recent);
/**
 * p9_fid_parent: the node for ".." in @node, as seen through @fid; counted.
 *
 * The root of the fid is its own parent.  -ENOENT if @node has been moved out
 * of that root; Linux does the same below a bind mount.  Context: any thread,
 * for a pinned fid.
 */
int p9_fid_parent(const P9Fid *fid, FsNode *node, FsNode **parent);
/** p9_fid_locate: fs_locate(), but -EBUSY for the root of the fid. */
int p9_fid_locate(const P9Fid *fid, FsNode *node, FsNode **dir, char *name);

void p9_fid_pin(P9Fid *fid);
/** p9_fid_unpin: frees a removed fid with its last pin. */
void p9_fid_unpin(P9Fid *fid);
/** p9_fid_remove: free the number, unless that was done before. */
void p9_fid_remove(P9Fid *fid);
/** p9_fid_remove_all: remove every fid. */
void p9_fid_remove_all(P9Session *s);

/**
 * p9_fid_hold: may the session have fids?  Calls ops->set_busy(true) unless
 * the transport has agreed before, and returns its result.  -EINPROGRESS: the
 * answer comes with p9_fid_hold_done().
 */
int p9_fid_hold(P9Session *s);
/** p9_fid_hold_done: the late answer.  False if none is expected any more. */
bool p9_fid_hold_done(P9Session *s, int result);

/**
 * p9_xattr_fid_new: @size zeroed bytes; @for_write: to be written.
 *
 * NULL if that is too much for @budget.  Context: any thread, and
 * so for p9_xattr_fid_free().
 */
P9XattrFid *p9_xattr_fid_new(FsBudget *budget, uint32_t size, bool for_write);
void p9_xattr_fid_free(FsBudget *budget, P9XattrFid *x);
/** p9_xattr_fid_mark: bytes [@from, @from + @n) have been written. */
void p9_xattr_fid_mark(P9XattrFid *x, uint32_t from, uint32_t n);
/**
 * p9_xattr_fid_count: count one xattr fid more.  -ENOSPC, the errno of QEMU's
 * own 9pfs, if the session has max_xattr of them.
 */
int p9_xattr_fid_count(P9Session *s);
void p9_xattr_fid_uncount(P9Session *s);

#endif
