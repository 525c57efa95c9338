/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The fid table of a session.
 *
 * A fid stands for a node, and after an open for a file; or it carries an
 * extended attribute.  The table, all states and pins belong to the event
 * loop.  A request pins the fids it names, which keeps them and what they
 * hold alive after a clunk until the request ends; workers see the captured
 * node and file of the request, never the fid itself.
 */
#ifndef HW_9PFS_9P_FID_H
#define HW_9PFS_9P_FID_H

#include "fsdev/core/fsdriver.h"

typedef struct P9Session P9Session;

/* States as bits, so that a row of the message table can name a set. */
enum {
    P9_FID_RESERVED = 1u << 0,  /* number taken, nothing behind it yet */
    P9_FID_NONE = 1u << 1,      /* walked to, not opened */
    P9_FID_OPENING = 1u << 2,   /* an open or create is under way */
    P9_FID_FILE = 1u << 3,
    P9_FID_DIR = 1u << 4,
    P9_FID_XATTR = 1u << 5,

    P9_FID_OPEN = P9_FID_FILE | P9_FID_DIR,
    P9_FID_READABLE = P9_FID_OPEN | P9_FID_XATTR,
    P9_FID_WRITABLE = P9_FID_FILE | P9_FID_XATTR,
    P9_FID_ANY = P9_FID_NONE | P9_FID_OPENING | P9_FID_READABLE,
};

/* The value of a Txattrwalk, or one being collected after a Txattrcreate. */
typedef struct P9XattrFid {
    char *name;                 /* owned; NULL for a Txattrwalk */
    uint8_t *value;             /* owned, size bytes */
    uint32_t size;
    int flags;                  /* XATTR_CREATE, XATTR_REPLACE */
    uint8_t *written;           /* owned, a bit a byte; NULL for Txattrwalk */
    uint32_t missing;           /* bytes not written yet */
} P9XattrFid;

/*
 * A fid is made for a number and freed when that has been given up and no
 * request pins it: nothing of it is used again.  uid and root are those of
 * the attach that it came from, for good.  A walk in place or a create makes
 * it stand for another node (p9_fid_set_node()), which ends what was known of
 * the old one; requests that began before keep that node.  Once it is open,
 * node and file stay until the end.
 */
typedef struct P9Fid {
    P9Session *session;
    uint32_t number;
    uint32_t uid;               /* n_uname of the attach it came from */
    uint8_t state;              /* one P9_FID_* bit */
    bool removed;               /* no longer in the table */
    bool remove_on_clunk;       /* .u: opened with ORCLOSE */
    bool looked_at;             /* Tgetattr was answered from it */
    unsigned pins;
    uint32_t recent;            /* what its walk saw: p9_recent_get() */
    FsNode *node;               /* counted */
    FsNode *root;               /* counted; attached to; NULL: the export's */
    FsFile *file;               /* owned; FILE and DIR */
    uint64_t dir_offset;        /* .u: where the next Tread of a DIR begins, */
    uint64_t dir_cookie;        /* … and the driver's name for that place */
    P9XattrFid *xattr;          /* owned; XATTR */
    GSList *lock_owners;        /* P9LockOwner, counted: who locked by it */
} P9Fid;

/** p9_fid_lookup: NULL when unknown or only reserved. */
P9Fid *p9_fid_lookup(P9Session *s, uint32_t number);
/**
 * p9_fid_reserve: take @number, pinned once for the caller, who ends it with
 * p9_fid_commit() or p9_fid_abort() and then p9_fid_unpin().
 *
 * -EINVAL for NOFID or a number in use, -EMFILE at the session's limit.
 */
int p9_fid_reserve(P9Session *s, uint32_t number, P9Fid **fid);
/**
 * p9_fid_commit: make a reserved fid visible in @state; @node is taken over.
 *
 * @root is what an attach led to, NULL for the exported directory.  From now
 * on it is the fid's, whatever the fid is walked to.
 */
void p9_fid_commit(P9Fid *fid, uint8_t state, uint32_t uid, FsNode *root,
                   FsNode *node);
/**
 * p9_fid_set_node: stand for @node, which is taken over, from now on; @recent
 * is what the walk to it saw, or 0.
 */
void p9_fid_set_node(P9Fid *fid, FsNode *node, uint32_t recent);
/**
 * p9_fid_parent: what ".." of @node is to who came by @fid, counted.
 *
 * It stops at the fid's root.  -ENOENT when @node was moved out of that, as in
 * Linux below a bind mount.  Context: any thread, for a pinned fid.
 */
int p9_fid_parent(const P9Fid *fid, FsNode *node, FsNode **parent);
/** p9_fid_locate: as fs_locate(); -EBUSY for the fid's root.  As above. */
int p9_fid_locate(const P9Fid *fid, FsNode *node, FsNode **dir, char *name);

void p9_fid_pin(P9Fid *fid);
/** p9_fid_unpin: the last pin of a removed fid frees it. */
void p9_fid_unpin(P9Fid *fid);
/** p9_fid_remove: the number is free again; no-op when it was removed. */
void p9_fid_remove(P9Fid *fid);
/** p9_fid_remove_all: empty the table. */
void p9_fid_remove_all(P9Session *s);

/**
 * p9_fid_hold: may the session have fids?  Asks ops->set_busy(true), as which
 * it answers; -EINPROGRESS: p9_fid_hold_done() will tell.
 */
int p9_fid_hold(P9Session *s);
/** p9_fid_hold_done: the late answer; false when nobody waits for it now. */
bool p9_fid_hold_done(P9Session *s, int result);

/** p9_xattr_fid_new: @size bytes, zeroed; @for_write tracks what is written. */
P9XattrFid *p9_xattr_fid_new(uint32_t size, bool for_write);
void p9_xattr_fid_free(P9XattrFid *x);
/** p9_xattr_fid_mark: bytes [@from, @from + @n) of the value were written. */
void p9_xattr_fid_mark(P9XattrFid *x, uint32_t from, uint32_t n);
/**
 * p9_xattr_fid_count: one more (+1, -ENOSPC at max_xattr) or less xattr fid.
 */
int p9_xattr_fid_count(P9Session *s, int delta);

#endif
