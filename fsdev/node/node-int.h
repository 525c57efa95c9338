/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What node.c (nodes and names), node-insert.c (finding and making them),
 * node-identity.c (which object a node is), node-change.c (removals and
 * renames), node-fd.c (the descriptor cache) and node-climb.c (getting a
 * descriptor, and the way back to an evicted one) share.
 *
 * Included by these and their tests only.  Everything in here is guarded by
 * NodeTable.lock unless its comment says otherwise; functions marked "locked"
 * are called with it held.  The lock order is: registry of tables (node-fd.c),
 * then one table; never two tables at a time.
 */
#ifndef FSDEV_NODE_INT_H
#define FSDEV_NODE_INT_H

#include "fsdev/host/host-identity.h"
#include "fsdev/node/node.h"
#include "fsdev/node/node-hash.h"

#include <pthread.h>

/* Which of its table's queues an evictable Node is in. */
typedef enum LruQueue {
    LRU_LEAF,
    LRU_DIR,                /* live Names have it as parent */
    LRU_NONE,               /* not evictable */
} LruQueue;
/* Of each object: the header and rounding of malloc(), and two hash slots. */
#define OBJECT_OVERHEAD 32

typedef QTAILQ_HEAD(, Node) LruHead;
typedef QLIST_HEAD(, Name) NameList;

/*
 * The sizes of these two decide how much memory an idle fid takes: about 225
 * bytes with a short name, the overhead of malloc() and the hash slots
 * included; test-node-memory measures it.
 */
struct Node {
    HashLink link;          /* in NodeTable.nodes; first */
    NodeTable *table;       /* borrowed, constant */
    uint64_t dev;           /* identity and type: constant */
    uint64_t ino;
    uint64_t mnt_id;
    int64_t mark;           /* valid if has_mark: file handle, birth time */
    NameList names;         /* live ones, borrowed */
    QTAILQ_ENTRY(Node) lru; /* in NodeTable.lru[queue] */
    int fd;                 /* owned path fd, -1: evicted */
    uint32_t pins;          /* the fd is in use */
    gint opens;             /* open files; atomic */
    uint32_t children;      /* live Names whose parent leads here */
    uint32_t holders;       /* Names, dead ones too: lifetime of the Node */
    uint16_t type;          /* S_IFMT bits */
    bool has_mark:1;        /* constant, up to has_twin */
    bool mark_is_handle:1;
    bool proof:1;           /* the handle is HOST_HANDLE_PROOF */
    bool weak:1;            /* dev and ino prove nothing */
    bool has_twin:1;        /* it is in NodeTable.twins */
    bool is_root:1;
    bool removed:1;         /* its last Name was, when it is freed */
    uint8_t queue;          /* LruQueue; not in the bits that need no lock */
};

struct Name {
    FsNode fs;              /* what the session sees; first */
    HashLink link;          /* in NodeTable.names while live */
    Name *parent;           /* counted; the root's is itself, not counted */
    Node *node;             /* holds one of its holders; constant */
    QLIST_ENTRY(Name) alias;        /* in Node.names while live */
    char *component;        /* room[], or owned when a rename outgrew that */
    int64_t seen_ctime;     /* for the driver: name_seen_ctime() */
    gint refs;              /* atomic; reaches 0 only with the lock held */
    uint8_t length;
    uint8_t capacity;       /* of room[], without the NUL */
    bool live:1;            /* hashed: (parent, component) leads to node */
    bool removed:1;         /* through this table, or never had a name */
    bool followed:1;        /* has a value in NodeTable.followers */
    char room[];
};

/* What was found out about an object, to find its Node or to make one. */
typedef struct NodeId {
    const HostStat *st;     /* borrowed */
    uint64_t handle;        /* 0: not asked for, or none */
    bool proof;             /* the handle is HOST_HANDLE_PROOF */
    bool weak;
} NodeId;

/* What a Name of a table with NodeRemoteOps is part of. */
typedef struct RemoteName {
    NameRemote remote;
    Name name;              /* last: it ends with its component */
} RemoteName;

struct NodeTable {
    pthread_mutex_t lock;
    pthread_cond_t renames_change;  /* renames or calms became 0 */
    FsExport *export;       /* borrowed, constant */
    const NodeRemoteOps *remote;    /* constant; NULL: the host's objects */
    void (*node_gone)(FsExport *export, const Node *node);  /* or NULL */
    Name *root;             /* counted, constant */
    uint64_t near_dev;      /* constant; see node_is_far() */
    HashTable nodes;
    HashTable names;
    /*
     * For a dead Name of a directory: the Name of another directory that was
     * found at its place, counted.  There are few, so Name has no room for it.
     */
    GHashTable *followers;
    GHashTable *twins;      /* owned: Node → uint64_t */
    uint32_t twin_count;
    uint64_t seed;          /* constant; keeps guests from choosing chains */
    size_t node_count;
    size_t name_count;
    size_t bytes;
    size_t path_bytes;      /* of the components of all names */
    size_t max_bytes;       /* constant */
    /* For near directories and for far ones, see node_is_far(). */
    unsigned renames[2];    /* between name_rename_begin() and _end() */
    unsigned calms[2];      /* ways back that hold renames off */
    uint64_t rename_count;  /* changes whenever one has ended */

    /* Descriptor cache */
    LruHead lru[2];         /* evictable Nodes, least recently used first */
    gint evictable;         /* how many these are */
    gint fds;               /* cached path fds; written locked, read atomic */
    unsigned fd_budget;     /* constant; 0: the process-wide one */
    size_t evictions;
    QSLIST_ENTRY(NodeTable) next;   /* guarded by the registry's lock */
};

static inline void table_lock(NodeTable *table)
{
    pthread_mutex_lock(&table->lock);
}

static inline void table_unlock(NodeTable *table)
{
    pthread_mutex_unlock(&table->lock);
}

/* node.c */

/*
 * Is it on another device than the exported directory?  Calls there may hang
 * for ever, so nothing that concerns near nodes alone waits for them.
 */
bool node_is_far(const Node *node);
/* Locked: the live Name with this key, or NULL. */
Name *name_find(NodeTable *table, const Name *parent, const char *component);
/* Locked: no live Name has this parent and component; @name gets them. */
void name_make_live(Name *name);
/* Locked: the Name no longer leads to its Node.  It may be dead already. */
void name_make_dead(Name *name);
/* Locked: how much of NodeTable.bytes is for @name. */
size_t name_size(const Name *name);

/* Locked: a new Node; a dead Name, @component being at most NAME_MAX long. */
Node *node_new(NodeTable *table, const NodeId *id, uint32_t hash);
Name *name_new(Name *parent, const char *component, Node *node);

/* node-identity.c */

uint32_t node_hash(const NodeTable *table, const HostStat *st);
/*
 * Not locked: find out what tells the object of @fd apart, which has the
 * attributes @st.  @near is the Node of its directory, or its own.  @fd may be
 * -1 for an object on the same mount as @near.  May take as long as a lookup
 * there.
 */
void node_id_read(const Node *near, int fd, const HostStat *st, NodeId *id);
/* Set the identity of a new @node. */
void node_id_give(Node *node, const NodeId *id);
/* Is this the object that @node was made for?  Constant fields only. */
bool node_same(const Node *node, const NodeId *id);
/* Locked: the same for one that the name of @node leads to. */
bool node_same_in_use(const Node *node, const NodeId *id);
/* Locked: the Node for @id, or NULL. */
Node *node_find(NodeTable *table, const NodeId *id, uint32_t hash);
/* Locked: give the new @node a twin number if it needs one; take it back. */
void node_tell_apart(Node *node, uint32_t hash);
void node_forget_twin(const Node *node);
/*
 * Not locked: the Name of @component in @parent, counted, if its object has
 * changed its numbers to those of @id, which is weak.  Otherwise NULL.  Waits
 * as long as a stat of the object.
 */
Name *name_with_new_numbers(Name *parent, const char *component,
                            const NodeId *id);

/* node-fd.c */

void node_fd_table_init(NodeTable *table, unsigned fd_budget);
void node_fd_table_exit(NodeTable *table);
gint node_fd_hard_limit(void);  /* of both kinds together, in the process */
/* Locked: give @fd to @node.  Call node_fd_trim() after unlocking. */
void node_fd_install(Node *node, int fd);
/* Locked: take @node's descriptor out of the cache, for the caller to close. */
int node_fd_take(Node *node);
/* Locked: to be called when names, children, pins or fd of @node changed. */
void node_fd_update(Node *node);
/* Not locked: evict until the budget is kept or nothing is evictable. */
void node_fd_trim(NodeTable *table);
/* Not locked: is there room for one more, if necessary after eviction? */
bool node_fd_make_room(NodeTable *table);
/* How many path fds the table may cache. */
gint node_fd_budget(const NodeTable *table);

#endif
