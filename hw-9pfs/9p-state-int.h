/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the files of 9p-state.h share: numbers of the format, and what is known
 * of a state that is being loaded.
 */
#ifndef HW_9PFS_9P_STATE_INT_H
#define HW_9PFS_9P_STATE_INT_H

#include "fsdev/core/fs-known.h"
#include "9p-request-int.h"
#include "9p-state.h"

#define P9_STATE_VERSION    1
#define P9_STATE_END        0x53503921u
#define P9_STATE_NO_NODE    UINT32_MAX
#define P9_STATE_NO_PATH    UINT64_MAX  /* no node has this one: see 9p-qid.c */

/* Flags of a node */
enum {
    P9_STATE_NODE_DEAD = 1u << 0,       /* no name leads to it */
    P9_STATE_NODE_PROOF = 1u << 1,      /* FsIdentity.proof */
};

/* Flags of a fid */
enum {
    P9_STATE_FID_LOOKED_AT = 1u << 0,
    P9_STATE_FID_REMOVE = 1u << 1,
};

enum { P9_STATE_XATTR_MAX = 65536 };

/* Node 0 is the exported directory; the parent of a node is before it. */
typedef struct P9StateNode {
    const char *name;           /* in P9State.names */
    uint64_t ino;
    uint64_t mark;
    uint64_t path;              /* of its qid */
    int64_t born;
    uint32_t parent;
    uint32_t dev;               /* index in P9State.devs */
    uint16_t type;              /* S_IFMT >> 12 */
    uint16_t flags;
    int error;                  /* why it is lost; 0: it is not */
    FsNode *node;               /* counted; NULL: not found yet, or lost */
} P9StateNode;

typedef struct P9StateFid {
    uint32_t number;
    uint32_t uid;
    uint32_t node;
    uint32_t root;              /* or P9_STATE_NO_NODE */
    uint8_t state;              /* P9_FID_* */
    uint8_t flags;
    bool lost;
    int oflags;
    uint64_t dir_offset;
    uint64_t dir_cookie;
    char *xattr_name;           /* owned; NULL: a Txattrwalk */
    uint8_t *xattr_value;       /* owned */
    uint8_t *xattr_written;     /* owned */
    uint32_t xattr_size;
    uint32_t xattr_flags;
    FsFile *file;               /* owned */
} P9StateFid;

typedef struct P9StateOwner {
    uint32_t proc_id;
    char *client_id;            /* owned */
    GArray *fids;               /* owned: uint32_t, their numbers */
    GArray *ranges;             /* owned: FsLock */
    P9StateFid *by;             /* borrowed: has the file of the locker */
    FsLocker *locker;           /* owned */
} P9StateOwner;

struct P9State {
    FsExport *export;           /* counted: that of the nodes; NULL: none yet */
    uint8_t dialect;
    bool opened;
    uint32_t msize;
    GStringChunk *names;        /* owned */
    GArray *devs;               /* owned: uint64_t, of fs_dev_id() or 0 */
    GArray *nodes;              /* owned: P9StateNode */
    GArray *fids;               /* owned: P9StateFid */
    GArray *owners;             /* owned: P9StateOwner */
    GArray *requests;           /* owned: P9StateRequest */
    gint cancelled;             /* atomic */
    unsigned lost_fids;
    unsigned lost_locks;
    char *first_lost;           /* owned */
};

static inline P9StateNode *p9_state_node(P9State *state, uint32_t i)
{
    return &g_array_index(state->nodes, P9StateNode, i);
}

static inline P9StateFid *p9_state_fid(P9State *state, uint32_t i)
{
    return &g_array_index(state->fids, P9StateFid, i);
}

static inline P9StateOwner *p9_state_owner(P9State *state, uint32_t i)
{
    return &g_array_index(state->owners, P9StateOwner, i);
}

#endif
